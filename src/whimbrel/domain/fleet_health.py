"""How a fleet does after an upgrade: who died late, after its success, where no gate sees it (design.md part 4, F21).

A device that is quiet may be in a drawer. So its share is told beside that of the devices that were not upgraded, which
are in drawers just as often; what is more than chance is conspicuous.
"""

from __future__ import annotations

import math
from typing import NamedTuple

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
DAYS_MIN, DAYS_MAX, DAYS_DEFAULT = 1, 30, 7
HOURS_MIN, HOURS_MAX, HOURS_DEFAULT = 1, 720, 24
SAMPLE_DEVICES = 1_000  # of the product, and of each job: measured 9 ms on SQLite, of a million devices as of 1,000
JOBS_MAX = 5  # the newest ones that upgraded the module
CHANCE = 0.001  # of calling a release conspicuous that is as good as the others


class Since(NamedTuple):
    """What is looked at: what was alive from `from_ms` on, and was not heard from `quiet_ms` on."""

    from_ms: int
    quiet_ms: int
    now_ms: int


def since(days: int, hours: int, now_ms: int) -> Since:
    """The last `days`, of which the last `hours` were quiet."""
    quiet_ms = now_ms - hours * HOUR_MS
    return Since(min(now_ms - days * DAY_MS, quiet_ms), quiet_ms, now_ms)


class VersionSample(NamedTuple):
    """Of the sampled devices those at this version: how many there are, are online, were alive, and are quiet since."""

    version: str
    devices: int
    online: int
    alive: int
    quiet: int


class Upgraded(NamedTuple):
    """A job's devices that succeeded within the time looked at, and how many of them were not heard since."""

    job_id: int
    dest_version: str
    devices: int
    lost: int


def beside(job: Upgraded, samples: list[VersionSample]) -> tuple[int, int]:
    """How many sampled devices of other versions than the job's are quiet, and how many were alive."""
    others = [sample for sample in samples if sample.version != job.dest_version]
    return sum(sample.quiet for sample in others), sum(sample.alive for sample in others)


def is_conspicuous(lost: int, devices: int, other_lost: int, others: int) -> bool:
    """Whether so many lost of so many are more than chance, when others are lost at the rate of `other_lost`.

    That rate is itself only sampled: three are added to it, for what a sample of none may hide.
    """
    if lost * (others + 1) <= (other_lost + 3) * devices:
        return False
    rate = min(1.0, (other_lost + 3) / (others + 3))
    return _at_least(lost, devices, rate) < CHANCE


def _at_least(k: int, n: int, rate: float) -> float:
    """The probability of k or more of n."""
    if rate >= 1:
        return 1.0
    up, down = math.log(rate), math.log1p(-rate)
    total = math.lgamma(n + 1)
    terms = (total - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * up + (n - i) * down for i in range(k, n + 1))
    return math.fsum(math.exp(term) for term in terms)
