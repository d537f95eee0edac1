"""A device registers (device-protocol 11; I1, I6, I17, A04, A15, A16), on both stores."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.engine.world import (
    NOW_MS,
    SEALER,
    Place,
    SteeredClock,
    add_devices,
    add_place,
    device_draft,
    open_store,
    secret_of,
)
from tests.engine.world import presence as presence_of
from tests.postgresql import shared_server
from tests.reports.enrolling import ANY_NAME, REGISTERED_NAMES, allow, claim_of, reset, sign_of
from whimbrel.adapters.randomness import SystemRandomness
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.domain.enrolment import REPEAT_WINDOW_MS, Entrance, token_digest
from whimbrel.ports.store import DeviceLogin, Store
from whimbrel.reports.registration import Registered, Registrar

CHILD = "tests.reports.registration_child"


class Desk(NamedTuple):
    store: Store
    place: Place
    clock: SteeredClock
    registrar: Registrar

    async def ask(self, name: str = "dev-0000", random: str = "567345", **changes: Any) -> Registered | Entrance:
        claim = claim_of(self.place, name, random, **changes)
        return await self.registrar.register(claim, sign_of(claim))

    async def login(self, name: str = "dev-0000") -> DeviceLogin:
        async with self.store.snapshot() as store:
            login = await store.devices.login(self.place.product_key, name)
        assert login is not None
        return login

    async def connect(self, device_id: int) -> None:
        async with self.store.transaction() as store:
            await store.presences.connected(presence_of(device_id), self.clock.ms)


@pytest.fixture(params=["sqlite", "postgresql"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    """A product with one device that was registered by its maker, and dynamic registration for registered names."""
    url = shared_server().new_database() if request.param == "postgresql" else ""
    store: Store = PostgresqlStore(url, SEALER) if url else open_store(tmp_path)
    place, clock = await add_place(store), SteeredClock()
    await add_devices(store, place, 1)
    await allow(store, place, REGISTERED_NAMES)
    yield Desk(store, place, clock, Registrar(store, clock, SystemRandomness()))
    await store.close()
    if url:
        shared_server().drop(url)


async def test_a_device_gets_its_secret(desk: Desk) -> None:
    """The secret that its maker registered it with."""
    assert await desk.ask() == Registered(device_secret=secret_of("dev-0000"))


async def test_A04_what_strangers_hear(desk: Desk) -> None:
    """A wrong sign, an unknown product and an unknown device with a wrong sign are told the same, whatever is open."""
    other = desk.place._replace(product_key="nobody")
    for place, name, secret in (
        (desk.place, "dev-0000", "wrong"),
        (desk.place, "nobody", "wrong"),
        (other, "dev-0000", "wrong"),
        (other, "dev-0000", "s" * 16),
    ):
        claim = claim_of(place, name)
        assert await desk.registrar.register(claim, sign_of(claim, secret)) is Entrance.NOT_PROVED
    assert await desk.registrar.register(claim_of(desk.place), b"\xff") is Entrance.NOT_PROVED
    assert isinstance(await desk.ask(), Registered)  # and none of it used anything up


async def test_A15_off(desk: Desk) -> None:
    """With the switch off nobody registers, also by the product's secret."""
    await allow(desk.store, desk.place, REGISTERED_NAMES._replace(dynamic_registration=ANY_NAME.dynamic_registration))
    await allow(desk.store, desk.place, type(REGISTERED_NAMES)())
    assert await desk.ask() is Entrance.SWITCHED_OFF


async def test_unknown_names(desk: Desk) -> None:
    """They are refused, or made where any name may come; a made device is one like all others, with a secret."""
    assert await desk.ask("dev-9999") is Entrance.UNKNOWN_NAME
    await allow(desk.store, desk.place, ANY_NAME)
    made = await desk.ask("dev-9999")
    assert isinstance(made, Registered)
    assert made.device_secret == (await desk.login("dev-9999")).device_secret
    assert len(made.device_secret) == 32
    async with desk.store.snapshot() as store:
        assert (await store.enrolment.policy(desk.place.product_id)).self_made == 1


async def test_I6_quota(desk: Desk) -> None:
    """Of many unknown names at once as many are made as may; the others are told that it is full."""
    await allow(desk.store, desk.place, ANY_NAME._replace(self_made_max=3))
    results = await asyncio.gather(*[desk.ask(f"self-{number:04d}") for number in range(10)])
    assert [result for result in results if not isinstance(result, Registered)] == [Entrance.FULL] * 7
    assert isinstance(await desk.ask(), Registered)  # a registered name makes nothing


