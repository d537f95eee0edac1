"""The DDI door as strangers, newcomers, proxies and those who ask too often find it (ddi-protocol 2, 11, 15; A04)."""

from __future__ import annotations

import pytest

from tests.engine.world import NOW_MS
from tests.gateway.ddi.rig import DdiDevice, Got, World, call
from whimbrel.domain.ddi_access import DdiSettings, gateway_token_digest
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.enrolment import EnrolmentPolicy

GATEWAY = "GatewayToken gateway"
PROXY, STRANGER = "10.1.2.3", "192.0.2.7"
CERTIFICATE = {"x_controller_id": "lamp-0001", "x_authority": "other;CA:01"}


async def open_up(world: World, self_made_max: int = 0) -> None:
    """The product takes a gateway token and an authority, and so many devices that make themselves."""
    async with world.store.transaction() as store:
        settings = DdiSettings(authorities=("ca:01",), is_default=True)
        place = (world.place.account_id, world.place.product_id)
        await store.ddi_access.put_settings(*place, settings, NOW_MS)
        await store.ddi_access.put_gateway_token(*place, gateway_token_digest("gateway"), NOW_MS)
        policy = EnrolmentPolicy(plug_and_play=self_made_max > 0, self_made_max=self_made_max)
        await store.enrolment.set_policy(world.place.product_id, policy)


def newcomer(world: World, name: str, authorization: str | None = GATEWAY) -> DdiDevice:
    """A device that nobody has registered."""
    return DdiDevice(world, 0, name, "DEFAULT", authorization)


async def at_once(device: DdiDevice, count: int, **headers: str) -> list[Got]:
    """So many polls within one second."""
    clock, answers = device.world.clock, []
    second = float(int(clock.s))
    for _ in range(count):
        clock.s = second
        answers.append(await device.poll(**headers))
    return answers


def is_empty(got: Got) -> bool:
    return (got.body, got.headers["content-length"]) == (b"", "0")


async def test_a_newcomer(world: World) -> None:
    """Checklist 1: an unknown id polls with the gateway token, is answered like any, and is there and online then."""
    await open_up(world, self_made_max=5)
    device = newcomer(world, "lamp-0009")
    got = await device.poll()
    assert (got.status, got.json["config"]) == (200, {"polling": {"sleep": "00:05:00"}})
    assert "configData" in got.json["_links"]
    async with world.store.snapshot() as store:
        row = await store.devices.by_name(world.place.account_id, world.place.product_key, "lamp-0009")
    assert row is not None
    assert row.status is DeviceStatus.ONLINE
    assert (await device.poll()).status == 200
    async with world.store.snapshot() as store:
        assert (await store.enrolment.policy(world.place.product_id)).self_made == 1


async def test_what_else_a_newcomer_may_ask(world: World) -> None:
    """Only a poll makes it: everything else says that there is no such device, and makes none."""
    await open_up(world, self_made_max=5)
    device = newcomer(world, "lamp-0009")
    for method, path in (("GET", "/deploymentBase/1"), ("GET", "/cancelAction/1"), ("GET", "/installedBase/1")):
        assert (await device.ask(method, path)).status == 404
    assert (await device.ask("PUT", "/configData", {"data": {"a": "b"}})).status == 404
    async with world.store.snapshot() as store:
        assert await store.devices.by_name(world.place.account_id, world.place.product_key, "lamp-0009") is None


async def test_I17_no_room_for_a_newcomer(world: World) -> None:
    """With plug and play off it is a stranger; with the quota full it is told to come again, and others go on."""
    await open_up(world)
    assert (await newcomer(world, "lamp-0009").poll()).status == 401
    await open_up(world, self_made_max=1)
    assert (await newcomer(world, "lamp-0009").poll()).status == 200
    got = await newcomer(world, "lamp-0010").poll()
    assert (got.status, is_empty(got)) == (429, True)
    assert int(got.headers["retry-after"]) > 0
    assert (await newcomer(world, "lamp-0009").poll()).status == 200


