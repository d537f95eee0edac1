"""CreateDeviceDynamicGroup through the signed door (api-contract 13.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_group, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.group import DYNAMIC_GROUPS_PER_ACCOUNT_MAX
from whimbrel.rpc.dialect import Case


async def create(door: SignedDoor, expression: str, name: str = "test_lamps", **given: Any) -> str:
    body = await door.ok("CreateDeviceDynamicGroup", GroupName=name, DynamicGroupExpression=expression, **given)
    group_id: str = body["Data"]["GroupId"]
    return group_id


async def names(door: SignedDoor, group_id: str) -> list[str]:
    body = await door.ok("QueryDeviceListByDeviceGroup", GroupId=group_id)
    return [row["DeviceName"] for row in body["Data"]["SimpleDeviceInfo"]]


async def test_a_dynamic_group(door: SignedDoor, case: Case) -> None:
    """Everything that was given, an id, and the time."""
    expression = f'product_key = "{await make_product(door)}" and name LIKE "test%"'
    given = {"GroupName": "test_lamps", "GroupDesc": "to be tried", "DynamicGroupExpression": expression}
    answer = await door.call("CreateDeviceDynamicGroup", case=case, **given)
    body = answer.json()
    group_id = body["Data"]["GroupId"] if case is Case.PASCAL else body["data"]["groupId"]
    check_answer(answer, case, {"Data": {**given, "GroupId": group_id, "UtcCreate": NOW_TEXT}})


async def test_it_holds_what_it_describes(door: SignedDoor) -> None:
    """Devices that match now and later, as long as they match; the device and the group's counts agree."""
    product_key = await make_product(door)
    await make_device(door, product_key, "test-0001")
    await make_device(door, product_key, "lamp-0001")
    by_name = await create(door, f'product_key = "{product_key}" and name LIKE "test%"')
    tag = 'tag.tag_name = "room" and tag.tag_value = "1"'
    by_tag = await create(door, f'product_key = "{product_key}" and {tag}', "room_1")
    assert (await names(door, by_name), await names(door, by_tag)) == (["test-0001"], [])
    lamp = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    await make_device(door, product_key, "test-0002")
    await door.ok("SaveDeviceProp", **lamp, Props='{"room":"1"}')
    assert (await names(door, by_name), await names(door, by_tag)) == (["test-0002", "test-0001"], ["lamp-0001"])
    groups = (await door.ok("QueryDeviceGroupByDevice", **lamp))["GroupInfos"]["GroupInfo"]
    assert [(group["GroupId"], group["GroupType"]) for group in groups] == [(by_tag, "LINK_PLATFORM_DYNAMIC")]
    assert (await door.ok("QueryDeviceGroupInfo", GroupId=by_name))["Data"]["DeviceCount"] == 2
    await door.ok("DeleteDeviceProp", **lamp, PropKey="room")
    assert await names(door, by_tag) == []


@pytest.mark.parametrize(
    "condition",
    ['or name = "test"', "and", 'and nickname = "x"', 'and name LIKE "%t"', "limit 10", 'and name = "te t"'],
)
async def test_what_is_not_served_is_refused(condition: str, door: SignedDoor) -> None:
    """Anything outside the grammar."""
    expression = f'product_key = "{await make_product(door)}" {condition}'
    given = {"GroupName": "test_lamps", "DynamicGroupExpression": expression}
    assert await door.refusal("CreateDeviceDynamicGroup", **given) == "iot.group.InvalidDynamicGroupExpression"


async def test_expressions_at_the_limits(door: SignedDoor) -> None:
    """400 characters are read, 401 are not."""
    expression = f'product_key = "{await make_product(door)}"'
    await create(door, expression.ljust(399).replace("=", " =", 1))
    given = {"GroupName": "more", "DynamicGroupExpression": expression.ljust(400) + "x"}
    assert await door.refusal("CreateDeviceDynamicGroup", **given) == "iot.group.InvalidDynamicGroupExpression"


async def test_I15_the_product_must_be_ours(door: SignedDoor) -> None:
    """Neither an unknown product nor another account's."""
    for product_key in ("nothing", await make_product(door, by=await door.make_key("neighbour"))):
        given = {"GroupName": "test_lamps", "DynamicGroupExpression": f'product_key = "{product_key}"'}
        assert await door.refusal("CreateDeviceDynamicGroup", **given) == "iot.prod.NotExistedProduct"


async def test_names_and_descriptions(door: SignedDoor) -> None:
    """The rules of static groups, with which it shares the names."""
    expression = f'product_key = "{await make_product(door)}"'
    await make_group(door, "", "north_hall")
    for given, code in (
        ({"GroupName": "abc"}, "iot.group.InvalidFormattedGroupName"),
        ({"GroupName": "x" * 31}, "iot.group.InvalidFormattedGroupName"),
        ({"GroupName": "north_hall"}, "iot.group.AlreadyExistedGroupName"),
        ({"GroupName": "lamps", "GroupDesc": "x" * 101}, "iot.group.LongGroupDesc"),
    ):
        assert await door.refusal("CreateDeviceDynamicGroup", **given, DynamicGroupExpression=expression) == code


async def test_I17_dynamic_groups_are_bounded(door: SignedDoor) -> None:
    """Ten, besides static ones, until one is deleted."""
    expression = f'product_key = "{await make_product(door)}"'
    await make_group(door, "", "a_static_one")
    ids = [await create(door, expression, f"group_{number}") for number in range(DYNAMIC_GROUPS_PER_ACCOUNT_MAX)]
    given = {"GroupName": "too_many", "DynamicGroupExpression": expression}
    assert await door.refusal("CreateDeviceDynamicGroup", **given) == "iot.group.GroupCountExceedMax"
    await door.ok("DeleteDeviceGroup", GroupId=ids[0])
    await door.ok("CreateDeviceDynamicGroup", **given)


@pytest.mark.parametrize("missing", ["GroupName", "DynamicGroupExpression"])
async def test_required_parameters(missing: str, door: SignedDoor) -> None:
    """HTTP 400."""
    given = {"GroupName": "lamps", "DynamicGroupExpression": "x", missing: None}
    assert await door.refusal("CreateDeviceDynamicGroup", **given) == f"Missing{missing}"


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key that is limited to the product makes no group of it."""
    product_key = await make_product(door)
    key = await limited_key(door, products=[product_key])
    given = {"GroupName": "lamps", "DynamicGroupExpression": f'product_key = "{product_key}"'}
    assert await door.refusal("CreateDeviceDynamicGroup", by=key, **given) == "Forbidden.RAM"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change groups."""
    key = await key_without(door, Permission.GROUP_WRITE)
    given = {"GroupName": "lamps", "DynamicGroupExpression": "x"}
    assert await door.refusal("CreateDeviceDynamicGroup", by=key, **given) == "Forbidden.RAM"
