"""Firmware in blocks over real sockets, from a real firmware store (device-protocol 8; I8, I10, I11, I17, A19)."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.engine.world import Place, add_devices, add_job, add_place, cancel, fill, open_store, put_task, tasks_of
from tests.gateway.test_block_frames import split
from tests.reports.line import TICK_S, Door, Line, until
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.domain.job import DownloadProtocol, Job
from whimbrel.domain.task import Task, TaskStatus
from whimbrel.errors import StoreUnavailableError
from whimbrel.gateway import blocks, connection, mqtt, open_files
from whimbrel.gateway.block_frames import BLOCK_BYTES_MAX, REPLY_TOPIC, REQUEST_TOPIC
from whimbrel.gateway.blocks import GRANT_SECONDS_MAX, REQUESTS_WAITING_MAX
from whimbrel.gateway.connection import WRITE_BUFFER_BYTES_MAX
from whimbrel.gateway.packets import PacketReader, PingReq, PingResp, PubAck, Publish, SubAck, Subscribe

CONTENT = os.urandom(300_000)
REQUEST, REPLY = (topic.replace("{pk}/{dn}", "*") for topic in (REQUEST_TOPIC, REPLY_TOPIC))


class Stream(NamedTuple):
    """A device that may download, and where its bytes come from."""

    door: Door
    line: Line
    files: DiskFirmwareStore
    folder: Path
    sha256: str
    job: Job
    task: Task

    def ask(self, offset: int, size: int, packet_id: int | None = None, **changes: Any) -> None:
        params = {
            "fileToken": "default",
            "fileInfo": {"streamId": self.task.id, "fileId": 1},
            "fileBlock": {"size": size, "offset": offset},
            **changes,
        }
        self.line.report({"id": "1", "params": params}, packet_id, REQUEST)

    async def answer(self) -> tuple[dict[str, Any], bytes]:
        packet = await self.line.receive()
        assert isinstance(packet, Publish), packet
        assert (packet.topic, packet.packet_id) == (self.line.topic(REPLY), None)
        return split(packet.payload)

    async def get(self, offset: int, size: int, **changes: Any) -> tuple[int, bytes]:
        self.ask(offset, size, None, **changes)
        header, block = await self.answer()
        return header["code"], block


async def streaming_job(store: SqliteStore, place: Place, sha256: str, **changes: object) -> Job:
    mqtt_job = {"download_protocol": DownloadProtocol.MQTT, "sha256": sha256, "size_bytes": len(CONTENT)}
    return await fill(store, await add_job(store, place, need_push=False, **{**mqtt_job, **changes}))


async def blocks_of(content: bytes) -> AsyncIterator[bytes]:
    yield content


@pytest.fixture
async def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stream]:
    monkeypatch.setattr(mqtt, "TICK_SECONDS", TICK_S)
    store = open_store(tmp_path)
    names = iter(range(100))
    files = DiskFirmwareStore(tmp_path / "firmware", lambda: f"name-{next(names)}")
    await files.start()
    stored = await files.put(blocks_of(CONTENT))
    place = await add_place(store)
    door = Door(store, place, files=files)
    ids = await add_devices(store, place, 2, "1.0.0")
    job = await streaming_job(store, place, stored.sha256)
    task = await put_task(store, (await tasks_of(store, job))[ids[0]], status=TaskStatus.NOTIFIED)
    await door.open()
    line = await door.device()
    line._packets = PacketReader(2 * BLOCK_BYTES_MAX)
    yield Stream(door, line, files, tmp_path / "firmware", stored.sha256, job, task)
    await door.close()
    await files.close()
    await store.close()


async def test_a_whole_file(stream: Stream) -> None:
    """Block after block is the file, the last one shorter; each says where it belongs and how long the file is."""
    got = b""
    while len(got) < len(CONTENT):
        stream.ask(len(got), 5_120)
        header, block = await stream.answer()
        data = {"fileToken": "default", "bOffset": len(got), "fileLength": len(CONTENT), "bSize": len(block)}
        assert (header["code"], header["data"]) == (200, data)
        got += block
    assert got == CONTENT


async def test_the_c_sdk_asks(stream: Stream) -> None:
    """Its request with the comma too many is answered."""
    payload = (
        b'{"id":"9","version":"1.0","params":{"fileToken":"default","fileInfo":{"streamId":%d,"fileId":1,},'
        b'"fileBlock":{"size":5120,"offset":0}}}' % stream.task.id
    )
    stream.line.send(Publish(stream.line.topic(REQUEST), payload, None))
    header, block = await stream.answer()
    assert (header["id"], block) == ("9", CONTENT[:5_120])


@pytest.mark.parametrize("more_bytes", [-1, 0, 1])
async def test_the_largest_block(stream: Stream, more_bytes: int) -> None:
    """128 KiB leave in one message, also to a device that subscribed with QoS 1; of more the beginning."""
    stream.line.send(Subscribe(7, ((stream.line.topic(REPLY), 1),)))
    assert await stream.line.receive() == SubAck(7, (1,))
    size = BLOCK_BYTES_MAX + more_bytes
    assert await stream.get(1, size) == (200, CONTENT[1:][: min(size, BLOCK_BYTES_MAX)])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fileBlock": {"size": 0, "offset": 0}}, 400),
        ({"fileBlock": {"size": -1, "offset": 0}}, 400),
        ({"fileBlock": {"size": 1, "offset": -1}}, 400),
        ({"fileBlock": {"size": 1, "offset": len(CONTENT) - 1}}, 200),
        ({"fileBlock": {"size": 1, "offset": len(CONTENT)}}, 416),
        ({"fileBlock": {"size": 1, "offset": 2**62}}, 416),
        ({"fileInfo": {"streamId": 1, "fileId": 2}}, 404),
        ({"fileInfo": {"streamId": 404, "fileId": 1}}, 404),
        ({"fileInfo": {"streamId": 0, "fileId": 1}}, 404),
        ({"fileInfo": {"streamId": -1, "fileId": 1}}, 404),
        ({"fileInfo": {"streamId": 2**63, "fileId": 1}}, 404),
    ],
    ids=str,
)
async def test_what_there_is_not(stream: Stream, changes: dict[str, Any], code: int) -> None:
    """Each has its code and no bytes, and the session lives on."""
    got_code, block = await stream.get(0, 1, **changes)
    assert (got_code, len(block)) == (code, code == 200)
    assert await stream.get(0, 10) == (200, CONTENT[:10])


async def test_A19_the_task_of_another_device(stream: Stream) -> None:
    """To another device a task is as unknown as one that never was."""
    other = await stream.door.device("dev-0001")
    answered = []
    for stream_id in (stream.task.id, 404):
        code, _ = await stream._replace(line=other).get(0, 1, fileInfo={"streamId": stream_id, "fileId": 1})
        answered.append(code)
    assert answered == [404, 404]


@pytest.mark.parametrize("status", list(TaskStatus))
async def test_I8_which_tasks_are_served(stream: Stream, status: TaskStatus) -> None:
    """Those that the device was told of and that are open."""
    await put_task(stream.door.store, stream.task, status=status)
    code, _ = await stream.get(0, 1)
    assert (code == 200) is (status in (TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS))


async def test_I10_a_job_over_https_is_no_stream(stream: Stream) -> None:
    """A task whose job does not send over MQTT is none to a request for blocks."""
    store, place = stream.door.store, stream.door.place
    [device_id] = await add_devices(store, place, 1, prefix="https")
    job = await streaming_job(store, place, stream.sha256, download_protocol="HTTPS", fill_until=device_id)
    task = await put_task(store, (await tasks_of(store, job))[device_id], status=TaskStatus.NOTIFIED)
    line = await stream.door.device("https-0000")
    code, _ = await stream._replace(line=line, task=task).get(0, 1)
    assert code == 404


async def test_I8_a_cancel_stops_a_download(stream: Stream) -> None:
    """Half a second after a cancel was answered no block leaves, though the engine has not come to the task yet."""
    assert (await stream.get(0, 10))[0] == 200
    await cancel(stream.door.store, stream.job, TaskStatus.NOTIFIED)
    stream.door.clock.pass_ms(int(GRANT_SECONDS_MAX * 1000))
    assert await stream.get(10, 10) == (404, b"")
    assert GRANT_SECONDS_MAX < 1


@pytest.mark.parametrize("more_ms", [-1, 0, 1])
async def test_how_long_a_grant_holds(stream: Stream, more_ms: int) -> None:
    """Within half a second the store is not asked again, from then on it is."""
    assert (await stream.get(0, 10))[0] == 200
    await put_task(stream.door.store, stream.task, status=TaskStatus.FAILED)
    stream.door.clock.pass_ms(int(GRANT_SECONDS_MAX * 1000) + more_ms)
    code, _ = await stream.get(10, 10)
    assert code == (200 if more_ms < 0 else 404)


async def test_two_tasks_at_once(stream: Stream) -> None:
    """A device with tasks for two modules may mix their requests."""
    store, place = stream.door.store, stream.door.place
    other_content = os.urandom(1_000)
    stored = await stream.files.put(blocks_of(other_content))
    both = {"multi_module_mode": True, "module_name": "mcu", "size_bytes": len(other_content)}
    job = await streaming_job(store, place, stored.sha256, **both)
    task = await put_task(store, (await tasks_of(store, job))[stream.task.device_id], status=TaskStatus.IN_PROGRESS)
    for offset in range(0, 1_000, 100):
        assert await stream.get(offset, 100) == (200, CONTENT[offset:][:100])
        mcu = await stream.get(offset, 100, fileInfo={"streamId": task.id, "fileId": 1})
        assert mcu == (200, other_content[offset:][:100])


async def test_a_request_with_qos_1(stream: Stream) -> None:
    """It is acknowledged at once, and answered."""
    stream.ask(0, 10, 5)
    assert await stream.line.receive() == PubAck(5)
    assert (await stream.answer())[1] == CONTENT[:10]


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b"\xff", b"[" * 5_000, b" " * 5_000])
async def test_what_is_no_request(stream: Stream, payload: bytes) -> None:
    """It is acknowledged, has no answer, and the session lives on."""
    stream.line.send(Publish(stream.line.topic(REQUEST), payload, 5))
    assert await stream.line.receive() == PubAck(5)
    assert await stream.get(0, 10) == (200, CONTENT[:10])


# ---- faults ----


async def test_F08_a_store_that_is_down_says_nothing(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal would end the C SDK's download at once; an unanswered request it repeats, and is answered then."""

    def down() -> object:
        raise StoreUnavailableError("the test says so")

    with monkeypatch.context() as fault:
        fault.setattr(stream.door.store, "snapshot", down)
        stream.ask(0, 10)
        stream.line.send(PingReq())
        assert await stream.line.receive() == PingResp()
    assert await stream.get(0, 10) == (200, CONTENT[:10])


