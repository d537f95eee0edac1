"""A file on its way to a device, however it comes: memory stays flat whatever the file's size."""

from __future__ import annotations

import hashlib
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Final

from whimbrel.simulator.messages import AnnouncedFile

QUARTERS: Final = 4


class DownloadFailedError(Exception):
    """The file could not be had, or is not the one that was announced. Internal to the simulator."""


class FileTransfer(ABC):
    """One file on its way to one device. `latest` gives it as the notice in force has it, with the link to use."""

    def __init__(self, latest: Callable[[], AnnouncedFile], dice: random.Random) -> None:
        self._latest = latest
        self._dice = dice
        self._size_bytes = latest().size_bytes
        self._hash = hashlib.new(latest().digest_name, usedforsecurity=False)
        self._quarters_told = 0
        self.received_bytes = 0

    @abstractmethod
    def percents(self) -> AsyncGenerator[int, None]:
        """25, 50, 75 and 100 as the file comes in. Raises DownloadFailedError when it is given up."""

    @abstractmethod
    def break_off(self) -> None:
        """The device's connection breaks; the transfer goes on by itself."""

    @property
    def is_intact(self) -> bool:
        """Whether what came hashes to what was announced."""
        return self._hash.hexdigest() == self._latest().digest

    def _begin_anew(self) -> None:
        """The file comes from its first byte on; quarters that were told are not told again."""
        self._hash = hashlib.new(self._latest().digest_name, usedforsecurity=False)
        self.received_bytes = 0

    def _take(self, block: bytes) -> Iterator[int]:
        """The next bytes; the percents that they complete, none left out, however the bytes were cut."""
        self._hash.update(block)
        self.received_bytes += len(block)
        reached = QUARTERS * self.received_bytes // self._size_bytes
        told, self._quarters_told = self._quarters_told, max(reached, self._quarters_told)
        for quarter in range(told + 1, reached + 1):
            yield 100 * quarter // QUARTERS