async def test_A04_strangers_are_answered_alike(world: World, device: DdiDevice) -> None:
    """Checklist 11: wrong, foreign and absent tokens, an unknown device and tenant, a disabled device: one answer."""
    other = await world.device("lamp-0002")
    disabled = await world.device("lamp-0003")
    async with world.store.transaction() as store:
        row = await store.devices.by_name(world.place.account_id, world.place.product_key, "lamp-0003")
        assert row is not None
        await store.device_changes.disable(row, NOW_MS)
    token = device.authorization
    strangers = [
        DdiDevice(world, 0, "lamp-0001", "DEFAULT", None),
        DdiDevice(world, 0, "lamp-0001", "DEFAULT", "TargetToken wrong"),
        DdiDevice(world, 0, "lamp-0001", "DEFAULT", other.authorization),
        DdiDevice(world, 0, "lamp-0001", "DEFAULT", f"{token}x"),
        DdiDevice(world, 0, "lamp-0001", "DEFAULT", str(token).lower()),
        DdiDevice(world, 0, "lamp-0001", "DEFAULT", GATEWAY),
        DdiDevice(world, 0, "lamp-0404", "DEFAULT", token),
        DdiDevice(world, 0, "lamp-0001", "nobody", token),
        disabled,
    ]
    for path in ("", "/deploymentBase/1", "/softwaremodules/1/artifacts/x.swu"):
        answers = [await stranger.ask("GET", path) for stranger in strangers]
        assert {(got.status, got.body, tuple(sorted(got.headers.items()))) for got in answers} == {
            (401, b"", (("content-length", "0"),))
        }
    assert (await device.poll()).status == 200
    assert (await device.ask("GET", "", authorization=f"{token}  ")).status == 200


@pytest.mark.parametrize("tenant", ["DEFAULT", "default"])
async def test_certificates(world: World, tenant: str) -> None:
    """A listed proxy vouches for the device in the path and no other; from anywhere else the headers are nothing."""
    await open_up(world)
    await world.device("lamp-0001")
    device = DdiDevice(world, 0, "lamp-0001", tenant, None)
    assert (await device.poll(peer=PROXY, **CERTIFICATE)).status == 200
    assert (await device.poll(peer=STRANGER, **CERTIFICATE)).status == 401
    assert (await device.poll(**CERTIFICATE)).status == 401, "loopback is not listed"
    forged = {"x_forwarded_for": PROXY, "x_real_ip": PROXY, "forwarded": f"for={PROXY}"}
    assert (await device.poll(peer=STRANGER, **CERTIFICATE, **forged)).status == 401
    assert (await device.poll(peer=PROXY, **{**CERTIFICATE, "x_controller_id": "lamp-0002"})).status == 401
    assert (await device.poll(peer=PROXY, **{**CERTIFICATE, "x_authority": "other"})).status == 401


async def test_links_come_from_the_public_url(world: World, device: DdiDevice) -> None:
    """Whatever a proxy says of its host, port and prefix, listed or not."""
    forwarded = {"x_forwarded_host": "evil.example", "x_forwarded_proto": "http", "x_forwarded_prefix": "/evil"}
    plain = await device.poll()
    for peer in (PROXY, STRANGER):
        assert (await device.poll(peer=peer, host="evil.example", **forwarded)).body == plain.body


async def test_an_address_that_asks_too_often(world: World, device: DdiDevice) -> None:
    """It is told to come again, with an empty body and before anybody is recognised; the next second it is let in."""
    answers = await at_once(newcomer(world, "lamp-0404"), 201, peer=STRANGER)
    assert [got.status for got in answers] == [401] * 200 + [429]
    assert is_empty(answers[-1])
    assert answers[-1].headers["retry-after"] == "1"
    assert (await device.poll(peer=STRANGER)).status == 429
    assert (await device.poll(peer="192.0.2.8")).status == 200
    world.clock.pass_ms(1_000)
    assert (await device.poll(peer=STRANGER)).status == 200


async def test_a_device_that_asks_too_often(world: World, device: DdiDevice) -> None:
    """Wherever it comes from; other devices go on, and nobody uses its share up by naming it."""
    await at_once(DdiDevice(world, 0, device.name, "DEFAULT", "TargetToken wrong"), 250)
    assert [got.status for got in await at_once(device, 201)] == [200] * 200 + [429]
    assert (await device.poll(peer=PROXY)).status == 429
    assert (await (await world.device("lamp-0002")).poll()).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/DEFAULT/controller/v1/", 404),
        ("/DEFAULT/controller/v1/..", 400),
        ("/DEFAULT/controller/v1/" + "d" * 255, 401),
        ("/DEFAULT/controller/v1/" + "d" * 256, 401),
        ("/DEFAULT/controller/v1/" + "d" * 257, 400),
        ("/DEFAULT/controller/v1/dev%2F0001", 400),
        ("/DEFAULT/controller/v1/dev%zz0001", 400),
        ("/DEFAULT/controller/v1/lamp%2D0001", 401),
    ],
)
async def test_ids_that_no_device_has(world: World, path: str, status: int) -> None:
    """They are malformed, whoever asks; without an id there is nothing."""
    assert (await call(world.door, "GET", (path, ""), [], b"")).status == status
