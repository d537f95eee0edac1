"""The sessions that are open, from the store: the port `Sessions` of the console's door."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from whimbrel.console.session import Session
from whimbrel.domain.console_user import policy_of, sees_secrets, token_digest
from whimbrel.errors import WhimbrelError
from whimbrel.operations.console.sessions import find_session, see_session
from whimbrel.ports.store import Store

log = logging.getLogger(__name__)


class StoreSessions:
    """Of one process. Nothing is remembered: who is disabled or signed out is out with the next call (A21).

    `store_of` says by which store the caller of an action is looked up: halts have connections of their own (I8).
    """

    def __init__(self, store_of: Callable[[str], Store]) -> None:
        self._store_of = store_of
        self._writing: dict[str, asyncio.Task[None]] = {}

    async def of_token(self, token: str, now_ms: int, *, action: str = "", is_use: bool = True) -> Session | None:
        """See `Sessions`."""
        found = await find_session(self._store_of(action), token, now_ms)
        if found is None:
            return None
        session, user, account = found
        digest = token_digest(token)
        if is_use and session.wants_seen(now_ms) and digest not in self._writing:
            # Beside the call: neither a halt nor a page of a full disk waits for it (I8).
            self._writing[digest] = asyncio.create_task(self._see(digest, now_ms))
        ends_ms = session._replace(seen_ms=max(session.seen_ms, now_ms)).ends_ms if is_use else session.ends_ms
        return Session(
            user.account_id,
            account,
            user.name,
            user.role.value,
            policy_of(user.role),
            sees_secrets(user.role),
            digest,
            ends_ms,
        )

    async def close(self) -> None:
        """Returns when nothing is written any more."""
        await asyncio.gather(*self._writing.values())

    async def _see(self, digest: str, now_ms: int) -> None:
        try:
            await see_session(self._store_of(""), digest, now_ms)
        except WhimbrelError as error:
            log.warning("the use of a session was not written: %s", error)
        finally:
            del self._writing[digest]
