"""The upload door: the object store's form upload, `POST /` with `multipart/form-data` (api-contract 12, A13, F01).

The form comes first and is judged before a byte of its file is taken: signature, policy, expiry, then the single use of
its key (`UploadDesk.begin`). The file is streamed into the firmware store, which makes it durable, and only then is the
key bound to it (`UploadDesk.finish`): a crash in between leaves an object that nobody refers to. Memory stays flat.

A refused upload is answered at once; what the peer has on the way is read only so far that it can see the answer.
"""

from __future__ import annotations

import asyncio
import html
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import NamedTuple, Protocol

from whimbrel.asgi import (
    Answer,
    BodyReader,
    Headers,
    Pace,
    PeerGoneError,
    Receive,
    Scope,
    Send,
    SlowPeerError,
    end,
    header,
    start,
)
from whimbrel.domain.characters import xml_text
from whimbrel.domain.form_upload import FILE_BYTES_MAX, UploadGrant, check_form, check_signature, read_form
from whimbrel.errors import StoreFullError, StoreUnavailableError, UploadError, WhimbrelError
from whimbrel.ports.firmware_store import FirmwareStore, StoredObject
from whimbrel.transfer.form_reader import FORM_BYTES_MAX, FormReader, read_boundary

#: What is still read of a refused upload, so that the peer, who may be writing, gets to read the answer.
LINGER_BYTES_MAX = 1_048_576
LINGER_S = 2.0
EPILOGUE_BYTES_MAX = 65_536  # ours have two; a form's end needs no more
BUCKET = "firmware"  # the 201 document has a place for one; there is only one

HTTP_STATUS = {
    "AccessDenied": 403,
    "SignatureDoesNotMatch": 403,
    "InvalidAccessKeyId": 403,
    "MethodNotAllowed": 405,
    "FileAlreadyExists": 409,
    "InternalError": 500,
    "ServiceUnavailable": 503,
    "InsufficientStorage": 507,
}
_BAD_REQUEST = 400  # every other code of api-contract 12
_LOG = logging.getLogger(__name__)


class UploadDesk(Protocol):
    """Where upload credentials are kept: each is used once (A13)."""

    async def begin(self, object_key: str, now_ms: int) -> None:
        """Claim the one use of the key, durably. Raises UploadError when it is unknown, used or expired."""
        ...

    async def finish(self, object_key: str, stored: StoredObject, now_ms: int) -> None:
        """Bind the stored object to the claimed key, durably. Raises UploadError when the claim is gone."""
        ...


#: The secret of an active AccessKey id that may upload, or None.
SecretOf = Callable[[str], Awaitable[str | None]]


class UploadSetup(NamedTuple):
    """What surrounds the door. `host_url` is `Data.Host` of the credentials, without a final slash."""

    host_url: str
    new_request_id: Callable[[], str]
    now_ms: Callable[[], int]
    pace: Pace = Pace()


