"""How much is thrown at the surface, and with which seed: briefly and the same in CI, long and new in `make fuzz`.

`FUZZ_SEED=… make fuzz` repeats a run; each run says its seed and its rate.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

CI_SEED = 20261123


class Effort(NamedTuple):
    """How many requests with one change, and how many of Schemathesis' cases for each action and way of generating."""

    forged: int
    cases: int


#: A case of Schemathesis is sent six times. Together 100,000 requests in CI and a million in `make fuzz`.
CI = Effort(forged=92_000, cases=10)
FUZZ = Effort(forged=920_000, cases=100)


def fuzz_seed() -> int:
    """FUZZ_SEED, or a new one."""
    given = os.environ.get("FUZZ_SEED")
    return int(given) if given else secrets.randbelow(2**32)


class Count:
    """Counts what was sent."""

    def __init__(self) -> None:
        self.requests = 0


@contextmanager
def told(what: str, seed: int, capture: pytest.CaptureFixture[str]) -> Iterator[Count]:
    """Says seed, number and rate on the terminal, however it ends."""
    count, began_s = Count(), time.monotonic()
    try:
        yield count
    finally:
        took_s = time.monotonic() - began_s
        rate = count.requests / max(took_s, 0.001)
        with capture.disabled():
            line = f"{what}: {count.requests:,} requests in {took_s:.0f} s, {rate:,.0f} a second, seed {seed}"
            print(f"\n{line}", file=sys.stderr, flush=True)
