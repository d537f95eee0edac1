"""The process around the application: its signals, sockets and HTTP server, and parts that live as long as it does."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import socket
import ssl
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import uvicorn

from whimbrel.front.protocol import GuardedHttp
from whimbrel.front.routes import Front
from whimbrel.settings import Address, Settings, SettingsError

log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 75
DRAIN_SECONDS_MAX = 10
LISTEN_BACKLOG = 2048
LOOP_HELD_SECONDS_MAX = 0.010


class Http(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_serving.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the application's, which stops its parts in order."""
        yield


class Running:
    """Why the process shall end: a signal (exit 0) or a fault it cannot live with (exit 1)."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.fault: str | None = None

    def end_by_fault(self, reason: str) -> None:
        log.critical("%s", reason)
        self.fault = reason
        self.stop.set()


def spawn(stack: AsyncExitStack, running: Running, work: Coroutine[Any, Any, None]) -> None:
    """Run a part for as long as the application; if it ends by itself, the application cannot live on."""
    task = asyncio.get_running_loop().create_task(work)

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and not running.stop.is_set():
            running.end_by_fault(f"a part of the server ended by itself: {task.exception()!r}")

    async def cancel() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    task.add_done_callback(ended)
    stack.push_async_callback(cancel)


def allow_open_files() -> None:
    """A connected device is an open file, and the usual soft limit of 1,024 would stop at as many without a word."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def watch_loop(settings: Settings, running: Running) -> asyncio.AbstractEventLoop:
    """The running loop; SIGTERM and SIGINT end the application, and a debug run names what holds the loop."""
    loop = asyncio.get_running_loop()
    if settings.debug:
        loop.set_debug(True)
        loop.slow_callback_duration = LOOP_HELD_SECONDS_MAX
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.stop.set)
    return loop


def listen(address: Address) -> socket.socket:
    """A bound socket. Raises SettingsError."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
    except OSError as error:
        listener.close()
        raise SettingsError(f"cannot listen on {address}: {error.strerror}") from None
    listener.set_inheritable(True)
    return listener


def url_of(settings: Settings, listener: socket.socket) -> str:
    """Where the HTTP port is reached from this machine."""
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://{Address(settings.listen.host, listener.getsockname()[1])}"


def tls_of(settings: Settings) -> ssl.SSLContext | None:
    """What devices over MQTT are served with, None for plain text. Raises SettingsError."""
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"tls-cert {settings.tls_cert} or tls-key {settings.tls_key} cannot be used: {error}"
        ) from None
    return context


def http_config(settings: Settings, front: Front) -> uvicorn.Config:
    """How uvicorn serves the one HTTP port."""
    return uvicorn.Config(
        front,
        http=GuardedHttp,
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS_MAX,
        backlog=LISTEN_BACKLOG,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )
