"""What the cases of the store contract are given: a store, and ways to come back to it."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.engine.world import SEALER, open_store
from tests.postgresql import shared_server
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.ports.store import Store

CHILD = "tests.contract.store_cases_child"


class Places(NamedTuple):
    """How an adapter makes and forgets stores: `where` names the store of a number, whatever that is to it."""

    where: Callable[[int], str]
    forget: Callable[[str], object]


class Rig:
    """Stores of one adapter; `store` is the one that most cases use, and `reopen` replaces it."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._numbers = itertools.count(1)
        self._used: list[str] = []
        self.place = self._take(0)
        self.store = open_at(self.place)

    async def reopen(self) -> Store:
        """The store as the next start of the server sees it."""
        await self.store.close()
        self.store = open_at(self.place)
        return self.store

    def fresh(self) -> Store:
        """One more store, empty; the caller closes it."""
        return open_at(self._take(next(self._numbers)))

    def start_child(self, work: str) -> subprocess.Popen[str]:
        """A process that does, on this store, what the named function of `store_cases_child.py` does."""
        command = [sys.executable, "-m", CHILD, work, self.place]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    async def close(self) -> None:
        await self.store.close()
        for place in self._used:
            self._places.forget(place)

    def _take(self, number: int) -> str:
        self._used.append(self._places.where(number))
        return self._used[-1]


def open_at(place: str) -> Store:
    """The store at a place of either adapter, which has its schema already or gets it now."""
    return PostgresqlStore(place, SEALER) if place.startswith("postgresql:") else open_store(Path(place))


def sqlite_rig(folder: Path) -> Rig:
    """Each store is a folder of its own."""

    def folder_at(number: int) -> str:
        found = folder / str(number)
        found.mkdir()
        return str(found)

    return Rig(Places(folder_at, lambda place: None))


def postgresql_rig(folder: Path) -> Rig:
    """Each store is a database of its own, on the server that the tests of this process share."""
    server = shared_server()
    return Rig(Places(lambda number: server.new_database(), server.give_back))
