"""What the cases of the store contract are given: a store, and ways to come back to it."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.engine.world import open_store
from whimbrel.ports.store import Store

CHILD = "tests.contract.store_cases_child"


class Rig:
    """Stores of one adapter; `store` is the one that most cases use, and `reopen` replaces it."""

    def __init__(self, open_at: Callable[[int], Store], child: Callable[[str], subprocess.Popen[str]]) -> None:
        self._open_at = open_at
        self._places = itertools.count(1)
        self.store = open_at(0)
        self.start_child = child
        """Starts a process that does, on this store, what the named function of `store_cases_child.py` does."""

    async def reopen(self) -> Store:
        """The store as the next start of the server sees it."""
        await self.store.close()
        self.store = self._open_at(0)
        return self.store

    def fresh(self) -> Store:
        """One more store, empty; the caller closes it."""
        return self._open_at(next(self._places))


def sqlite_rig(folder: Path) -> Rig:
    """Each store is a folder of its own."""

    def folder_at(place: int) -> Path:
        found = folder / str(place)
        found.mkdir(exist_ok=True)
        return found

    def start(work: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", CHILD, work, str(folder_at(0))]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    return Rig(lambda place: open_store(folder_at(place)), start)
