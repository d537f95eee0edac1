"""The MQTT door over real sockets, a real store and a steered clock (device-protocol 1, 2, 9; I1, I15, I17, A17)."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import (
    add_devices,
    add_job,
    add_place,
    fill,
    open_store,
    secret_of,
    statuses_of,
)
from tests.reports.line import ACCEPTED, KEEP_ALIVE_S, LARGE_NOTICE, SILENCE_S, TICK_S, Door, flood, until
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.task import TaskStatus
from whimbrel.errors import StoreUnavailableError
from whimbrel.gateway import login, mqtt
from whimbrel.gateway.connection import WRITE_BUFFER_BYTES_MAX, DeviceConnection
from whimbrel.gateway.packets import (
    ConnAck,
    ConnackCode,
    Connect,
    Disconnect,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    encode,
)
from whimbrel.gateway.session import CONNECT_SECONDS_MAX, KEEP_ALIVE_FACTOR, REPORTS_PENDING_MAX


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(mqtt, "TICK_SECONDS", TICK_S)
    store = open_store(tmp_path)
    made = Door(store, await add_place(store))
    await add_devices(store, made.place, 3)
    await made.open()
    yield made
    await made.close()
    await store.close()


# ---- connecting and leaving ----


async def test_connect(rig: Door) -> None:
    """The right credential is accepted, activates the device and puts it online with its address."""
    assert await rig.status() is DeviceStatus.UNACTIVE
    await rig.device()
    row = await rig.row()
    assert (row.status, row.ip_address, row.activated_ms) == (DeviceStatus.ONLINE, "127.0.0.1", rig.clock.ms)


@pytest.mark.parametrize(
    ("name", "secret", "code"),
    [
        ("dev-0000", "wrong", ConnackCode.BAD_CREDENTIAL),
        ("dev-0000", secret_of("dev-0001"), ConnackCode.BAD_CREDENTIAL),
        ("nobody", "wrong", ConnackCode.BAD_CREDENTIAL),
        ("nobody", login._UNKNOWN_DEVICE_SECRET, ConnackCode.BAD_CREDENTIAL),
        ("dev-0001", secret_of("dev-0001"), ConnackCode.NOT_AUTHORIZED),
        ("dev-0001", "wrong", ConnackCode.BAD_CREDENTIAL),
    ],
)
async def test_refused(rig: Door, name: str, secret: str, code: ConnackCode) -> None:
    """A wrong secret and an unknown device look alike; a disabled device is told so if its secret is right (A04)."""
    rig.store._writer.execute("UPDATE device SET state = 8 WHERE device_name = 'dev-0001'")
    line = await rig.line(name)
    line.send(line.credential(secret))
    assert await line.receive() == ConnAck(code)
    assert await line.ended()
    assert await rig.status() is DeviceStatus.UNACTIVE
    assert len(rig.channel) == 0


async def test_F08_store_down(rig: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store is down a device hears "server unavailable", never "bad credential"; afterwards it gets in."""

    def down() -> object:
        raise StoreUnavailableError("the test says so")

    with monkeypatch.context() as fault:
        fault.setattr(rig.store, "snapshot", down)
        line = await rig.line()
        line.send(line.credential())
        assert await line.receive() == ConnAck(ConnackCode.SERVER_UNAVAILABLE)
        assert await line.ended()
    await rig.device()


async def test_take_over(rig: Door) -> None:
    """A second connection ends the first, and the device stays online, also after the first has gone."""
    first = await rig.device()
    second = await rig.device()
    assert await first.ended()
    await until(rig.open_count, 1)
    second.version("1.0.0")
    assert await second.receive() == PubAck(1)
    assert await rig.status() is DeviceStatus.ONLINE
    assert len(rig.channel) == 1


@pytest.mark.parametrize("way", ["disconnect", "close", "abort"])
async def test_leaving(rig: Door, way: str) -> None:
    """However a device goes, it is offline then."""
    line = await rig.device()
    if way == "disconnect":
        line.send(Disconnect())
    elif way == "close":
        line.writer.close()
    else:
        line.writer.transport.abort()
    await until(rig.status, DeviceStatus.OFFLINE)
    assert (len(rig.gateway.open), len(rig.channel)) == (0, 0)


async def test_stop(rig: Door) -> None:
    """A gateway that stops says goodbye to its devices and knows them offline; what they said is stored."""
    line = await rig.device()
    line.version("1.0.0", None)
    line.version("2.0.0", None)
    await line.writer.drain()
    await until(lambda: rig.version(1), "2.0.0")
    await rig.gateway.stop()
    await rig.ingest.drain()
    assert await line.ended()
    await until(rig.status, DeviceStatus.OFFLINE)


# ---- reports ----


async def test_I1_puback_after_the_commit(rig: Door) -> None:
    """A report is acknowledged when its effect can be read, and not while its transaction cannot be committed."""
    line = await rig.device()
    async with rig.store.transaction():
        line.version("1.0.0", 7)
        assert await line.is_silent()
    assert await line.receive() == PubAck(7)
    assert await rig.version(1) == "1.0.0"


