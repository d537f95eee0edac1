"""DeleteDeviceGroup through the signed door (api-contract 13.3)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_devices, make_group, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.operations.group.delete_device_group import FIRST_PURGE_MEMBERS
from whimbrel.rpc.dialect import Case


async def test_a_group_is_deleted(door: SignedDoor, case: Case) -> None:
    """It is found by nothing any more, its devices are there, and no row of a membership is left."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    kept = await make_group(door, product_key, "south_hall", "lamp-0001")
    group_id = await make_group(door, product_key, "north_hall", "lamp-0001")
    check_answer(await door.call("DeleteDeviceGroup", case=case, GroupId=group_id), case, {})
    for action in ("DeleteDeviceGroup", "QueryDeviceGroupInfo", "QueryDeviceListByDeviceGroup", "UpdateDeviceGroup"):
        assert await door.refusal(action, GroupId=group_id) == "iot.group.NotExistedGroup"
    device = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    code = await door.refusal("BatchAddDeviceGroupRelations", GroupId=group_id, Device=[device])
    assert code == "iot.group.NotExistedGroup"
    groups = (await door.ok("QueryDeviceGroupByDevice", **device))["GroupInfos"]["GroupInfo"]
    assert [group["GroupId"] for group in groups] == [kept]
    assert (await door.ok("QueryDeviceGroupList"))["Total"] == 1
    assert len(door.rows()["device_group_member"]) == 1


async def test_a_large_group(door: SignedDoor) -> None:
    """Its devices have left it at once, though its rows go in steps; the last step forgets the group."""
    product_key = await make_product(door)
    names = await make_devices(door, product_key, FIRST_PURGE_MEMBERS + 100)
    group_id = await make_group(door, product_key, "north_hall")
    for start in range(0, len(names), 200):
        devices = [{"ProductKey": product_key, "DeviceName": name} for name in names[start : start + 200]]
        await door.ok("BatchAddDeviceGroupRelations", GroupId=group_id, Device=devices)
    await door.ok("DeleteDeviceGroup", GroupId=group_id)
    groups = (await door.ok("QueryDeviceGroupByDevice", ProductKey=product_key, DeviceName=names[-1]))["GroupInfos"]
    assert groups == {"GroupInfo": []}
    assert len(door.rows()["device_group_member"]) == 100
    await door.check_consistency()
    removed = []
    for _ in range(3):
        async with door.store.transaction() as store:
            removed.append(await store.group_members.purge(60))
    assert removed == [60, 40, 0]
    rows = door.rows()
    assert (rows["device_group_member"], rows["device_group"]) == ([], [])
    assert not [row for row in rows["list_count"] if row[0].startswith("members:")]


async def test_a_group_with_groups_below(door: SignedDoor) -> None:
    """It is refused until they are deleted."""
    above = await make_group(door, "", "north_hall")
    below = (await door.ok("CreateDeviceGroup", GroupName="north_1", SuperGroupId=above))["Data"]["GroupId"]
    assert await door.refusal("DeleteDeviceGroup", GroupId=above) == "iot.group.ExistedSubGroup"
    await door.ok("DeleteDeviceGroup", GroupId=below)
    await door.ok("DeleteDeviceGroup", GroupId=above)


async def test_I15_unknown_and_foreign_groups(door: SignedDoor) -> None:
    """Another account's group does not exist."""
    theirs = (await door.ok("CreateDeviceGroup", by=await door.make_key("neighbour"), GroupName="hall"))["Data"]
    for group_id in (theirs["GroupId"], "nothing", "x" * 65):
        assert await door.refusal("DeleteDeviceGroup", GroupId=group_id) == "iot.group.NotExistedGroup"
    assert await door.refusal("DeleteDeviceGroup") == "MissingGroupId"


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key finds the groups it is limited to, and no other."""
    mine, other = await make_group(door, "", "north_hall"), await make_group(door, "", "south_hall")
    key = await limited_key(door, groups=[mine])
    assert await door.refusal("DeleteDeviceGroup", by=key, GroupId=other) == "iot.group.NotExistedGroup"
    await door.ok("DeleteDeviceGroup", by=key, GroupId=mine)


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change groups."""
    key = await key_without(door, Permission.GROUP_WRITE)
    assert await door.refusal("DeleteDeviceGroup", by=key, GroupId="x") == "Forbidden.RAM"
