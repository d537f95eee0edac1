"""The upload door over ASGI, and a large upload over a real socket (api-contract 12, A13, F01, I17)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import os
import re
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transfer.asgi_driver import Exchange, MemoryDesk, Peer, exchange
from tests.transfer.door_server import ACCESS_KEY_ID, OBJECT_KEY, SECRET, Server
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.asgi import Pace
from whimbrel.domain.form_upload import FILE_BYTES_MAX, UploadPolicy, encode_policy, make_policy, sign_policy
from whimbrel.transfer.form_reader import FIELD_NAME_BYTES_MAX, FIELD_VALUE_BYTES_MAX, FIELDS_MAX, FORM_BYTES_MAX
from whimbrel.transfer.upload import EPILOGUE_BYTES_MAX, LINGER_BYTES_MAX, UploadDoor, UploadSetup

MIB = 1_048_576
NOW_MS = 1_732_061_418_560
BOUNDARY = "----the-boundary"
FILE = b"firmware\r\n--" + BOUNDARY.encode()[:-1] + b"\r\nbytes"  # holds what nearly is the delimiter
TYPE = ("content-type", f"multipart/form-data; boundary={BOUNDARY}")


class Fixture:
    """A door with a real store, one issued key and one AccessKey."""

    def __init__(self, folder: Path) -> None:
        counter = itertools.count()
        self.folder = folder
        self.store = DiskFirmwareStore(folder, lambda: str(next(counter)))
        self.desk = MemoryDesk(OBJECT_KEY)
        setup = UploadSetup("https://up.example", lambda: "request-1", lambda: NOW_MS, Pace(1024, 0.05))
        self.door = UploadDoor(self.store, self.desk, self._secret_of, setup)

    async def _secret_of(self, access_key_id: str) -> str | None:
        return SECRET if access_key_id == ACCESS_KEY_ID else None

    async def objects(self) -> list[str]:
        return [sha256 async for sha256 in self.store.list_older_than(-1)]

    async def post(self, body: bytes, *headers: tuple[str, str], piece_bytes: int = 65_536) -> Exchange:
        blocks = [body[start : start + piece_bytes] for start in range(0, len(body), piece_bytes)]
        return await exchange(self.door, Peer("POST", "/", (TYPE, *headers), blocks))

    async def refusal(self, body: bytes, *headers: tuple[str, str]) -> tuple[int, str]:
        """Status and code; asserts that the answer is the contract's XML and that nothing was bound or left."""
        answer = await self.post(body, *headers)
        match = re.fullmatch(
            r'<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>(\w+)</Code><Message>[^<]+</Message>'
            r"<RequestId>request-1</RequestId><HostId>up.example</HostId></Error>",
            answer.body.decode(),
        )
        assert match is not None
        assert answer.is_complete
        assert answer.headers["x-oss-request-id"] == "request-1"
        assert answer.headers["content-length"] == str(len(answer.body))
        assert self.desk.finished == {}
        assert os.listdir(self.folder / "incoming") == []
        return answer.status, match[1]


@pytest.fixture
async def fixture(tmp_path: Path) -> AsyncIterator[Fixture]:
    made = Fixture(tmp_path)
    await made.store.start()
    yield made
    await made.store.close()


def signed(own: UploadPolicy | None = None, /, **changes: str) -> dict[str, str]:
    text = encode_policy(own or make_policy(OBJECT_KEY, NOW_MS))
    fields = {
        "key": OBJECT_KEY,
        "OSSAccessKeyId": ACCESS_KEY_ID,
        "policy": text,
        "Signature": sign_policy(SECRET, text),
    }
    return fields | {name.replace("__", "-"): value for name, value in changes.items()}


def part(name: str, content: bytes, extra: str = "") -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode() + content + b"\r\n"


def file_part(content: bytes = FILE) -> bytes:
    return part("file", content, '; filename="a.bin"\r\nContent-Type: application/octet-stream')


