"""QueryDeviceGroupInfo through the signed door (api-contract 13.3)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_devices, make_group, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.group import COUNTED_DEVICES_MAX
from whimbrel.domain.paging import Page
from whimbrel.rpc.dialect import Case


async def test_a_static_group(door: SignedDoor, case: Case) -> None:
    """Its words, and how many devices it has, were ever connected, and are now."""
    product_key = await make_product(door)
    devices = [await make_device(door, product_key, f"lamp-000{number}") for number in range(4)]
    group_id = await make_group(door, product_key, "north_hall", *[device.name for device in devices[:3]])
    await devices[0].connect()
    await devices[1].connect()
    await devices[1].disconnect()
    await devices[3].connect()
    data = {
        "GroupId": group_id,
        "GroupName": "north_hall",
        "GroupDesc": "",
        "DeviceCount": 3,
        "DeviceActive": 2,
        "DeviceOnline": 1,
        "UtcCreate": NOW_TEXT,
    }
    check_answer(await door.call("QueryDeviceGroupInfo", case=case, GroupId=group_id), case, {"Data": data})


async def test_a_dynamic_group(door: SignedDoor) -> None:
    """With its expression."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")
    await device.connect()
    expression = f'product_key = "{product_key}"'
    group = await door.ok("CreateDeviceDynamicGroup", GroupName="lamps", DynamicGroupExpression=expression)
    group_id = group["Data"]["GroupId"]
    data = (await door.ok("QueryDeviceGroupInfo", GroupId=group_id, GroupType="LINK_PLATFORM_DYNAMIC"))["Data"]
    assert data["DynamicGroupExpression"] == expression
    assert (data["DeviceCount"], data["DeviceActive"], data["DeviceOnline"]) == (1, 1, 1)
    code = await door.refusal("QueryDeviceGroupInfo", GroupId=group_id, GroupType="LINK_PLATFORM")
    assert code == "iot.group.NotExistedGroup"
    assert await door.refusal("QueryDeviceGroupInfo", GroupId=group_id, GroupType="x") == "iot.ota.InvalidParameter"


@pytest.mark.parametrize("more", [-1, 0, 1])
async def test_I17_large_groups(more: int, door: SignedDoor) -> None:
    """DeviceCount is exact at any size; the other two are left out above 20,000 devices."""
    product_key = await make_product(door)
    await make_devices(door, product_key, COUNTED_DEVICES_MAX + more)
    group_id = await make_group(door, product_key, "north_hall")
    account_id = await door.account_id()
    async with door.store.transaction() as store:
        group = await store.groups.by_group_id(account_id, group_id)
        product = await store.products.by_key(account_id, product_key)
        assert group is not None
        assert product is not None
        everyone = await store.devices.page(account_id, product.id, Page(1, COUNTED_DEVICES_MAX + more))
        ids = [device.id for device in everyone.rows]
        for start in range(0, len(ids), 200):
            await store.group_members.add(group, ids[start : start + 200])
    data = (await door.ok("QueryDeviceGroupInfo", GroupId=group_id))["Data"]
    assert data["DeviceCount"] == COUNTED_DEVICES_MAX + more
    assert (data.get("DeviceActive"), data.get("DeviceOnline")) == ((0, 0) if more <= 0 else (None, None))


async def test_I15_unknown_and_foreign_groups(door: SignedDoor) -> None:
    """Another account's group does not exist."""
    theirs = (await door.ok("CreateDeviceGroup", by=await door.make_key("neighbour"), GroupName="hall"))["Data"]
    for group_id in (theirs["GroupId"], "nothing", "x" * 65):
        assert await door.refusal("QueryDeviceGroupInfo", GroupId=group_id) == "iot.group.NotExistedGroup"
    assert await door.refusal("QueryDeviceGroupInfo") == "MissingGroupId"


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key sees the groups it is limited to, and no other."""
    mine, other = await make_group(door, "", "north_hall"), await make_group(door, "", "south_hall")
    key = await limited_key(door, groups=[mine])
    assert (await door.ok("QueryDeviceGroupInfo", by=key, GroupId=mine))["Data"]["GroupName"] == "north_hall"
    assert await door.refusal("QueryDeviceGroupInfo", by=key, GroupId=other) == "iot.group.NotExistedGroup"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not see groups."""
    key = await key_without(door, Permission.GROUP_READ)
    assert await door.refusal("QueryDeviceGroupInfo", by=key, GroupId="x") == "Forbidden.RAM"
