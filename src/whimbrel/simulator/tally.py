"""Where the fleet stands: how many devices are in each state and at each version, kept as they move."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum


class DeviceState(StrEnum):
    """What a watcher sees of a virtual device."""

    OFFLINE = "offline"  # not connected, with nothing to do
    ONLINE = "online"  # connected, with nothing to do
    NOTIFIED = "notified"
    DOWNLOADING = "downloading"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SILENT = "silent"


ENDED = (DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.SILENT)


class Tally:
    """Counts over a fleet of `devices`, all of them offline and without a version at first."""

    def __init__(self, devices: int) -> None:
        self.devices = devices
        self.by_state: Counter[DeviceState] = Counter({DeviceState.OFFLINE: devices})
        self.by_version: Counter[str] = Counter()
        self.connected = 0
        self.reconnects = 0
        self.refused_connects = 0
        self.reports = 0
        self.downloaded_bytes = 0

    def move(self, old: DeviceState, new: DeviceState) -> None:
        """A device went from one state to another."""
        self.by_state[old] -= 1
        self.by_state[new] += 1

    def change_version(self, old: str | None, new: str) -> None:
        """A device runs `new` from now on; `old` is None when it was not counted before."""
        if old is not None:
            self.by_version[old] -= 1
        self.by_version[new] += 1

    @property
    def ended(self) -> int:
        """Devices whose last upgrade has ended, well or not."""
        return sum(self.by_state[state] for state in ENDED)

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.ended == self.devices
