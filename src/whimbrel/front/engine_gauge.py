"""What `/metrics` says of the engine: which process leads it."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import Gauge

engine_leads = Gauge("whimbrel_engine_leads", "1 where this process leads the engine, 0 where it stands by or has none")


def show_leading(leads: Callable[[], bool]) -> None:
    """Asked at each look at the metrics."""
    engine_leads.set_function(lambda: float(leads()))
