"""A real server with only the file door in it, for the tests that need sockets: `python door_server.py FOLDER WINDOW_S`.

Prints its port, takes uploads on `/` with KEY and SECRET, serves every stored object at `/f/{sha256}`, and ends with
its standard input.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from pathlib import Path

import uvicorn
from asgi_driver import MemoryDesk
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.transfer.asgi import ABORT_EXTENSION, Pace, Receive, Scope, Send
from whimbrel.transfer.download import DownloadDoor, DownloadGrant, DownloadRefusal
from whimbrel.transfer.upload import UploadDoor, UploadSetup

ACCESS_KEY_ID = "test-key-id"
SECRET = "test-secret"
OBJECT_KEY = f"ota/firmware/{'ab' * 16}.bin"


class AbortableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a way to drop a connection whose peer reads nothing."""

    def on_headers_complete(self) -> None:
        self.scope.setdefault("extensions", {})[ABORT_EXTENSION] = self.transport.abort  # type: ignore[typeddict-item]
        super().on_headers_complete()


async def _serve(folder: Path, window_s: float) -> None:
    store = DiskFirmwareStore(folder, lambda: os.urandom(16).hex())
    await store.start()
    pace = Pace(1024, window_s)
    desk = MemoryDesk(OBJECT_KEY)

    async def secret_of(access_key_id: str) -> str | None:
        return SECRET if access_key_id == ACCESS_KEY_ID else None

    async def resolve(token: str) -> DownloadGrant | DownloadRefusal:
        size_bytes = (folder / "objects" / token[:2] / token[2:4] / token).stat().st_size
        return DownloadGrant(token, size_bytes, "firmware.bin")

    setup = UploadSetup("http://localhost", lambda: "request-1", lambda: int(time.time() * 1000), pace)
    upload = UploadDoor(store, desk, secret_of, setup)
    download = DownloadDoor(store, resolve, lambda: os.urandom(16).hex(), pace)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (download if scope["path"].startswith("/f/") else upload)(scope, receive, send)

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=AbortableProtocol, lifespan="off", log_level="warning", loop="none")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    print(listener.getsockname()[1], flush=True)

    async def stop_with_input() -> None:
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True

    stopping = asyncio.create_task(stop_with_input())
    await server.serve(sockets=[listener])
    await stopping
    await store.close()


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(Path(sys.argv[1]), float(sys.argv[2])))
