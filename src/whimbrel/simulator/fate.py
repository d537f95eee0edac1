"""What becomes of each device when it is told to upgrade, drawn from a seed: equal seeds give equal fleets."""

from __future__ import annotations

import random
from typing import NamedTuple

FAILURE_STEPS = (-2, -3, -4)
"""Download failed, checksum failed, burning failed (device-protocol 5)."""


class Shares(NamedTuple):
    """Which part of the fleet, 0 to 1 each and at most 1 together, fails, and which falls silent."""

    failing: float
    silent: float


class Fate(NamedTuple):
    """`failure_step` is what the device reports instead of its new version; None: it does not fail."""

    failure_step: int | None = None
    falls_silent: bool = False


GOOD = Fate()


def draw_fates(devices: int, shares: Shares, seed: int) -> list[Fate]:
    """A fate for each device by its number; the shares are kept to the nearest device. Raises ValueError."""
    if min(shares) < 0 or sum(shares) > 1:
        raise ValueError("the shares of failing and silent devices are 0 to 1 each and at most 1 together")
    dice = random.Random(seed)  # noqa: S311  (a draw to be repeated, not a secret)
    failing = round(devices * shares.failing)
    silent = min(round(devices * shares.silent), devices - failing)
    fates = [Fate(failure_step=dice.choice(FAILURE_STEPS)) for _ in range(failing)]
    fates += [Fate(falls_silent=True)] * silent
    fates += [GOOD] * (devices - len(fates))
    dice.shuffle(fates)
    return fates
