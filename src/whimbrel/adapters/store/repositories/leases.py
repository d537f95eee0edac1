"""The lease of the engine (I18)."""

from __future__ import annotations

from whimbrel.adapters.store.session import Session
from whimbrel.ports.store import LeaseBeat

NAME = "engine"
NOBODY = LeaseBeat("", 0, 0)


class LeaseRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def seen(self) -> LeaseBeat:
        row = await self._session.one("lease", name=NAME)
        return NOBODY if row is None else LeaseBeat._make(row)

    async def take(self, seen: LeaseBeat, holder: str) -> int | None:
        if seen == NOBODY:
            await self._session.run("add_lease", name=NAME)
        return seen.token + 1 if await self._move(seen, holder) else None

    async def beat(self, token: int) -> bool:
        return await self._session.run("beat_lease", name=NAME, token=token) > 0

    async def hold(self, token: int) -> bool:
        return await self._session.one("hold_lease", name=NAME, token=token) is not None

    async def give_back(self, token: int) -> bool:
        seen = await self.seen()
        return seen.token == token and await self._move(seen, "")

    async def _move(self, seen: LeaseBeat, holder: str) -> bool:
        if await self._session.one("claim_lease", name=NAME, token=seen.token, beat=seen.beat) is None:
            return False
        return await self._session.run("move_lease", name=NAME, token=seen.token, holder=holder) > 0
