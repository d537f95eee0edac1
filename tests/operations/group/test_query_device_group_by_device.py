"""QueryDeviceGroupByDevice through the signed door (api-contract 13.3)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_group, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.signing_caller import Credentials


async def names(door: SignedDoor, product_key: str, by: Credentials | None = None) -> list[str]:
    given = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    body = await door.ok("QueryDeviceGroupByDevice", by=by, **given)
    return [row["GroupName"] for row in body["GroupInfos"]["GroupInfo"]]


async def test_groups_newest_first(door: SignedDoor, case: Case) -> None:
    """Rows in full, under GroupInfos, of static and dynamic groups."""
    lamp = await make_product(door)
    await make_device(door, lamp, "lamp-0001")
    await make_device(door, lamp, "lamp-0002")
    await make_group(door, lamp, "south_hall", "lamp-0002")
    static = await make_group(door, lamp, "north_hall", "lamp-0001")
    given = {"GroupName": "lamps", "GroupDesc": "all", "DynamicGroupExpression": f'product_key = "{lamp}"'}
    dynamic = (await door.ok("CreateDeviceDynamicGroup", **given))["Data"]["GroupId"]
    rows = [
        {
            "GroupId": group_id,
            "GroupName": name,
            "GroupDesc": description,
            "GroupType": group_type,
            "UtcCreate": NOW_TEXT,
        }
        for group_id, name, description, group_type in (
            (dynamic, "lamps", "all", "LINK_PLATFORM_DYNAMIC"),
            (static, "north_hall", "", "LINK_PLATFORM"),
        )
    ]
    answer = await door.call("QueryDeviceGroupByDevice", case=case, ProductKey=lamp, DeviceName="lamp-0001")
    check_answer(answer, case, {"GroupInfos": {"GroupInfo": rows}})


async def test_a_device_without_groups(door: SignedDoor, case: Case) -> None:
    """An empty list."""
    lamp = await make_product(door)
    await make_device(door, lamp, "lamp-0001")
    answer = await door.call("QueryDeviceGroupByDevice", case=case, ProductKey=lamp, DeviceName="lamp-0001")
    check_answer(answer, case, {"GroupInfos": {"GroupInfo": []}})


async def test_I15_unknown_and_foreign_devices(door: SignedDoor) -> None:
    """Another account's device does not exist."""
    lamp = await make_product(door)
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    await door.ok("RegisterDevice", by=neighbour, ProductKey=theirs, DeviceName="lamp-0001")
    for product_key, code in ((lamp, "iot.device.NotExistedDevice"), (theirs, "iot.prod.NotExistedProduct")):
        given = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
        assert await door.refusal("QueryDeviceGroupByDevice", **given) == code


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key sees those of the device's groups that it is limited to; no other device is found."""
    lamp = await make_product(door)
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, lamp, name)
    mine = await make_group(door, lamp, "north_hall", "lamp-0001")
    await make_group(door, lamp, "south_hall", "lamp-0001", "lamp-0002")
    key = await limited_key(door, groups=[mine])
    assert await names(door, lamp, by=key) == ["north_hall"]
    given = {"ProductKey": lamp, "DeviceName": "lamp-0002"}
    assert await door.refusal("QueryDeviceGroupByDevice", by=key, **given) == "iot.device.NotExistedDevice"
    assert await names(door, lamp, by=await limited_key(door, products=[lamp])) == []
    assert await names(door, lamp) == ["south_hall", "north_hall"]


@pytest.mark.parametrize("missing", ["ProductKey", "DeviceName"])
async def test_required_parameters(missing: str, door: SignedDoor) -> None:
    """HTTP 400; far too long texts are malformed."""
    given = {"ProductKey": "a1lamp", "DeviceName": "lamp-0001"}
    assert await door.refusal("QueryDeviceGroupByDevice", **{**given, missing: None}) == f"Missing{missing}"
    code = await door.refusal("QueryDeviceGroupByDevice", **{**given, missing: "x" * 65})
    assert code == "iot.ota.InvalidParameter"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not see groups."""
    key = await key_without(door, Permission.GROUP_READ)
    given = {"ProductKey": "a1lamp", "DeviceName": "lamp-0001"}
    assert await door.refusal("QueryDeviceGroupByDevice", by=key, **given) == "Forbidden.RAM"
