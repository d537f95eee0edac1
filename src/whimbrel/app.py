"""The composition root: settings in, running application out. `assembly.py` and `entrances.py` are parts of it: these
three alone name concrete adapters.

A start has this order: data folder and its lock, master key, store and migrations, account and root key, doors, engine;
then the ports open. A stop has the other: ports close, what devices said is stored, the store closes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from whimbrel.assembly import Ports, open_ports
from whimbrel.data_folder import ROOT_KEY_FILE, lock_data_folder, root_key
from whimbrel.domain.access import EVERYTHING, AccessKey
from whimbrel.domain.notice import LinkMaker
from whimbrel.domain.paging import Page
from whimbrel.engine.chore import Chore
from whimbrel.engine.execute import Engine
from whimbrel.engine.fenced_store import FencedStore
from whimbrel.engine.group_purging import GroupPurging
from whimbrel.engine.leading import Leading
from whimbrel.engine.lease import Lease, Term
from whimbrel.engine.node_watch import NodeWatch
from whimbrel.engine.object_digests import ObjectDigesting
from whimbrel.engine.registering import Registering
from whimbrel.engine.sampling import Sampling
from whimbrel.engine.silence import SilenceWatch
from whimbrel.engine.silent_devices import SilentDevices
from whimbrel.engine.sweep import Sweep
from whimbrel.engine.telling import Telling
from whimbrel.entrances import ANY_HOST, Inside, Part, Reach, entrance, open_doors, open_gateway, open_reach
from whimbrel.errors import StoreFullError, StoreUnavailableError
from whimbrel.front.engine_gauge import show_leading
from whimbrel.front.routes import Front
from whimbrel.gateway.ingest import Ingest
from whimbrel.host import Http, Running, allow_open_files, http_config, listen, spawn, tls_of, url_of, watch_loop
from whimbrel.operations.console.links import SERVER, LinkOrigin, make_first_link
from whimbrel.ports.store import Store
from whimbrel.settings import Address, Settings

log = logging.getLogger(__name__)

ACCOUNT = "default"
HOLDER_LENGTH = 32  # hexadecimal characters: no two processes ever share one


async def serve(settings: Settings, announce: Callable[[str], None]) -> int:
    """Run until SIGTERM or SIGINT; the exit status. `announce` prints lines for the operator."""
    running = Running()
    allow_open_files()
    loop = watch_loop(settings, running)
    async with AsyncExitStack() as stack:
        lock = lock_data_folder(settings.data)
        stack.callback(lock.close)
        listener = listen(settings.listen)
        public_url = settings.public_url or url_of(settings, listener)
        ports = await open_ports(settings, running.end_by_fault, stack)
        await _make_root_key(settings, ports, announce)
        links = LinkMaker(ports.sealer.derive_key("download links"), public_url)
        part = Part(settings, ports, running, stack, *entrance(settings, ports))
        reach = await open_reach(part, links)
        ingest = Ingest(ports.store, ports.clock, ports.wakeup, links, reach.node)
        tls = tls_of(settings)
        digesting = ObjectDigesting(ports.store, ports.firmware_store)
        stack.push_async_callback(digesting.close)
        _open_engine(part, reach, links, digesting)
        mqtt_port = await open_gateway(part, reach, ingest, tls)
        doors = open_doors(part, Inside(reach, links, ingest, digesting, mqtt_port))
        http = Http(http_config(settings, Front(doors)))
        serving = loop.create_task(http.serve(sockets=[listener]))
        serving.add_done_callback(lambda task: running.stop.set())
        serving.add_done_callback(lambda task: http.is_serving.set())
        await http.is_serving.wait()
        announce_start(announce, public_url, settings, mqtt_port)
        await _invite_first(settings, ports, public_url, announce)
        await running.stop.wait()
        http.should_exit = True
        await serving
    return 0 if running.fault is None else 1


def announce_start(announce: Callable[[str], None], public_url: str, settings: Settings, mqtt_port: int | None) -> None:
    """The lines that a start prints: what is where, and what is dangerous about it."""
    announce(f"Management API   {public_url}/")
    if mqtt_port is not None:
        announce(f"Devices (MQTT)   {Address(settings.mqtt.host, mqtt_port)}")
    if "console" in settings.roles:
        announce(f"Console          {public_url}/console/")
    announce(f"Health, metrics  {public_url}/healthz /readyz /metrics")
    if settings.public_url is None and settings.listen.host in ANY_HOST:
        announce(f"WARNING: links lead to {public_url}, which no device can reach; give --public-url")
    if settings.insecure and settings.tls_cert is None:
        announce("WARNING: --insecure: API keys and firmware travel without TLS unless a proxy in front ends it")


async def _invite_first(settings: Settings, ports: Ports, public_url: str, announce: Callable[[str], None]) -> None:
    """While nobody may sign in as an admin, each start prints a link that makes one (A10); only the newest one works.

    The server runs without it: a full disk is no reason not to start.
    """
    if "console" not in settings.roles:
        return
    origin = LinkOrigin(SERVER, ports.clock.now_ms(), public_url, ports.randomness)
    try:
        link = await make_first_link(ports.store, origin, ACCOUNT)
    except (StoreFullError, StoreUnavailableError) as error:
        log.warning("no link for a first sign-in was made: %s", error)
        return
    if link is not None:
        announce(f"First sign-in    {link}")


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


def _open_engine(part: Part, reach: Reach, links: LinkMaker, digesting: ObjectDigesting) -> None:
    """With one process its engine leads; on PostgreSQL one of all processes that have the role does."""
    settings, ports = part.settings, part.ports
    if "engine" not in settings.roles:
        return
    telling = Telling(ports.store, reach.channel, ports.clock, links)

    def engine_on(store: Store, *more: Chore) -> Coroutine[Any, Any, None]:
        engine = Engine(store, reach.channel, ports.wakeup, ports.clock, links)
        engine.tell_by(telling)
        engine.take_on(
            Registering(store, ports.clock, ports.randomness),
            GroupPurging(store),
            SilentDevices(store, ports.clock),
            SilenceWatch(store, ports.clock),
            Sampling(store, ports.clock),
            digesting,
            *more,
        )
        return engine.run(Sweep(store, ports.firmware_store, ports.clock))

    if settings.database_url is None:
        show_leading(lambda: True)
        spawn(part.stack, part.running, engine_on(ports.store, *([] if reach.orders is None else [reach.orders])))
        return

    def lead(term: Term) -> list[Coroutine[Any, Any, None]]:
        watch = NodeWatch(FencedStore(ports.steady, term), ports.clock)
        return [engine_on(FencedStore(ports.store, term)), watch.run()]

    leading = Leading(Lease(ports.steady, ports.clock, ports.randomness.hex(HOLDER_LENGTH)), lead)
    show_leading(leading.leads)
    spawn(part.stack, part.running, leading.run())
