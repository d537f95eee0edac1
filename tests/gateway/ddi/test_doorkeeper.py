"""Devices that ask are recognised, many at once, and those make themselves that may, on each store (A15, I15, I17)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from tests.engine.world import NOW_MS, SEALER, Place, SteeredClock, add_devices, add_place, open_store
from tests.operations.signed_door import SeededRandomness
from tests.postgresql import shared_server
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.domain.ddi_access import DdiSettings, gateway_token_digest, target_token_digest
from whimbrel.domain.ddi_claim import Claim, Contact, Refusal
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.enrolment import EnrolmentPolicy
from whimbrel.gateway.ddi.doorkeeper import Doorkeeper
from whimbrel.gateway.ddi.identity import contacts
from whimbrel.ports.store import Store

GATEWAY = "GatewayToken gateway"


class World(NamedTuple):
    store: Store
    place: Place
    keeper: Doorkeeper

    def claim(self, name: str, authorization: str | None = GATEWAY, tenant: str | None = None) -> Claim:
        """A poll."""
        return Claim(tenant or self.place.product_key, name, authorization, may_register=True)

    async def set_policy(self, policy: EnrolmentPolicy) -> None:
        async with self.store.transaction() as store:
            await store.enrolment.set_policy(self.place.product_id, policy)

    async def self_made(self) -> int:
        async with self.store.snapshot() as store:
            return (await store.enrolment.policy(self.place.product_id)).self_made

    async def names(self) -> list[str]:
        async with self.store.snapshot() as store:
            devices = await store.devices.below(self.place.account_id, self.place.product_id, 1 << 60, 1_000)
        return sorted(device.device_name for device in devices)


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A product with a gateway token and an issuer, the default one of the operator's account, without devices."""
    server = shared_server() if request.param == "postgresql" else None
    url = server.new_database() if server else ""
    store: Store = PostgresqlStore(url, SEALER) if server else open_store(tmp_path)
    place = await add_place(store)
    async with store.transaction() as transaction:
        settings = DdiSettings(authorities=("ca",), is_default=True)
        digest = gateway_token_digest("gateway")
        await transaction.ddi_access.put_settings(place.account_id, place.product_id, settings, NOW_MS)
        await transaction.ddi_access.put_gateway_token(place.account_id, place.product_id, digest, NOW_MS)
    yield World(store, place, Doorkeeper(store, SteeredClock(), SeededRandomness(1)))
    await store.close()
    if server:
        server.give_back(url)


async def test_many_at_once(world: World) -> None:
    """Each claim gets its own answer, in order, whatever tenant and proof it has."""
    ids = await add_devices(world.store, world.place, 3)
    async with world.store.transaction() as store:
        for number in (0, 1):
            name = f"dev-{number:04d}"
            await store.ddi_access.put_target_token(ids[number], target_token_digest(name, f"t{number}"))
    certificate = Claim("Default", "dev-0002", None, ("other", "ca"), "dev-0002")
    claims = [
        world.claim("dev-0001", "TargetToken t1"),
        world.claim("dev-0001", "TargetToken t0"),
        world.claim("dev-0000", "TargetToken t0 ", "default"),
        world.claim("dev-0002", GATEWAY, "DEFAULT"),
        certificate,
        certificate._replace(controller_id="dev-0001"),
        world.claim("dev-0002", None),
        world.claim("dev-0002", GATEWAY, "nobody"),
        world.claim("dev-0000", "TargetToken t0"),
    ]
    found = await world.keeper.contacts(claims)
    numbers = [ids.index(each.device_id) if isinstance(each, Contact) else each for each in found]
    unproved = Refusal.UNPROVED
    assert numbers == [1, unproved, 0, 2, 2, unproved, unproved, unproved, 0]
    assert await world.keeper.contacts([]) == []


