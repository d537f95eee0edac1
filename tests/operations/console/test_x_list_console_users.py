"""XListConsoleUsers through the signed door (threat-model A05, I15)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.access.keyring import make
from tests.operations.answers import check_answer
from tests.operations.console.crew import DISABLED, add
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.console_user import Role
from whimbrel.rpc.dialect import Case

ACTION = "XListConsoleUsers"
PAGE = {"CurrentPage": 1, "PageSize": 10}


async def names(door: SignedDoor, page: int = 1, size: int = 10, **parameters: Any) -> list[str]:
    body = await door.ok(ACTION, CurrentPage=page, PageSize=size, **parameters)
    return [row["Name"] for row in body["Data"]["ConsoleUser"]]


async def test_a_page(door: SignedDoor, case: Case) -> None:
    """Who is invited, who signed in, who is disabled; no hash."""
    await add(door, "ann", last_sign_in_ms=door.clock.at_ms)
    await add(door, "bob", Role.VIEWER, password_hash="", **DISABLED)
    shown = {"UtcCreate": NOW_TEXT, "UtcModified": NOW_TEXT}
    bob = {"Name": "bob", "Role": "VIEWER", "Status": "DISABLED", "HasPassword": False, "UtcLastSignIn": "", **shown}
    ann = {"Name": "ann", "Role": "ADMIN", "Status": "ACTIVE", "HasPassword": True, "UtcLastSignIn": NOW_TEXT, **shown}
    expected = {"Total": 2, "PageCount": 1, "PageSize": 10, "CurrentPage": 1, "Data": {"ConsoleUser": [bob, ann]}}
    check_answer(await door.call(ACTION, case=case, **PAGE), case, expected)


async def test_pages(door: SignedDoor) -> None:
    """Newest first; a page beyond the end is empty."""
    for name in ("ann", "bob", "eve"):
        await add(door, name)
    assert [await names(door, page, 2) for page in (1, 2, 3)] == [["eve", "bob"], ["ann"], []]


async def test_I15_another_accounts_users(door: SignedDoor) -> None:
    """Each account lists its own."""
    neighbour = await door.make_key("neighbour")
    await add(door, "ann")
    await door.ok("XInviteConsoleUser", by=neighbour, Name="ann")
    await door.ok("XInviteConsoleUser", by=neighbour, Name="bob")
    assert await names(door) == ["ann"]
    assert await names(door, by=neighbour) == ["bob", "ann"]


@pytest.mark.parametrize("given", [{"PageSize": 0}, {"PageSize": 101}, {"CurrentPage": 0}, {"PageSize": "ten"}])
async def test_refused_pages(given: dict[str, Any], door: SignedDoor) -> None:
    """PageSize 1 to 100, CurrentPage from 1."""
    assert await door.refusal(ACTION, **{**PAGE, **given}) == "iot.common.InvalidPageParams"


async def test_without_permission(door: SignedDoor) -> None:
    """A key needs access:read, and the whole account."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.ACCESS_READ})
    limited = await make(door, {"Actions": "*", "Products": "pk1"})
    assert [await door.refusal(ACTION, by=by, **PAGE) for by in (key, limited)] == ["Forbidden.RAM"] * 2
