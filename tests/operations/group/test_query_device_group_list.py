"""QueryDeviceGroupList through the signed door (api-contract 13.3, 1.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_group, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case


async def names(door: SignedDoor, **given: Any) -> list[str]:
    return [row["GroupName"] for row in (await door.ok("QueryDeviceGroupList", **given))["Data"]["GroupInfo"]]


async def make_dynamic(door: SignedDoor, name: str) -> None:
    expression = f'product_key = "{await make_product(door)}"'
    await door.ok("CreateDeviceDynamicGroup", GroupName=name, DynamicGroupExpression=expression)


async def test_groups_newest_first(door: SignedDoor, case: Case) -> None:
    """Rows in full; the page number is called CurrentPage."""
    made = [
        (await door.ok("CreateDeviceGroup", GroupName=name, GroupDesc=f"about {name}"))["Data"]
        for name in ("north_hall", "south_hall")
    ]
    rows = [
        {
            "GroupId": group["GroupId"],
            "GroupName": group["GroupName"],
            "GroupDesc": group["GroupDesc"],
            "GroupType": "LINK_PLATFORM",
            "UtcCreate": NOW_TEXT,
            "XDeviceCount": 0,
        }
        for group in reversed(made)
    ]
    expected = {"Data": {"GroupInfo": rows}, "CurrentPage": 1, "PageSize": 10, "PageCount": 1, "Total": 2}
    check_answer(await door.call("QueryDeviceGroupList", case=case), case, expected)


async def test_an_empty_account(door: SignedDoor, case: Case) -> None:
    """No group: an empty list, no page, success."""
    expected = {"Data": {"GroupInfo": []}, "CurrentPage": 1, "PageSize": 10, "PageCount": 0, "Total": 0}
    check_answer(await door.call("QueryDeviceGroupList", case=case), case, expected)


async def test_pages(door: SignedDoor) -> None:
    """Three groups in pages of two; the page beyond the end is empty."""
    for number in range(3):
        await make_group(door, "", f"group_{number}")
    pages = [await names(door, CurrentPage=page, PageSize=2) for page in (1, 2, 3)]
    assert pages == [["group_2", "group_1"], ["group_0"], []]
    body = await door.ok("QueryDeviceGroupList", CurrentPage=3, PageSize=2)
    assert (body["PageCount"], body["Total"]) == (2, 3)


async def test_types(door: SignedDoor) -> None:
    """Static groups only, unless the types are named."""
    await make_group(door, "", "north_hall")
    await make_dynamic(door, "lamps")
    assert await names(door) == ["north_hall"]
    assert await names(door, GroupTypes=["LINK_PLATFORM_DYNAMIC"]) == ["lamps"]
    assert await names(door, GroupTypes=["LINK_PLATFORM", "LINK_PLATFORM_DYNAMIC"]) == ["lamps", "north_hall"]
    assert await door.refusal("QueryDeviceGroupList", GroupTypes=["STATIC"]) == "iot.ota.InvalidParameter"
    assert await door.refusal("QueryDeviceGroupList", GroupTypes=["LINK_PLATFORM"] * 3) == "iot.ota.InvalidParameter"


async def test_sizes(door: SignedDoor) -> None:
    """A static group says how many devices it has; a dynamic one is not looked through for it."""
    product_key = await make_product(door)
    for number in (1, 2):
        await make_device(door, product_key, f"lamp-{number:04d}", "1.0.0")
    members = [{"ProductKey": product_key, "DeviceName": f"lamp-{number:04d}"} for number in (1, 2)]
    north = await make_group(door, "", "north_hall")
    await make_group(door, "", "south_hall")
    expression = f'product_key = "{product_key}"'
    await door.ok("CreateDeviceDynamicGroup", GroupName="lamps", DynamicGroupExpression=expression)
    await door.ok("BatchAddDeviceGroupRelations", GroupId=north, Device=members)
    body = await door.ok("QueryDeviceGroupList", GroupTypes=["LINK_PLATFORM", "LINK_PLATFORM_DYNAMIC"])
    sizes = {row["GroupName"]: row.get("XDeviceCount") for row in body["Data"]["GroupInfo"]}
    assert sizes == {"lamps": None, "north_hall": 2, "south_hall": 0}


async def test_filters(door: SignedDoor) -> None:
    """By a part of the name in any case, in which no character is special; by the group right above."""
    north = await make_group(door, "", "North_Hall")
    below = await door.ok("CreateDeviceGroup", GroupName="north_1", SuperGroupId=north)
    await door.ok("CreateDeviceGroup", GroupName="north_1_a", SuperGroupId=below["Data"]["GroupId"])
    assert await names(door, GroupName="north_") == ["north_1_a", "north_1", "North_Hall"]
    assert await names(door, GroupName="h_h") == ["North_Hall"]
    assert await names(door, GroupName="%") == []
    assert await names(door, SuperGroupId=north) == ["north_1"]
    assert await names(door, SuperGroupId="nothing") == []
    assert (await door.ok("QueryDeviceGroupList", GroupName="NORTH", PageSize=1))["Total"] == 3
    assert await door.refusal("QueryDeviceGroupList", GroupName="x" * 31) == "iot.ota.InvalidParameter"
    assert await door.refusal("QueryDeviceGroupList", SuperGroupId="x" * 65) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize("size", [1, 2, 199, 200])
async def test_page_sizes_at_the_limits(size: int, door: SignedDoor) -> None:
    """1 to 200 are allowed."""
    body = await door.ok("QueryDeviceGroupList", CurrentPage=1_000_000_000, PageSize=size)
    assert body["PageSize"] == size


@pytest.mark.parametrize(
    "given", [{"PageSize": 0}, {"PageSize": 201}, {"CurrentPage": 0}, {"CurrentPage": 1_000_000_001}]
)
async def test_pages_out_of_range(given: dict[str, int], door: SignedDoor) -> None:
    """InvalidPageParams, HTTP 200."""
    assert await door.refusal("QueryDeviceGroupList", **given) == "iot.common.InvalidPageParams"


async def test_I15_other_accounts_groups_are_not_listed(door: SignedDoor) -> None:
    """Neither rows nor totals show another account's groups."""
    await door.ok("CreateDeviceGroup", by=await door.make_key("neighbour"), GroupName="theirs")
    body = await door.ok("QueryDeviceGroupList")
    assert (body["Total"], body["Data"]["GroupInfo"]) == (0, [])


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key that is limited to some groups does not list all."""
    key = await limited_key(door, groups=[await make_group(door, "", "north_hall")])
    assert await door.refusal("QueryDeviceGroupList", by=key) == "Forbidden.RAM"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not see groups."""
    key = await key_without(door, Permission.GROUP_READ)
    assert await door.refusal("QueryDeviceGroupList", by=key) == "Forbidden.RAM"