def form(fields: dict[str, str] | None = None, *parts: bytes) -> bytes:
    before = b"".join(part(name, text.encode()) for name, text in (signed() if fields is None else fields).items())
    return before + b"".join(parts or (file_part(),)) + f"--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize("piece_bytes", [1, 7, 1000, 65_536])
async def test_upload(fixture: Fixture, piece_bytes: int) -> None:
    """However the body is cut, the file is stored exactly and bound to its key; the answer is 204 with the MD5."""
    answer = await fixture.post(form(), piece_bytes=piece_bytes)
    assert (answer.status, answer.body, answer.is_complete) == (204, b"", True)
    md5 = hashlib.md5(FILE).hexdigest()
    assert answer.headers == {"etag": f'"{md5.upper()}"', "x-oss-request-id": "request-1"}
    stored = fixture.desk.finished[OBJECT_KEY]
    assert stored == (hashlib.sha256(FILE).hexdigest(), md5, len(FILE))
    assert await fixture.objects() == [stored.sha256]


async def test_A13_single_use(fixture: Fixture) -> None:
    """The same credentials work once."""
    assert (await fixture.post(form())).status == 204
    fixture.desk.finished.clear()
    assert await fixture.refusal(form()) == (403, "AccessDenied")


async def test_field_names_have_no_case(fixture: Fixture) -> None:
    """Names of fields are read without case, the file's too."""
    fields = {name.swapcase(): text for name, text in signed().items()}
    assert (await fixture.post(form(fields, part("FILE", FILE)))).status == 204


@pytest.mark.parametrize(("asked", "status"), [("200", 200), ("201", 201), ("204", 204), ("302", 204), ("x", 204)])
async def test_success_action_status(fixture: Fixture, asked: str, status: int) -> None:
    """The form chooses between 200, 201 and 204; anything else is 204."""
    answer = await fixture.post(form(signed(success_action_status=asked)))
    assert answer.status == status
    assert answer.headers.get("content-length") == (None if status == 204 else str(len(answer.body)))


async def test_201_document(fixture: Fixture) -> None:
    """201 comes with the object's whereabouts in XML."""
    answer = await fixture.post(form(signed(success_action_status="201")))
    etag = hashlib.md5(FILE).hexdigest().upper()
    assert answer.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Bucket>firmware</Bucket>'
        f'<Location>https://up.example/{OBJECT_KEY}</Location><Key>{OBJECT_KEY}</Key><ETag>"{etag}"</ETag></PostResponse>'
    )


async def test_fields_after_the_file_are_ignored(fixture: Fixture) -> None:
    """What follows the file has no effect, not even with the name of a field before it."""
    assert (await fixture.post(form(None, file_part(), part("key", b"other"), part("submit", b"x")))).status == 204
    assert list(fixture.desk.finished) == [OBJECT_KEY]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (signed(Signature="x"), (403, "SignatureDoesNotMatch")),
        (signed(OSSAccessKeyId="other"), (403, "InvalidAccessKeyId")),
        (signed(policy=""), (400, "InvalidArgument")),
        (signed(make_policy(OBJECT_KEY, NOW_MS - 60_001)), (403, "AccessDenied")),
        (signed(make_policy("ota/firmware/other.bin", NOW_MS)), (403, "AccessDenied")),
        (signed(callback="x"), (403, "AccessDenied")),
        (signed(key=""), (400, "IncorrectNumberOfFilesInPOSTRequest")),
        (signed(policy="%", Signature=sign_policy(SECRET, "%")), (400, "InvalidPolicyDocument")),
        (signed(Content__MD5="x"), (400, "InvalidDigest")),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
async def test_A13_form_is_judged_before_the_file(
    fixture: Fixture, fields: dict[str, str], expected: tuple[int, str]
) -> None:
    """A bad form is refused without storing a byte and without using up the key."""
    assert await fixture.refusal(form(fields)) == expected
    assert (fixture.desk.begun, await fixture.objects()) == ([], [])


