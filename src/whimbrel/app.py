"""The composition root: settings in, running application out. It alone names concrete adapters.

A start has this order: data folder and its lock, master key, store and migrations, account and root key, doors, engine;
then the ports open. A stop has the other: ports close, what devices said is stored, the store closes.
"""

from __future__ import annotations

import asyncio
import logging
import random
import resource
import signal
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any, NamedTuple

import uvicorn

from whimbrel.assembly import Ports, open_ports
from whimbrel.data_folder import ROOT_KEY_FILE, lock_data_folder, root_key
from whimbrel.domain.access import EVERYTHING, AccessKey
from whimbrel.domain.notice import LinkMaker
from whimbrel.domain.paging import Page
from whimbrel.engine.execute import Engine
from whimbrel.engine.group_purging import GroupPurging
from whimbrel.engine.object_digests import ObjectDigesting
from whimbrel.engine.registering import Registering
from whimbrel.engine.session_ends import SessionEnding
from whimbrel.engine.silent_devices import SilentDevices
from whimbrel.engine.sweep import Sweep
from whimbrel.front.protocol import GuardedHttp
from whimbrel.front.routes import Doors, Front
from whimbrel.gateway.admission import Admission, Limits
from whimbrel.gateway.ddi.door import DdiDoor, Entrance
from whimbrel.gateway.ddi.doorkeeper import Doorkeeper
from whimbrel.gateway.ddi.exchange import Connection, Desk, ServedFile
from whimbrel.gateway.ddi.last_seen import LastSeen
from whimbrel.gateway.ddi.proxies import TrustedProxies
from whimbrel.gateway.ddi.recognition import Recognition
from whimbrel.gateway.ddi.throttle import throttle_of
from whimbrel.gateway.doorway import Doorway
from whimbrel.gateway.ingest import Ingest
from whimbrel.gateway.login import LoginDesk
from whimbrel.gateway.mqtt import MqttGateway
from whimbrel.gateway.registration import RegistrationDoor
from whimbrel.operations.declaration import VENDOR_QUOTAS, Quotas, Services
from whimbrel.operations.registry import load_operations
from whimbrel.reports.registration import Registrar
from whimbrel.reports.registry import load_reports
from whimbrel.rpc.openapi_door import OpenApiDoor
from whimbrel.rpc.server import Ambience, RpcDoor
from whimbrel.settings import Address, Settings, SettingsError
from whimbrel.transfer.desk import Links, StoreDesk
from whimbrel.transfer.download import DownloadDoor, DownloadGrant
from whimbrel.transfer.upload import UploadDoor, UploadSetup

log = logging.getLogger(__name__)

ACCOUNT = "default"
NODE_ID = "main"  # with the embedded store there is one process
UPLOAD_KEY_ID = "whimbrel-upload"
KEEP_ALIVE_SECONDS = 75
DRAIN_SECONDS_MAX = 10
LISTEN_BACKLOG = 2048
LOOP_HELD_SECONDS_MAX = 0.010


class _Http(uvicorn.Server):
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


class _Part(NamedTuple):
    """What a part of the application is started with."""

    settings: Settings
    ports: Ports
    running: Running
    stack: AsyncExitStack
    login: LoginDesk
    registration: RegistrationDoor


