"""Has the devices that ask recognised, and lets those make themselves that may. One for all requests of a process."""

from __future__ import annotations

from collections.abc import Sequence

from whimbrel.errors import StoreConflictError
from whimbrel.gateway.ddi.identity import Claim, Contact, Newcomer, Refusal, Verdict, contacts
from whimbrel.ports.clock import Clock
from whimbrel.ports.randomness import Randomness
from whimbrel.ports.store import Store
from whimbrel.reports.ddi.arrival import ArrivalContext, arrive

TRIES_MAX = 5  # as for reports that another process stood in the way of


class Doorkeeper:
    def __init__(self, store: Store, clock: Clock, randomness: Randomness) -> None:
        self._store = store
        self._clock = clock
        self._randomness = randomness

    async def contacts(self, claims: Sequence[Claim]) -> list[Contact | Refusal]:
        """What each claim leads to, in one snapshot; a transaction only when somebody makes itself."""
        async with self._store.snapshot() as snapshot:
            verdicts = await contacts(snapshot, claims)
        return await self.welcome(verdicts)

    async def welcome(self, verdicts: Sequence[Verdict]) -> list[Contact | Refusal]:
        """The verdicts, with each newcomer made or refused. Durable when this returns (I1).

        Raises StoreUnavailableError, StoreFullError.
        """
        newcomers = [verdict for verdict in verdicts if isinstance(verdict, Newcomer)]
        made = iter(await self._make(newcomers) if newcomers else [])
        return [next(made) if isinstance(verdict, Newcomer) else verdict for verdict in verdicts]

    async def _make(self, newcomers: Sequence[Newcomer]) -> list[Contact | Refusal]:
        for left in reversed(range(TRIES_MAX)):
            try:
                async with self._store.transaction() as store:
                    return await arrive(newcomers, ArrivalContext(store, self._randomness, self._clock.now_ms()))
            except StoreConflictError:
                if not left:
                    raise
        raise AssertionError("the last try returns or raises")
