"""The test that halts a job: anytime-valid, so that it may be looked at after every report (design.md part 4).

A mixture of likelihood ratios over rates above the limit, an e-process: whatever the limit's own rate brings forth, and
however often one looks, it passes 1/ALPHA with a probability of at most ALPHA.

Devices count in the order in which they started, by waves, and one without an outcome counts as healthy. So failures
that come quicker than successes do not look like a higher rate. The evidence is looked at up to the end of each wave:
the oldest have their outcomes, and are not drowned in the many that have just begun. Each such look is one look at the
same process, so all of them together keep ALPHA.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from whimbrel.domain.rollout import BASIS_POINTS

ALPHA = 0.01
RATES = 300  # of the mixture, from the limit to 1, evenly by their logarithm: near the limit is where it is hard
_WAVES_PER_DOUBLING = 4


class Wave(NamedTuple):
    """Devices that started together: how many, how many of them have failed or gone silent, and how many are neither
    that nor through.
    """

    number: int
    started: int
    failing: int
    waiting: int = 0


class Evidence(NamedTuple):
    """Why a gate halts: so many of the first so many devices failed or went silent."""

    started: int
    failing: int


def wave_after(started: int) -> int:
    """The wave of the device that starts after so many others. Waves grow with them, so that there are few of them."""
    return int(_WAVES_PER_DOUBLING * math.log2(1 + started / _WAVES_PER_DOUBLING))


def wave_end(number: int) -> int:
    """How many devices have started when the wave is full."""
    return max(1, math.ceil(_WAVES_PER_DOUBLING * (2 ** ((number + 1) / _WAVES_PER_DOUBLING) - 1)))


def tripping(waves: Iterable[Wave], limit_basis_points: int) -> Evidence | None:
    """The evidence on which the gate halts, the widest there is; None while there is not enough."""
    found = None
    started = failing = 0
    for wave in sorted(waves):
        started += wave.started
        failing += wave.failing
        # Below the limit's own share nothing is evidence against the limit.
        if failing * BASIS_POINTS > started * limit_basis_points and failing >= failures_to_halt(
            started, limit_basis_points
        ):
            found = Evidence(started, failing)
    return found


def weighed(waves: Sequence[Wave], limit_basis_points: int) -> Evidence:
    """What the gate goes by, for people: the evidence on which it halts; while there is none, all that started."""
    everything = Evidence(sum(wave.started for wave in waves), sum(wave.failing for wave in waves))
    return tripping(waves, limit_basis_points) or everything


def settled(waves: Iterable[Wave], limit_basis_points: int) -> int:
    """How many devices are through, of the waves on which the gate would not halt if all that wait there failed."""
    through = started = doubtful = 0
    for wave in sorted(waves):
        started += wave.started
        doubtful += wave.failing + wave.waiting
        if doubtful * BASIS_POINTS > started * limit_basis_points and doubtful >= failures_to_halt(
            started, limit_basis_points
        ):
            break
        through = started - doubtful
    return through


@lru_cache(4096)
def failures_to_halt(started: int, limit_basis_points: int) -> int:
    """The fewest failures among so many devices that halt; more than `started` where even all of them would not."""
    low, high = started * limit_basis_points // BASIS_POINTS, started + 1
    while low < high:
        middle = (low + high) // 2
        if log_evidence(started, middle, limit_basis_points) < -math.log(ALPHA):
            low = middle + 1
        else:
            high = middle
    return low


def log_evidence(started: int, failing: int, limit_basis_points: int) -> float:
    """The logarithm of the e-value; for a share of failures above the limit it grows with them."""
    if failing > started:
        return math.inf
    logs = [failing * up + (started - failing) * down for up, down in _ratios(limit_basis_points)]
    largest = max(logs)
    return largest + math.log(sum(math.exp(log - largest) for log in logs) / RATES)


@lru_cache(64)
def _ratios(limit_basis_points: int) -> tuple[tuple[float, float], ...]:
    """For each rate of the mixture the logarithms of its likelihood ratios, of a failure and of a success."""
    limit = limit_basis_points / BASIS_POINTS
    rates = [limit ** (1 - (i + 0.5) / RATES) for i in range(RATES)]
    return tuple((math.log(rate / limit), math.log((1 - rate) / (1 - limit))) for rate in rates)
