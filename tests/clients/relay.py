"""A TCP relay between a device and the server: it slows the way down, and counts what passes."""

import socket
import threading
import time

BLOCK_BYTES = 16_384
_PAUSE_S = 0.02


class Relay:
    """Listens on a port of its own from the start; each connection is passed on to the server's port.

    `bytes_per_second` may be changed while connections are open; it holds for each connection on its way down.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ended = False
        self.bytes_per_second: int | None = None
        self.bytes_down = 0
        self.requests = bytearray()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def end(self) -> None:
        """Close everything and wait until no thread of it accepts any more."""
        self._ended = True
        # A listener that is only closed leaves `accept` waiting; a connection wakes it.
        with socket.create_connection(("127.0.0.1", self.port)):
            self._acceptor.join()
        self._listener.close()
        with self._lock:
            for one in self._open:
                _shut(one)

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._ended:
                client.close()
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                return  # the server is down; the device sees its connection end
            with server, self._kept(client, server):
                upward = threading.Thread(target=self._upward, args=(client, server), daemon=True)
                upward.start()
                self._downward(server, client)
                _shut(server)
                _shut(client)
                upward.join()

    def _upward(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while block := client.recv(BLOCK_BYTES):
                with self._lock:
                    self.requests += block
                server.sendall(block)
        except OSError:
            pass  # either side may go at any time
        _shut(server)

    def _downward(self, server: socket.socket, client: socket.socket) -> None:
        try:
            while block := server.recv(self._block_bytes()):
                client.sendall(block)
                with self._lock:
                    self.bytes_down += len(block)
                if self.bytes_per_second is not None:
                    time.sleep(_PAUSE_S)
        except OSError:
            pass  # either side may go at any time

    def _block_bytes(self) -> int:
        rate = self.bytes_per_second
        return BLOCK_BYTES if rate is None else max(1, int(rate * _PAUSE_S))

    def _kept(self, *sockets: socket.socket) -> "_Kept":
        return _Kept(self._open, self._lock, sockets)


class _Kept:
    """Open sockets, known to `Relay.end` while they are used."""

    def __init__(self, known: set[socket.socket], lock: threading.Lock, sockets: tuple[socket.socket, ...]) -> None:
        self._known, self._lock, self._sockets = known, lock, sockets

    def __enter__(self) -> None:
        with self._lock:
            self._known.update(self._sockets)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._known.difference_update(self._sockets)


def _shut(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is shut already
