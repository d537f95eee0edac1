"""Clears the members of deleted groups behind the answer: a group may hold a whole fleet."""

from __future__ import annotations

from whimbrel.ports.store import Store

MEMBERS_PER_STEP = 500  # as many rows as a step of a job changes


class GroupPurging:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def step(self) -> bool:
        async with self._store.snapshot() as store:
            if not await store.group_members.is_purge_due():
                return False
        async with self._store.transaction() as store:
            await store.group_members.purge(MEMBERS_PER_STEP)
        return True