async def test_reports_without_acknowledgement(rig: Door) -> None:
    """QoS 0 reports are taken, and nothing is sent for them."""
    line = await rig.device()
    line.version("1.0.0", None)
    line.version("1.1.0", 2)
    assert await line.receive() == PubAck(2)
    assert await rig.version(1) == "1.1.0"


@pytest.mark.parametrize("payload", [b"", b"{", b'{"params":{}}', b'{"params":{"version":"1\\n"}}', b"\xff" * 100])
async def test_unusable_reports(rig: Door, payload: bytes) -> None:
    """A message that is not of the form is acknowledged without effect, and the session lives on."""
    line = await rig.device()
    line.send(Publish(line.topic("/ota/device/inform/*"), payload, 1))
    assert await line.receive() == PubAck(1)
    line.version("1.0.0", 2)
    assert await line.receive() == PubAck(2)


async def test_hasty_device(rig: Door) -> None:
    """What a device sends right behind its CONNECT is taken, in order."""
    line = await rig.line()
    line.send(line.credential())
    for number in range(20):
        line.version(f"1.{number}", number + 1)
    line.send(PingReq())
    answers = [await line.receive() for _ in range(22)]
    assert answers[0] == ACCEPTED
    assert [packet for packet in answers if isinstance(packet, PubAck)] == [PubAck(number + 1) for number in range(20)]
    assert PingResp() in answers
    assert await rig.version(1) == "1.19"


async def test_A17_foreign_topic(rig: Door) -> None:
    """A device that speaks in another's name is cut off, and nothing of it is stored (I15)."""
    line, _ = await rig.device(), await rig.device("dev-0001")
    topic = line.topic("/ota/device/inform/*").replace("dev-0000", "dev-0001")
    line.send(Publish(topic, b'{"params":{"version":"6.6.6"}}', 1))
    assert await line.ended()
    assert await rig.version(2) is None


