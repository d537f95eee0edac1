"""XDeleteConsoleUser through the signed door (threat-model A06, A21)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.console.crew import add, call_as, find, has_link, open_session, tokens_left
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.console_user import Role
from whimbrel.rpc.dialect import Case

ACTION = "XDeleteConsoleUser"


async def test_A21_nothing_is_left(door: SignedDoor, case: Case) -> None:
    """User, sessions and link are gone; the name is free, and who has it next is another."""
    ann, bob = await add(door, "ann"), await add(door, "bob")
    await open_session(door, ann, "ann")
    await open_session(door, bob, "bob")
    link = (await door.ok("XInviteConsoleUser", Name="ann"))["Data"]["Link"]
    check_answer(await door.call(ACTION, case=case, Name="Ann"), case, {})
    assert await find(door, "ann") is None
    assert (await tokens_left(door, "ann", "bob"), await has_link(door, link)) == (["bob"], False)
    assert (await add(door, "ann")).id > bob.id


async def test_the_last_admin(door: SignedDoor) -> None:
    """A user's call does not take the account its last admin; a key with all rights may."""
    ann = await add(door, "ann")
    bob = await add(door, "bob")
    assert await call_as(door, ann, ACTION, Name="bob") == ""
    assert await call_as(door, bob, ACTION, Name="ann") == "Forbidden.RAM"
    assert await call_as(door, ann, ACTION, Name="ann") == "whimbrel.access.LastAdmin"
    await door.ok(ACTION, Name="ann")


async def test_refusals(door: SignedDoor) -> None:
    """Users who are not there or another account's, keys without all rights, and releasers."""
    neighbour = await door.make_key("neighbour")
    await door.ok("XInviteConsoleUser", by=neighbour, Name="theirs")
    for name in ("nobody", "theirs", "a" * 65):
        assert await door.refusal(ACTION, Name=name) == "whimbrel.access.ConsoleUserNotFound"
    await add(door, "ann")
    rob = await add(door, "rob", Role.RELEASER)
    key = await door.make_key(permissions=frozenset(Permission))
    assert await door.refusal(ACTION, by=key, Name="ann") == "Forbidden.RAM"
    assert await call_as(door, rob, ACTION, Name="ann") == "Forbidden.RAM"
