"""The download door: `GET` and `HEAD /f/{token}` (device-protocol 7, A14, I11).

Who may download what is decided by the injected `resolve`; this module only answers in HTTP. A response always has a
Content-Length, since devices cannot read chunks. When the object turns out to be damaged, or the peer too slow, the
connection breaks before that length is reached: a transfer that looks complete is complete. It breaks, too, when the
task is cancelled that the file is for (I8).
"""

from __future__ import annotations

import asyncio
import logging
import re
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import IntEnum
from typing import NamedTuple
from urllib.parse import quote

from whimbrel.asgi import (
    Answer,
    Headers,
    Pace,
    PacedSender,
    Receive,
    Scope,
    Send,
    SlowPeerError,
    abort,
    end,
    header,
    send_answer,
    start,
)
from whimbrel.errors import FirmwareObjectCorruptError, FirmwareObjectMissingError, StoreUnavailableError
from whimbrel.ports.firmware_store import FirmwareObject, FirmwareStore
from whimbrel.transfer.cancel_watch import CancelWatch
from whimbrel.transfer.ranges import (
    RANGES_MAX,
    ByteRange,
    is_known_version,
    is_same_version,
    is_wanted_version,
    select_ranges,
)

PATH_PREFIX = "/f/"
BLOCK_BYTES = 1_048_576  # one thread hop each; a Python server reaches 0.6-0.8 of nginx so (stack.md 6)
FILE_NAME_CHARS_MAX = 128
DEVICE_FILE_NAME_CHARS_MAX = 80  # the C SDK gives up at a header line of more than 126 bytes, its name included

_LOG = logging.getLogger(__name__)
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]")


class DownloadGrant(NamedTuple):
    """What a token leads to. `file_name` is metadata from people: it becomes a header only through `disposition`.

    `task_id`: the task that the file is for; None for one that nobody can cancel.
    """

    sha256: str
    size_bytes: int
    file_name: str
    is_for_device: bool = False
    tag: str = ""  # what ETag holds where it is not the SHA-256
    ranges_max: int = RANGES_MAX
    task_id: int | None = None

    @property
    def etag(self) -> str:
        return f'"{self.tag or self.sha256}"'


class DownloadRefusal(IntEnum):
    """Why a token leads nowhere; the value is the HTTP status."""

    FORBIDDEN = 403
    """Expired, revoked, or not made by this server."""
    NOT_FOUND = 404
    """No token at all, or what it names is gone."""


Resolve = Callable[[str], Awaitable[DownloadGrant | DownloadRefusal]]


