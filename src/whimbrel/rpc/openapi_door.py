"""`/openapi.json`: the description of the management API, for tools and for the console's types.

It holds nothing of an account, so nobody has to sign for it. It is built when it is first asked for, because a start
has no time for it, and in a thread, because calls must not wait for it; then its bytes are kept.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from whimbrel.asgi import Answer, Receive, Scope, Send, header, send_answer
from whimbrel.operations.declaration import Operation
from whimbrel.rpc.openapi import openapi_document

#: A release changes it, and nothing else does: clients keep it, and ask each time whether it still holds.
_CACHE_CONTROL = b"no-cache"


class _Built(NamedTuple):
    body: bytes
    etag: bytes


class OpenApiDoor:
    """ASGI application of GET and HEAD on one path."""

    def __init__(self, operations: Mapping[str, Operation], server_url: str) -> None:
        self._operations = operations
        self._server_url = server_url
        self._built: _Built | None = None
        self._building = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await send_answer(send, Answer(405, [(b"allow", b"GET, HEAD"), (b"content-length", b"0")]))
            return
        built = await self._description()
        validators = [(b"etag", built.etag), (b"cache-control", _CACHE_CONTROL)]
        if _is_known(header(scope, b"if-none-match"), built.etag):
            await send_answer(send, Answer(304, validators))
            return
        length = str(len(built.body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length), *validators]
        await send_answer(send, Answer(200, headers, b"" if scope["method"] == "HEAD" else built.body))

    async def _description(self) -> _Built:
        async with self._building:
            if self._built is None:
                self._built = await asyncio.to_thread(self._build)
            return self._built

    def _build(self) -> _Built:
        body = msgspec.json.encode(openapi_document(self._operations, self._server_url))
        return _Built(body, b'"%b"' % hashlib.sha256(body).hexdigest()[:32].encode())


def _is_known(if_none_match: str | None, etag: bytes) -> bool:
    if if_none_match is None:
        return False
    given = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in given or etag.decode() in given