async def test_I11_damaged_bytes_never_leave(stream: Stream) -> None:
    """An object that does not hash to its record is not served."""
    path = stream.folder / "objects" / stream.sha256[:2] / stream.sha256[2:4] / stream.sha256
    path.chmod(0o600)
    path.write_bytes(b"x" + CONTENT[1:])
    assert await stream.get(0, 10) == (500, b"")


async def test_I11_a_lost_object(stream: Stream) -> None:
    """Nor is one that is not there."""
    assert await stream.files.delete(stream.sha256, 0)
    assert await stream.get(0, 10) == (500, b"")


# ---- bounds ----


async def test_I17_a_flood_of_requests(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond one on its way and eight that wait, requests are forgotten; the session lives on."""
    go_on = asyncio.Event()
    find = stream.door.doorway.blocks.find

    async def held(*arguments: Any) -> Any:
        await go_on.wait()
        return await find(*arguments)

    monkeypatch.setattr(stream.door.doorway.blocks, "find", held)
    for number in range(3 * REQUESTS_WAITING_MAX):
        stream.ask(number, 1)
        stream.line.send(PingReq())
        assert await stream.line.receive() == PingResp()
    go_on.set()
    answered = [(await stream.answer())[0]["data"]["bOffset"] for _ in range(1 + REQUESTS_WAITING_MAX)]
    assert answered == list(range(1 + REQUESTS_WAITING_MAX))
    assert await stream.line.is_silent()
    assert await stream.get(0, 10) == (200, CONTENT[:10])


async def test_I17_blocks_in_memory_are_bounded(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session whose turn has not come waits, and gets its block when another's has left."""
    desk = stream.door.doorway.blocks
    monkeypatch.setattr(desk, "turns", asyncio.Semaphore(1))
    await desk.turns.acquire()
    stream.ask(0, 10)
    assert await stream.line.is_silent()
    desk.turns.release()
    assert (await stream.answer())[1] == CONTENT[:10]


async def test_F20_a_slow_reader_has_time_for_a_block(stream: Stream) -> None:
    """A device that takes a large block slowly is not cut off for it, and gets the next only when it has taken this."""
    line = await stream.door.device(receive_bytes=4_096)
    line._packets = PacketReader(2 * BLOCK_BYTES_MAX)
    slow = stream._replace(line=line)
    [current] = stream.door.gateway.open - {c for c in stream.door.gateway.open if c.session.identity is None}
    assert current._transport is not None
    shrink_send_buffer(current)
    for number in range(4):
        slow.ask(number, BLOCK_BYTES_MAX)
    largest = 0
    for number in range(4):
        for _ in range(20):
            largest = max(largest, current._transport.get_write_buffer_size())
            await asyncio.sleep(TICK_S)
        _, block = await slow.answer()
        assert block == CONTENT[number:][:BLOCK_BYTES_MAX]
    assert WRITE_BUFFER_BYTES_MAX < largest < BLOCK_BYTES_MAX + 1_024


async def test_F20_a_reader_that_takes_nothing_is_cut_off(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block that has not left within its time ends the connection, and nothing of it stays."""
    monkeypatch.setattr(connection, "BLOCK_SECONDS_MAX", -BLOCK_BYTES_MAX / 1024 + 0.2)
    line = await stream.door.device(receive_bytes=4_096)
    await until(stream.door.open_count, 1)
    [current] = stream.door.gateway.open
    shrink_send_buffer(current)
    for _ in range(8):
        stream._replace(line=line).ask(0, BLOCK_BYTES_MAX)
    await until(stream.door.open_count, 0)
    await asyncio.sleep(TICK_S)
    assert stream.door.doorway.blocks.turns._value == blocks.BLOCKS_HELD_MAX


async def test_I17_a_device_that_left_leaves_nothing(stream: Stream) -> None:
    """Its requests are forgotten with its session."""
    for _ in range(8):
        stream.ask(0, BLOCK_BYTES_MAX)
    stream.line.writer.transport.abort()
    await until(stream.door.open_count, 0)
    for _ in range(20):
        await asyncio.sleep(TICK_S)
    gc.collect()
    assert [line for line in gc.get_objects() if isinstance(line, blocks.BlockLine) and line._waiting] == []
    assert stream.door.doorway.blocks.turns._value == blocks.BLOCKS_HELD_MAX


def shrink_send_buffer(current: connection.DeviceConnection) -> None:
    """Let the kernel hold little, so that a block waits where it is counted."""
    assert current._transport is not None
    current._transport.get_extra_info("socket").setsockopt(1, 7, 4_096)  # SOL_SOCKET, SO_SNDBUF


# ---- open files ----


def open_descriptors(folder: Path) -> int:
    """Files below the folder that this process has open."""
    found = 0
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found += os.readlink(f"/proc/self/fd/{number}").startswith(str(folder / "objects"))
    return found


async def test_I17_one_open_file_for_all_devices(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many blocks and sessions, one object is one open file, closed when nobody has read it for a while."""
    monkeypatch.setattr(open_files, "IDLE_SECONDS_MAX", 0.05)
    for offset in range(0, 10_000, 1_000):
        stream.ask(offset, 1_000)
    for _ in range(9):
        await stream.answer()
    assert open_descriptors(stream.folder) == 1

    async def still_open() -> int:
        return open_descriptors(stream.folder)

    await until(still_open, 0)
    assert await stream.get(0, 10) == (200, CONTENT[:10])


@pytest.mark.parametrize("more_files", [-1, 0, 1])
async def test_I17_open_files_are_bounded(stream: Stream, monkeypatch: pytest.MonkeyPatch, more_files: int) -> None:
    """The object that was read longest ago is closed for a new one."""
    monkeypatch.setattr(open_files, "FILES_OPEN_MAX", 4)
    desk = stream.door.doorway.blocks
    objects = [(await stream.files.put(blocks_of(b"%d" % n))).sha256 for n in range(4 + more_files)]
    for _ in range(2):
        for number, sha256 in enumerate(objects):
            assert await desk.files.read(sha256, 0, 1) == b"%d" % number
    assert len(desk.files) == open_descriptors(stream.folder) == min(4, len(objects))
    assert await asyncio.gather(*(desk.files.read(sha256, 0, 1) for sha256 in objects)) == [
        b"%d" % number for number in range(len(objects))
    ]
    assert len(desk.files) == open_descriptors(stream.folder) == min(4, len(objects))
    desk.files.close()
    assert open_descriptors(stream.folder) == 0
