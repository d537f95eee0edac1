"""Puts together what devices and callers come in by: the nodes of the gateway, the MQTT port, and the doors of HTTP."""

from __future__ import annotations

import random
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from whimbrel.adapters.device_channel.bus import BusChannel
from whimbrel.assembly import Ports, open_order_wakeup
from whimbrel.domain.console_user import Role
from whimbrel.domain.notice import LinkMaker
from whimbrel.domain.sign_on import Rules
from whimbrel.engine.node_watch import NodeWatch
from whimbrel.engine.object_digests import ObjectDigesting
from whimbrel.engine.orders import OrderDelivery
from whimbrel.errors import StoreConflictError
from whimbrel.front.routes import Application, Doors
from whimbrel.gateway.admission import Admission, Limits
from whimbrel.gateway.blocks import BlockDesk
from whimbrel.gateway.ddi.door import DdiDoor, Entrance
from whimbrel.gateway.ddi.doorkeeper import Doorkeeper
from whimbrel.gateway.ddi.exchange import Connection, Desk, ServedFile
from whimbrel.gateway.ddi.last_seen import LastSeen
from whimbrel.gateway.ddi.proxies import TrustedProxies
from whimbrel.gateway.ddi.recognition import Recognition
from whimbrel.gateway.ddi.throttle import throttle_of
from whimbrel.gateway.doorway import Doorway
from whimbrel.gateway.https import HttpsDoor, HttpsDoorway
from whimbrel.gateway.ingest import Ingest
from whimbrel.gateway.login import LoginDesk
from whimbrel.gateway.mqtt import MqttGateway
from whimbrel.gateway.node import Node
from whimbrel.gateway.registration import RegistrationDoor
from whimbrel.host import Running, spawn
from whimbrel.operations.console.signing_in import Means
from whimbrel.operations.declaration import VENDOR_QUOTAS, Operation, Quotas, Services
from whimbrel.operations.registry import load_operations
from whimbrel.ports.device_channel import DeviceChannel
from whimbrel.reports.registration import Registrar
from whimbrel.reports.registry import load_reports
from whimbrel.rpc.hall import Ambience, Hall
from whimbrel.rpc.openapi_door import OpenApiDoor
from whimbrel.rpc.server import RpcDoor
from whimbrel.rpc.throttle import Refusals
from whimbrel.settings import Settings, SettingsError
from whimbrel.transfer.cancel_watch import CancelWatch
from whimbrel.transfer.desk import Links, StoreDesk, cancelled_of
from whimbrel.transfer.download import DownloadDoor, DownloadGrant
from whimbrel.transfer.ranges import CHUNK_RANGES_MAX
from whimbrel.transfer.upload import UploadDoor, UploadSetup

if TYPE_CHECKING:
    from whimbrel.console.setup import Setup
    from whimbrel.console.signing_on import SigningOn

UPLOAD_KEY_ID = "whimbrel-upload"
CSP_NONCE_LENGTH = 24  # letters and digits: 142 random bits
ANY_HOST = ("0.0.0.0", "::")  # noqa: S104  compared, not bound
NODE_NAME_LENGTH = 32  # hexadecimal characters: no two processes ever share one


class Part(NamedTuple):
    """What a part of the application is started with."""

    settings: Settings
    ports: Ports
    running: Running
    stack: AsyncExitStack
    login: LoginDesk
    registration: RegistrationDoor


class Reach(NamedTuple):
    """How this process reaches devices; a process that accepts none has neither node nor orders."""

    channel: DeviceChannel
    node: Node | None
    orders: OrderDelivery | None


class Inside(NamedTuple):
    """What the doors of HTTP lead to; `mqtt_port` is None without a gateway."""

    reach: Reach
    links: LinkMaker
    ingest: Ingest
    digesting: ObjectDigesting
    mqtt_port: int | None


def entrance(settings: Settings, ports: Ports) -> tuple[LoginDesk, RegistrationDoor]:
    """Who lets devices in: one set of limits for all their doors."""
    admission = Admission(Limits(settings.address_connects, settings.account_connections))
    registrar = Registrar(ports.store, ports.clock, ports.randomness)
    login = LoginDesk(ports.store, admission, registrar)
    return login, RegistrationDoor(registrar, admission, ports.clock, random.random)


