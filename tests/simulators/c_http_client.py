"""An HTTP client with the C Link SDK's parser, written anew from its rules: what it cannot read, the SDK cannot.

A head line has at most 126 bytes with its line end; the length of a body stands behind `Content-Length: ` in this very
spelling; there are no chunks; a status line begins with `HTTP/1.1 `. The connection stays open between requests.
"""

from __future__ import annotations

import socket
from typing import NamedTuple

LINE_BYTES_MAX = 128
WAIT_S = 30.0


class HttpAnswer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class CHttpClient:
    """One connection, made anew when the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._rest = b""

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> HttpAnswer:
        """One request and its answer, on the open connection or a new one."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        message = "\r\n".join([*lines, "", ""]).encode() + body
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=WAIT_S)
        self._socket.sendall(message)
        answer = self._read()
        if answer.headers.get("Connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._rest = None, b""

    def _read(self) -> HttpAnswer:
        status, headers, body_bytes = 0, {}, 0
        while line := self._line():
            if line.startswith("HTTP/1.1 "):
                status = int(line[9:12])
                continue
            name, _, value = line.partition(": ")
            headers[name] = value
            if line.startswith("Content-Length: "):
                body_bytes = int(value)
        assert status, "no status line that the SDK can read"
        return HttpAnswer(status, headers, self._take(body_bytes))

    def _line(self) -> str:
        while b"\r\n" not in self._rest:
            assert len(self._rest) <= LINE_BYTES_MAX, f"a line too long for the SDK: {self._rest[:200]!r}"
            self._rest += self._receive()
        line, _, self._rest = self._rest.partition(b"\r\n")
        assert len(line) + 2 <= LINE_BYTES_MAX, f"a line too long for the SDK: {line!r}"
        return line.decode()

    def _take(self, size_bytes: int) -> bytes:
        while len(self._rest) < size_bytes:
            self._rest += self._receive()
        body, self._rest = self._rest[:size_bytes], self._rest[size_bytes:]
        return body

    def _receive(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(65_536)
        if not data:
            raise ConnectionError("the server has closed")
        return data
