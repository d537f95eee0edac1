"""The contract of the port Wakeup, held by every adapter."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.postgresql import PostgresqlServer, shared_server
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.adapters.wakeup.listen_notify import CHANNEL, ListenNotifyWakeup
from whimbrel.ports.wakeup import Wakeup

LONG_S = 30.0
SHORT_S = 0.01
_numbers = itertools.count()


@pytest.fixture(params=["in_process", "listen_notify"])
async def wakeup(request: pytest.FixtureRequest) -> AsyncIterator[Wakeup]:
    if request.param == "in_process":
        yield InProcessWakeup()
        return
    # A channel of its own: the last word of the test before may still be on its way.
    async with listening(channel=f"wakeup_{next(_numbers)}") as made:
        yield made


@asynccontextmanager
async def listening(database: str = "postgres", channel: str = CHANNEL) -> AsyncIterator[ListenNotifyWakeup]:
    made = ListenNotifyWakeup(shared_server().url(database), channel)
    await made.start()
    try:
        yield made
    finally:
        await made.close()


async def test_a_waiter_is_woken(wakeup: Wakeup) -> None:
    """Who waits is woken by the next notification."""
    waiting = asyncio.create_task(wakeup.wait(LONG_S))
    await asyncio.sleep(0)
    wakeup.notify()
    assert await waiting is True


async def test_a_notification_is_kept(wakeup: Wakeup) -> None:
    """A notification that comes while nobody waits is seen by the next wait."""
    wakeup.notify()
    assert await wakeup.wait(LONG_S) is True


@pytest.mark.parametrize("timeout_s", [0.0, SHORT_S])
async def test_a_kept_notification_is_seen_at_once(wakeup: Wakeup, timeout_s: float) -> None:
    """A wait of any length, also none, says that there was a notification."""
    wakeup.notify()
    assert await wakeup.wait(timeout_s) is True


async def test_notifications_count_once(wakeup: Wakeup) -> None:
    """Notifications between two waits are one, and a wait uses it up."""
    for _ in range(3):
        wakeup.notify()
    assert [await wakeup.wait(SHORT_S) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("timeout_s", [0.0, SHORT_S])
async def test_timeout(wakeup: Wakeup, timeout_s: float) -> None:
    """Without a notification the wait ends by itself, and the next one is woken as ever."""
    assert await wakeup.wait(timeout_s) is False
    wakeup.notify()
    assert await wakeup.wait(LONG_S) is True


async def test_a_cancelled_wait_loses_nothing(wakeup: Wakeup) -> None:
    """A notification for a waiter that is cancelled is not lost to the next one."""
    waiting = asyncio.create_task(wakeup.wait(LONG_S))
    await asyncio.sleep(0)
    waiting.cancel()
    wakeup.notify()
    await asyncio.wait([waiting])
    assert waiting.cancelled() is (await wakeup.wait(SHORT_S))


async def test_another_process_is_woken() -> None:
    """A notification reaches the waiters of every process, once each, and its own process once."""
    async with listening() as one, listening() as other:
        for _ in range(3):
            one.notify()
            assert await other.wait(LONG_S) is True
            assert await one.wait(0) is True
            # What comes back to its own process must have come by now: the answer to a word of the other's.
            other.notify()
            assert await one.wait(LONG_S) is True
            assert [await wakeup.wait(SHORT_S) for wakeup in (one, other)] == [False, True]


async def test_I19_a_lost_connection_comes_back() -> None:
    """While the server is away a process still wakes itself; afterwards what was missed is made up."""
    server = PostgresqlServer(fsync=False)
    try:
        one, other = (ListenNotifyWakeup(server.url("postgres")) for _ in range(2))
        await asyncio.gather(one.start(), other.start())
        server.kill()
        one.notify()
        assert await one.wait(LONG_S) is True
        await asyncio.to_thread(server.start)
        assert await other.wait(LONG_S) is True
        await one.close()
        await other.close()
    finally:
        server.end()


async def test_a_server_that_is_not_there() -> None:
    """A start without a server does not fail: the process wakes itself."""
    async with asyncio.timeout(LONG_S):
        wakeup = ListenNotifyWakeup("postgresql://nobody@/nothing?host=/nowhere")
        await wakeup.start()
        wakeup.notify()
        assert await wakeup.wait(0) is True
        await wakeup.close()
