"""The contract of the port DeviceChannel and its sessions, held by every adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.contract.store_cases_rig import Rig, postgresql_rig, sqlite_rig
from tests.engine.world import NODE, add_devices, add_job, add_place, connect, fill, tasks_of
from whimbrel.adapters.device_channel.bus import BusChannel
from whimbrel.adapters.device_channel.sessions import SessionChannel
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.ports.device_channel import DeviceChannel, SessionEnd

HERE = NODE

NOTICE = UpgradeNotice(7, 1, 1, "default", "2.0.0", False, 1, "MD5", "s", "m", "https://ota.example/f/t", {})


class Device:
    """A session that remembers what it was told."""

    def __init__(self, session_id: int = 1) -> None:
        self.notices: list[UpgradeNotice] = []
        self.times_taken_over = 0
        self.times_revoked = 0
        self.session_id = session_id

    def notify(self, notice: UpgradeNotice) -> None:
        self.notices.append(notice)

    def take_over(self) -> None:
        self.times_taken_over += 1

    def revoke(self) -> None:
        self.times_revoked += 1


class Reach(NamedTuple):
    """The port, and where devices enter it."""

    channel: DeviceChannel
    sessions: SessionChannel

    def enter(self, device_id: int, session: Device) -> None:
        self.sessions.enter(device_id, session)

    def leave(self, device_id: int, session: Device) -> None:
        self.sessions.leave(device_id, session)

    async def send(self, notice: UpgradeNotice) -> bool:
        return await self.channel.send(notice)

    async def end(self, device_id: int, session_id: int, *, is_revoked: bool = True) -> bool:
        return await self.channel.end(SessionEnd(device_id, session_id, is_revoked))


@pytest.fixture(params=["sessions", "bus"])
def channel(request: pytest.FixtureRequest) -> Reach:
    sessions = SessionChannel()
    return Reach(BusChannel(sessions, lambda: HERE) if request.param == "bus" else sessions, sessions)


@pytest.fixture
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    made = request.param(tmp_path)
    yield made
    await made.close()


async def test_absent(channel: Reach) -> None:
    """A notice for a device that is not here is not sent, and that is said."""
    channel.enter(8, Device())
    assert not await channel.send(NOTICE)


async def test_present(channel: Reach) -> None:
    """A notice goes to its device's session and to no other."""
    mine, other = Device(), Device()
    channel.enter(7, mine)
    channel.enter(8, other)
    assert await channel.send(NOTICE)
    assert (mine.notices, other.notices) == ([NOTICE], [])


async def test_the_newest_session_wins(channel: Reach) -> None:
    """A second session takes the first one over, once, and gets all that comes."""
    older, newer = Device(), Device()
    channel.enter(7, older)
    channel.enter(7, newer)
    assert (older.times_taken_over, newer.times_taken_over, len(channel.sessions)) == (1, 0, 1)
    await channel.send(NOTICE)
    assert (older.notices, newer.notices) == ([], [NOTICE])


async def test_an_older_session_leaves(channel: Reach) -> None:
    """The end of a session that was taken over does not touch the newer one."""
    older, newer = Device(), Device()
    channel.enter(7, older)
    channel.enter(7, newer)
    channel.leave(7, older)
    assert await channel.send(NOTICE)


async def test_leave(channel: Reach) -> None:
    """After a session's end nothing is sent to it, and nothing of it is kept (I17)."""
    device = Device()
    channel.enter(7, device)
    channel.leave(7, device)
    channel.leave(7, device)
    assert not await channel.send(NOTICE)
    assert len(channel.sessions) == 0


async def test_a_session_that_leaves_while_it_is_taken_over(channel: Reach) -> None:
    """A session that ends at once when it is taken over does not take the newer one along."""
    newer = Device()

    class Hasty(Device):
        def take_over(self) -> None:
            channel.leave(7, self)

    channel.enter(7, Hasty())
    channel.enter(7, newer)
    assert await channel.send(NOTICE)
    assert newer.notices == [NOTICE]


async def test_end(channel: Reach) -> None:
    """A session is ended when it is the one meant, and no other; where it is not, that is said."""
    mine, other = Device(3), Device(4)
    channel.enter(7, mine)
    channel.enter(8, other)
    answers = [await channel.end(*which) for which in ((7, 3), (7, 4), (9, 3))]
    assert answers == [True, False, False]
    assert (mine.times_revoked, other.times_revoked) == (1, 0)


async def test_end_of_a_session_that_was_taken_over_elsewhere(channel: Reach) -> None:
    """A session that a newer one elsewhere replaced is told so, not that its device was revoked."""
    device = Device()
    channel.enter(7, device)
    assert await channel.end(7, 1, is_revoked=False)
    assert (device.times_taken_over, device.times_revoked) == (1, 0)


@pytest.mark.parametrize("rig", [sqlite_rig, postgresql_rig], ids=["sqlite", "postgresql"], indirect=True)
async def test_post(channel: Reach, rig: Rig) -> None:
    """Of tasks that were claimed, those that are not given to another process are returned, to be sent from here."""
    place = await add_place(rig.store)
    ids = await add_devices(rig.store, place, 2)
    await connect(rig.store, ids)
    tasks = list((await tasks_of(rig.store, await fill(rig.store, await add_job(rig.store, place)))).values())
    async with rig.store.transaction() as store:
        assert await channel.channel.post(store, []) == []
        assert await channel.channel.post(store, tasks) == tasks


async def test_ping(channel: Reach) -> None:
    """The sessions of this process are always within reach; orders wait in the store, which is asked for itself."""
    await channel.channel.ping()