async def open_reach(part: Part, links: LinkMaker) -> Reach:
    """With one process all devices are here, and what else the store knows of nodes is of earlier starts."""
    settings, ports, running, stack, _, _ = part
    has_others = settings.database_url is not None
    if "gateway" not in settings.roles:
        return Reach(BusChannel(ports.channel, lambda: "") if has_others else ports.channel, None, None)
    name = ports.randomness.hex(NODE_NAME_LENGTH)
    node = Node(ports.steady, ports.clock, name)
    try:
        await node.begin()
    except StoreConflictError:
        await node.begin()  # the disk was full, and has given back its reserve
    stack.push_async_callback(node.leave)
    orders = OrderDelivery(ports.steady, ports.channel, ports.clock, links, lambda: node.id)
    if settings.database_url is None:
        await NodeWatch(ports.steady, ports.clock).end_others(node.id)
        return Reach(ports.channel, node, orders)
    spawn(stack, running, orders.run(await open_order_wakeup(settings.database_url, name, stack)))
    return Reach(BusChannel(ports.channel, lambda: node.id), node, orders)


async def open_gateway(part: Part, reach: Reach, ingest: Ingest, tls: ssl.SSLContext | None) -> int | None:
    """The port that accepts devices, or None when this process has no gateway."""
    settings, ports, running, stack, login, _ = part
    if reach.node is None:
        return None
    spawn(stack, running, ingest.run())
    stack.push_async_callback(ingest.drain)
    blocks = BlockDesk(ports.store, ports.firmware_store, ports.clock)
    stack.callback(blocks.files.close)
    doorway = Doorway(reach.node, ports.store, ingest, ports.channel, ports.clock, load_reports(), login, blocks)
    gateway = MqttGateway(doorway)
    stack.push_async_callback(gateway.stop)
    if settings.database_url is not None:
        spawn(stack, running, reach.node.run(gateway.drop_others))
    try:
        return await gateway.start(settings.mqtt.host, settings.mqtt.port, tls)
    except OSError as error:
        raise SettingsError(f"cannot listen on {settings.mqtt}: {error.strerror}") from None


def open_doors(part: Part, inside: Inside) -> Doors:
    """All doors of HTTP that this process has the roles for."""
    reach, links, ingest, digesting, _ = inside
    download = _download(part, links)
    doors = _doors(part, inside, download)
    if reach.node is None:
        return doors
    desk = _ddi_desk(part, ingest, digesting, download)
    return doors._replace(
        registration=part.registration, devices=_device_door(part, ingest), ddi=_ddi_door(part, desk, links.public_url)
    )


def _device_door(part: Part, ingest: Ingest) -> HttpsDoor:
    """Where devices that speak HTTPS only say what they have to say."""
    ports = part.ports
    key = ports.sealer.derive_key("device https tokens")

    def new_message_id() -> int:
        return int(ports.randomness.hex(16), 16) >> 1

    admission = part.login.admission
    return HttpsDoor(HttpsDoorway(key, ports.store, ingest, ports.clock, load_reports(), admission, new_message_id))


def _download(part: Part, links: LinkMaker) -> DownloadDoor:
    ports, watch = part.ports, CancelWatch(cancelled_of(part.ports.store))
    spawn(part.stack, part.running, watch.run())
    resolve = Links(ports.store, ports.clock, links.key).resolve
    return DownloadDoor(ports.firmware_store, resolve, watch, lambda: ports.randomness.text(32))


def _ddi_desk(part: Part, ingest: Ingest, digesting: ObjectDigesting, download: DownloadDoor) -> Desk:
    """What the DDI door works with; who polled is written for as long as the application runs, and at its end."""
    ports, running, stack = part.ports, part.running, part.stack
    last_seen = LastSeen(ports.store)
    stack.push_async_callback(last_seen.leave)
    spawn(stack, running, last_seen.run())

    async def serve_file(file: ServedFile, connection: Connection) -> None:
        grant = DownloadGrant(file.sha256, file.size_bytes, file.name, tag=file.sha1, ranges_max=CHUNK_RANGES_MAX)
        grant = grant._replace(task_id=file.task_id)
        await download.answer(grant, connection)

    return Desk(ports.store, ingest, ports.clock, digesting, serve_file, last_seen)


def _ddi_door(part: Part, desk: Desk, public_url: str) -> DdiDoor:
    settings, ports = part.settings, part.ports
    recognition = Recognition(ports.store, Doorkeeper(ports.store, ports.clock, ports.randomness))
    proxies = TrustedProxies(settings.trusted_proxies)
    return DdiDoor(desk, recognition, Entrance(proxies, throttle_of(proxies, settings.ddi_limits)), public_url)


