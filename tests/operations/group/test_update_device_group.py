"""UpdateDeviceGroup through the signed door (api-contract 13.3)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_group
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case


async def description(door: SignedDoor, group_id: str) -> str:
    found: str = (await door.ok("QueryDeviceGroupInfo", GroupId=group_id))["Data"]["GroupDesc"]
    return found


async def test_the_description_changes(door: SignedDoor, case: Case) -> None:
    """The envelope alone is answered; what is not given stays."""
    group_id = await make_group(door, "", "north_hall")
    check_answer(await door.call("UpdateDeviceGroup", case=case, GroupId=group_id, GroupDesc="lamps"), case, {})
    assert await description(door, group_id) == "lamps"
    await door.ok("UpdateDeviceGroup", GroupId=group_id, GroupType="LINK_PLATFORM")
    assert await description(door, group_id) == "lamps"


@pytest.mark.parametrize(("length", "is_allowed"), [(99, True), (100, True), (101, False)])
async def test_descriptions_at_the_limit(length: int, is_allowed: bool, door: SignedDoor) -> None:
    """Up to 100 characters."""
    given = {"GroupId": await make_group(door, "", "north_hall"), "GroupDesc": "x" * length}
    if is_allowed:
        await door.ok("UpdateDeviceGroup", **given)
    else:
        assert await door.refusal("UpdateDeviceGroup", **given) == "iot.group.LongGroupDesc"


async def test_the_type_must_be_the_groups_own(door: SignedDoor) -> None:
    """Else there is no such group; a type that does not exist is a bad parameter."""
    given = {"GroupId": await make_group(door, "", "north_hall"), "GroupDesc": "x"}
    code = await door.refusal("UpdateDeviceGroup", **given, GroupType="LINK_PLATFORM_DYNAMIC")
    assert code == "iot.group.NotExistedGroup"
    assert await door.refusal("UpdateDeviceGroup", **given, GroupType="STATIC") == "iot.ota.InvalidParameter"


async def test_I15_unknown_and_foreign_groups(door: SignedDoor) -> None:
    """Another account's group does not exist."""
    theirs = (await door.ok("CreateDeviceGroup", by=await door.make_key("neighbour"), GroupName="hall"))["Data"]
    for group_id in (theirs["GroupId"], "nothing", "x" * 65):
        code = await door.refusal("UpdateDeviceGroup", GroupId=group_id, GroupDesc="x")
        assert code == "iot.group.NotExistedGroup"
    assert await door.refusal("UpdateDeviceGroup", GroupDesc="x") == "MissingGroupId"


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key changes the groups it is limited to, and finds no other; one for a product finds none."""
    mine, other = await make_group(door, "", "north_hall"), await make_group(door, "", "south_hall")
    key = await limited_key(door, groups=[mine])
    await door.ok("UpdateDeviceGroup", by=key, GroupId=mine, GroupDesc="x")
    assert await door.refusal("UpdateDeviceGroup", by=key, GroupId=other, GroupDesc="x") == "iot.group.NotExistedGroup"
    key = await limited_key(door, products=["a1lamp"])
    assert await door.refusal("UpdateDeviceGroup", by=key, GroupId=mine, GroupDesc="x") == "iot.group.NotExistedGroup"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change groups."""
    key = await key_without(door, Permission.GROUP_WRITE)
    assert await door.refusal("UpdateDeviceGroup", by=key, GroupId="x") == "Forbidden.RAM"
