"""XListAccounts through the signed door (threat-model I15, A07)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XListAccounts"
FORBIDDEN = "Forbidden.RAM"


async def names(door: SignedDoor, page: int, size: int) -> list[str]:
    body = await door.ok(ACTION, CurrentPage=page, PageSize=size)
    return [row["Name"] for row in body["Data"]["Account"]]


async def test_accounts_newest_first(door: SignedDoor, case: Case) -> None:
    """Rows in full, the newest first."""
    made = (await door.ok("XCreateAccount", Name="workshop"))["Data"]["AccountId"]
    rows = [
        {"AccountId": account_id, "Name": name, "UtcCreate": NOW_TEXT}
        for account_id, name in ((made, "workshop"), (str(await door.account_id()), "default"))
    ]
    expected = {"Total": 2, "PageCount": 1, "PageSize": 10, "CurrentPage": 1, "Data": {"Account": rows}}
    check_answer(await door.call(ACTION, case=case, CurrentPage=1, PageSize=10), case, expected)


async def test_pages(door: SignedDoor) -> None:
    """Four accounts in pages of three; the page beyond the end is empty."""
    for number in range(3):
        await door.ok("XCreateAccount", Name=f"a{number}")
    assert [await names(door, page, 3) for page in (1, 2, 3)] == [["a2", "a1", "a0"], ["default"], []]
    body = await door.ok(ACTION, CurrentPage=3, PageSize=3)
    assert (body["Total"], body["PageCount"]) == (4, 2)


@pytest.mark.parametrize("size", [1, 99, 100])
async def test_page_sizes_at_the_limits(size: int, door: SignedDoor) -> None:
    """1 to 100 are allowed."""
    assert (await door.ok(ACTION, CurrentPage=1_000_000_000, PageSize=size))["PageSize"] == size


@pytest.mark.parametrize(("page", "size"), [(1, 0), (1, 101), (0, 10), (1_000_000_001, 10), ("x", 10)])
async def test_pages_out_of_range(page: object, size: object, door: SignedDoor) -> None:
    """Zero, more than the maximum, or no number: InvalidPageParams."""
    assert await door.refusal(ACTION, CurrentPage=page, PageSize=size) == "iot.common.InvalidPageParams"


async def test_only_the_operator(door: SignedDoor) -> None:
    """A tenant's key with all rights lists no accounts, nor does a lesser key of the operator."""
    for by in (await door.make_key("tenant"), await door.make_key(permissions=frozenset(Permission))):
        assert await door.refusal(ACTION, by=by, CurrentPage=1, PageSize=10) == FORBIDDEN


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not list accounts."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.ACCOUNT_READ})
    assert await door.refusal(ACTION, by=key, CurrentPage=1, PageSize=10) == FORBIDDEN
