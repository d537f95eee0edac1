"""Where the fleet stands: how many devices are in each state and at each version, kept as they move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from whimbrel.simulator.family import Family
from whimbrel.simulator.fate import Fate, Model


class DeviceState(StrEnum):
    """What a watcher sees of a virtual device."""

    OFFLINE = "offline"  # not connected, with nothing to do
    ONLINE = "online"  # connected (or polling), with nothing to do
    NOTIFIED = "notified"
    DOWNLOADING = "downloading"
    SETTLING = "settling"  # has succeeded, and will soon die or roll back
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SILENT = "silent"
    BOOT_LOOPING = "boot-looping"
    ROLLED_BACK = "rolled-back"
    CANCELED = "canceled"  # DDI alone tells a device of a cancel


ENDED = (
    DeviceState.SUCCEEDED,
    DeviceState.FAILED,
    DeviceState.SILENT,
    DeviceState.BOOT_LOOPING,
    DeviceState.ROLLED_BACK,
    DeviceState.CANCELED,
)


class Tally:
    """Counts over a fleet, all of it offline and without a version at first.

    `by_version`: what devices run; `by_told_version`: what they say that they run. `by_notices`: how many devices got
    so many notices. `retries`: reports and requests that were sent again because no answer came. `repeated_notices`
    brought the same command again while it was obeyed (I12), `needless_notices` one that the device had told to be
    done.
    """

    def __init__(self, fates: Iterable[Fate]) -> None:
        self.by_fate: Counter[tuple[Family, Model]] = Counter((fate.family, fate.model) for fate in fates)
        self.devices = self.by_fate.total()
        self.by_state: Counter[DeviceState] = Counter({DeviceState.OFFLINE: self.devices})
        self.by_group: Counter[tuple[Family, Model, DeviceState]] = Counter(
            {(*fate, DeviceState.OFFLINE): count for fate, count in self.by_fate.items()}
        )
        self.by_version: Counter[str] = Counter()
        self.by_told_version: Counter[str] = Counter()
        self.by_notices: Counter[int] = Counter({0: self.devices})
        self.connected = 0
        self.reconnects = 0
        self.refused_connects = 0
        self.reports = 0
        self.retries = 0
        self.requests = 0
        self.notices = 0
        self.repeated_notices = 0
        self.needless_notices = 0
        self.downloaded_bytes = 0

    def move(self, fate: Fate, old: DeviceState, new: DeviceState) -> None:
        """A device went from one state to another."""
        self.by_state[old] -= 1
        self.by_state[new] += 1
        self.by_group[fate.family, fate.model, old] -= 1
        self.by_group[fate.family, fate.model, new] += 1

    def change_version(self, old: str | None, new: str) -> None:
        """A device runs `new` from now on; `old` is None when it was not counted before."""
        _move(self.by_version, old, new)

    def change_told_version(self, old: str | None, new: str) -> None:
        """A device says from now on that it runs `new`."""
        _move(self.by_told_version, old, new)

    def notice(self, earlier: int) -> None:
        """A device that had so many notices got one more."""
        self.notices += 1
        self.by_notices[earlier] -= 1
        self.by_notices[earlier + 1] += 1

    @property
    def ended(self) -> int:
        """Devices whose last upgrade has ended, well or not."""
        return sum(self.by_state[state] for state in ENDED)

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.ended == self.devices


def _move(counts: Counter[str], old: str | None, new: str) -> None:
    if old is not None:
        counts[old] -= 1
    counts[new] += 1