class CountingSession:
    """A session that counts what it is asked."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.asked = 0

    async def all(self, statement: str, /, **parameters: object) -> Any:
        self.asked += 1
        return await self._session.all(statement, **parameters)


@pytest.mark.parametrize("count", [1, 2, 40])
async def test_how_many_statements_claims_cost(world: World, count: int) -> None:
    """One statement for all that name products, one more when some name DEFAULT."""
    await add_devices(world.store, world.place, count)
    for tenant, wanted in ((world.place.product_key, 1), ("DEFAULT", 2)):
        claims = [world.claim(f"dev-{number:04d}", GATEWAY, tenant) for number in range(count)]
        async with world.store.snapshot() as snapshot:
            access: Any = snapshot.ddi_access
            session = CountingSession(access._session)
            counting: Any = SimpleNamespace(ddi_access=type(access)(session))
            found = await contacts(counting, claims)
        assert [type(each) for each in found] == [Contact] * count
        assert session.asked == wanted


async def test_A15_plug_and_play_is_off_by_default(world: World) -> None:
    """An unknown device is refused as a stranger is, whatever it proves, and nothing is made."""
    assert await world.keeper.contacts([world.claim("new-0001")]) == [Refusal.UNPROVED]
    await world.set_policy(EnrolmentPolicy(self_made_max=10))
    assert await world.keeper.contacts([world.claim("new-0001")]) == [Refusal.UNPROVED]
    assert await world.names() == []


async def test_plug_and_play(world: World) -> None:
    """With a proof of the product an unknown device makes itself at its first poll, by gateway token or certificate."""
    await world.set_policy(EnrolmentPolicy(plug_and_play=True, self_made_max=10))
    certificate = Claim("DEFAULT", "new-0002", None, ("ca",), "new-0002", may_register=True)
    [first, second] = await world.keeper.contacts([world.claim("new-0001"), certificate])
    assert isinstance(first, Contact)
    assert isinstance(second, Contact)
    assert (first.is_new, second.is_new) == (True, True)
    assert (first.account_id, first.device_name) == (world.place.account_id, "new-0001")
    async with world.store.snapshot() as store:
        device = await store.devices.by_name(world.place.account_id, world.place.product_key, "new-0001")
    assert device is not None
    assert (device.id, device.status, device.created_ms) == (first.device_id, DeviceStatus.UNACTIVE, NOW_MS)
    assert len(device.device_secret) == 32
    assert await world.keeper.contacts([world.claim("new-0001")]) == [first._replace(is_new=False)]
    assert await world.self_made() == 2


async def test_who_makes_no_device(world: World) -> None:
    """A wrong token, a target token, a request that does not register, and an id that no device can have make none."""
    await world.set_policy(EnrolmentPolicy(plug_and_play=True, self_made_max=10))
    claims = [
        world.claim("new-0001", "GatewayToken wrong"),
        world.claim("new-0001", "TargetToken gateway"),
        world.claim("new-0001")._replace(may_register=False),
        world.claim("new/0001"),
    ]
    wanted = [Refusal.UNPROVED, Refusal.UNPROVED, Refusal.UNKNOWN_DEVICE, Refusal.UNPROVED]
    assert await world.keeper.contacts(claims) == wanted
    assert await world.names() == []


async def test_one_device_twice_in_a_batch(world: World) -> None:
    """It is made once and counted once; both polls are the same device's."""
    await world.set_policy(EnrolmentPolicy(plug_and_play=True, self_made_max=1))
    [first, again] = await world.keeper.contacts([world.claim("new-0001")] * 2)
    assert isinstance(first, Contact)
    # Full by the first, the second finds no room, and the next poll finds the device.
    assert again in (Refusal.QUOTA_FULL, first._replace(is_new=False))
    assert await world.keeper.contacts([world.claim("new-0001")]) == [first._replace(is_new=False)]
    assert (await world.self_made(), await world.names()) == (1, ["new-0001"])


@pytest.mark.parametrize("more", [-1, 0, 1])
async def test_I17_the_quota(world: World, more: int) -> None:
    """As many as the quota make themselves, the next is told that it is full; raising it opens it again."""
    await world.set_policy(EnrolmentPolicy(plug_and_play=True, self_made_max=5))
    claims = [world.claim(f"new-{number:04d}") for number in range(5 + more)]
    found = await world.keeper.contacts(claims)
    assert found.count(Refusal.QUOTA_FULL) == max(more, 0)
    assert await world.self_made() == min(5, 5 + more)
    assert len(await world.names()) == min(5, 5 + more)
    again = await world.keeper.contacts([world.claim("new-9999")])
    assert (again == [Refusal.QUOTA_FULL]) is (more >= 0)
    await world.set_policy(EnrolmentPolicy(plug_and_play=True, self_made_max=7))
    assert isinstance((await world.keeper.contacts([world.claim("new-9998")]))[0], Contact)


async def test_I6_the_quota_holds_when_all_come_at_once(world: World) -> None:
    """Twenty batches at the same time make exactly as many devices as the quota has room for."""
    await world.set_policy(EnrolmentPolicy(plug_and_play=True, self_made_max=13))
    batches = [[world.claim(f"new-{batch:02d}-{number}") for number in range(3)] for batch in range(20)]
    answers = await asyncio.gather(*(world.keeper.contacts(batch) for batch in batches))
    made = [each for answer in answers for each in answer if isinstance(each, Contact)]
    assert len(made) == len({each.device_id for each in made}) == 13
    assert await world.self_made() == 13
    assert len(await world.names()) == 13


async def test_I15_a_gateway_token_speaks_for_its_product_alone(world: World) -> None:
    """In another account's product, of the same account too, it makes nothing and proves nothing."""
    await world.set_policy(EnrolmentPolicy(plug_and_play=True, self_made_max=9))
    theirs, besides = await add_place(world.store, 2, "theirs"), await add_place(world.store, 3)
    for place in (theirs, besides):
        await add_devices(world.store, place, 1)
        async with world.store.transaction() as store:
            policy = EnrolmentPolicy(plug_and_play=True, self_made_max=9)
            await store.enrolment.set_policy(place.product_id, policy)
        for name in ("dev-0000", "new-0001"):
            claim = world.claim(name, GATEWAY, place.product_key)
            assert await world.keeper.contacts([claim]) == [Refusal.UNPROVED]
            certificate = Claim(place.product_key, name, None, ("ca",), name, may_register=True)
            assert await world.keeper.contacts([certificate]) == [Refusal.UNPROVED]


async def test_I15_certificates_and_default(world: World) -> None:
    """With a certificate DEFAULT is the operator's product, though another account trusts the same issuer."""
    theirs = await add_place(world.store, 2, "theirs")
    settings = DdiSettings(authorities=("ca",), is_default=True)
    async with world.store.transaction() as store:
        await store.ddi_access.put_settings(theirs.account_id, theirs.product_id, settings, NOW_MS)
    for place in (world.place, theirs):
        await add_devices(world.store, place, 1)
    [contact] = await world.keeper.contacts([Claim("DEFAULT", "dev-0000", None, ("ca",), "dev-0000")])
    assert isinstance(contact, Contact)
    assert contact.product_key == world.place.product_key
