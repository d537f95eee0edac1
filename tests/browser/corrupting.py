"""A connection between a browser and a server on which something goes wrong: bytes change, or it ends."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

BLOCK_BYTES = 65_536


class Line:
    """What comes through it to the server: every `old` arrives as `new`; when `cut_after` is set, one connection ends
    as soon as so many bytes went by.
    """

    def __init__(self, port: int) -> None:
        self.old = self.new = b""
        self.cut_after: int | None = None
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def end(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            threading.Thread(target=self._carry, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, False), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, is_to_server: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while block := source.recv(BLOCK_BYTES):
                passed += len(block)
                if is_to_server and self.cut_after is not None and passed > self.cut_after:
                    self.cut_after = None
                    break
                sink.sendall(block.replace(self.old, self.new) if is_to_server and self.old else block)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextlib.contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line to that port of this machine, until the block ends."""
    line = Line(port)
    try:
        yield line
    finally:
        line.end()
