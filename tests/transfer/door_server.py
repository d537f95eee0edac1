"""A real server with only the file door in it, for the tests that need sockets; its arguments are those of `Server`.

It prints its port, then a line for each request that has ended; takes an upload of OBJECT_KEY on `/`, serves every
stored object at `/f/{sha256}`, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.transfer.asgi_driver import MemoryDesk
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.asgi import ABORT_EXTENSION, Pace, Receive, Scope, Send
from whimbrel.transfer.cancel_watch import CancelWatch
from whimbrel.transfer.download import DownloadDoor, DownloadGrant, DownloadRefusal
from whimbrel.transfer.upload import UploadDoor, UploadSetup

ACCESS_KEY_ID = "test-key-id"
SECRET = "test-secret"
OBJECT_KEY = f"ota/firmware/{'ab' * 16}.bin"


class Server:
    """That server in a process of its own; use as `async with`."""

    def __init__(self, folder: Path, pace: Pace) -> None:
        self._command = (sys.executable, "-m", __name__, str(folder), str(pace.bytes_per_s), str(pace.window_s))
        self.port = 0

    async def __aenter__(self) -> Server:
        pipe = asyncio.subprocess.PIPE
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        self._process = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe, env=environment)
        self.port = int(await self._line())
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert await self._process.wait() == 0

    async def request_ended(self) -> None:
        assert await self._line() == b"ended\n"

    def sockets(self) -> int:
        """How many sockets the process has open."""
        folder = Path(f"/proc/{self._process.pid}/fd")
        return sum(str(entry.readlink()).startswith("socket:") for entry in folder.iterdir())

    def peak_memory_kib(self) -> int:
        text = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(text.partition("VmHWM:")[2].split()[0])

    async def _line(self) -> bytes:
        assert self._process.stdout is not None
        return await self._process.stdout.readline()


class AbortableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a way to drop a connection whose peer reads nothing."""

    def on_headers_complete(self) -> None:
        self.scope["extensions"] = {ABORT_EXTENSION: self.transport.abort}  # type: ignore[dict-item]
        super().on_headers_complete()


async def _serve(folder: Path, pace: Pace) -> None:
    store = DiskFirmwareStore(folder, lambda: os.urandom(16).hex())
    await store.start()
    desk = MemoryDesk(OBJECT_KEY)

    async def secret_of(access_key_id: str) -> str | None:
        return SECRET if access_key_id == ACCESS_KEY_ID else None

    async def resolve(token: str) -> DownloadGrant | DownloadRefusal:
        size_bytes = (folder / "objects" / token[:2] / token[2:4] / token).stat().st_size
        return DownloadGrant(token, size_bytes, "firmware.bin")

    async def nobody(task_ids: Sequence[int]) -> set[int]:
        return set()

    setup = UploadSetup("http://localhost", lambda: "request-1", lambda: int(time.time() * 1000), pace)
    upload = UploadDoor(store, desk, secret_of, setup)
    download = DownloadDoor(store, resolve, CancelWatch(nobody), lambda: os.urandom(16).hex(), pace)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (download if scope["path"].startswith("/f/") else upload)(scope, receive, send)
        print("ended", flush=True)

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=AbortableProtocol, lifespan="off", log_level="warning", loop="none")
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
        runner.run(_serve(Path(sys.argv[1]), Pace(int(sys.argv[2]), float(sys.argv[3]))))