async def serve(settings: Settings, announce: Callable[[str], None]) -> int:
    """Run until SIGTERM or SIGINT; the exit status. `announce` prints lines for the operator."""
    running = Running()
    _allow_open_files()
    loop = asyncio.get_running_loop()
    if settings.debug:
        loop.set_debug(True)
        loop.slow_callback_duration = LOOP_HELD_SECONDS_MAX
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.stop.set)
    async with AsyncExitStack() as stack:
        lock = lock_data_folder(settings.data)
        stack.callback(lock.close)
        listener = _listen(settings.listen)
        public_url = settings.public_url or _url_of(settings, listener)
        ports = await open_ports(settings, running.end_by_fault, stack)
        if "gateway" in settings.roles:
            async with ports.store.transaction() as transaction:
                await transaction.presences.clear_node(NODE_ID, ports.clock.now_ms())
        await _make_root_key(settings, ports, announce)
        links = LinkMaker(ports.sealer.derive_key("download links"), public_url)
        ingest = Ingest(ports.store, ports.clock, ports.wakeup, links)
        tls = _tls(settings)
        digesting = ObjectDigesting(ports.store, ports.firmware_store)
        if "engine" in settings.roles:
            engine = Engine(ports.store, ports.channel, ports.wakeup, ports.clock, links)
            engine.take_on(
                SessionEnding(ports.store, ports.channel),
                Registering(ports.store, ports.clock, ports.randomness),
                GroupPurging(ports.store),
                SilentDevices(ports.store, ports.clock),
                digesting,
            )
            _spawn(stack, running, engine.run(Sweep(ports.store, ports.firmware_store, ports.clock)))
        part = _Part(settings, ports, running, stack, *_entrance(settings, ports))
        mqtt_port = await _open_gateway(part, ingest, tls)
        download = _download(ports, links)
        doors = _doors(part, links, download)
        if "gateway" in settings.roles:
            desk = _ddi_desk(part, ingest, digesting, download)
            doors = doors._replace(ddi=_ddi_door(part, desk, public_url))
        http = _Http(_http_config(settings, Front(doors)))
        serving = loop.create_task(http.serve(sockets=[listener]))
        serving.add_done_callback(lambda task: running.stop.set())
        serving.add_done_callback(lambda task: http.is_serving.set())
        await http.is_serving.wait()
        announce_start(announce, public_url, settings, mqtt_port)
        await running.stop.wait()
        http.should_exit = True
        await serving
    return 0 if running.fault is None else 1


def announce_start(announce: Callable[[str], None], public_url: str, settings: Settings, mqtt_port: int | None) -> None:
    """The lines that a start prints: what is where, and what is dangerous about it."""
    announce(f"Management API   {public_url}/")
    if mqtt_port is not None:
        announce(f"Devices (MQTT)   {Address(settings.mqtt.host, mqtt_port)}")
    announce(f"Health, metrics  {public_url}/healthz /readyz /metrics")
    if settings.public_url is None and settings.listen.host in ("0.0.0.0", "::"):  # noqa: S104  compared, not bound
        announce(f"WARNING: links lead to {public_url}, which no device can reach; give --public-url")
    if settings.insecure and settings.tls_cert is None:
        announce("WARNING: --insecure: API keys and firmware travel without TLS unless a proxy in front ends it")


async def _make_root_key(settings: Settings, ports: Ports, announce: Callable[[str], None]) -> None:
    """The first start makes account `default` and its root key; a key given in the settings is put in at any start.

    The file is durable before the account exists, and only a store without the account takes a key from it: a start
    that was cut off is finished by the next, and a root key that was deleted later stays deleted.
    """
    async with ports.store.snapshot() as snapshot:
        account_id = await snapshot.accounts.id_of(ACCOUNT)
        if account_id is not None:
            # Opens what was sealed: a process with another master key shall fail here, not at its first call.
            await snapshot.keys.page(account_id, Page(1, 1))
    if account_id is not None and settings.access_key is None:
        return
    key_id, secret = settings.access_key or root_key(settings.data, ports.randomness.text)
    now_ms = ports.clock.now_ms()
    async with ports.store.transaction() as store:
        await store.hold("first start")
        is_first = (account_id := await store.accounts.id_of(ACCOUNT)) is None
        if is_first or settings.access_key is not None:
            account_id = account_id or await store.accounts.add(ACCOUNT, now_ms)
            await store.keys.put(AccessKey(account_id, key_id, secret, True, EVERYTHING, "root"), now_ms)
    if settings.access_key is None and is_first:
        announce(f"Root AccessKey   {settings.data / ROOT_KEY_FILE}")


async def _open_gateway(part: _Part, ingest: Ingest, tls: ssl.SSLContext | None) -> int | None:
    """The port that accepts devices, or None when this process has no gateway."""
    settings, ports, running, stack, login, _ = part
    if "gateway" not in settings.roles:
        return None
    _spawn(stack, running, ingest.run())
    stack.push_async_callback(ingest.drain)
    doorway = Doorway(NODE_ID, ports.store, ingest, ports.channel, ports.clock, load_reports(), login)
    gateway = MqttGateway(doorway)
    stack.push_async_callback(gateway.stop)
    try:
        return await gateway.start(settings.mqtt.host, settings.mqtt.port, tls)
    except OSError as error:
        raise SettingsError(f"cannot listen on {settings.mqtt}: {error.strerror}") from None


