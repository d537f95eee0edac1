"""BatchAddDeviceGroupRelations through the signed door (api-contract 13.3)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_devices, make_group, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.domain.group import BATCH_DEVICES_MAX, GROUPS_PER_DEVICE_MAX
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.signing_caller import Credentials


def named(product_key: str, *names: str) -> list[dict[str, str]]:
    return [{"ProductKey": product_key, "DeviceName": name} for name in names]


async def add(
    door: SignedDoor, group_id: str, devices: list[dict[str, str]], by: Credentials | None = None
) -> tuple[int, int, int, int]:
    """Valid, added, already there, in ten groups."""
    body = await door.ok("BatchAddDeviceGroupRelations", by=by, GroupId=group_id, Device=devices)
    return (
        body["ValidDeviceCount"],
        body["SuccessAddedDeviceCount"],
        body["AlreadyRelatedGroupDeviceCount"],
        body["ExceedTenGroupDeviceCount"],
    )


async def names(door: SignedDoor, group_id: str) -> list[str]:
    body = await door.ok("QueryDeviceListByDeviceGroup", GroupId=group_id)
    return [row["DeviceName"] for row in body["Data"]["SimpleDeviceInfo"]]


async def test_devices_enter(door: SignedDoor, case: Case) -> None:
    """Devices of several products; the counts stand at the top level."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_device(door, lamp, "lamp-0001")
    await make_device(door, plug, "plug-0001")
    group_id = await make_group(door, "", "north_hall")
    devices = [*named(lamp, "lamp-0001"), *named(plug, "plug-0001")]
    answer = await door.call("BatchAddDeviceGroupRelations", case=case, GroupId=group_id, Device=devices)
    expected = {
        "ValidDeviceCount": 2,
        "SuccessAddedDeviceCount": 2,
        "AlreadyRelatedGroupDeviceCount": 0,
        "ExceedTenGroupDeviceCount": 0,
    }
    check_answer(answer, case, expected)
    assert await names(door, group_id) == ["plug-0001", "lamp-0001"]


async def test_what_is_counted(door: SignedDoor) -> None:
    """Devices that are in the group already, that are named twice, that do not exist, and that no name can be."""
    lamp = await make_product(door)
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, lamp, name)
    group_id = await make_group(door, lamp, "north_hall", "lamp-0001")
    strange = [*named(lamp, "lamp-0003", "x y", "x" * 64), *named("k0000000404", "lamp-0001"), *named("k-1", "lamp-1")]
    assert await add(door, group_id, [*named(lamp, "lamp-0001", "lamp-0002", "lamp-0002"), *strange]) == (2, 1, 1, 0)
    assert await add(door, group_id, strange) == (0, 0, 0, 0)
    assert await names(door, group_id) == ["lamp-0002", "lamp-0001"]


async def test_ten_groups_a_device(door: SignedDoor) -> None:
    """A device enters its tenth group and no further; leaving one makes room, and dynamic groups do not count."""
    lamp = await make_product(door)
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, lamp, name)
    expression = f'product_key = "{lamp}"'
    await door.ok("CreateDeviceDynamicGroup", GroupName="lamps", DynamicGroupExpression=expression)
    ids = [await make_group(door, lamp, f"group_{number}", "lamp-0001") for number in range(GROUPS_PER_DEVICE_MAX - 1)]
    assert await add(door, await make_group(door, "", "the_tenth"), named(lamp, "lamp-0001")) == (1, 1, 0, 0)
    eleventh = await make_group(door, "", "the_eleventh")
    assert await add(door, eleventh, named(lamp, "lamp-0001", "lamp-0002")) == (2, 1, 0, 1)
    assert await add(door, ids[0], named(lamp, "lamp-0001")) == (1, 0, 1, 0)
    await door.ok("DeleteDeviceGroup", GroupId=ids[0])
    assert await add(door, eleventh, named(lamp, "lamp-0001")) == (1, 1, 0, 0)