class DownloadDoor:
    """The ASGI application for paths that begin with PATH_PREFIX."""

    def __init__(
        self,
        store: FirmwareStore,
        resolve: Resolve,
        watch: CancelWatch,
        new_boundary: Callable[[], str],
        pace: Pace | None = None,
    ) -> None:
        """`new_boundary` gives unguessable text of at most 70 letters and digits; case does not count. Parts cannot
        contain it.
        """
        self._store = store
        self._resolve = resolve
        self._watch = watch
        self._new_boundary = new_boundary
        self._pace = pace or Pace()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            return await send_answer(send, _refusal(405, "a download is GET or HEAD", [(b"allow", b"GET, HEAD")]))
        grant = await self._grant(scope["path"])
        if isinstance(grant, DownloadRefusal):
            return await send_answer(send, _refusal(grant, "this link is not good, or no longer"))
        return await self.answer(grant, (scope, receive, send))

    async def answer(self, grant: DownloadGrant, connection: tuple[Scope, Receive, Send]) -> None:
        """The answer to a GET or HEAD by somebody who may have what is granted."""
        scope, _, send = connection
        wanted = header(scope, b"if-match")
        if wanted is not None and not is_wanted_version(wanted, grant.etag):
            return await send_answer(send, _refusal(412, "the file is not the one that If-Match names"))
        if scope["method"] == "HEAD":  # no range applies and no object is touched (RFC 9110 14.2)
            return await send_answer(send, Answer(200, _file_headers(grant, grant.size_bytes)))
        known = header(scope, b"if-none-match")
        if known is not None and is_known_version(known, grant.etag):
            return await send_answer(send, Answer(304, _version_headers(grant)))
        ranges = _asked_ranges(scope, grant)
        if ranges == ():
            facts = [(b"content-range", f"bytes */{grant.size_bytes}".encode())]
            return await send_answer(send, _refusal(416, "no such bytes in this file", facts))
        return await self._serve(_plan(grant, ranges, self._new_boundary), grant, connection)

    async def _grant(self, path: str) -> DownloadGrant | DownloadRefusal:
        if not path.startswith(PATH_PREFIX):
            return DownloadRefusal.NOT_FOUND
        return await self._resolve(path.removeprefix(PATH_PREFIX))

    async def _serve(self, plan: _Plan, grant: DownloadGrant, connection: tuple[Scope, Receive, Send]) -> None:
        send = connection[2]
        try:
            opened = await self._store.open(grant.sha256)
        except FirmwareObjectMissingError:
            _LOG.error("the firmware object %s is missing", grant.sha256)
            return await send_answer(send, _refusal(404, "the file is gone"))
        except FirmwareObjectCorruptError:
            _LOG.error("the firmware object %s is corrupt", grant.sha256)
            return await send_answer(send, _refusal(500, "the file is damaged and is not served"))
        except StoreUnavailableError:
            return await send_answer(send, _refusal(503, "the file cannot be read now", [(b"retry-after", b"30")]))
        try:
            if opened.size_bytes != grant.size_bytes:
                _LOG.error("the firmware object %s has another length than its record", grant.sha256)
                return await send_answer(send, _refusal(500, "the file is damaged and is not served"))
            await self._transfer(opened, plan, grant, connection)
        finally:
            opened.close()
        return None

    async def _transfer(
        self, opened: FirmwareObject, plan: _Plan, grant: DownloadGrant, connection: tuple[Scope, Receive, Send]
    ) -> None:
        scope, receive, send = connection
        with self._watch.of(grant.task_id) as cancelled:
            # The second breaks a transfer that waits for a slow peer, too.
            ends = [asyncio.create_task(_until_gone(receive)), asyncio.create_task(_abort_when(cancelled, scope))]
            try:
                await start(send, plan.status, plan.headers)
                sender = PacedSender(send, self._pace)
                async for block in _blocks(plan, opened):
                    if any(ended.done() for ended in ends):
                        return
                    await sender.send(block)
                await end(send)
            except FirmwareObjectCorruptError:
                _LOG.error("the firmware object %s was damaged while it was served", grant.sha256)
                await abort(scope)
            except StoreUnavailableError as error:
                _LOG.warning("the firmware object %s cannot be read on: %s", grant.sha256, error)
                await abort(scope)
            except SlowPeerError:
                await abort(scope)
            finally:
                for task in ends:
                    task.cancel()


class _Part(NamedTuple):
    """A stretch of the file and the multipart text before it."""

    preface: bytes
    range: ByteRange


class _Plan(NamedTuple):
    """A response in full, but for the file's bytes."""

    status: int
    headers: Headers
    parts: tuple[_Part, ...]
    epilogue: bytes = b""


def disposition(file_name: str) -> bytes:
    """Content-Disposition for a name from people: no path, no quoting, no invisible or bidi character survives."""
    visible = "".join("_" if unicodedata.category(c)[0] in "CZ" or c in '/\\"' else c for c in file_name)
    name = visible[:FILE_NAME_CHARS_MAX].lstrip("._") or "firmware.bin"
    plain = _NOT_PLAIN.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}".encode("ascii")


