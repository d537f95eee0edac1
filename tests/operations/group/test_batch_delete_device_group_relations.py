"""BatchDeleteDeviceGroupRelations through the signed door (api-contract 13.3)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_devices, make_group, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.group.test_batch_add_device_group_relations import named, names
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.group import BATCH_DEVICES_MAX
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.signing_caller import Credentials


async def remove(
    door: SignedDoor, group_id: str, devices: list[dict[str, str]], by: Credentials | None = None
) -> tuple[int, int, int]:
    """Valid, removed, were there."""
    body = await door.ok("BatchDeleteDeviceGroupRelations", by=by, GroupId=group_id, Device=devices)
    return body["ValidDeviceCount"], body["SuccessDeviceCount"], body["AlreadyRelatedGroupDeviceCount"]


async def test_devices_leave(door: SignedDoor, case: Case) -> None:
    """The counts stand at the top level; the devices stay in their other groups."""
    lamp = await make_product(door)
    for name in ("lamp-0001", "lamp-0002", "lamp-0003"):
        await make_device(door, lamp, name)
    group_id = await make_group(door, lamp, "north_hall", "lamp-0001", "lamp-0002")
    other = await make_group(door, lamp, "south_hall", "lamp-0001")
    devices = named(lamp, "lamp-0001", "lamp-0001", "lamp-0003", "nobody", "x y")
    answer = await door.call("BatchDeleteDeviceGroupRelations", case=case, GroupId=group_id, Device=devices)
    expected = {"ValidDeviceCount": 2, "SuccessDeviceCount": 1, "AlreadyRelatedGroupDeviceCount": 1}
    check_answer(answer, case, expected)
    assert (await names(door, group_id), await names(door, other)) == (["lamp-0002"], ["lamp-0001"])
    assert await remove(door, group_id, named(lamp, "lamp-0001")) == (1, 0, 0)


async def test_devices_of_a_call(door: SignedDoor) -> None:
    """200 at once, 201 not; at least one is required."""
    lamp = await make_product(door)
    made = await make_devices(door, lamp, BATCH_DEVICES_MAX + 1)
    group_id = await make_group(door, lamp, "north_hall", *made[:-1])
    code = await door.refusal("BatchDeleteDeviceGroupRelations", GroupId=group_id, Device=named(lamp, *made))
    assert code == "iot.group.TooManyDevices"
    assert await remove(door, group_id, named(lamp, *made[:-2])) == (199, 199, 199)
    assert await remove(door, group_id, named(lamp, *made[:-1])) == (200, 1, 1)
    assert await door.refusal("BatchDeleteDeviceGroupRelations", GroupId=group_id) == "MissingDevice1"


async def test_which_groups(door: SignedDoor) -> None:
    """Not a dynamic one, not an unknown one, and not another account's (I15)."""
    lamp = await make_product(door)
    expression = f'product_key = "{lamp}"'
    dynamic = await door.ok("CreateDeviceDynamicGroup", GroupName="lamps", DynamicGroupExpression=expression)
    given = {"Device": named(lamp, "lamp-0001")}
    code = await door.refusal("BatchDeleteDeviceGroupRelations", GroupId=dynamic["Data"]["GroupId"], **given)
    assert code == "iot.group.InvalidGroupType"
    theirs = (await door.ok("CreateDeviceGroup", by=await door.make_key("neighbour"), GroupName="hall"))["Data"]
    for group_id in (theirs["GroupId"], "nothing"):
        code = await door.refusal("BatchDeleteDeviceGroupRelations", GroupId=group_id, **given)
        assert code == "iot.group.NotExistedGroup"


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key for a group takes its devices out, of the products it is limited to, and sees no device outside."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, lamp, name)
    await make_device(door, plug, "plug-0001")
    group_id = await make_group(door, lamp, "north_hall", "lamp-0001")
    await door.ok("BatchAddDeviceGroupRelations", GroupId=group_id, Device=named(plug, "plug-0001"))
    devices = [*named(lamp, "lamp-0001", "lamp-0002"), *named(plug, "plug-0001")]
    key = await limited_key(door, groups=[group_id], products=[lamp])
    assert await remove(door, group_id, devices, by=key) == (1, 1, 1)
    assert await names(door, group_id) == ["plug-0001"]
    key = await limited_key(door, groups=[group_id])
    assert await remove(door, group_id, devices, by=key) == (1, 1, 1)


async def test_too_long_names(door: SignedDoor) -> None:
    """Texts that are far from any name are malformed."""
    given = {"GroupId": await make_group(door, "", "north_hall"), "Device": named("x" * 65, "lamp-0001")}
    assert await door.refusal("BatchDeleteDeviceGroupRelations", **given) == "iot.ota.InvalidParameter"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change groups."""
    key = await key_without(door, Permission.GROUP_WRITE)
    given = {"GroupId": "x", "Device": named("a1lamp", "lamp-0001")}
    assert await door.refusal("BatchDeleteDeviceGroupRelations", by=key, **given) == "Forbidden.RAM"