async def test_content_md5(fixture: Fixture) -> None:
    """A file that has the Content-MD5 of its form is bound, another one is not."""
    right, wrong = (base64.b64encode(hashlib.md5(text).digest()).decode() for text in (FILE, b""))
    assert await fixture.refusal(form(signed(Content__MD5=wrong))) == (400, "InvalidDigest")
    fixture.desk.issued.add(OBJECT_KEY)
    assert (await fixture.post(form(signed(Content__MD5=right)))).status == 204


@pytest.mark.parametrize(
    ("size_bytes", "code"),
    [(4, "EntityTooSmall"), (5, None), (6, None), (19, None), (20, None), (21, "EntityTooLarge")],
)
async def test_A13_file_length(fixture: Fixture, size_bytes: int, code: str | None) -> None:
    """The file's length is held to the policy's range, at both ends."""
    fields = signed(UploadPolicy(OBJECT_KEY, NOW_MS, 5, 20))
    body = form(fields, file_part(b"x" * size_bytes))
    if code is None:
        assert (await fixture.post(body)).status == 204
    else:
        assert await fixture.refusal(body) == (400, code)
        assert await fixture.objects() == []


async def test_empty_file(fixture: Fixture) -> None:
    """An empty file is too small."""
    assert await fixture.refusal(form(None, file_part(b""))) == (400, "EntityTooSmall")


@pytest.mark.parametrize(("excess_bytes", "is_refused"), [(-1, False), (0, False), (1, True)])
async def test_announced_length(fixture: Fixture, excess_bytes: int, is_refused: bool) -> None:
    """A body that announces more than the largest file and form is refused before anything of it is read."""
    announced = ("content-length", str(FILE_BYTES_MAX + FORM_BYTES_MAX + excess_bytes))
    answer = await fixture.post(form(), announced)
    assert answer.status == (400 if is_refused else 204)
    assert (b"EntityTooLarge" in answer.body) is is_refused


async def test_I17_refused_upload_is_not_read(fixture: Fixture) -> None:
    """After a refusal only a bounded rest of the body is read, and the connection closes."""
    block = b"x" * 65_536
    blocks = itertools.chain([form(signed(Signature="x"))[:-20]], itertools.repeat(block))
    answer = await exchange(fixture.door, Peer("POST", "/", (TYPE,), blocks))
    assert (answer.status, answer.headers["connection"], answer.is_complete) == (403, "close", True)
    assert answer.blocks_read <= 2 + LINGER_BYTES_MAX // len(block)


async def test_I17_too_large_file_is_cut_off(fixture: Fixture) -> None:
    """An endless file is refused at its first byte too many, not read to an end."""
    head = form(signed(UploadPolicy(OBJECT_KEY, NOW_MS, 1, 200_000)), file_part(b""))[: -len(f"\r\n--{BOUNDARY}--\r\n")]
    blocks = itertools.chain([head], itertools.repeat(b"x" * 65_536))
    answer = await exchange(fixture.door, Peer("POST", "/", (TYPE,), blocks))
    assert (answer.status, b"EntityTooLarge" in answer.body) == (400, True)
    assert os.listdir(fixture.folder / "incoming") == []


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((file_part(), file_part()), "IncorrectNumberOfFilesInPOSTRequest"),
        ((part("other", b"x", '; filename="a.bin"'),), "IncorrectNumberOfFilesInPOSTRequest"),
        ((part("policy", b"again"), file_part()), "InvalidArgument"),
        ((part("x", b"\xff"), file_part()), "InvalidArgument"),
        ((b"--" + BOUNDARY.encode() + b"\r\nX-Nothing: 1\r\n\r\nx\r\n", file_part()), "MalformedPOSTRequest"),
        ((b"--" + BOUNDARY.encode() + b"\r\nbroken header\r\n\r\nx\r\n", file_part()), "MalformedPOSTRequest"),
    ],
)
async def test_malformed_forms(fixture: Fixture, parts: Iterable[bytes], code: str) -> None:
    """Two files, none, a repeated or unreadable field, a part without a name: refused, with no file bound."""
    assert await fixture.refusal(form(None, *parts)) == (400, code)
    assert await fixture.objects() == []