def _download(ports: Ports, links: LinkMaker) -> DownloadDoor:
    resolve = Links(ports.store, ports.clock, links.key).resolve
    return DownloadDoor(ports.firmware_store, resolve, lambda: ports.randomness.text(32))


def _ddi_desk(part: _Part, ingest: Ingest, digesting: ObjectDigesting, download: DownloadDoor) -> Desk:
    """What the DDI door works with; who polled is written for as long as the application runs, and at its end."""
    ports, running, stack = part.ports, part.running, part.stack
    last_seen = LastSeen(ports.store)
    stack.push_async_callback(last_seen.flush)
    _spawn(stack, running, last_seen.run())

    async def serve_file(file: ServedFile, connection: Connection) -> None:
        await download.answer(DownloadGrant(file.sha256, file.size_bytes, file.name, file.sha1), connection)

    return Desk(ports.store, ingest, ports.clock, digesting, serve_file, last_seen)


def _ddi_door(part: _Part, desk: Desk, public_url: str) -> DdiDoor:
    settings, ports = part.settings, part.ports
    recognition = Recognition(ports.store, Doorkeeper(ports.store, ports.clock, ports.randomness))
    proxies = TrustedProxies(settings.trusted_proxies)
    return DdiDoor(desk, recognition, Entrance(proxies, throttle_of(proxies, settings.ddi_limits)), public_url)


def _entrance(settings: Settings, ports: Ports) -> tuple[LoginDesk, RegistrationDoor]:
    """Who lets devices in: one set of limits for all their doors."""
    admission = Admission(Limits(settings.address_connects, settings.account_connections))
    registrar = Registrar(ports.store, ports.clock, ports.randomness)
    login = LoginDesk(ports.store, admission, registrar)
    return login, RegistrationDoor(registrar, admission, ports.clock, random.random)


def _doors(part: _Part, links: LinkMaker, download: DownloadDoor) -> Doors:
    settings, ports = part.settings, part.ports
    upload_secret = ports.sealer.derive_key("form uploads").hex()
    quotas = VENDOR_QUOTAS if settings.has_vendor_quotas else Quotas()
    operations = load_operations()
    services = Services(
        ports.randomness, links.public_url, UPLOAD_KEY_ID, upload_secret, links.key, quotas, frozenset(operations)
    )

    async def secret_of(access_key_id: str) -> str | None:
        return upload_secret if access_key_id == UPLOAD_KEY_ID else None

    setup = UploadSetup(links.public_url, lambda: ports.randomness.hex(24).upper(), ports.clock.now_ms)
    has_api, has_files = "api" in settings.roles, bool({"api", "gateway"} & settings.roles)
    pings = {"store": ports.store.ping, "firmware_store": ports.firmware_store.ping, "gateway": ports.channel.ping}
    ambience = Ambience(ports.clock, ports.wakeup, services, settings.has_vendor_quotas)
    rpc = RpcDoor(operations, ports.store, ports.nonces, ambience)
    upload = UploadDoor(ports.firmware_store, StoreDesk(ports.store, ports.firmware_store), secret_of, setup)
    return Doors(
        rpc=rpc if has_api else None,
        upload=upload if has_api else None,
        download=download if has_files else None,
        description=OpenApiDoor(operations, links.public_url) if has_api else None,
        registration=part.registration if "gateway" in settings.roles else None,
        pings=pings,
    )


def _http_config(settings: Settings, front: Front) -> uvicorn.Config:
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


def _spawn(stack: AsyncExitStack, running: Running, work: Coroutine[Any, Any, None]) -> None:
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


def _allow_open_files() -> None:
    """A connected device is an open file, and the usual soft limit of 1,024 would stop at as many without a word."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _listen(address: Address) -> socket.socket:
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


def _url_of(settings: Settings, listener: socket.socket) -> str:
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://{Address(settings.listen.host, listener.getsockname()[1])}"


def _tls(settings: Settings) -> ssl.SSLContext | None:
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
