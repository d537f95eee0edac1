"""What the console stands on, made once by the composition root; all its handlers are given this one value."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from typing import NamedTuple

from whimbrel.asgi import Headers
from whimbrel.console.cookie import SessionCookie
from whimbrel.console.session import Session, Sessions
from whimbrel.rpc.hall import Hall


class Mqtt(NamedTuple):
    """Where devices connect."""

    host: str
    port: int
    has_tls: bool


class Server(NamedTuple):
    """What a page shows of the process that serves it. `is_insecure`: keys and firmware travel as plain text."""

    version: str
    public_url: str
    is_insecure: bool
    has_tls: bool
    mqtt: Mqtt | None
    roles: tuple[str, ...]


class Setup(NamedTuple):
    """`csrf_key` is of this server's master key; `new_nonce` makes up what nobody guesses; when `stopping` is set, the
    process ends and every stream with it.
    """

    hall: Hall
    sessions: Sessions
    server: Server
    csrf_key: bytes
    new_nonce: Callable[[], str]
    stopping: asyncio.Event

    @property
    def cookie(self) -> SessionCookie:
        return SessionCookie.of(self.server.public_url)

    async def session_of(self, headers: Headers, action: str = "") -> Session | None:
        """Whose request this is; None for nobody's. Raises StoreUnavailableError."""
        token = self.cookie.token_in(headers)
        return None if token is None else await self.sessions.of_token(token, self.hall.clock.now_ms(), action=action)

    def csrf_token_of(self, session: Session) -> str:
        """What only a page that could read an answer of ours knows. Another for each session."""
        return hmac.new(self.csrf_key, session.token_digest.encode(), hashlib.sha256).hexdigest()
