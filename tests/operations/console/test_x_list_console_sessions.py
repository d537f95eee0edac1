"""XListConsoleSessions through the signed door (threat-model A10, A21)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.access.keyring import make
from tests.operations.answers import check_answer
from tests.operations.console.crew import add, open_session
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.console_user import SESSION_IDLE_MS_MAX
from whimbrel.rpc.dialect import Case

ACTION = "XListConsoleSessions"
PAGE = {"CurrentPage": 1, "PageSize": 10}


async def test_a_page(door: SignedDoor, case: Case) -> None:
    """Whose browser, since when, until when, from where; neither token nor digest."""
    session = await open_session(door, await add(door, "ann"))
    row = {
        "SessionId": str(session.id),
        "UserName": "ann",
        "UtcCreate": NOW_TEXT,
        "UtcSeen": NOW_TEXT,
        "UtcEnd": NOW_TEXT.replace("T03:", "T04:"),
        "Address": "192.0.2.7",
        "Agent": "agent",
    }
    expected = {"Total": 1, "PageCount": 1, "PageSize": 10, "CurrentPage": 1, "Data": {"ConsoleSession": [row]}}
    answer = await door.call(ACTION, case=case, **PAGE)
    check_answer(answer, case, expected)
    assert session.token_digest.encode() not in answer.body


async def test_of_one_user_or_all(door: SignedDoor) -> None:
    """Newest first, by pages; those that are over are not listed, and no other account's (I15)."""
    neighbour = await door.make_key("neighbour")
    ann, bob = await add(door, "ann"), await add(door, "bob")
    for number, user in enumerate((ann, bob, ann)):
        await open_session(door, user, f"cookie {number}", agent=f"agent {number}")
    await open_session(door, ann, "idle", seen_ms=door.clock.at_ms - SESSION_IDLE_MS_MAX)

    async def agents(**given: Any) -> list[str]:
        body = await door.ok(ACTION, **{**PAGE, **given})
        return [row["Agent"] for row in body["Data"]["ConsoleSession"]]

    assert await agents() == ["agent 2", "agent 1", "agent 0"]
    assert await agents(UserName="ANN") == ["agent 2", "agent 0"]
    assert [await agents(CurrentPage=page, PageSize=2) for page in (1, 2, 3)] == [
        ["agent 2", "agent 1"],
        ["agent 0"],
        [],
    ]
    assert await agents(by=neighbour) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"PageSize": 101}, "iot.common.InvalidPageParams"),
        ({"CurrentPage": 0}, "iot.common.InvalidPageParams"),
        ({"UserName": "nobody"}, "whimbrel.access.ConsoleUserNotFound"),
        ({"UserName": "a" * 65}, "whimbrel.access.ConsoleUserNotFound"),
    ],
)
async def test_refused_values(given: dict[str, Any], code: str, door: SignedDoor) -> None:
    """Pages out of bounds, and users who are not there."""
    assert await door.refusal(ACTION, **{**PAGE, **given}) == code


async def test_without_permission(door: SignedDoor) -> None:
    """A key needs access:read, and the whole account."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.ACCESS_READ})
    limited = await make(door, {"Actions": "*", "Products": "pk1"})
    assert [await door.refusal(ACTION, by=by, **PAGE) for by in (key, limited)] == ["Forbidden.RAM"] * 2