class UploadDoor:
    """The ASGI application for form uploads."""

    def __init__(self, store: FirmwareStore, desk: UploadDesk, secret_of: SecretOf, setup: UploadSetup) -> None:
        self._store = store
        self._desk = desk
        self._secret_of = secret_of
        self._setup = setup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = self._setup.new_request_id()
        body = BodyReader(receive, self._setup.pace)
        try:
            answer = await self._upload(scope, body, request_id)
        except UploadError as error:
            answer = self._refusal(error.code, error.message, request_id)
        except SlowPeerError:
            answer = self._refusal("RequestTimeout", "the upload is slower than 1 KiB a second", request_id)
        except StoreFullError as error:
            answer = self._refusal("InsufficientStorage", error.message, request_id)
        except StoreUnavailableError:
            _LOG.exception("an upload could not be stored; request %s", request_id)
            answer = self._refusal("ServiceUnavailable", "the file cannot be stored now; repeat later", request_id)
        except WhimbrelError:
            _LOG.exception("an upload failed; request %s", request_id)
            answer = self._refusal("InternalError", WhimbrelError.default_message, request_id)
        except PeerGoneError:
            return
        await _send_before_end_of_body(send, body, answer)

    async def _upload(self, scope: Scope, body: BodyReader, request_id: str) -> Answer:
        if scope["method"] != "POST":
            raise UploadError("MethodNotAllowed", "a form upload is a POST")
        form = FormReader(read_boundary(header(scope, b"content-type")))
        length_bytes = _content_length(scope)
        _refuse_too_large(length_bytes, FILE_BYTES_MAX)
        while not form.is_file_started:
            block = None if form.is_complete else await body.read()
            if block is None:
                raise UploadError("IncorrectNumberOfFilesInPOSTRequest", "the form has no file")
            form.feed(block)
        grant = await self._grant(form)
        _refuse_too_large(length_bytes, grant.size_bytes_max)
        await self._desk.begin(grant.object_key, self._setup.now_ms())
        async with aclosing(_file_blocks(form, body, grant)) as blocks:
            stored = await self._store.put(blocks)
        if grant.content_md5 not in (None, stored.md5):
            raise UploadError("InvalidDigest", "the file's MD5 is not the one in Content-MD5")
        await self._desk.finish(grant.object_key, stored, self._setup.now_ms())
        return self._success(form.fields.get("success_action_status", ""), grant.object_key, stored, request_id)

    async def _grant(self, form: FormReader) -> UploadGrant:
        claimed = read_form(form.fields)
        check_signature(claimed, await self._secret_of(claimed.access_key_id))
        return check_form(claimed, form.fields, self._setup.now_ms())

    def _success(self, asked_status: str, object_key: str, stored: StoredObject, request_id: str) -> Answer:
        etag = f'"{stored.md5.upper()}"'
        headers = [(b"etag", etag.encode()), (b"x-oss-request-id", request_id.encode())]
        if asked_status == "201":
            location = f"{self._setup.host_url}/{object_key}"
            members = {"Bucket": BUCKET, "Location": location, "Key": object_key, "ETag": etag}
            return _xml_answer(201, "PostResponse", members, headers)
        if asked_status == "200":
            return Answer(200, [*headers, (b"content-length", b"0")])
        return Answer(204, headers)

    def _refusal(self, code: str, message: str, request_id: str) -> Answer:
        host_id = self._setup.host_url.partition("://")[2]
        members = {"Code": code, "Message": message, "RequestId": request_id, "HostId": host_id}
        headers = [(b"x-oss-request-id", request_id.encode())]
        return _xml_answer(HTTP_STATUS.get(code, _BAD_REQUEST), "Error", members, headers)


async def _file_blocks(form: FormReader, body: BodyReader, grant: UploadGrant) -> AsyncGenerator[bytes, None]:
    """The file's bytes. Raises UploadError rather than ending, unless the file is whole and of an allowed length."""
    size_bytes = 0
    while True:
        for piece in form.take():
            size_bytes += len(piece)
            if size_bytes > grant.size_bytes_max:
                raise _too_large(grant.size_bytes_max)
            yield piece
        if form.is_complete:
            break
        block = await body.read()
        if block is None:
            raise UploadError("MalformedPOSTRequest", "the body ends before the form does")
        form.feed(block)
    if size_bytes < grant.size_bytes_min:
        raise UploadError("EntityTooSmall", f"the file has less than {grant.size_bytes_min} bytes")
    epilogue_bytes = 0
    while (rest := await body.read()) is not None:
        epilogue_bytes += len(rest)
        if epilogue_bytes > EPILOGUE_BYTES_MAX:
            raise UploadError("MalformedPOSTRequest", "the body goes on after the end of the form")


async def _send_before_end_of_body(send: Send, body: BodyReader, answer: Answer) -> None:
    """Send the answer; when the body has not ended, close the connection, after a bounded look at the rest.

    Closing with unread bytes would reset the connection, and the peer could lose the answer with it.
    """
    if body.is_ended:
        await start(send, answer.status, answer.headers)
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})
        return
    await start(send, answer.status, [*answer.headers, (b"connection", b"close")])
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    rest_bytes = LINGER_BYTES_MAX
    try:
        async with asyncio.timeout(LINGER_S):
            while rest_bytes > 0 and (block := await body.read()) is not None:
                rest_bytes -= len(block)
    except (TimeoutError, PeerGoneError, SlowPeerError):
        pass  # it has had its chance to read the answer
    await end(send)


def _content_length(scope: Scope) -> int | None:
    text = header(scope, b"content-length")
    return int(text) if text is not None and re.fullmatch("[0-9]{1,18}", text) else None


def _refuse_too_large(length_bytes: int | None, size_bytes_max: int) -> None:
    """Refuse by the announced length of the body what could only be refused later by counting."""
    if length_bytes is not None and length_bytes > size_bytes_max + FORM_BYTES_MAX:
        raise _too_large(size_bytes_max)


def _too_large(size_bytes_max: int) -> UploadError:
    return UploadError("EntityTooLarge", f"the file has more than {size_bytes_max} bytes")


def _xml_answer(status: int, root: str, members: dict[str, str], headers: Headers) -> Answer:
    inner = "".join(f"<{name}>{html.escape(xml_text(text), quote=False)}</{name}>" for name, text in members.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{inner}</{root}>'.encode()
    content = [(b"content-type", b"application/xml"), (b"content-length", str(len(body)).encode())]
    return Answer(status, content + headers, body)
