"""Finds every report: imports each module of this folder, so that there is no list to edit."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

import whimbrel.reports
from whimbrel.reports.declaration import Report


def load_reports() -> Mapping[str, Report]:
    """Name to report. Raises ValueError when two modules declare the same topic."""
    found: dict[str, Report] = {}
    for module_info in pkgutil.iter_modules(whimbrel.reports.__path__, "whimbrel.reports."):
        report = getattr(importlib.import_module(module_info.name), "handle", None)
        if isinstance(report, Report):
            if any(other.topic == report.topic for other in found.values()):
                raise ValueError(f"two reports declare the topic {report.topic}")
            found[report.name] = report
    return found
