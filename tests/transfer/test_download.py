"""The download door over ASGI, and over real sockets (I11, A14, device-protocol 7)."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transfer.asgi_driver import Exchange, Peer, exchange
from tests.transfer.door_server import Server
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.asgi import Pace
from whimbrel.errors import StoreUnavailableError
from whimbrel.transfer.cancel_watch import CancelWatch
from whimbrel.transfer.download import DownloadDoor, DownloadGrant, DownloadRefusal, device_disposition, disposition

MIB = 1_048_576
CONTENT = bytes(range(256)) * 4 * 1024 * 2 + b"tail"  # two blocks and a rest
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ETAG = f'"{SHA256}"'
BOUNDARY = "boundary-of-the-test"
TASK_ID = 9


class Fixture:
    """A store with one object, and a door that knows it as `good`."""

    def __init__(self, folder: Path, pace: Pace) -> None:
        counter = itertools.count()
        self.folder = folder
        self.store = DiskFirmwareStore(folder, lambda: str(next(counter)))
        self.cancelled: set[int] = set()
        self.watch = CancelWatch(self._cancelled_of)
        self.door = DownloadDoor(self.store, self._resolve, self.watch, BOUNDARY.upper, pace)
        self.size_bytes = len(CONTENT)

    @property
    def object_path(self) -> Path:
        return self.folder / "objects" / SHA256[:2] / SHA256[2:4] / SHA256

    async def _resolve(self, token: str) -> DownloadGrant | DownloadRefusal:
        if token == "good":
            return DownloadGrant(SHA256, self.size_bytes, "gateway 2.0.bin", task_id=TASK_ID)
        return DownloadRefusal.FORBIDDEN if token == "over" else DownloadRefusal.NOT_FOUND

    async def _cancelled_of(self, task_ids: Sequence[int]) -> set[int]:
        return self.cancelled & set(task_ids)

    async def ask(self, method: str = "GET", path: str = "/f/good", **headers: str) -> Exchange:
        named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return await exchange(self.door, Peer(method, path, named))


@pytest.fixture
async def fixture(tmp_path: Path) -> AsyncIterator[Fixture]:
    made = Fixture(tmp_path, Pace(1024, 0.05))
    await made.store.start()
    await made.store.put(_one(CONTENT))
    yield made
    await made.store.close()


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def test_whole_file(fixture: Fixture) -> None:
    """A plain GET gives the file with its length, tag and type, never in chunks, never to shared caches."""
    answer = await fixture.ask()
    assert (answer.status, answer.is_complete, answer.body == CONTENT) == (200, True, True)
    assert answer.headers == {
        "content-type": "application/octet-stream",
        "content-length": str(len(CONTENT)),
        "accept-ranges": "bytes",
        "content-disposition": "attachment; filename=\"gateway_2.0.bin\"; filename*=UTF-8''gateway_2.0.bin",
        "x-content-type-options": "nosniff",
        "etag": ETAG,
        "cache-control": "private, no-transform",
    }


async def test_head_gives_the_same_headers_and_touches_no_object(fixture: Fixture) -> None:
    """HEAD has the headers of GET and no body, whatever the Range, and does not even open the object."""
    expected = (await fixture.ask()).headers
    fixture.object_path.unlink()
    answer = await fixture.ask("HEAD", range="bytes=5-6")
    assert (answer.status, answer.body, answer.headers) == (200, b"", expected)


@pytest.mark.parametrize(
    ("range_header", "first", "last"),
    [
        ("bytes=0-", 0, len(CONTENT) - 1),
        ("bytes=1048570-1048580", 1048570, 1048580),
        ("bytes=-4", len(CONTENT) - 4, len(CONTENT) - 1),
    ],
)
async def test_one_range(fixture: Fixture, range_header: str, first: int, last: int) -> None:
    """A range is 206 with its place in the file; `bytes=0-` too, for the C SDK always sends a Range."""
    answer = await fixture.ask(range=range_header)
    assert (answer.status, answer.is_complete) == (206, True)
    assert answer.body == CONTENT[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert answer.headers["content-length"] == str(last + 1 - first)


async def test_several_ranges(fixture: Fixture) -> None:
    """Several ranges come as parts, in the order asked for, and the length is that of the whole body.

    The boundary is in lower case: SWUpdate folds the header before it looks for the boundary.
    """
    answer = await fixture.ask(range="bytes=9-12,0-1,-1")
    assert answer.status == 206
    assert answer.headers["content-type"] == f"multipart/byteranges; boundary={BOUNDARY}"
    assert answer.headers["content-length"] == str(len(answer.body))
    *parts, final = answer.body.split(f"\r\n--{BOUNDARY}".encode())
    assert (parts[0], final) == (b"", b"--\r\n")
    found = [re.fullmatch(rb"\r\n.*content-range: bytes (\d+)-(\d+)/\d+\r\n\r\n(.*)", part, re.S) for part in parts[1:]]
    assert [(int(part[1]), int(part[2]), part[3]) for part in found if part] == [
        (9, 12, CONTENT[9:13]),
        (0, 1, CONTENT[:2]),
        (len(CONTENT) - 1, len(CONTENT) - 1, CONTENT[-1:]),
    ]


@pytest.mark.parametrize("range_header", [f"bytes={len(CONTENT)}-", "bytes=0-,0-", "bytes=" + ",".join(["0-0"] * 17)])
async def test_unsatisfiable(fixture: Fixture, range_header: str) -> None:
    """Bytes outside the file, overlaps and too many ranges are 416 with the file's size."""
    answer = await fixture.ask(range=range_header)
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")
    assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize("range_header", ["bytes=b-", "lines=0-1"])
