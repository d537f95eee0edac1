"""XListAccessKeys through the signed door (threat-model A05, I15)."""

from __future__ import annotations

import pytest

from tests.operations.access.keyring import EVERYTHING, ids, make
from tests.operations.answers import check_answer
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

FORBIDDEN = "Forbidden.RAM"


async def test_keys_newest_first(door: SignedDoor, case: Case) -> None:
    """Rows in full without secrets, the newest first."""
    door.clock.at_ms += 1000
    key = await make(door, {"Actions": "QueryProduct", "Access": "read"}, Name="reader")
    later = NOW_TEXT.replace(":05.", ":06.")
    statement = {"Actions": "QueryProduct", "Access": "read", "Products": "*", "Groups": "*"}
    rows = [
        {
            "AccessKeyId": key_id,
            "Name": name,
            "Status": "Active",
            "UtcCreate": at,
            "UtcModified": at,
            "Statements": {"Statement": [shown]},
        }
        for key_id, name, at, shown in (
            (key.access_key_id, "reader", later, statement),
            (door.root.access_key_id, "", NOW_TEXT, EVERYTHING),
        )
    ]
    expected = {"Total": 2, "PageCount": 1, "PageSize": 2, "CurrentPage": 1, "Data": {"AccessKey": rows}}
    check_answer(await door.call("XListAccessKeys", case=case, CurrentPage=1, PageSize=2), case, expected)


async def test_pages(door: SignedDoor) -> None:
    """Four keys in pages of three; the page beyond the end is empty."""
    made = [door.root.access_key_id]
    for _ in range(3):
        door.clock.at_ms += 1
        made.append((await make(door)).access_key_id)
    assert [await ids(door, page, 3) for page in (1, 2, 3)] == [made[:0:-1], made[:1], []]
    body = await door.ok("XListAccessKeys", CurrentPage=2, PageSize=3)
    assert (body["Total"], body["PageCount"]) == (4, 2)


@pytest.mark.parametrize("size", [1, 99, 100])
async def test_page_sizes_at_the_limits(size: int, door: SignedDoor) -> None:
    """1 to 100 are allowed."""
    assert (await door.ok("XListAccessKeys", CurrentPage=1_000_000_000, PageSize=size))["PageSize"] == size


@pytest.mark.parametrize(("page", "size"), [(1, 0), (1, 101), (0, 10), (1_000_000_001, 10), ("x", 10)])
async def test_pages_out_of_range(page: object, size: object, door: SignedDoor) -> None:
    """Zero, more than the maximum, or no number: InvalidPageParams."""
    assert await door.refusal("XListAccessKeys", CurrentPage=page, PageSize=size) == "iot.common.InvalidPageParams"


async def test_I15_other_accounts_keys_are_not_listed(door: SignedDoor) -> None:
    """Neither rows nor totals show another account's keys."""
    neighbour = await door.make_key("neighbour")
    assert await ids(door) == [door.root.access_key_id]
    assert await ids(door, by=neighbour) == [neighbour.access_key_id]


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not list keys, nor may one that is limited to a product or group."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.ACCESS_READ})
    limited = [await make(door, {"Actions": "*", member: "x"}) for member in ("Products", "Groups")]
    for by in (key, *limited):
        assert await door.refusal("XListAccessKeys", by=by, CurrentPage=1, PageSize=10) == FORBIDDEN
    assert await ids(door, by=await make(door, {"Actions": "access:read", "Access": "read"}))
