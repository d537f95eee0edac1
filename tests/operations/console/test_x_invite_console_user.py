"""XInviteConsoleUser through the signed door (threat-model A10, A15)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.console.crew import DISABLED, LINK, add, call_as, find, has_link, open_session, tokens_left
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.console_user import INVITATION_MS_MAX, USERS_MAX, Role, UserStatus, token_digest
from whimbrel.rpc.dialect import Case

ACTION = "XInviteConsoleUser"


async def link_of(door: SignedDoor, name: str, **parameters: Any) -> str:
    link: str = (await door.ok(ACTION, Name=name, **parameters))["Data"]["Link"]
    return link


async def test_a_new_user(door: SignedDoor, case: Case) -> None:
    """The answer holds the link, which lasts a day; the user is there, cannot sign in yet, and the token is nowhere."""
    answer = await door.call(ACTION, case=case, Name="Ann@example.org", Role="RELEASER")
    document = answer.json()
    data = document["Data" if case is Case.PASCAL else "data"]
    link = data["Link" if case is Case.PASCAL else "link"]
    assert link.startswith(LINK)
    token = link.removeprefix(LINK)
    assert len(token) == 32
    check_answer(
        answer,
        case,
        {
            "Data": {
                "Name": "Ann@example.org",
                "Role": "RELEASER",
                "Link": link,
                "UtcExpire": NOW_TEXT.replace("-02T", "-03T"),
            }
        },
    )
    user = await find(door, "ann@EXAMPLE.org")
    assert user is not None
    assert (user.name, user.role, user.status, user.password_hash) == (
        "Ann@example.org",
        Role.RELEASER,
        UserStatus.ACTIVE,
        "",
    )
    async with door.store.snapshot() as store:
        invitation = await store.console_invitations.by_digest(token_digest(token))
    assert invitation is not None
    assert (invitation.user_id, invitation.created_by) == (user.id, door.root.access_key_id)
    assert invitation.expires_ms == door.clock.at_ms + INVITATION_MS_MAX
    assert token not in str(door.rows())


async def test_without_a_role_a_user_views(door: SignedDoor) -> None:
    """The least is given unless more is asked for."""
    assert (await door.ok(ACTION, Name="ann"))["Data"]["Role"] == "VIEWER"


async def test_a_known_user_gets_a_new_link(door: SignedDoor) -> None:
    """Password, role and sessions stay until the link is followed; the link before is void."""
    ann = await add(door, "ann", Role.RELEASER)
    await open_session(door, ann)
    first = await link_of(door, "ANN")
    second = await link_of(door, "ann")
    assert [await has_link(door, link) for link in (first, second)] == [False, True]
    assert await find(door, "ann") == ann
    assert await tokens_left(door, "cookie") == ["cookie"]


async def test_a_known_users_role_becomes_the_given_one(door: SignedDoor) -> None:
    """So who was locked out comes back as an admin with one call."""
    await add(door, "ann", Role.VIEWER)
    assert (await door.ok(ACTION, Name="ann", Role="ADMIN"))["Data"]["Role"] == "ADMIN"
    user = await find(door, "ann")
    assert user is not None
    assert user.role is Role.ADMIN


async def test_a_disabled_user(door: SignedDoor) -> None:
    """A link would not help: the operator is told so."""
    await add(door, "ann", **DISABLED)
    assert await door.refusal(ACTION, Name="ann") == "whimbrel.access.ConsoleUserDisabled"


async def test_I17_users_are_bounded(door: SignedDoor) -> None:
    """The account has USERS_MAX at most; those who are there can be invited all the same."""
    account_id = await door.account_id()
    door.ports.database.execute(
        "INSERT INTO console_user (account_id, name, folded, role, status, created_ms, modified_ms) "
        f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {USERS_MAX - 1}) "
        f"SELECT {account_id}, 'u' || i, 'u' || i, 'VIEWER', 'ACTIVE', 1, 1 FROM n"
    )
    await door.ok(ACTION, Name="last")
    assert await door.refusal(ACTION, Name="more") == "whimbrel.access.ConsoleUserCountExceedMax"
    await door.ok(ACTION, Name="last")


@pytest.mark.parametrize(
    "given",
    [
        {"Name": "ann bob"},
        {"Name": "a" * 65},
        {"Name": "user:ann"},
        {"Name": "ann", "Role": "admin"},
        {"Name": "ann", "Role": "ROOT"},
    ],
)
async def test_refused_values(given: dict[str, str], door: SignedDoor) -> None:
    """Names outside the alphabet, and roles that are none."""
    assert await door.refusal(ACTION, **given) == "iot.ota.InvalidParameter"


async def test_A06_no_escalation(door: SignedDoor) -> None:
    """Neither a key without all rights nor a releaser invites anybody; an admin does."""
    key = await door.make_key(permissions=frozenset(Permission))
    assert await door.refusal(ACTION, by=key, Name="bob", Role="ADMIN") == "Forbidden.RAM"
    releaser, admin = await add(door, "rob", Role.RELEASER), await add(door, "ann")
    assert await call_as(door, releaser, ACTION, Name="rob", Role="ADMIN") == "Forbidden.RAM"
    assert await call_as(door, admin, ACTION, Name="bob", Role="ADMIN") == ""


async def test_F25_who_was_demoted_meanwhile_invites_nobody(door: SignedDoor) -> None:
    """The role is judged at the call's turn, not as the session had it."""
    ann = await add(door, "ann")
    await add(door, "eve")
    for given in ({"Role": "VIEWER"}, {"Role": "ADMIN", "Status": "DISABLED"}):
        await door.ok("XUpdateConsoleUser", Name="ann", **given)
        assert await call_as(door, ann, ACTION, Name="bob") == "Forbidden.RAM"


async def test_the_last_admin_does_not_demote_himself(door: SignedDoor) -> None:
    """By a user's own call an account keeps an admin who can sign in; a key with all rights may take it."""
    ann = await add(door, "ann")
    assert await call_as(door, ann, ACTION, Name="ann", Role="VIEWER") == "whimbrel.access.LastAdmin"
    assert await call_as(door, ann, ACTION, Name="ann", Role="ADMIN") == ""
    await door.ok(ACTION, Name="ann", Role="VIEWER")


async def test_A05_the_link_is_in_no_audit_entry(door: SignedDoor) -> None:
    """Who was invited is entered, and the link is not."""
    link = await link_of(door, "ann", Role="ADMIN")
    [event, *_] = (await door.ok("XListAuditEvents", CurrentPage=1, PageSize=10))["Data"]["AuditEvent"]
    assert event["Parameters"] == '{"Name":"ann","Role":"ADMIN"}'
    assert link.removeprefix(LINK) not in str(event)