@pytest.mark.parametrize(("excess_bytes", "is_read"), [(-1, True), (0, True), (1, False)])
async def test_I17_epilogue(fixture: Fixture, excess_bytes: int, is_read: bool) -> None:
    """What follows the form's end is ignored up to a limit."""
    body = form()[: -len("\r\n")]
    answer = await exchange(
        fixture.door, Peer("POST", "/", (TYPE,), [body, b"x" * (EPILOGUE_BYTES_MAX + excess_bytes)])
    )
    assert answer.status == (204 if is_read else 400)


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary="])
async def test_content_type(fixture: Fixture, content_type: str) -> None:
    """Only a form with a boundary is read."""
    answer = await exchange(fixture.door, Peer("POST", "/", (("content-type", content_type),), [form()]))
    assert (answer.status, b"MalformedPOSTRequest" in answer.body) == (400, True)


@pytest.mark.parametrize(("length", "is_read"), [(69, True), (70, True), (71, False)])
async def test_boundary_length(fixture: Fixture, length: int, is_read: bool) -> None:
    """A boundary has at most 70 characters."""
    boundary = "b" * length
    body = form().replace(BOUNDARY.encode() + b"\r\nContent", boundary.encode() + b"\r\nContent")
    body = body.replace(f"--{BOUNDARY}--\r\n".encode(), f"--{boundary}--\r\n".encode())
    content_type = ("content-type", f'multipart/form-data; boundary="{boundary}"')
    answer = await exchange(fixture.door, Peer("POST", "/", (content_type,), [body]))
    assert answer.status == (204 if is_read else 400)


@pytest.mark.parametrize(("excess_bytes", "is_read"), [(-1, True), (0, True), (1, False)])
async def test_I17_field_limits(fixture: Fixture, excess_bytes: int, is_read: bool) -> None:
    """A name of 8 KiB and a value of 2 MiB are read, one byte more is not."""
    prefix = "x-oss-meta-"
    for field in (
        {prefix + "n" * (FIELD_NAME_BYTES_MAX + excess_bytes - len(prefix)): "x"},
        {prefix + "v": "x" * (FIELD_VALUE_BYTES_MAX + excess_bytes)},
    ):
        fixture.desk.issued.add(OBJECT_KEY)
        if is_read:
            assert (await fixture.post(form(signed() | field))).status == 204
        else:
            assert await fixture.refusal(form(signed() | field)) == (400, "FieldItemTooLong")


