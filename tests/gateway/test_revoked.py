"""Sessions of devices that were disabled or deleted, over real sockets (device-protocol 1)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.certificates import make_certificates
from tests.engine.world import LINKS, add_devices, add_place, open_store, secret_of
from tests.reports.line import ACCEPTED, KEEP_ALIVE_S, TICK_S, Door, until
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.device_credential import connect_fields
from whimbrel.engine.orders import OrderDelivery
from whimbrel.gateway import mqtt
from whimbrel.gateway.ingest import BATCH_REPORTS_MAX, Item
from whimbrel.gateway.packets import ConnAck, ConnackCode, Connect, encode
from whimbrel.reports.declaration import Outcome, ReportContext


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(mqtt, "TICK_SECONDS", TICK_S)
    store = open_store(tmp_path)
    made = Door(store, await add_place(store))
    await add_devices(store, made.place, 1)
    await made.open()
    yield made
    await made.close()
    await store.close()


async def test_a_revoked_session(rig: Door) -> None:
    """A disabled device is cut off, stays disabled when its session has ended, and is refused at its next login."""
    line = await rig.device()
    async with rig.store.transaction() as store:
        await store.device_changes.disable(await rig.row(), rig.clock.ms)
    assert await OrderDelivery(rig.store, rig.channel, rig.clock, LINKS, lambda: rig.node.id).step()
    assert await line.ended()
    await until(rig.open_count, 0)
    await rig.ingest.drain()
    assert await rig.status() is DeviceStatus.DISABLE
    again = await rig.line()
    again.send(again.credential())
    assert await again.receive() == ConnAck(ConnackCode.NOT_AUTHORIZED)
    assert len(rig.channel) == 0


@pytest.mark.parametrize("change", ["disable", "delete"])
async def test_a_login_that_was_under_way(rig: Door, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """A device that was let in just before it was disabled or deleted is cut off when its presence is reported."""
    monkeypatch.setattr(rig.ingest, "submit", rig.ingest._waiting.append)
    line = await rig.line()
    line.send(line.credential())
    assert await line.receive() == ACCEPTED
    async with rig.store.transaction() as store:
        await getattr(store.device_changes, change)(await rig.row(), rig.clock.ms)
    await rig.ingest.drain()
    assert await line.ended()
    async with rig.store.snapshot() as snapshot:
        counts = await snapshot.device_states.counts(rig.place.account_id, rig.place.product_id)
    assert counts.online == 0


async def test_A21_while_the_ingest_is_busy(rig: Door) -> None:
    """A session ends as soon as its device is disabled, before the thousands of reports that wait have been stored."""
    line = await rig.device()
    device_id = (await rig.row()).id

    async def take_a_while(context: ReportContext) -> Outcome:
        await context.store.module_versions.get(context.device_id, "default")
        await asyncio.sleep(0)
        return Outcome()

    for _ in range(20 * BATCH_REPORTS_MAX):
        rig.ingest.submit(Item("busy", device_id, take_a_while, Nobody()))
    await asyncio.sleep(0)
    async with rig.store.transaction() as store:
        await store.device_changes.disable(await rig.row(), rig.clock.ms)
    assert await OrderDelivery(rig.store, rig.channel, rig.clock, LINKS, lambda: rig.node.id).step()
    assert len(rig.ingest._waiting) > 10 * BATCH_REPORTS_MAX
    assert await line.ended()
    await rig.ingest.drain()
    await until(rig.status, DeviceStatus.DISABLE)


class Nobody:
    """Takes the outcome of a report that no device waits for."""

    def done(self, packet_id: int | None, outcome: Outcome) -> None:
        return

    def failed(self) -> None:
        raise AssertionError


async def test_A21_over_tls_a_device_that_answers_no_goodbye(rig: Door, tmp_path: Path) -> None:
    """A device that is sent away and reads nothing more is gone a second later, not when TLS gives up its farewell."""
    await rig.gateway.stop()
    certificates = make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.chain, certificates.key)
    rig.gateway = mqtt.MqttGateway(rig.doorway)
    rig.port = await rig.gateway.start("127.0.0.1", 0, context)
    trusting = ssl.create_default_context(cafile=str(certificates.authority))
    fields = connect_fields(rig.place.product_key, "dev-0000", secret_of("dev-0000"))
    connect = encode(Connect(fields.client_id, fields.username, fields.password.encode(), KEEP_ALIVE_S))

    def come_in() -> ssl.SSLSocket:
        raw = socket.create_connection(("127.0.0.1", rig.port))
        device = trusting.wrap_socket(raw, server_hostname="localhost")
        device.sendall(connect)
        assert device.recv(4) == encode(ACCEPTED)
        return device

    with await asyncio.to_thread(come_in):
        await until(rig.status, DeviceStatus.ONLINE)
        [connection] = rig.gateway.open
        connection.revoke()
        await until(rig.open_count, 0)
        await until(rig.status, DeviceStatus.OFFLINE)
