"""Finds every operation: imports each module of the operations' folders, so that there is no list to edit."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

import whimbrel.operations
from whimbrel.operations.declaration import Operation


def load_operations() -> Mapping[str, Operation]:
    """Action to operation. Raises ValueError when two modules declare the same Action."""
    found: dict[str, Operation] = {}
    for module_info in pkgutil.walk_packages(whimbrel.operations.__path__, "whimbrel.operations."):
        operation = getattr(importlib.import_module(module_info.name), "handle", None)
        if not isinstance(operation, Operation):
            continue
        if operation.action in found:
            raise ValueError(f"{operation.module} and {found[operation.action].module} both declare {operation.action}")
        found[operation.action] = operation
    return dict(sorted(found.items()))
