"""How a job stood over time: samples of its counters, thinned so that a job of any length keeps few (ADR 0058)."""

from __future__ import annotations

from typing import NamedTuple

SAMPLES_MAX = 500  # of a job (I17); when there are more, every other one goes and the interval doubles
INTERVAL_MS = 60_000  # between two samples of a job at first


class Sample(NamedTuple):
    """How many tasks a job had in each status, and how many of its devices were at risk or silent."""

    at_ms: int
    confirm: int
    queued: int
    notified: int
    in_progress: int
    succeeded: int
    failed: int
    canceled: int
    at_risk: int
    silent: int