async def test_devices_of_a_call(door: SignedDoor) -> None:
    """200 at once, 201 not; at least one is required."""
    lamp = await make_product(door)
    made = await make_devices(door, lamp, BATCH_DEVICES_MAX + 1)
    group_id = await make_group(door, "", "north_hall")
    code = await door.refusal("BatchAddDeviceGroupRelations", GroupId=group_id, Device=named(lamp, *made))
    assert code == "iot.group.TooManyDevices"
    assert await add(door, group_id, named(lamp, *made[:-2])) == (199, 199, 0, 0)
    assert await add(door, group_id, named(lamp, *made[:-1])) == (200, 1, 199, 0)
    assert await door.refusal("BatchAddDeviceGroupRelations", GroupId=group_id) == "MissingDevice1"
    half = {"GroupId": group_id, "Device": [{"ProductKey": lamp}]}
    assert await door.refusal("BatchAddDeviceGroupRelations", **half) == "MissingDevice1DeviceName"


async def test_which_groups(door: SignedDoor) -> None:
    """Not a dynamic one, not an unknown one, and not another account's (I15)."""
    lamp = await make_product(door)
    await make_device(door, lamp, "lamp-0001")
    expression = f'product_key = "{lamp}"'
    dynamic = await door.ok("CreateDeviceDynamicGroup", GroupName="lamps", DynamicGroupExpression=expression)
    given = {"Device": named(lamp, "lamp-0001")}
    code = await door.refusal("BatchAddDeviceGroupRelations", GroupId=dynamic["Data"]["GroupId"], **given)
    assert code == "iot.group.InvalidGroupType"
    theirs = (await door.ok("CreateDeviceGroup", by=await door.make_key("neighbour"), GroupName="hall"))["Data"]
    for group_id in (theirs["GroupId"], "nothing"):
        code = await door.refusal("BatchAddDeviceGroupRelations", GroupId=group_id, **given)
        assert code == "iot.group.NotExistedGroup"


async def test_I15_other_accounts_devices(door: SignedDoor) -> None:
    """They do not exist."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    await door.ok("RegisterDevice", by=neighbour, ProductKey=theirs, DeviceName="lamp-0001")
    assert await add(door, await make_group(door, "", "north_hall"), named(theirs, "lamp-0001")) == (0, 0, 0, 0)


async def test_A06_a_key_does_not_pull_devices_into_its_group(door: SignedDoor) -> None:
    """A key that is limited to a group may name the group, and adds nothing, be it of its group's product."""
    lamp = await make_product(door)
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, lamp, name)
    group_id = await make_group(door, lamp, "north_hall", "lamp-0001")
    for key in (
        await limited_key(door, groups=[group_id]),
        await limited_key(door, groups=[group_id], products=[lamp]),
    ):
        assert await add(door, group_id, named(lamp, "lamp-0001", "lamp-0002"), by=key) == (0, 0, 0, 0)


async def test_A06_a_key_with_rights_to_group_and_product(door: SignedDoor) -> None:
    """It adds devices of that product, and no other's; a key for the product alone does not find the group."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_device(door, lamp, "lamp-0001")
    await make_device(door, plug, "plug-0001")
    group_id = await make_group(door, "", "north_hall")
    devices = [*named(lamp, "lamp-0001"), *named(plug, "plug-0001")]
    of_product = Statement(frozenset({"*"}), Access.WRITE, frozenset({lamp}))
    of_group = Statement(frozenset({"*"}), Access.WRITE, None, frozenset({group_id}))
    key = await door.make_key_of(Policy((of_product, of_group)))
    assert await add(door, group_id, devices, by=key) == (1, 1, 0, 0)
    key = await door.make_key_of(Policy((of_product,)))
    given = {"GroupId": group_id, "Device": devices}
    assert await door.refusal("BatchAddDeviceGroupRelations", by=key, **given) == "iot.group.NotExistedGroup"


async def test_too_long_names(door: SignedDoor) -> None:
    """Texts that are far from any name are malformed."""
    given = {"GroupId": await make_group(door, "", "north_hall")}
    for device in (*named("x" * 65, "lamp-0001"), *named("a1lamp", "x" * 65)):
        code = await door.refusal("BatchAddDeviceGroupRelations", **given, Device=[device])
        assert code == "iot.ota.InvalidParameter"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change groups."""
    key = await key_without(door, Permission.GROUP_WRITE)
    given = {"GroupId": "x", "Device": named("a1lamp", "lamp-0001")}
    assert await door.refusal("BatchAddDeviceGroupRelations", by=key, **given) == "Forbidden.RAM"
