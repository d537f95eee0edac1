"""Firmware versions. They are names: compared for equality only, never ordered as text (threat-model A24)."""

from __future__ import annotations

import re

VERSION = re.compile(r"[A-Za-z0-9._-]{1,64}")
REPORTED_VERSION_LENGTH_MAX = 64


def is_reportable(version: str) -> bool:
    """What a device may report: 1 to 64 characters, none of them a control character (device-protocol 3)."""
    return 0 < len(version) <= REPORTED_VERSION_LENGTH_MAX and version.isprintable()