def _doors(part: Part, inside: Inside, download: DownloadDoor) -> Doors:
    settings, ports = part.settings, part.ports
    reach, public_url = inside.reach, inside.links.public_url
    upload_secret = ports.sealer.derive_key("form uploads").hex()
    operations = load_operations()
    hall = _hall(part, inside.links, operations, upload_secret)

    async def secret_of(access_key_id: str) -> str | None:
        return upload_secret if access_key_id == UPLOAD_KEY_ID else None

    setup = UploadSetup(public_url, lambda: ports.randomness.hex(24).upper(), ports.clock.now_ms)
    has_api, has_files = "api" in settings.roles, bool({"api", "gateway"} & settings.roles)
    pings = {"store": ports.store.ping, "firmware_store": ports.firmware_store.ping, "gateway": reach.channel.ping}
    if settings.database_url is not None and reach.node is not None and reach.orders is not None:
        pings |= {"gateway": reach.node.ping, "orders": reach.orders.ping}
    upload = UploadDoor(ports.firmware_store, StoreDesk(ports.store, ports.firmware_store), secret_of, setup)
    return Doors(
        rpc=RpcDoor(hall, ports.nonces) if has_api else None,
        upload=upload if has_api else None,
        download=download if has_files else None,
        description=OpenApiDoor(operations, public_url) if has_api else None,
        pings=pings,
        console=_console(part, inside, hall) if "console" in settings.roles else None,
    )


def _hall(part: Part, links: LinkMaker, operations: Mapping[str, Operation], upload_secret: str) -> Hall:
    """Where the calls of every door end up."""
    settings, ports = part.settings, part.ports
    quotas = VENDOR_QUOTAS if settings.has_vendor_quotas else Quotas()
    services = Services(
        ports.randomness, links.public_url, UPLOAD_KEY_ID, upload_secret, links.key, quotas, frozenset(operations)
    )
    ambience = Ambience(ports.clock, ports.wakeup, services, settings.has_vendor_quotas, ports.halting)
    return Hall(operations, ports.store, ambience)


def _console(part: Part, inside: Inside, hall: Hall) -> Application:
    """The pages of people. A process without them does not pay for the framework that routes them."""
    from whimbrel.console.attempts import Attempts
    from whimbrel.console.door import ConsoleDoor
    from whimbrel.console.sessions import StoreSessions
    from whimbrel.console.setup import Mqtt, Server
    from whimbrel.console.setup import Setup as ConsoleSetup
    from whimbrel.console.signing_in import SigningIn, routes
    from whimbrel.console.signing_on import routes as routes_of_provider

    settings, ports = part.settings, part.ports
    public_url, has_tls = inside.links.public_url, settings.tls_cert is not None
    host = settings.mqtt.host
    if host in ANY_HOST:
        host = urlsplit(public_url).hostname or host
    server = Server(
        version("whimbrel"),
        public_url,
        settings.insecure and not has_tls,
        has_tls,
        None if inside.mqtt_port is None else Mqtt(host, inside.mqtt_port, has_tls),
        tuple(sorted(settings.roles)),
    )
    csrf_key = ports.sealer.derive_key("console csrf")
    sessions = StoreSessions(hall.store_of)
    part.stack.push_async_callback(sessions.close)
    setup = ConsoleSetup(
        hall, sessions, server, csrf_key, lambda: ports.randomness.text(CSP_NONCE_LENGTH), part.running.stop
    )
    signing_on = _signing_on(part, setup)
    means = Means(ports.store, ports.passwords, ports.randomness, ports.halting)
    trusts = TrustedProxies(settings.trusted_proxies).trusts
    desk = SigningIn(setup, means, trusts, ports.clock, Attempts(), Refusals(), has_provider=signing_on is not None)
    more = [] if signing_on is None else routes_of_provider(signing_on)
    door = ConsoleDoor(setup, more=[*routes(desk), *more])
    part.stack.push_async_callback(door.close)
    return door


def _signing_on(part: Part, setup: Setup) -> SigningOn | None:
    """The way in by an identity provider, None unless one is configured. Raises SettingsError."""
    settings, ports = part.settings.sign_on, part.ports
    if settings is None:
        return None
    from whimbrel.console.origin import CALLBACK
    from whimbrel.console.signing_on import SigningOn

    try:
        from whimbrel.adapters.identity_provider import Client, OpenIdProvider
    except ImportError as missing:
        raise SettingsError(f"oidc-issuer needs the extra oidc: install whimbrel[oidc] ({missing.name})") from None

    rules = Rules(settings.user_claim, settings.role_claim, {value: Role(role) for value, role in settings.roles})
    known_as = (settings.issuer, settings.client_id, settings.client_secret, settings.scopes)
    provider = OpenIdProvider(Client(*known_as, setup.server.public_url + CALLBACK, rules.claims))
    part.stack.push_async_callback(provider.close)
    trusts = TrustedProxies(part.settings.trusted_proxies).trusts
    key = ports.sealer.derive_key("console sign-on")
    return SigningOn(setup, ports.store, ports.randomness, provider, rules, key, trusts, Refusals())
