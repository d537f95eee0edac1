"""Who leads, of several processes with the engine on one database: a lease that is watched, taken over and given back.

No clock is compared with another, as `node_watch.py` has it: a leader is dead when its beat, seen again and again by
one who stands by, has not grown for `LEASE_SECONDS` of that process's monotonic clock (F16, F17). Who could not look
for a while has seen nothing in that time. A leader that was wrongly taken for dead can do no harm: its token is
compared in each of its transactions (I18).
"""

from __future__ import annotations

import asyncio
import logging

from whimbrel.errors import LeaseLostError
from whimbrel.ports.clock import Clock
from whimbrel.ports.store import LeaseBeat, Store, Transaction

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
LOOK_SECONDS = 0.5  # what was given back is taken within a second
#: Several beats may be lost. And by then the database has ended the transaction in which a leader stands still
#: (IDLE_IN_TRANSACTION_SECONDS_MAX): before, taking over would only wait for it.
LEASE_SECONDS = 10.0
GAP_SECONDS = 3.0  # between two looks: more means that the one who looks was away itself


class Term:
    """One time of leading. When it is lost it is lost for good: whoever leads again has another."""

    def __init__(self, token: int, beat_s: float) -> None:
        self.token = token
        self.beat_s = beat_s  # of the monotonic clock
        self.lost = asyncio.Event()

    async def hold(self, store: Transaction) -> None:
        """It lasts at least as long as this transaction. Raises LeaseLostError (I18)."""
        if not await store.leases.hold(self.token):
            self.lost.set()
            raise LeaseLostError("another process leads the engine by now; this one stands by")


class Lease:
    """`holder` is random and of this process alone."""

    def __init__(self, store: Store, clock: Clock, holder: str) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder
        self._seen: LeaseBeat | None = None
        self._seen_s = self._looked_s = clock.monotonic_s()

    async def look(self) -> Term | None:
        """For one who stands by: the lease, if nobody has it or its leader lives no more. Raises WhimbrelError."""
        async with self._store.snapshot() as store:
            seen = await store.leases.seen()
        now_s = self._clock.monotonic_s()
        if seen != self._seen or now_s - self._looked_s > GAP_SECONDS:
            self._seen, self._seen_s = seen, now_s
        self._looked_s = now_s
        # A holder of this name is this process, which did not see the end of the commit that made it leader.
        is_free = seen.holder in ("", self._holder)
        if not is_free and now_s - self._seen_s < LEASE_SECONDS:
            return None
        async with self._store.transaction() as store:
            token = await store.leases.take(seen, self._holder)
        if token is None:
            return None
        if is_free:
            log.info("this process leads the engine (term %d)", token)
        else:
            log.warning("the leader of the engine lives no more; this process leads it (term %d)", token)
        return Term(token, self._clock.monotonic_s())

    async def beat(self, term: Term) -> None:
        """Say that the leader lives, or learn that the term is lost. Raises WhimbrelError."""
        begun_s = self._clock.monotonic_s()
        async with self._store.transaction() as store:
            leads = await store.leases.beat(term.token)
        if leads:
            term.beat_s = begun_s
        else:
            term.lost.set()

    def is_sure(self, term: Term) -> bool:
        """Whether nobody can have taken over yet."""
        return not term.lost.is_set() and self._clock.monotonic_s() - term.beat_s < LEASE_SECONDS

    async def give_back(self, term: Term) -> None:
        """Another may lead at once. Raises WhimbrelError."""
        async with self._store.transaction() as store:
            await store.leases.give_back(term.token)
