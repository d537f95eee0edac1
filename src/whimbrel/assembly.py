"""Opens the adapters that the settings name; beside `app.py`, which says what is done with them, it alone knows them.

Two ways: everything in the data folder, for one process; or PostgreSQL, which any number of processes share.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import NamedTuple

from whimbrel.adapters.clock import SystemClock
from whimbrel.adapters.device_channel.sessions import SessionChannel
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.adapters.passwords import Argon2Passwords
from whimbrel.adapters.randomness import SystemRandomness
from whimbrel.adapters.sealing.aes_gcm import AesGcmSealer
from whimbrel.adapters.store.disk_reserve import DiskReserve
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.adapters.store.sqlite_halts import SqliteHalts
from whimbrel.adapters.store.sqlite_nonces import SqliteNonces
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.data_folder import master_key
from whimbrel.ports.nonces import Nonces
from whimbrel.ports.store import Store
from whimbrel.ports.wakeup import Wakeup
from whimbrel.settings import Settings

RESERVE_FILE = "reserve-for-halts"
HALT_CONNECTIONS_MAX = 2  # halts are short, and nobody calls many of them at once
STEADY_CONNECTIONS_MAX = 4  # one each for the beat, the watch, the orders and the lease


class Ports(NamedTuple):
    """The adapters in use.

    `steady` is the same store for what must go on while all else is busy with it: saying that this process lives,
    watching the others, carrying out their orders, and leading the engine. `halting` is the same
    for calls that halt something (ADR 0051).
    """

    store: Store
    steady: Store
    halting: Store
    nonces: Nonces
    firmware_store: DiskFirmwareStore
    channel: SessionChannel
    wakeup: Wakeup
    clock: SystemClock
    randomness: SystemRandomness
    sealer: AesGcmSealer
    passwords: Argon2Passwords


class _OfDatabase(NamedTuple):
    """What depends on the database."""

    store: Store
    steady: Store
    halting: Store
    nonces: Nonces
    wakeup: Wakeup


class _Opening(NamedTuple):
    """What the adapters are opened with."""

    settings: Settings
    sealer: AesGcmSealer
    on_fatal: Callable[[str], None]
    stack: AsyncExitStack


async def open_ports(settings: Settings, on_fatal: Callable[[str], None], stack: AsyncExitStack) -> Ports:
    """All adapters, started; the stack closes them. `on_fatal` is called when the process must end."""
    clock, randomness = SystemClock(), SystemRandomness()
    sealer = AesGcmSealer(master_key(settings.master_key))
    opening = _Opening(settings, sealer, on_fatal, stack)
    url = settings.database_url
    of_database = _open_sqlite(opening) if url is None else await _open_postgresql(opening, url)
    firmware_store = DiskFirmwareStore(settings.firmware_folder, lambda: randomness.hex(32))
    await firmware_store.start()
    stack.push_async_callback(firmware_store.close)
    passwords = Argon2Passwords()
    stack.callback(passwords.close)
    store, steady, halting, nonces, wakeup = of_database
    channel = SessionChannel()
    return Ports(store, steady, halting, nonces, firmware_store, channel, wakeup, clock, randomness, sealer, passwords)


async def open_order_wakeup(url: str, node_name: str, stack: AsyncExitStack) -> Wakeup:
    """What wakes a node when others have orders for it."""
    from whimbrel.adapters.wakeup.listen_notify import NODE_CHANNEL, ListenNotifyWakeup

    wakeup = ListenNotifyWakeup(url, f"{NODE_CHANNEL}{node_name}")
    stack.push_async_callback(wakeup.close)
    await wakeup.start()
    return wakeup


def _open_sqlite(opening: _Opening) -> _OfDatabase:
    settings, stack = opening.settings, opening.stack
    assert settings.database_file is not None
    settings.database_file.parent.mkdir(parents=True, exist_ok=True)
    reserve = DiskReserve(settings.database_file.with_name(RESERVE_FILE))
    stack.push_async_callback(reserve.close)
    store = SqliteStore(settings.database_file, opening.sealer, opening.on_fatal, SystemClock().now_ms(), reserve)
    stack.push_async_callback(store.close)
    nonces = SqliteNonces(settings.data / "nonces.db", reserve)
    stack.push_async_callback(nonces.close)
    # A start has to succeed on a full disk too, or nothing could be halted any more.
    halts = SqliteHalts(store, reserve)
    return _OfDatabase(store, halts, halts, nonces, InProcessWakeup())


async def _open_postgresql(opening: _Opening, url: str) -> _OfDatabase:
    # Imported here: a start on the embedded store does not pay for the driver.
    from whimbrel.adapters.store.postgresql import PostgresqlStore
    from whimbrel.adapters.store.postgresql_nonces import PostgresqlNonces
    from whimbrel.adapters.wakeup.listen_notify import ListenNotifyWakeup

    stack = opening.stack
    store = PostgresqlStore(url, opening.sealer)
    stack.push_async_callback(store.close)
    await store.start(SystemClock().now_ms())
    nonces = PostgresqlNonces(url)
    stack.push_async_callback(nonces.close)
    wakeup = ListenNotifyWakeup(url)
    stack.push_async_callback(wakeup.close)
    await wakeup.start()
    steady = PostgresqlStore(url, opening.sealer, STEADY_CONNECTIONS_MAX)
    stack.push_async_callback(steady.close)
    halting = PostgresqlStore(url, opening.sealer, HALT_CONNECTIONS_MAX)
    stack.push_async_callback(halting.close)
    return _OfDatabase(store, steady, halting, nonces, wakeup)
