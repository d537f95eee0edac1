"""A line between a process and its database that a test cuts without a word: nothing passes, and nothing is closed."""

from __future__ import annotations

import socket
import threading
import urllib.parse

BLOCK_BYTES = 65_536
SOCKET_NAME = ".s.PGSQL.5432"


class CutLine:
    """Listens from the start on a port of 127.0.0.1, and passes on to the database of a `postgresql.py` URL."""

    def __init__(self, url: str) -> None:
        words = urllib.parse.urlsplit(url)
        [folder] = urllib.parse.parse_qs(words.query)["host"]
        self._target = f"{folder}/{SOCKET_NAME}"
        self._database = words.path
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._passes = threading.Event()
        self._passes.set()
        self._has_ended = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """The database through this line."""
        return f"postgresql://whimbrel@127.0.0.1:{self._listener.getsockname()[1]}{self._database}"

    def cut(self) -> None:
        self._passes.clear()

    def heal(self) -> None:
        """What was said meanwhile arrives now, as it does when packets are sent again."""
        self._passes.set()

    def end(self) -> None:
        self._has_ended = True
        self._passes.set()
        with socket.create_connection(self._listener.getsockname()):
            self._threads[0].join()
        self._listener.close()
        with self._lock:
            for one in self._sockets:
                _shut(one)
        for thread in self._threads[1:]:
            thread.join()
        for one in self._sockets:
            one.close()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._has_ended:
                client.close()
                return
            database = socket.socket(socket.AF_UNIX)
            database.connect(self._target)
            with self._lock:
                self._sockets += (client, database)
            for pair in ((client, database), (database, client)):
                self._threads.append(threading.Thread(target=self._pass_on, args=pair, daemon=True))
                self._threads[-1].start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while block := source.recv(BLOCK_BYTES):
                self._passes.wait()
                target.sendall(block)
        except OSError:
            pass  # either side may go at any time
        self._passes.wait()
        _shut(target)


def _shut(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is shut already
