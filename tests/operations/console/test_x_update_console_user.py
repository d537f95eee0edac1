"""XUpdateConsoleUser through the signed door (threat-model A06, A21)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.console.crew import DISABLED, add, call_as, find, has_link, open_session, tokens_left
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.console_user import Role, UserStatus
from whimbrel.rpc.dialect import Case

ACTION = "XUpdateConsoleUser"
LAST_ADMIN = "whimbrel.access.LastAdmin"

#: What takes an account's only admin its rights.
NARROWINGS = [{"Role": "VIEWER"}, {"Role": "RELEASER"}, {"Status": "DISABLED"}, {"Role": "ADMIN", "Status": "DISABLED"}]


async def test_a_change(door: SignedDoor, case: Case) -> None:
    """Role and status change together; birth and password stay, the last change is now."""
    ann = await add(door, "ann")
    door.clock.at_ms += 1000
    answer = await door.call(ACTION, case=case, Name="ANN", Role="VIEWER", Status="DISABLED")
    expected = {
        "Name": "ann",
        "Role": "VIEWER",
        "Status": "DISABLED",
        "HasPassword": True,
        "UtcCreate": NOW_TEXT,
        "UtcModified": NOW_TEXT.replace(":05.", ":06."),
        "UtcLastSignIn": "",
    }
    check_answer(answer, case, {"Data": expected})
    changed = ann._replace(role=Role.VIEWER, status=UserStatus.DISABLED, modified_ms=door.clock.at_ms)
    assert await find(door, "ann") == changed


async def test_what_is_not_given_stays(door: SignedDoor) -> None:
    """Each parameter changes its own part alone."""
    ann = await add(door, "ann", Role.VIEWER)
    await door.ok(ACTION, Name="ann")
    assert await find(door, "ann") == ann
    await door.ok(ACTION, Name="ann", Role="RELEASER")
    assert await find(door, "ann") == ann._replace(role=Role.RELEASER)
    await door.ok(ACTION, Name="ann", Status="DISABLED")
    assert await find(door, "ann") == ann._replace(role=Role.RELEASER, status=UserStatus.DISABLED)


async def test_A21_disabling_ends_sessions_and_links_at_once(door: SignedDoor) -> None:
    """With the answer they are gone, no other user's are, and they do not come back; a new role ends none."""
    ann, bob = await add(door, "ann"), await add(door, "bob")
    await open_session(door, ann, "ann")
    await open_session(door, bob, "bob")
    link = (await door.ok("XInviteConsoleUser", Name="ann"))["Data"]["Link"]
    await door.ok(ACTION, Name="ann", Role="VIEWER")
    assert (await tokens_left(door, "ann", "bob"), await has_link(door, link)) == (["ann", "bob"], True)
    await door.ok(ACTION, Name="ann", Status="DISABLED")
    await door.ok(ACTION, Name="ann", Status="ACTIVE")
    assert (await tokens_left(door, "ann", "bob"), await has_link(door, link)) == (["bob"], False)


@pytest.mark.parametrize("given", NARROWINGS)
async def test_the_last_admin_keeps_an_account(given: dict[str, str], door: SignedDoor) -> None:
    """While others cannot sign in or are no admins, a user's call does not take the last admin; a key's may."""
    ann = await add(door, "ann")
    await add(door, "viewer", Role.VIEWER)
    await add(door, "invited", password_hash="")
    await add(door, "disabled", **DISABLED)
    assert await call_as(door, ann, ACTION, Name="ann", **given) == LAST_ADMIN
    assert await find(door, "ann") == ann
    await door.ok(ACTION, Name="ann", **given)


@pytest.mark.parametrize("given", NARROWINGS)
async def test_one_of_two_admins(given: dict[str, str], door: SignedDoor) -> None:
    """With another one it may be, by oneself too; then the other is the last."""
    ann, eve = await add(door, "ann"), await add(door, "eve")
    assert await call_as(door, ann, ACTION, Name="ann", **given) == ""
    assert await call_as(door, eve, ACTION, Name="eve", **given) == LAST_ADMIN


async def test_A06_no_escalation(door: SignedDoor) -> None:
    """Neither a key without all rights nor a releaser changes anybody."""
    key = await door.make_key(permissions=frozenset(Permission))
    rob = await add(door, "rob", Role.RELEASER)
    assert await door.refusal(ACTION, by=key, Name="rob", Role="ADMIN") == "Forbidden.RAM"
    assert await call_as(door, rob, ACTION, Name="rob", Role="ADMIN") == "Forbidden.RAM"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Name": "nobody"}, "whimbrel.access.ConsoleUserNotFound"),
        ({"Name": "a" * 65}, "whimbrel.access.ConsoleUserNotFound"),
        ({"Role": "viewer"}, "iot.ota.InvalidParameter"),
        ({"Status": "Active"}, "iot.ota.InvalidParameter"),
    ],
)
async def test_refused_values(given: dict[str, str], code: str, door: SignedDoor) -> None:
    """Words that are none, and users who are not there."""
    await add(door, "ann")
    assert await door.refusal(ACTION, **{"Name": "ann", **given}) == code


async def test_I15_another_accounts_user(door: SignedDoor) -> None:
    """Another account's user is not found."""
    neighbour = await door.make_key("neighbour")
    await door.ok("XInviteConsoleUser", by=neighbour, Name="ann")
    assert await door.refusal(ACTION, Name="ann", Status="DISABLED") == "whimbrel.access.ConsoleUserNotFound"