def device_disposition(file_name: str) -> bytes:
    """The same for a device, within the header lines that it can read: short, ASCII, no second form."""
    plain = _NOT_PLAIN.sub("_", file_name)[:DEVICE_FILE_NAME_CHARS_MAX].lstrip("._") or "firmware.bin"
    return f'attachment; filename="{plain}"'.encode("ascii")


def _plan(grant: DownloadGrant, ranges: tuple[ByteRange, ...] | None, new_boundary: Callable[[], str]) -> _Plan:
    if ranges is None:
        whole = _Part(b"", ByteRange(0, grant.size_bytes - 1))
        return _Plan(200, _file_headers(grant, grant.size_bytes), (whole,))
    if len(ranges) == 1:
        headers = _file_headers(grant, ranges[0].length_bytes)
        headers.append((b"content-range", _content_range(ranges[0], grant)))
        return _Plan(206, headers, (_Part(b"", ranges[0]),))
    # SWUpdate's delta handler folds the header's letters to lower case before it looks for the boundary in the body.
    boundary = new_boundary().lower().encode("ascii")
    parts = tuple(_Part(_preface(chosen, grant, boundary), chosen) for chosen in ranges)
    epilogue = b"\r\n--" + boundary + b"--\r\n"
    length_bytes = sum(len(part.preface) + part.range.length_bytes for part in parts) + len(epilogue)
    return _Plan(
        206, _file_headers(grant, length_bytes, b"multipart/byteranges; boundary=" + boundary), parts, epilogue
    )


async def _blocks(plan: _Plan, opened: FirmwareObject) -> AsyncIterator[bytes]:
    for part in plan.parts:
        if part.preface:
            yield part.preface
        for offset in range(part.range.first, part.range.last + 1, BLOCK_BYTES):
            length = min(BLOCK_BYTES, part.range.last + 1 - offset)
            block = await opened.read(offset, length)
            if len(block) != length:
                raise FirmwareObjectCorruptError("a stored object is shorter than its record")
            yield block
    if plan.epilogue:
        yield plan.epilogue


async def _until_gone(receive: Receive) -> None:
    """Ends when the peer closed the connection: a server may take a gone peer's bytes without a word."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _abort_when(cancelled: asyncio.Event, scope: Scope) -> None:
    await cancelled.wait()
    await abort(scope)


def _asked_ranges(scope: Scope, grant: DownloadGrant) -> tuple[ByteRange, ...] | None:
    asked, condition = header(scope, b"range"), header(scope, b"if-range")
    if asked is None or (condition is not None and not is_same_version(condition, grant.etag)):
        return None
    return select_ranges(asked, grant.size_bytes, grant.ranges_max)


def _version_headers(grant: DownloadGrant) -> Headers:
    # no-transform: a proxy that recompressed the bytes would break every digest on the device.
    return [(b"etag", grant.etag.encode()), (b"cache-control", b"private, no-transform")]


def _file_headers(
    grant: DownloadGrant, length_bytes: int, content_type: bytes = b"application/octet-stream"
) -> Headers:
    named = device_disposition if grant.is_for_device else disposition
    return [
        (b"content-type", content_type),
        (b"content-length", str(length_bytes).encode()),
        (b"accept-ranges", b"bytes"),
        (b"content-disposition", named(grant.file_name)),
        (b"x-content-type-options", b"nosniff"),
        *_version_headers(grant),
    ]


def _content_range(chosen: ByteRange, grant: DownloadGrant) -> bytes:
    return f"bytes {chosen.first}-{chosen.last}/{grant.size_bytes}".encode()


def _preface(chosen: ByteRange, grant: DownloadGrant, boundary: bytes) -> bytes:
    lines = (
        b"",
        b"--" + boundary,
        b"content-type: application/octet-stream",
        b"content-range: " + _content_range(chosen, grant),
        b"",
        b"",
    )
    return b"\r\n".join(lines)


def _refusal(status: int, fact: str, facts: Headers | None = None) -> Answer:
    body = f"{fact}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    return Answer(status, headers + [(b"cache-control", b"no-store")] + (facts or []), body)
