"""The hall that every door leads to: the same rights, limits and answers, however it was found out who calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.operations.signed_door import OPERATIONS, SignedDoor, open_signed_door
from whimbrel.domain.access import EVERYTHING, Access, Identity, Policy, Statement
from whimbrel.errors import ForbiddenError, InvalidActionError, ThrottlingError
from whimbrel.operations.declaration import Services
from whimbrel.rpc.hall import Ambience, Hall
from whimbrel.rpc.throttle import REFUSALS_PER_HOUR_MAX

LIST = {"CurrentPage": "1", "PageSize": "10"}
READER = Policy((Statement(frozenset({"product:read"}), Access.READ),))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[SignedDoor]:
    """The management API on an empty store."""
    async with open_signed_door(tmp_path) as door:
        yield door


async def test_an_action_that_does_not_exist(door: SignedDoor) -> None:
    """Whoever calls it."""
    identity = Identity(await door.account_id(), "user:ada", EVERYTHING)
    with pytest.raises(InvalidActionError):
        await door.hall.run(identity, "MakeCoffee", {}, "r")
    assert (await door.hall.answer(identity, "MakeCoffee", {}, "r")).status == 404


async def test_I17_refusals_of_one_actor_are_audited_so_often_an_hour(door: SignedDoor) -> None:
    """A person's as a key's: the last that fits is entered, the next is not."""
    identity = Identity(await door.account_id(), "user:bob", READER)
    for _ in range(REFUSALS_PER_HOUR_MAX + 1):
        with pytest.raises(ForbiddenError):
            await door.hall.run(identity, "CreateProduct", {}, "r")
    assert (await door.ok("XListAuditEvents", CurrentPage=1, PageSize=10))["Total"] == REFUSALS_PER_HOUR_MAX


async def test_rates_are_of_the_account(door: SignedDoor) -> None:
    """The vendor's calls a second, where they are on, count for all actors of an account together."""
    services = Services(door.ports.randomness, "https://ota.example.com", "u", "s", bytes(32))
    hall = Hall(OPERATIONS, door.store, Ambience(door.clock, door.ports.wakeup, services, True))
    account_id = await door.account_id()
    for number in range(OPERATIONS["QueryProductList"].manner.qps):
        await hall.run(Identity(account_id, f"user:{number}", READER), "QueryProductList", LIST, "r")
    with pytest.raises(ThrottlingError):
        await hall.run(Identity(account_id, "user:last", READER), "QueryProductList", LIST, "r")


async def test_the_engine_is_woken_by_changes_only(door: SignedDoor) -> None:
    """After the commit, for every door."""
    identity = Identity(await door.account_id(), "user:ada", EVERYTHING)
    await door.hall.run(identity, "QueryProductList", LIST, "r")
    assert not await door.ports.wakeup.wait(0.01)
    await door.hall.run(identity, "CreateProduct", {"ProductName": "lamp", "NodeType": "0"}, "r")
    assert await door.ports.wakeup.wait(0.01)


async def test_I14_a_client_token_is_of_its_actor(door: SignedDoor) -> None:
    """Repeated by the same person it makes nothing twice; another's token of the same text is another."""
    account_id = await door.account_id()
    made = []
    for user, name in (("user:ada", "lamp"), ("user:ada", "lamp"), ("user:bob", "other")):
        parameters = {"ProductName": name, "NodeType": "0", "ClientToken": "once"}
        made.append(await door.hall.run(Identity(account_id, user, EVERYTHING), "CreateProduct", parameters, "r"))
    assert made[0] == made[1] != made[2]


def test_what_may_be_watched_and_called(door_actions: Hall) -> None:
    """By declaration: reads, walks, and what a policy names."""
    assert door_actions.is_read("QueryProductList")
    assert not any(door_actions.is_read(action) for action in ("CreateProduct", "MakeCoffee"))
    assert door_actions.is_walk("XPreviewOTAJob")
    assert door_actions.actions_of(EVERYTHING) == sorted(OPERATIONS)
    assert door_actions.actions_of(Policy(())) == []
    assert "CreateProduct" not in door_actions.actions_of(READER)


@pytest.fixture
def door_actions(door: SignedDoor) -> Hall:
    """The hall alone."""
    return door.hall
