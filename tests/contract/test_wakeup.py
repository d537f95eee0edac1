"""The contract of the port Wakeup, held by every adapter."""

from __future__ import annotations

import asyncio

import pytest

from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.ports.wakeup import Wakeup

LONG_S = 30.0
SHORT_S = 0.01


@pytest.fixture(params=[InProcessWakeup])
def wakeup(request: pytest.FixtureRequest) -> Wakeup:
    made: Wakeup = request.param()
    return made


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
