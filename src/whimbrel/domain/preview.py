"""What a static job would do, counted from its devices one chunk after the other: a preview holds no fleet in memory.

A device's place in the job's order is known from its key and the job's seed (domain/gray.py). Places are counted by
slices, so that the devices of any stage are found again as those of a few slices.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import NamedTuple

from whimbrel.domain.gray import KEYS

SLICES = 4_096  # of a million devices, one has some 250
SLICE_PLACES = KEYS // SLICES


class Candidate(NamedTuple):
    """A device that the selection names. `place`: in the job's order, before `device_id` decides.

    `is_source`: it reports a version that the job upgrades from. `is_busy`: an open task stands in its way.
    """

    device_id: int
    place: int
    is_at_version: bool
    is_source: bool
    is_busy: bool
    is_offline: bool

    @property
    def is_target(self) -> bool:
        """Whether the job makes a task for it; of a busy device one that has failed."""
        return self.is_source and not self.is_at_version


class Ranks(NamedTuple):
    """Devices of the job by their number in its order, from 0, up to before the last."""

    first: int
    end: int


class Census:
    """The counts of a preview."""

    def __init__(self) -> None:
        self.targets = 0
        self.at_version = 0
        self.other_version = 0
        self.busy = 0
        self.offline = 0
        self._slices = array("L", bytes(8 * SLICES))

    def take(self, candidates: Iterable[Candidate]) -> None:
        """Count a chunk."""
        for candidate in candidates:
            if candidate.is_at_version:
                self.at_version += 1
            elif not candidate.is_source:
                self.other_version += 1
            else:
                self.targets += 1
                self.busy += candidate.is_busy
                self.offline += candidate.is_offline
                self._slices[candidate.place // SLICE_PLACES] += 1

    def slices_of(self, ranks: Ranks) -> tuple[range, int]:
        """The slices that hold the devices of these ranks, and how many devices come before those slices."""
        if ranks.first >= ranks.end:
            return range(0), 0
        before, first, base = 0, SLICES, 0
        for number, n in enumerate(self._slices):
            if first == SLICES and before + n > ranks.first:
                first, base = number, before
            before += n
            if before >= ranks.end:
                return range(first, number + 1), base
        raise AssertionError("no rank is beyond the last device")


def of_ranks(found: Iterable[tuple[int, int]], slices: range, ranks: Ranks, base: int) -> list[int]:
    """The ids of the devices with these ranks, in order. `found`: place and id of devices, among them all of the
    slices, before which there are `base` others.
    """
    ordered = sorted(pair for pair in found if pair[0] // SLICE_PLACES in slices)
    return [device_id for _, device_id in ordered[ranks.first - base : ranks.end - base]]
