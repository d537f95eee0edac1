"""Which of several processes leads the engine: one lease, handed on with a token that only grows. Part of `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class LeaseBeat(NamedTuple):
    """The lease as it was seen: a beat that does not grow is the sign of a leader that lives no more.

    `holder` is empty when nobody leads.
    """

    holder: str
    token: int
    beat: int


class EngineLeases(Protocol):
    """The lease of the engine. Whoever leads has its token, and no two leaders ever had the same (I18)."""

    async def seen(self) -> LeaseBeat:
        """As it is now; before the first leader the token is 0."""
        ...

    async def take(self, seen: LeaseBeat, holder: str) -> int | None:
        """Lead from now on, once what the leader before has under way has ended; the token.

        None, and nothing done, when the lease has changed since it was seen.
        """
        ...

    async def beat(self, token: int) -> bool:
        """The leader lives; False when another leads."""
        ...

    async def hold(self, token: int) -> bool:
        """Whether the token leads; if so, nobody takes over before this transaction has ended (I18)."""
        ...

    async def give_back(self, token: int) -> bool:
        """Nobody leads, and another may at once; False when the token led no more."""
        ...
