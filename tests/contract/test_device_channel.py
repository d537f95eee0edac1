"""The contract of the port DeviceChannel and its sessions, held by every adapter."""

from __future__ import annotations

import pytest

from whimbrel.adapters.device_channel.sessions import SessionChannel
from whimbrel.domain.notice import UpgradeNotice

NOTICE = UpgradeNotice(7, 1, 1, "default", "2.0.0", False, 1, "MD5", "s", "m", "https://ota.example/f/t", {})


class Device:
    """A session that remembers what it was told."""

    def __init__(self) -> None:
        self.notices: list[UpgradeNotice] = []
        self.times_taken_over = 0
        self.times_revoked = 0

    def notify(self, notice: UpgradeNotice) -> None:
        self.notices.append(notice)

    def take_over(self) -> None:
        self.times_taken_over += 1

    def revoke(self) -> None:
        self.times_revoked += 1


@pytest.fixture(params=[SessionChannel])
def channel(request: pytest.FixtureRequest) -> SessionChannel:
    made: SessionChannel = request.param()
    return made


async def test_absent(channel: SessionChannel) -> None:
    """A notice for a device that is not here is not sent, and that is said."""
    channel.enter(8, Device())
    assert not await channel.send(NOTICE)


async def test_present(channel: SessionChannel) -> None:
    """A notice goes to its device's session and to no other."""
    mine, other = Device(), Device()
    channel.enter(7, mine)
    channel.enter(8, other)
    assert await channel.send(NOTICE)
    assert (mine.notices, other.notices) == ([NOTICE], [])


async def test_the_newest_session_wins(channel: SessionChannel) -> None:
    """A second session takes the first one over, once, and gets all that comes."""
    older, newer = Device(), Device()
    channel.enter(7, older)
    channel.enter(7, newer)
    assert (older.times_taken_over, newer.times_taken_over, len(channel)) == (1, 0, 1)
    await channel.send(NOTICE)
    assert (older.notices, newer.notices) == ([], [NOTICE])


async def test_an_older_session_leaves(channel: SessionChannel) -> None:
    """The end of a session that was taken over does not touch the newer one."""
    older, newer = Device(), Device()
    channel.enter(7, older)
    channel.enter(7, newer)
    channel.leave(7, older)
    assert await channel.send(NOTICE)


async def test_leave(channel: SessionChannel) -> None:
    """After a session's end nothing is sent to it, and nothing of it is kept (I17)."""
    device = Device()
    channel.enter(7, device)
    channel.leave(7, device)
    channel.leave(7, device)
    assert not await channel.send(NOTICE)
    assert len(channel) == 0


async def test_a_session_that_leaves_while_it_is_taken_over(channel: SessionChannel) -> None:
    """A session that ends at once when it is taken over does not take the newer one along."""
    newer = Device()

    class Hasty(Device):
        def take_over(self) -> None:
            channel.leave(7, self)

    channel.enter(7, Hasty())
    channel.enter(7, newer)
    assert await channel.send(NOTICE)
    assert newer.notices == [NOTICE]


async def test_end(channel: SessionChannel) -> None:
    """A session is ended when its device's is, and no other; where none is, that is said."""
    mine, other = Device(), Device()
    channel.enter(7, mine)
    channel.enter(8, other)
    assert [await channel.end(7), await channel.end(9)] == [True, False]
    assert (mine.times_revoked, other.times_revoked) == (1, 0)


async def test_ping(channel: SessionChannel) -> None:
    """The sessions of this process are always within reach."""
    await channel.ping()
