"""QueryDeviceListByDeviceGroup through the signed door (api-contract 13.3, 1.5)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_devices, make_group, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.group import MATCHED_DEVICES_MAX
from whimbrel.rpc.dialect import Case


async def test_devices_newest_first(door: SignedDoor, case: Case) -> None:
    """Rows in full, the newest device first, however they entered; the page number is called Page."""
    lamp = await make_product(door)
    made = [
        (await door.ok("RegisterDevice", ProductKey=lamp, DeviceName=name))["Data"]
        for name in ("lamp-0001", "lamp-0002", "lamp-0003")
    ]
    group_id = await make_group(door, lamp, "north_hall", "lamp-0002")
    device = {"ProductKey": lamp, "DeviceName": "lamp-0001"}
    await door.ok("BatchAddDeviceGroupRelations", GroupId=group_id, Device=[device])
    rows = [
        {"DeviceName": device["DeviceName"], "IotId": device["IotId"], "ProductKey": lamp, "ProductName": "lamp"}
        for device in (made[1], made[0])
    ]
    expected = {"Data": {"SimpleDeviceInfo": rows}, "Page": 1, "PageSize": 10, "PageCount": 1, "Total": 2}
    check_answer(await door.call("QueryDeviceListByDeviceGroup", case=case, GroupId=group_id), case, expected)


async def test_an_empty_group(door: SignedDoor, case: Case) -> None:
    """An empty list, no page, success."""
    group_id = await make_group(door, "", "north_hall")
    expected = {"Data": {"SimpleDeviceInfo": []}, "Page": 1, "PageSize": 10, "PageCount": 0, "Total": 0}
    check_answer(await door.call("QueryDeviceListByDeviceGroup", case=case, GroupId=group_id), case, expected)


async def test_pages(door: SignedDoor) -> None:
    """Three devices in pages of two; the page beyond the end is empty."""
    lamp = await make_product(door)
    made = await make_devices(door, lamp, 3)
    group_id = await make_group(door, lamp, "north_hall", *made)
    pages = []
    for page in (1, 2, 3):
        body = await door.ok("QueryDeviceListByDeviceGroup", GroupId=group_id, CurrentPage=page, PageSize=2)
        assert (body["Page"], body["PageCount"], body["Total"]) == (page, 2, 3)
        pages.append([row["DeviceName"] for row in body["Data"]["SimpleDeviceInfo"]])
    assert pages == [[made[2], made[1]], [made[0]], []]


async def test_I17_a_dynamic_group_that_is_too_large(door: SignedDoor) -> None:
    """With 10,000 devices it is listed, with one more it is refused rather than listed in part."""
    lamp = await make_product(door)
    await make_devices(door, lamp, MATCHED_DEVICES_MAX)
    given = {"GroupName": "lamps", "DynamicGroupExpression": f'product_key = "{lamp}"'}
    group_id = (await door.ok("CreateDeviceDynamicGroup", **given))["Data"]["GroupId"]
    assert (await door.ok("QueryDeviceListByDeviceGroup", GroupId=group_id))["Total"] == MATCHED_DEVICES_MAX
    await make_device(door, lamp, "one-more")
    assert await door.refusal("QueryDeviceListByDeviceGroup", GroupId=group_id) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize("size", [1, 2, 199, 200])
async def test_page_sizes_at_the_limits(size: int, door: SignedDoor) -> None:
    """1 to 200 are allowed."""
    given = {"GroupId": await make_group(door, "", "north_hall"), "CurrentPage": 1_000_000_000, "PageSize": size}
    assert (await door.ok("QueryDeviceListByDeviceGroup", **given))["PageSize"] == size


@pytest.mark.parametrize(
    "given", [{"PageSize": 0}, {"PageSize": 201}, {"CurrentPage": 0}, {"CurrentPage": 1_000_000_001}]
)
async def test_pages_out_of_range(given: dict[str, int], door: SignedDoor) -> None:
    """InvalidPageParams, HTTP 200."""
    group_id = await make_group(door, "", "north_hall")
    code = await door.refusal("QueryDeviceListByDeviceGroup", GroupId=group_id, **given)
    assert code == "iot.common.InvalidPageParams"


async def test_I15_unknown_and_foreign_groups(door: SignedDoor) -> None:
    """Another account's group does not exist."""
    theirs = (await door.ok("CreateDeviceGroup", by=await door.make_key("neighbour"), GroupName="hall"))["Data"]
    for group_id in (theirs["GroupId"], "nothing", "x" * 65):
        assert await door.refusal("QueryDeviceListByDeviceGroup", GroupId=group_id) == "iot.group.NotExistedGroup"
    assert await door.refusal("QueryDeviceListByDeviceGroup") == "MissingGroupId"


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key lists the groups it is limited to, and no other."""
    mine, other = await make_group(door, "", "north_hall"), await make_group(door, "", "south_hall")
    key = await limited_key(door, groups=[mine])
    assert (await door.ok("QueryDeviceListByDeviceGroup", by=key, GroupId=mine))["Total"] == 0
    assert await door.refusal("QueryDeviceListByDeviceGroup", by=key, GroupId=other) == "iot.group.NotExistedGroup"


async def test_A06_devices_of_other_products(door: SignedDoor) -> None:
    """A key for a group and some products does not see the group's devices of others; a dynamic group has one's."""
    lamp, plug = await make_product(door), await make_product(door, "plug")
    await make_device(door, lamp, "lamp-0001")
    mixed = await make_group(door, lamp, "north_hall", "lamp-0001")
    dynamic = await door.ok(
        "CreateDeviceDynamicGroup",
        GroupName="lamps",
        DynamicGroupExpression=f'product_key = "{lamp}" and name LIKE "lamp%"',
    )
    dynamic_id = dynamic["Data"]["GroupId"]
    of_plug = await limited_key(door, products=[plug], groups=[mixed, dynamic_id])
    of_lamp = await limited_key(door, products=[lamp], groups=[mixed, dynamic_id])
    for key, group_id in ((of_plug, mixed), (of_plug, dynamic_id), (of_lamp, mixed)):
        assert await door.refusal("QueryDeviceListByDeviceGroup", by=key, GroupId=group_id) == "Forbidden.RAM"
    assert (await door.ok("QueryDeviceListByDeviceGroup", by=of_lamp, GroupId=dynamic_id))["Total"] == 1


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not see groups."""
    key = await key_without(door, Permission.GROUP_READ)
    assert await door.refusal("QueryDeviceListByDeviceGroup", by=key, GroupId="x") == "Forbidden.RAM"
