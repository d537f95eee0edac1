"""`/metrics` says whether this process leads the engine."""

from __future__ import annotations

import pytest
from prometheus_client import generate_latest

from whimbrel.front.engine_gauge import show_leading


@pytest.mark.parametrize("leads", [True, False])
def test_it_is_asked_at_each_look(leads: bool) -> None:
    """The gauge shows what is so now, not what was so when the process started."""
    answers = [not leads, leads]
    show_leading(lambda: answers.pop(0))
    shown = [f"whimbrel_engine_leads {float(answer)}\n" in generate_latest().decode() for answer in (not leads, leads)]
    show_leading(lambda: False)
    assert shown == [True, True]
