"""The devices' side of a rehearsal: what each of them does once it is told, and when. Nothing here knows a server."""

from __future__ import annotations

import heapq
import math
import random
from enum import Enum, IntEnum
from typing import NamedTuple

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
UPGRADE_MS_MAX = 25 * MINUTE_MS  # every device that works says something before it would count as silent
FIRST_WORD_MS_MAX = 10 * SECOND_MS
SPREAD = 0.4  # of the logarithm of an upgrade's time: one in six takes 1.5 times the median


class Course(Enum):
    """What becomes of a device that is told."""

    SUCCEEDS = 0
    FAILS = 1  # and says so
    FALLS_SILENT = 2  # after its first progress, as a brick does
    DIES_LATE = 3  # after its success


class Faults(NamedTuple):
    """What a firmware does to a fleet: shares of the devices that are told, 0 to 1 each.

    `failure_speed`: a failure takes so many times as long as a success. `minutes_median`: how long upgrades take.
    `away`: the share of the fleet that is offline at first; it comes within `comes_within_ms`, evenly.
    """

    fails: float = 0.0
    silent: float = 0.0
    dies_late: float = 0.0
    failure_speed: float = 1.0
    minutes_median: float = 5.0
    away: float = 0.0
    comes_within_ms: int = 24 * HOUR_MS


class Kind(IntEnum):
    """What a server hears of a device. What happens at once happens in this order."""

    CONNECTS = 0
    PROGRESS = 1
    FAILED = 2
    SUCCEEDED = 3
    DISCONNECTS = 4


class Happening(NamedTuple):
    """`place`: the device's number in the order in which its job goes out, from 0."""

    at_ms: int
    place: int
    kind: Kind


ALL_KINDS = frozenset(Kind)


class VirtualFleet:
    """Devices by their places. Courses are drawn in the order in which devices are told; a seed repeats them.

    `heard`: what the server in question takes note of; anything else is not even kept, for speed.
    """

    def __init__(self, devices: int, faults: Faults, seed: int, heard: frozenset[Kind] = ALL_KINDS) -> None:
        self._faults = faults
        self._heard = heard
        self._dice = random.Random(f"{seed}/courses")  # noqa: S311  (a draw to be repeated, not a secret)
        self._coming: list[Happening] = []
        self.courses: dict[int, Course] = {}
        arrivals = random.Random(f"{seed}/arrivals")  # noqa: S311
        self.away = frozenset(
            place for place in range(devices if faults.away else 0) if arrivals.random() < faults.away
        )
        for place in sorted(self.away):
            self._expect(round(arrivals.random() * faults.comes_within_ms), place, Kind.CONNECTS)

    @property
    def harmed(self) -> int:
        """Devices that were told and are worse off for it, whenever it shows."""
        return sum(course is not Course.SUCCEEDS for course in self.courses.values())

    @property
    def next_ms(self) -> int | None:
        return self._coming[0].at_ms if self._coming else None

    def told(self, place: int, now_ms: int) -> None:
        """The device begins. One that was told before has begun already."""
        if place in self.courses:
            return
        faults, dice = self._faults, self._dice
        course, takes_ms = self._draw(dice.random()), self._takes_ms(dice.gauss(0.0, 1.0))
        if course is Course.FAILS:
            takes_ms = min(UPGRADE_MS_MAX, round(takes_ms * faults.failure_speed))
        self.courses[place] = course
        self._expect(now_ms + min(FIRST_WORD_MS_MAX, takes_ms // 4), place, Kind.PROGRESS)
        if course is Course.FAILS:
            self._expect(now_ms + takes_ms, place, Kind.FAILED)
        elif course is not Course.FALLS_SILENT:
            self._expect(now_ms + takes_ms, place, Kind.SUCCEEDED)
        if course is Course.DIES_LATE:
            self._expect(now_ms + takes_ms + HOUR_MS, place, Kind.DISCONNECTS)

    def until(self, now_ms: int) -> list[Happening]:
        """What has happened by now, in its order."""
        found = []
        while self._coming and self._coming[0].at_ms <= now_ms:
            found.append(heapq.heappop(self._coming))
        return found

    def _draw(self, chance: float) -> Course:
        faults = self._faults
        for course, share in (
            (Course.FAILS, faults.fails),
            (Course.FALLS_SILENT, faults.silent),
            (Course.DIES_LATE, faults.dies_late),
        ):
            if chance < share:
                return course
            chance -= share
        return Course.SUCCEEDS

    def _takes_ms(self, deviate: float) -> int:
        """Lognormal about the median."""
        median_ms = self._faults.minutes_median * MINUTE_MS
        return min(UPGRADE_MS_MAX, round(median_ms * math.exp(SPREAD * deviate)))

    def _expect(self, at_ms: int, place: int, kind: Kind) -> None:
        is_silence = kind is Kind.PROGRESS and self.courses.get(place) is Course.FALLS_SILENT
        if kind in self._heard or is_silence:
            heapq.heappush(self._coming, Happening(at_ms, place, kind))