async def test_failing_store_ends_sessions_unacknowledged(rig: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store takes no reports, a device is cut off without an acknowledgement, so that it repeats them."""
    line = await rig.device()

    def down() -> object:
        raise StoreUnavailableError("the test says so")

    with monkeypatch.context() as fault:
        fault.setattr(rig.store, "transaction", down)
        line.version("1.0.0")
        assert await line.ended()
    again = await rig.device()
    again.version("1.0.0")
    assert await again.receive() == PubAck(1)


# ---- notices ----


async def test_push_at_connect_and_pull(rig: Door) -> None:
    """A queued task comes at the connect without any subscription, and again when the device asks."""
    job = await fill(rig.store, await add_job(rig.store, rig.place))
    line = await rig.device()
    push = await line.pull_answer()
    assert (push.topic, push.packet_id) == (line.topic("/ota/device/upgrade/*"), 1)
    assert json.loads(push.payload)["data"]["version"] == "2.0.0"
    assert (await statuses_of(rig.store, job))[1] is TaskStatus.NOTIFIED
    line.send(PubAck(1))
    line.report({"id": 5, "params": {}}, None, "/sys/*/thing/ota/firmware/get")
    reply = await line.pull_answer()
    assert reply.topic == line.topic("/sys/*/thing/ota/firmware/get_reply")
    assert json.loads(reply.payload)["id"] == 5


async def test_I15_notices_go_to_their_device(rig: Door) -> None:
    """Each of several devices gets its own notice and no other's."""
    await fill(rig.store, await add_job(rig.store, rig.place))
    lines = [await rig.device(f"dev-000{number}") for number in range(3)]
    urls = set()
    for line in lines:
        push = await line.pull_answer()
        assert push.topic == line.topic("/ota/device/upgrade/*")
        urls.add(json.loads(push.payload)["data"]["url"])
        assert await line.is_silent()
    assert len(urls) == 3


# ---- time and limits ----


@pytest.mark.parametrize("said", [b"", b"\x10", encode(Connect("a", "b", b"c", 60))[:-1], b"\x10\xff\xff\xff\x7f"])
async def test_half_open_connections_end(rig: Door, said: bytes) -> None:
    """Who has not sent a whole CONNECT within ten seconds is dropped, and no second earlier, unless it is nonsense."""
    line = await rig.line()
    line.writer.write(said)
    await until(rig.open_count, 0 if said == b"\x10\xff\xff\xff\x7f" else 1)
    rig.clock.s += CONNECT_SECONDS_MAX - 1
    if said != b"\x10\xff\xff\xff\x7f":
        assert await line.is_silent()
    rig.clock.s += 2
    assert await line.ended()
    await until(rig.open_count, 0)


@pytest.mark.parametrize("speaks", [True, False])
async def test_keep_alive(rig: Door, speaks: bool) -> None:
    """A device is dropped one and a half times its keep-alive after it was last heard."""
    line = await rig.device()
    rig.clock.s += KEEP_ALIVE_S * KEEP_ALIVE_FACTOR - 1
    if speaks:
        line.send(PingReq())
        assert await line.receive() == PingResp()
    rig.clock.s += 2
    if speaks:
        assert await line.is_silent()
        rig.clock.s += KEEP_ALIVE_S * KEEP_ALIVE_FACTOR
    assert await line.ended()
    await until(rig.status, DeviceStatus.OFFLINE)


async def kept_in_memory(rig: Door) -> int:
    """Connections of the rig's door that something still holds, once it had time to let go."""
    await asyncio.sleep(10 * TICK_S)
    gc.collect()
    found = (thing for thing in gc.get_objects() if isinstance(thing, DeviceConnection))
    return sum(connection._gateway is rig.gateway for connection in found)


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x10\x7f\x00\x04MQTT", b"\xf0\x00"])
async def test_I17_junk_connections_leave_nothing(rig: Door, said: bytes) -> None:
    """Of 500 connections that never become devices none is kept after its time, but the one looked at last."""
    for _ in range(5):
        lines = [await rig.line() for _ in range(100)]
        for line in lines:
            line.writer.write(said)
        await asyncio.gather(*(line.writer.drain() for line in lines))
        rig.clock.s += CONNECT_SECONDS_MAX + 2
        assert all(await asyncio.gather(*(line.ended() for line in lines)))
        await until(rig.open_count, 0)
    rig.clock.s += CONNECT_SECONDS_MAX + 2
    assert await kept_in_memory(rig) <= 1


async def test_I17_devices_that_left_leave_nothing(rig: Door) -> None:
    """Devices that come and go, as on a bad network, are not kept in memory for the rest of their keep-alive."""
    for _ in range(10):
        line = await rig.device()
        rig.clock.s += CONNECT_SECONDS_MAX + 2
        await asyncio.sleep(3 * TICK_S)
        line.send(Disconnect())
        await until(rig.open_count, 0)
    rig.clock.s += 2
    assert await kept_in_memory(rig) <= 1


async def test_I17_connections_are_bounded(rig: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit a connection is dropped at once; when one has gone, the next is taken."""
    monkeypatch.setattr(mqtt, "CONNECTIONS_MAX", 2)
    await rig.device("dev-0000")
    second = await rig.device("dev-0001")
    assert await (await rig.line("dev-0002")).ended()
    second.writer.close()
    await until(rig.open_count, 1)
    await rig.device("dev-0002")


async def test_I17_a_saturated_device_is_not_read(rig: Door) -> None:
    """While reports cannot be committed, the door stops reading a device; afterwards each report is acknowledged."""
    line = await rig.device()
    payload = {"id": "1", "params": {"step": "1", "desc": "x" * 30_000}}
    sent = 0
    async with rig.store.transaction():
        while sent < 8 * REPORTS_PENDING_MAX:
            line.report(payload, sent + 1, "/ota/device/progress/*")
            sent += 1
            try:
                await asyncio.wait_for(line.writer.drain(), SILENCE_S)
            except TimeoutError:
                break
        assert sent < 8 * REPORTS_PENDING_MAX, "the door read everything"
        waiting = len(rig.ingest._waiting)
    assert waiting < 2 * REPORTS_PENDING_MAX
    assert [await line.receive() for _ in range(sent)] == [PubAck(number + 1) for number in range(sent)]


async def test_F20_a_slow_reader_is_cut_off(rig: Door) -> None:
    """A device that does not read is cut off before the door keeps much for it, and is offline then (I17)."""
    line = await rig.device(receive_bytes=4_096)
    kept = [size async for size in flood(rig, line)]
    assert max(kept) <= WRITE_BUFFER_BYTES_MAX + 10_000
    await until(rig.status, DeviceStatus.OFFLINE)


async def test_F20_a_slow_reader_fills_no_log(rig: Door, caplog: pytest.LogCaptureFixture) -> None:
    """What was still to be sent to a device that has just been cut off is dropped without a word for each."""
    line = await rig.device(receive_bytes=4_096)
    async for waiting_bytes in flood(rig, line):
        if waiting_bytes:
            break
    for _ in range(200):
        await rig.channel.send(LARGE_NOTICE)
    await until(rig.open_count, 0)
    assert len(caplog.records) < 10


async def test_F20_a_stuck_reader_is_gone_after_its_keep_alive(rig: Door) -> None:
    """A device that neither reads nor speaks any more is dropped, although bytes for it still wait in the door."""
    line = await rig.device(receive_bytes=4_096)
    async for waiting_bytes in flood(rig, line):
        if waiting_bytes:
            break
    assert await rig.open_count() == 1
    rig.clock.s += 2 * KEEP_ALIVE_S
    await until(rig.open_count, 0)


async def test_a_stuck_reader_does_not_keep_the_newer_connection_out(rig: Door) -> None:
    """A device whose old connection hangs comes back, and the old socket is given up (device-protocol 1)."""
    line = await rig.device(receive_bytes=4_096)
    async for waiting_bytes in flood(rig, line):
        if waiting_bytes:
            break
    await rig.device()
    await until(rig.open_count, 1)


async def test_subscriptions_are_answered(rig: Door) -> None:
    """A device may subscribe to its own topics; what is not its own is refused."""
    line = await rig.device()
    line.send(Subscribe(9, ((line.topic("/ota/device/upgrade/*"), 1), ("#", 0))))
    assert await line.receive() == SubAck(9, (1, 0x80))
