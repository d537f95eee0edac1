"""What is written when a transaction is about to commit: on every engine, in this order, before the lists' counts."""

from __future__ import annotations

from whimbrel.adapters.store.repositories.device_stories import write_events
from whimbrel.adapters.store.repositories.failures import write_failures
from whimbrel.adapters.store.session import Session


async def write_late_changes(session: Session) -> None:
    """Whoever holds something from here on takes nothing but what comes later here, so nobody waits in a ring (I19)."""
    await write_failures(session, session.late.take_failed())
    await write_events(session)
