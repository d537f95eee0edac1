"""A connect storm (F08, F19): thousands of devices at once are served or told to come back; none hears "bad
credential".
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.engine.world import add_devices, add_place, open_store
from tests.reports.line import Door, Line, until
from whimbrel.domain.device import DeviceStatus
from whimbrel.errors import StoreUnavailableError
from whimbrel.gateway import connection
from whimbrel.gateway.admission import SESSIONS_A_MINUTE_MAX, Admission, Limits
from whimbrel.gateway.packets import ConnAck, ConnackCode, Packet

DEVICES = 3_000
AT_ONCE = 500  # connections opened by the test at a time; the listener's backlog is its own subject


@pytest.fixture(autouse=True)
def open_files() -> Iterator[None]:
    """Both ends of each connection are files of this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Door]:
    store = open_store(tmp_path)
    made = Door(store, await add_place(store))
    await add_devices(store, made.place, DEVICES)
    await made.open()
    yield made
    await made.close()
    await store.close()


async def storm(rig: Door, names: list[str]) -> dict[str, Packet | None]:
    """All of them open a connection, then all send their CONNECT at once; what each is answered first."""
    lines: list[Line] = []
    for start in range(0, len(names), AT_ONCE):
        lines += await asyncio.gather(*[rig.line(name) for name in names[start : start + AT_ONCE]])
    for line in lines:
        line.send(line.credential())
    return dict(zip(names, await asyncio.gather(*[line.receive() for line in lines]), strict=True))


def all_names() -> list[str]:
    return [f"dev-{number:04d}" for number in range(DEVICES)]


def codes(answers: dict[str, Packet | None]) -> Counter[ConnackCode]:
    assert all(isinstance(answer, ConnAck) for answer in answers.values())
    return Counter(answer.code for answer in answers.values() if isinstance(answer, ConnAck))


async def online(rig: Door) -> int:
    async with rig.store.snapshot() as store:
        return (await store.device_states.counts(rig.place.account_id, rig.place.product_id)).online


async def test_F19_a_storm_is_served(rig: Door) -> None:
    """A store that is well lets all of them in, and each is online then."""
    assert codes(await storm(rig, all_names())) == {ConnackCode.ACCEPTED: DEVICES}
    await until(lambda: online(rig), DEVICES)


async def test_F08_half_of_the_reads_fail(rig: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is let in or told "server unavailable"; those come back until all are in, and none forgets its secret."""
    snapshot, reads = rig.store.snapshot, 0

    def sometimes() -> object:
        nonlocal reads
        reads += 1
        if reads % 2:
            raise StoreUnavailableError("the test says so")
        return snapshot()

    waiting, rounds = all_names(), 0
    with monkeypatch.context() as fault:
        fault.setattr(rig.store, "snapshot", sometimes)
        while waiting:
            answers = await storm(rig, waiting)
            assert codes(answers).keys() <= {ConnackCode.ACCEPTED, ConnackCode.SERVER_UNAVAILABLE}
            waiting = [name for name, answer in answers.items() if answer != ConnAck(ConnackCode.ACCEPTED)]
            rounds += 1
            assert rounds < 30, f"{len(waiting)} devices do not get in"
    assert rounds > 1, "nothing failed"
    await until(lambda: online(rig), DEVICES)


async def test_F19_one_address_does_not_take_all(rig: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its burst an address is told to come back; devices elsewhere, and its own a little later, get in."""
    monkeypatch.setattr(connection, "source_of", lambda address: "10.0.0.1")
    rig.gateway.doorway.login.admission = rig.admission = Admission(Limits(address_connects_s=50))
    answers = codes(await storm(rig, all_names()[:1_500]))
    assert answers == {ConnackCode.ACCEPTED: 1_000, ConnackCode.SERVER_UNAVAILABLE: 500}
    monkeypatch.setattr(connection, "source_of", lambda address: "10.0.0.2")
    assert codes(await storm(rig, all_names()[1_500:1_600])) == {ConnackCode.ACCEPTED: 100}
    monkeypatch.setattr(connection, "source_of", lambda address: "10.0.0.1")
    rig.clock.s += 2
    assert codes(await storm(rig, all_names()[1_600:1_800])) == {
        ConnackCode.ACCEPTED: 100,
        ConnackCode.SERVER_UNAVAILABLE: 100,
    }


async def test_F18_a_flapping_device_is_refused_cheaply(rig: Door) -> None:
    """A device that comes again and again is told to come back, without a session and without touching the store; next
    minute it is in, and a wrong password meanwhile is still a wrong one.
    """
    for _ in range(SESSIONS_A_MINUTE_MAX):
        line = await rig.line()
        line.send(line.credential())
        assert await line.receive() == ConnAck(ConnackCode.ACCEPTED)
    await rig.ingest.drain()
    line = await rig.line()
    line.send(line.credential())
    assert await line.receive() == ConnAck(ConnackCode.SERVER_UNAVAILABLE)
    wrong = await rig.line()
    wrong.send(wrong.credential("wrong"))
    assert await wrong.receive() == ConnAck(ConnackCode.BAD_CREDENTIAL)
    assert not rig.ingest._waiting
    assert len(rig.channel) == 1
    rig.clock.s += 60
    await rig.device()


async def test_account_connections(rig: Door) -> None:
    """An account that has all the connections it may have is told to come back, until one of them ends."""
    rig.gateway.doorway.login.admission = rig.admission = Admission(Limits(account_connections=2))
    first, _ = await rig.device("dev-0000"), await rig.device("dev-0001")
    third = await rig.line("dev-0002")
    third.send(third.credential())
    assert await third.receive() == ConnAck(ConnackCode.SERVER_UNAVAILABLE)
    first.writer.close()
    await until(rig.status, DeviceStatus.OFFLINE)
    await rig.device("dev-0002")


async def test_F23_a_full_ingest_lets_nobody_in(rig: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """While reports wait by the thousand, a new session would add to them: it is told to come back."""
    with monkeypatch.context() as full:
        full.setattr(type(rig.ingest), "is_full", property(lambda self: True))
        line = await rig.line()
        line.send(line.credential())
        assert await line.receive() == ConnAck(ConnackCode.SERVER_UNAVAILABLE)
    await rig.device()
