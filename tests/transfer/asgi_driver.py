"""Drives a raw ASGI application without a server, and stands for the parts around the file door."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from whimbrel.errors import UploadError
from whimbrel.ports.firmware_store import StoredObject


@dataclass
class Exchange:
    """What an application sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_complete: bool = False
    blocks_read: int = 0
    was_aborted: bool = False

    def abort(self) -> None:
        self.was_aborted = True


@dataclass
class Peer:
    """A request, and how its sender behaves."""

    method: str = "GET"
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    blocks: Iterable[bytes] = (b"",)
    leaves_after_blocks: bool = False
    stalls_before_end_of_body: bool = False
    reads_bytes_max: int | None = None
    query: bytes = b""


async def exchange(app: Any, peer: Peer) -> Exchange:
    """Run the application against the peer until it returns; a peer that stops reading never wakes `send` again."""
    result = Exchange()
    blocks = iter(peer.blocks)
    following = next(blocks, None)
    has_ended = False

    async def receive() -> dict[str, Any]:
        nonlocal following, has_ended
        if following is None and peer.leaves_after_blocks:
            return {"type": "http.disconnect"}
        if has_ended or (following is None and peer.stalls_before_end_of_body):
            await asyncio.Event().wait()
        block, following = following or b"", next(blocks, None)
        result.blocks_read += 1
        has_ended = following is None and not peer.leaves_after_blocks and not peer.stalls_before_end_of_body
        return {"type": "http.request", "body": block, "more_body": not has_ended}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            result.status = message["status"]
            result.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        result.body += bytes(message["body"])
        result.is_complete = not message["more_body"]
        if peer.reads_bytes_max is not None and len(result.body) > peer.reads_bytes_max:
            await asyncio.Event().wait()

    scope = {
        "type": "http",
        "method": peer.method,
        "path": peer.path,
        "query_string": peer.query,
        "client": ("192.0.2.9", 40_000),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in peer.headers],
        "extensions": {"whimbrel.abort": result.abort},
    }
    await app(scope, receive, send)
    return result


class MemoryDesk:
    """Upload credentials in memory: each issued key begins once."""

    def __init__(self, *issued: str) -> None:
        self.issued = set(issued)
        self.begun: list[str] = []
        self.finished: dict[str, StoredObject] = {}

    async def begin(self, object_key: str, now_ms: int) -> None:
        if object_key not in self.issued:
            raise UploadError("AccessDenied", "these upload credentials are unknown, expired or used")
        self.issued.remove(object_key)
        self.begun.append(object_key)

    async def finish(self, object_key: str, stored: StoredObject, now_ms: int) -> None:
        self.finished[object_key] = stored