async def test_I17_form_without_a_file_is_bounded(fixture: Fixture) -> None:
    """Fields together, or a preamble without end, are refused at the form's limit."""
    half = b"x" * (FORM_BYTES_MAX // 2 + 65_536)  # the limit holds to within one block
    both = part("x-oss-meta-a", half) + part("x-oss-meta-b", half)
    assert await fixture.refusal(both + form()) == (400, "FieldItemTooLong")
    assert await fixture.refusal(b"\r\n" * FORM_BYTES_MAX) == (400, "FieldItemTooLong")


@pytest.mark.parametrize(("count", "is_read"), [(FIELDS_MAX - 1, True), (FIELDS_MAX, True), (FIELDS_MAX + 1, False)])
async def test_I17_number_of_fields(fixture: Fixture, count: int, is_read: bool) -> None:
    """A hundred fields are read."""
    fields = signed() | {f"x-oss-meta-{n}": "" for n in range(count - len(signed()))}
    assert (await fixture.post(form(fields))).status == (204 if is_read else 400)


async def test_F01_body_that_ends_early_leaves_nothing(fixture: Fixture) -> None:
    """A body cut anywhere binds nothing and leaves no object, whether the peer ends it or disappears."""
    body = form()
    end = len(body) - len("--\r\n")
    for length in range(0, end, 23):
        assert (await fixture.refusal(body[:length]))[0] == 400
        fixture.desk.issued.add(OBJECT_KEY)
        gone = await exchange(fixture.door, Peer("POST", "/", (TYPE,), [body[:length]], leaves_after_blocks=True))
        assert gone.status == 0
        fixture.desk.issued.add(OBJECT_KEY)
    assert (fixture.desk.finished, await fixture.objects()) == ({}, [])
    assert os.listdir(fixture.folder / "incoming") == []


@pytest.mark.parametrize("length", [10, 400, len(form()) - 10], ids=["in a field", "in fields", "in the file"])
async def test_F20_stalled_upload_is_ended(fixture: Fixture, length: int) -> None:
    """A peer that sends nothing for the window is refused, with nothing left behind."""
    peer = Peer("POST", "/", (TYPE,), [form()[:length]], stalls_before_end_of_body=True)
    answer = await exchange(fixture.door, peer)
    assert (answer.status, b"RequestTimeout" in answer.body) == (400, True)
    assert os.listdir(fixture.folder / "incoming") == []


async def test_other_methods(fixture: Fixture) -> None:
    """Only POST uploads."""
    answer = await exchange(fixture.door, Peer("PUT", "/", (TYPE,), [form()]))
    assert (answer.status, b"MethodNotAllowed" in answer.body) == (405, True)


async def test_message_texts_are_escaped(fixture: Fixture) -> None:
    """A name from the form cannot write XML."""
    answer = await fixture.post(form(signed() | {"<a>&\x01": "x"}))
    assert "&lt;a&gt;&amp;\ufffd".encode() in answer.body


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 1000), st.integers(0, 40))
async def test_A12_any_bytes_are_answered(fixture: Fixture, noise: bytes, position: int, cut: int) -> None:
    """Noise anywhere in a form gets a 4xx or is part of the file; never a failure of the server."""
    body = form()
    fixture.desk.issued.add(OBJECT_KEY)
    position %= len(body)
    answer = await fixture.post(body[:position] + noise + body[position + cut :])
    assert answer.status in {204, 400, 403}


async def test_I17_real_server_takes_64_mib_with_flat_memory(tmp_path: Path) -> None:
    """Over a socket: 64 MiB arrive exactly, come back exactly, and the server never holds more than a few blocks."""
    head, tail = form(signed(make_policy(OBJECT_KEY, int(time.time() * 1000))), file_part(b"@")).split(b"@")
    block = os.urandom(MIB)
    sha256 = hashlib.sha256(block * 64).hexdigest()
    length = len(head) + 64 * MIB + len(tail)
    async with Server(tmp_path, Pace()) as server:
        before_kib = server.peak_memory_kib()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        lines = ("POST / HTTP/1.1", "Host: localhost", f"Content-Length: {length}", ": ".join(TYPE), "", "")
        writer.write("\r\n".join(lines).encode() + head)
        for _ in range(64):
            writer.write(block)
            await writer.drain()
        writer.write(tail)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204 ")
        writer.write(f"GET /f/{sha256} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert b"content-length: 67108864\r\n" in await reader.readuntil(b"\r\n\r\n")
        received = hashlib.sha256()
        while returned := await reader.read(MIB):
            received.update(returned)
        writer.close()
        assert received.hexdigest() == sha256
        assert server.peak_memory_kib() - before_kib < 24 * 1024


async def test_real_server_lets_a_refused_peer_read_the_answer(tmp_path: Path) -> None:
    """A peer that first writes a whole file of 1 MB and then reads sees why it was refused."""
    body = form(signed(Signature="x"), file_part(b"x" * 900_000))
    async with Server(tmp_path, Pace()) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        lines = ("POST / HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", ": ".join(TYPE), "", "")
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert b"<Code>SignatureDoesNotMatch</Code>" in answer