async def test_no_range(fixture: Fixture, range_header: str) -> None:
    """What is no range is ignored."""
    assert (await fixture.ask(range=range_header)).status == 200


async def test_repeated_range_header(fixture: Fixture) -> None:
    """Two Range headers have no one meaning and are ignored."""
    answer = await exchange(fixture.door, Peer("GET", "/f/good", (("range", "bytes=0-1"), ("range", "bytes=2-3"))))
    assert answer.status == 200


async def test_if_range(fixture: Fixture) -> None:
    """A resumed download continues only in the same file."""
    assert (await fixture.ask(range="bytes=5-6", if_range=ETAG)).status == 206
    assert (await fixture.ask(range="bytes=5-6", if_range='"other"')).status == 200


async def test_if_none_match(fixture: Fixture) -> None:
    """Who has the file already gets 304 without a body."""
    answer = await fixture.ask(if_none_match=ETAG)
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", ETAG)
    assert (await fixture.ask(if_none_match='"other"')).status == 200


@pytest.mark.parametrize(("path", "status"), [("/f/over", 403), ("/f/none", 404), ("/f/", 404), ("/g/good", 404)])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_A14_refused_links(fixture: Fixture, method: str, path: str, status: int) -> None:
    """A link that is over is 403, no link 404, and neither is cached."""
    answer = await fixture.ask(method, path)
    assert (answer.status, answer.headers["cache-control"]) == (status, "no-store")