async def test_A16_a_random_is_answered_once(desk: Desk) -> None:
    """The same request is refused ever after: within the window, after ResetThing, and for a new device of the name."""
    assert isinstance(await desk.ask(random="1"), Registered)
    assert await desk.ask(random="1") is Entrance.REPEATED
    assert isinstance(await desk.ask(random="2"), Registered)
    await reset(desk.store, desk.place)
    assert [await desk.ask(random=random) for random in "12"] == [Entrance.REPEATED] * 2
    async with desk.store.transaction() as store:
        device = await store.devices.by_name(desk.place.account_id, desk.place.product_key, "dev-0000")
        assert device is not None
        await store.device_changes.delete(device, NOW_MS)
        await store.devices.add(device_draft(desk.place, "dev-0000")._replace(iot_id="another"))
    assert await desk.ask(random="1") is Entrance.REPEATED
    assert isinstance(await desk.ask(random="3"), Registered)


async def test_a_lost_answer(desk: Desk) -> None:
    """The same secret comes again for a new random, until the window closes; then only ResetThing helps."""
    first = await desk.ask(random="1")
    desk.clock.pass_ms(REPEAT_WINDOW_MS)
    assert await desk.ask(random="2") == first
    desk.clock.pass_ms(1)
    assert await desk.ask(random="3") is Entrance.TAKEN
    await reset(desk.store, desk.place)
    assert await desk.ask(random="3") == first


async def test_not_once_it_has_connected(desk: Desk) -> None:
    """A device that came in with what it got gives it to nobody else; reset, it does once more."""
    first = await desk.ask(random="1")
    await desk.connect((await desk.login()).device_id)
    assert await desk.ask(random="2") is Entrance.TAKEN
    desk.clock.pass_ms(1)
    await reset(desk.store, desk.place)
    assert await desk.ask(random="2") == first
    assert await desk.ask(random="3") == first  # the answer may be lost this time as well
    await desk.connect((await desk.login()).device_id)
    assert await desk.ask(random="4") is Entrance.TAKEN


async def test_a_factory_secret_is_not_given_away(desk: Desk) -> None:
    """A device that has connected with a secret from the factory is closed until it is reset."""
    await desk.connect((await desk.login()).device_id)
    assert await desk.ask() is Entrance.TAKEN
    await reset(desk.store, desk.place)
    assert isinstance(await desk.ask(), Registered)


async def test_A15_tokens(desk: Desk) -> None:
    """A token is kept as its digest; one more answer replaces it, so that the one that was lost opens nothing."""
    first, second = [await desk.ask(random=random, wants_token=True) for random in "12"]
    assert isinstance(first, Registered)
    assert isinstance(second, Registered)
    assert (len(first.device_token), len(first.client_id), first.device_secret) == (32, 22, "")
    assert first.device_token != second.device_token
    token = (await desk.login()).token
    assert token == (token_digest(second.device_token.encode()), second.client_id)


async def test_one_name_many_times_at_once(desk: Desk) -> None:
    """Ten registrations of a new name at once make one device, and all that are answered hear its one secret."""
    await allow(desk.store, desk.place, ANY_NAME)
    results = await asyncio.gather(*[desk.ask("self-0000", f"random{number}") for number in range(10)])
    answered = [result.device_secret for result in results if isinstance(result, Registered)]
    assert len(answered) == 5
    assert set(answered) == {(await desk.login("self-0000")).device_secret}
    assert [result for result in results if not isinstance(result, Registered)] == [Entrance.TAKEN] * 5


@pytest.mark.parametrize(
    ("crash_point", "random", "found"),
    [
        ("registration.written", "1", Registered(device_secret=secret_of("dev-0000"))),
        ("registration.committed", "1", Entrance.REPEATED),
        ("registration.committed", "2", Registered(device_secret=secret_of("dev-0000"))),
    ],
)
async def test_I1_killed(tmp_path: Path, crash_point: str, random: str, found: Registered | Entrance) -> None:
    """Killed before the commit nothing has happened; killed before the answer the device asks again and gets it."""
    store = open_store(tmp_path)
    place = await add_place(store)
    await add_devices(store, place, 1)
    await allow(store, place, REGISTERED_NAMES)
    await store.close()
    arguments = (CHILD, str(tmp_path), str(place.product_id), place.product_key, "1")
    environment = os.environ | {"WHIMBREL_CRASH_AT": crash_point}
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", *arguments, env=environment, stdout=PIPE)
    said, _ = await child.communicate()
    assert (child.returncode, said) == (-signal.SIGKILL, b"")
    store = open_store(tmp_path)
    claim = claim_of(place, random=random)
    assert await Registrar(store, SteeredClock(), SystemRandomness()).register(claim, sign_of(claim)) == found
    await store.close()
