"""Whether a device may come in: its claim against the store, and what the door answers when it may not.

Claims that come while others are being read are read together, by one statement. The line of those that wait is as
long as can be served in half the time a device waits for its answer; who finds it full is told to come back. The
secret of an unknown device is checked all the same, so that a stranger measures nothing (A04); and nobody is told "bad
credential" because the store is slow (threat-model part 4).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import NamedTuple

from prometheus_client import Counter, Gauge

from whimbrel.domain.device_credential import DeviceCredential, password_matches, token_matches
from whimbrel.domain.enrolment import Entrance
from whimbrel.errors import WhimbrelError
from whimbrel.gateway.admission import Admission
from whimbrel.gateway.commands import Authenticate
from whimbrel.gateway.packets import ConnackCode
from whimbrel.gateway.session import CONNECT_SECONDS_MAX
from whimbrel.ports.store import DeviceLogin, DeviceToken, LoginClaim, Store
from whimbrel.reports.registration import Registered, Registrar

log = logging.getLogger(__name__)

LOGINS_PER_READ = 128
"""Claims of one statement: some 2 ms of the loop with opening and checking their secrets."""

READS_MAX = 4
"""Statements under way at once: a database over a network answers one while the next is asked."""

WAIT_SECONDS_MAX = CONNECT_SECONDS_MAX / 2
WAITING_MAX = 20_000
_RATE_AT_FIRST = WAITING_MAX / WAIT_SECONDS_MAX
_NEWEST_SHARE = 0.25  # of a measured rate in the mean: a store that slows down is noticed within some reads

_UNKNOWN_DEVICE_SECRET = "checked all the same so that an unknown device takes as long (A04)"  # noqa: S105
_NO_TOKEN = DeviceToken(b"\0" * 32, "")

waiting_logins = Gauge("whimbrel_logins_waiting", "Logins that wait for the store")
turned_away_total = Counter("whimbrel_logins_turned_away_total", "Logins told to come back later", ["reason"])


class _Waiting(NamedTuple):
    command: Authenticate
    credential: DeviceCredential
    answer: asyncio.Future[DeviceLogin | ConnackCode]


class LoginDesk:
    """One for all connections of a process. Without a registrar no device registers here."""

    def __init__(self, store: Store, admission: Admission | None = None, registrar: Registrar | None = None) -> None:
        self.admission = Admission() if admission is None else admission
        self._store = store
        self._registrar = registrar
        self._waiting: deque[_Waiting] = deque()
        self._readers: set[asyncio.Task[None]] = set()
        self._reads = 0
        self._is_reader_coming = False
        self._logins_a_second = _RATE_AT_FIRST

    @property
    def waiting_max(self) -> int:
        """How many logins may wait: what the store was measured to serve in time, one read in any case."""
        return max(LOGINS_PER_READ, min(WAITING_MAX, int(self._logins_a_second * WAIT_SECONDS_MAX)))

    async def check(self, command: Authenticate) -> DeviceLogin | ConnackCode:
        """The device's login when its claim is proved; else the code to refuse it with."""
        assert isinstance(command.credential, DeviceCredential), "a registration is no login"
        if len(self._waiting) >= self.waiting_max:
            turned_away_total.labels("busy").inc()
            return ConnackCode.SERVER_UNAVAILABLE
        loop = asyncio.get_running_loop()
        waiting = _Waiting(command, command.credential, loop.create_future())
        self._waiting.append(waiting)
        if self._reads < READS_MAX and not self._is_reader_coming:
            # It begins in the loop's next turn: what else came in this one is read with it.
            self._is_reader_coming = True
            reader = loop.create_task(self._read())
            self._readers.add(reader)
            reader.add_done_callback(self._readers.discard)
        return await waiting.answer

    async def register(self, command: Authenticate) -> Registered | ConnackCode:
        """The device's new credentials when its registration is proved and open; else the code to refuse it with."""
        assert not isinstance(command.credential, DeviceCredential), "a login is no registration"
        if self._registrar is None:
            return ConnackCode.NOT_AUTHORIZED
        try:
            found = await self._registrar.register(command.credential, command.password)
        except WhimbrelError as error:
            log.warning("a device cannot be registered now: %s", error)
            return ConnackCode.SERVER_UNAVAILABLE
        if isinstance(found, Registered):
            return found
        log.info("registration of %s: %s", "&".join(command.credential.identity), found.value)
        return ConnackCode.BAD_CREDENTIAL if found is Entrance.NOT_PROVED else ConnackCode.NOT_AUTHORIZED

    async def _read(self) -> None:
        self._is_reader_coming = False
        self._reads += 1
        try:
            while self._waiting:
                await self._take([self._waiting.popleft() for _ in range(min(LOGINS_PER_READ, len(self._waiting)))])
        finally:
            # With no await since the line was seen empty: whoever comes next starts a reader.
            self._reads -= 1

    async def _take(self, batch: list[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        waiting_logins.set(len(self._waiting))
        begun_s = loop.time()
        for waiting, found in zip(batch, await self._logins(batch), strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(_verdict(waiting, found))
        self._measured(len(batch), loop.time() - begun_s)

    async def _logins(self, batch: list[_Waiting]) -> list[DeviceLogin | WhimbrelError | None]:
        claims = [LoginClaim(waiting.credential.product_key, waiting.credential.device_name) for waiting in batch]
        try:
            async with self._store.snapshot() as store:
                return [*await store.device_logins.many(claims)]
        except WhimbrelError as error:
            log.warning("%d devices cannot be authenticated now: %s", len(batch), error)
            return [error] * len(batch)
        except Exception:
            log.exception("%d devices cannot be authenticated", len(batch))
            return [WhimbrelError()] * len(batch)

    def _measured(self, logins: int, seconds: float) -> None:
        """A read of few says little about many: only one that is full, or slower than the mean, moves it."""
        rate = logins * READS_MAX / max(seconds, 1e-6)
        if logins == LOGINS_PER_READ or seconds > 1:
            self._logins_a_second += _NEWEST_SHARE * (rate - self._logins_a_second)


def _verdict(waiting: _Waiting, found: DeviceLogin | WhimbrelError | None) -> DeviceLogin | ConnackCode:
    if isinstance(found, WhimbrelError):
        # A device that reads "bad credential" would forget its secret.
        return ConnackCode.SERVER_UNAVAILABLE
    credential, password = waiting.credential, waiting.command.password
    if credential.has_token:
        token = (found.token if found else None) or _NO_TOKEN
        is_right = token_matches(credential, password, *token) and token is not _NO_TOKEN
    else:
        is_right = password_matches(credential, password, found.device_secret if found else _UNKNOWN_DEVICE_SECRET)
    if found is None or not is_right:
        return ConnackCode.BAD_CREDENTIAL
    return ConnackCode.NOT_AUTHORIZED if found.is_disabled else found