async def test_other_methods(fixture: Fixture) -> None:
    """Nothing but GET and HEAD is served."""
    answer = await fixture.ask("POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_I11_damaged_objects(fixture: Fixture) -> None:
    """An object that is corrupt, has another length than its record, or is gone gives not one byte."""
    fixture.size_bytes += 1
    assert (await fixture.ask()).status == 500
    fixture.size_bytes -= 1
    fixture.object_path.write_bytes(b"X" + CONTENT[1:])
    answer = await fixture.ask()
    assert (answer.status, b"X\x01" in answer.body) == (500, False)
    fixture.object_path.unlink()
    assert (await fixture.ask()).status == 404


async def test_I11_damage_during_the_transfer_breaks_it(fixture: Fixture) -> None:
    """Bytes that vanish under a running transfer break the connection; the response never ends well."""
    truncating = asyncio.Event()

    async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        async def send_and_damage(message) -> None:  # type: ignore[no-untyped-def]
            await send(message)
            if message["type"] == "http.response.start":
                fixture.object_path.write_bytes(CONTENT[:MIB])
                truncating.set()

        await fixture.door(scope, receive, send_and_damage)

    answer = await exchange(app, Peer("GET", "/f/good"))
    assert truncating.is_set()
    assert (answer.status, answer.is_complete, answer.was_aborted) == (200, False, True)
    assert CONTENT.startswith(answer.body)
    assert len(answer.body) <= MIB


async def test_F15_a_disk_that_fails_meanwhile_breaks_the_transfer(
    fixture: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the store cannot read on, the connection breaks: there is no second response in the middle of the first."""

    async def fail(self: object, offset: int, length: int) -> bytes:
        raise StoreUnavailableError("the test says so")

    opened = await fixture.store.open(SHA256)
    monkeypatch.setattr(type(opened), "read", fail)
    opened.close()
    answer = await fixture.ask()
    assert (answer.status, answer.is_complete, answer.was_aborted) == (200, False, True)


async def test_F20_peer_that_stops_reading_is_dropped(fixture: Fixture) -> None:
    """A peer that takes nothing for the window and its piece's time loses the connection."""
    fixture.door = DownloadDoor(fixture.store, fixture._resolve, fixture.watch, lambda: BOUNDARY, Pace(100 * MIB, 0.05))
    answer = await exchange(fixture.door, Peer("GET", "/f/good", reads_bytes_max=1000))
    assert (answer.is_complete, answer.was_aborted) == (False, True)


@pytest.mark.parametrize("is_stuck", [False, True])
async def test_I8_a_cancel_breaks_a_transfer(fixture: Fixture, is_stuck: bool) -> None:
    """Within a second of the cancel the connection is dropped, also while a slow peer takes nothing."""
    dropped = asyncio.Event()

    async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        drop = scope["extensions"]["whimbrel.abort"]

        def drop_and_wake() -> None:
            drop()
            dropped.set()

        async def send_and_cancel(message) -> None:  # type: ignore[no-untyped-def]
            await send(message)
            if message["type"] == "http.response.start":
                fixture.cancelled.add(TASK_ID)
            elif is_stuck:
                await dropped.wait()
            else:
                await fixture.watch.look()

        await fixture.door({**scope, "extensions": {"whimbrel.abort": drop_and_wake}}, receive, send_and_cancel)

    fixture.door = DownloadDoor(fixture.store, fixture._resolve, fixture.watch, lambda: BOUNDARY, Pace(1024, 60))
    running = asyncio.create_task(fixture.watch.run())
    async with asyncio.timeout(10):
        answer = await exchange(app, Peer("GET", "/f/good"))
    running.cancel()
    assert (answer.status, answer.is_complete, answer.was_aborted) == (200, False, True)
    assert len(answer.body) < len(CONTENT)


async def test_I17_the_watch_forgets(fixture: Fixture) -> None:
    """What is watched ends with the transfers, two of one task one after the other; a file of no task never ends."""
    fixture.cancelled.add(TASK_ID)
    with fixture.watch.of(TASK_ID) as first, fixture.watch.of(TASK_ID + 1) as other, fixture.watch.of(None) as none:
        with fixture.watch.of(TASK_ID) as second:
            await fixture.watch.look()
        assert [event.is_set() for event in (first, second, other, none)] == [True, True, False, False]
    assert fixture.watch.watched == 0


async def test_peer_that_left_is_not_served_on(fixture: Fixture) -> None:
    """When the peer has closed, the rest of the file is not even read."""
    answer = await exchange(fixture.door, Peer("GET", "/f/good", leaves_after_blocks=True))
    assert (answer.is_complete, answer.was_aborted) == (False, False)
    assert len(answer.body) < len(CONTENT)


@given(st.text(max_size=300))
def test_disposition_is_always_safe(name: str) -> None:
    """Whatever the name, the header is short printable ASCII with exactly one quoted, pathless name."""
    value = disposition(name).decode("ascii")
    match = re.fullmatch(
        r'attachment; filename="([A-Za-z0-9._-]{1,128})"; filename\*=UTF-8\'\'[A-Za-z0-9._~%-]+', value
    )
    assert match is not None
    assert not match[1].startswith(".")


@given(st.text(max_size=300))
def test_a_device_gets_a_header_that_it_can_read(name: str) -> None:
    """The C SDK gives up at a header line of more than 126 bytes; for a link that a device follows all are shorter."""
    value = device_disposition(name)
    assert re.fullmatch(rb'attachment; filename="[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}"', value) is not None
    assert len(b"Content-Disposition: " + value) <= 126


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a.bin", "a.bin"),
        ("../../etc/passwd", "etc_passwd"),
        ('a"\r\nset-cookie: x', "a___set-cookie__x"),
        ("exe\u202enib.a", "exe_nib.a"),
        ("固件.bin", "__.bin"),
        ("", "firmware.bin"),
        ("..", "firmware.bin"),
    ],
)
def test_disposition_of_bad_names(name: str, plain: str) -> None:
    """Paths, quotes, line ends and bidi characters become underscores."""
    assert f'filename="{plain}"' in disposition(name).decode("ascii")


@pytest.fixture
async def large_object(tmp_path: Path) -> tuple[str, bytes]:
    """More bytes than the buffers of a socket's two ends hold."""
    content = os.urandom(24 * MIB)
    store = DiskFirmwareStore(tmp_path, lambda: "incoming")
    await store.start()
    stored = await store.put(_one(content))
    await store.close()
    return stored.sha256, content


def request_of(sha256: str) -> bytes:
    return f"GET /f/{sha256} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


async def test_real_server_gives_the_exact_file(tmp_path: Path, large_object: tuple[str, bytes]) -> None:
    """Over a socket a download is exact, and not chunked."""
    sha256, content = large_object
    async with Server(tmp_path, Pace()) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request_of(sha256))
        head = await reader.readuntil(b"\r\n\r\n")
        assert f"content-length: {len(content)}\r\n".encode() in head
        assert b"transfer-encoding" not in head.lower()
        assert await reader.read() == content
        writer.close()


async def test_F20_real_server_drops_a_stalled_reader(tmp_path: Path, large_object: tuple[str, bytes]) -> None:
    """A reader that stops loses its connection at once, with all that the server still had for it; it can tell."""
    sha256, content = large_object
    async with Server(tmp_path, Pace(10 * MIB, 0.3)) as server:
        sockets_before = server.sockets()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(request_of(sha256))
        await server.request_ended()
        for _ in range(500):
            if server.sockets() == sockets_before:
                break
            await asyncio.sleep(0.01)
        assert server.sockets() == sockets_before
        assert len(await reader.read()) < len(content)
        writer.close()
