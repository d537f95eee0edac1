"""XRevokeConsoleSession through the signed door (threat-model A10, A21)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.console.crew import add, call_as, open_session, tokens_left
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.console_user import Role
from whimbrel.rpc.dialect import Case

ACTION = "XRevokeConsoleSession"
NOT_FOUND = "whimbrel.access.ConsoleSessionNotFound"


async def test_A21_one_or_all_of_a_user(door: SignedDoor, case: Case) -> None:
    """One by its number, then all of a user; no other user's."""
    ann, bob = await add(door, "ann"), await add(door, "bob")
    first = await open_session(door, ann, "first")
    for token, user in (("second", ann), ("third", ann), ("bob", bob)):
        await open_session(door, user, token)
    check_answer(await door.call(ACTION, case=case, SessionId=str(first.id)), case, {})
    assert await tokens_left(door, "first", "second", "third", "bob") == ["second", "third", "bob"]
    check_answer(await door.call(ACTION, case=case, UserName="Ann"), case, {})
    assert await tokens_left(door, "second", "third", "bob") == ["bob"]
    await door.ok(ACTION, UserName="ann")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "iot.ota.InvalidParameter"),
        ({"SessionId": "1", "UserName": "ann"}, "iot.ota.InvalidParameter"),
        ({"SessionId": "999"}, NOT_FOUND),
        ({"SessionId": "-1"}, NOT_FOUND),
        ({"SessionId": "9" * 64}, NOT_FOUND),
        ({"SessionId": "9" * 65}, NOT_FOUND),
        ({"UserName": "nobody"}, "whimbrel.access.ConsoleUserNotFound"),
    ],
)
async def test_refused_values(given: dict[str, Any], code: str, door: SignedDoor) -> None:
    """One of the two, of something that is there."""
    await open_session(door, await add(door, "ann"))
    assert await door.refusal(ACTION, **given) == code


async def test_I15_another_accounts_session(door: SignedDoor) -> None:
    """Its number ends nothing from here."""
    neighbour = await door.make_key("neighbour")
    session = await open_session(door, await add(door, "ann"))
    assert await door.refusal(ACTION, by=neighbour, SessionId=str(session.id)) == NOT_FOUND


async def test_A06_who_may(door: SignedDoor) -> None:
    """A key without all rights and a releaser end nobody's session; an admin does, its own too."""
    ann, rob = await add(door, "ann"), await add(door, "rob", Role.RELEASER)
    session = await open_session(door, ann)
    key = await door.make_key(permissions=frozenset(Permission))
    assert await door.refusal(ACTION, by=key, UserName="ann") == "Forbidden.RAM"
    assert await call_as(door, rob, ACTION, UserName="rob") == "Forbidden.RAM"
    assert await call_as(door, ann, ACTION, SessionId=str(session.id)) == ""
