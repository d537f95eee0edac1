"""CreateDeviceGroup through the signed door (api-contract 13.3)."""

from __future__ import annotations

import re

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_group, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.group import GROUPS_PER_ACCOUNT_MAX, NESTING_MAX, GroupDraft, GroupType
from whimbrel.rpc.dialect import Case


async def test_a_group(door: SignedDoor, case: Case) -> None:
    """Everything that was given, an id of 16 letters and digits, and the time."""
    answer = await door.call("CreateDeviceGroup", case=case, GroupName="north_hall", GroupDesc="the lamps")
    body = answer.json()
    group_id = body["Data"]["GroupId"] if case is Case.PASCAL else body["data"]["groupId"]
    assert re.fullmatch("[A-Za-z0-9]{16}", group_id)
    data = {"GroupId": group_id, "GroupName": "north_hall", "GroupDesc": "the lamps", "UtcCreate": NOW_TEXT}
    check_answer(answer, case, {"Data": data})


async def test_without_a_description(door: SignedDoor) -> None:
    """It is empty."""
    assert (await door.ok("CreateDeviceGroup", GroupName="north_hall"))["Data"]["GroupDesc"] == ""


@pytest.mark.parametrize("name", ["abc", "x" * 31, "a-bcd", "a bcd", "厅", "厅" * 15 + "x"])
async def test_bad_names(name: str, door: SignedDoor) -> None:
    """Fewer than 4, more than 30, or other characters."""
    assert await door.refusal("CreateDeviceGroup", GroupName=name) == "iot.group.InvalidFormattedGroupName"


@pytest.mark.parametrize("name", ["abcd", "x" * 30, "北厅", "厅" * 15])
async def test_names_at_the_limits(name: str, door: SignedDoor) -> None:
    """4 to 30, a CJK character counting 2."""
    assert (await door.ok("CreateDeviceGroup", GroupName=name))["Data"]["GroupName"] == name


async def test_descriptions_at_the_limits(door: SignedDoor) -> None:
    """Up to 100 characters."""
    for number, length in enumerate((99, 100)):
        await door.ok("CreateDeviceGroup", GroupName=f"group_{number}", GroupDesc="中" * length)
    code = await door.refusal("CreateDeviceGroup", GroupName="group_2", GroupDesc="x" * 101)
    assert code == "iot.group.LongGroupDesc"


async def test_the_name_is_required(door: SignedDoor) -> None:
    """HTTP 400."""
    assert await door.refusal("CreateDeviceGroup") == "MissingGroupName"


async def test_a_name_is_taken_once(door: SignedDoor) -> None:
    """In the account; another account may use it, and so may we when the group is deleted."""
    group_id = await make_group(door, "", "north_hall")
    assert await door.refusal("CreateDeviceGroup", GroupName="north_hall") == "iot.group.AlreadyExistedGroupName"
    await door.ok("CreateDeviceGroup", by=await door.make_key("neighbour"), GroupName="north_hall")
    await door.ok("DeleteDeviceGroup", GroupId=group_id)
    await door.ok("CreateDeviceGroup", GroupName="north_hall")


async def test_nesting(door: SignedDoor) -> None:
    """Groups stand below others, five deep."""
    above = None
    for depth in range(1, NESTING_MAX + 1):
        data = (await door.ok("CreateDeviceGroup", GroupName=f"depth_{depth}", SuperGroupId=above))["Data"]
        above = data["GroupId"]
    code = await door.refusal("CreateDeviceGroup", GroupName="too_deep", SuperGroupId=above)
    assert code == "iot.group.GroupNestingExceedMax"


async def test_I15_what_can_stand_above(door: SignedDoor) -> None:
    """Neither an unknown group, nor another account's, nor a dynamic one."""
    theirs = (await door.ok("CreateDeviceGroup", by=await door.make_key("neighbour"), GroupName="hall"))["Data"]
    for above in ("nothing", "x" * 65, theirs["GroupId"]):
        code = await door.refusal("CreateDeviceGroup", GroupName="north_hall", SuperGroupId=above)
        assert code == "iot.group.NotExistedGroup"
    expression = f'product_key = "{await make_product(door)}"'
    dynamic = await door.ok("CreateDeviceDynamicGroup", GroupName="lamps", DynamicGroupExpression=expression)
    code = await door.refusal("CreateDeviceGroup", GroupName="north_hall", SuperGroupId=dynamic["Data"]["GroupId"])
    assert code == "iot.group.InvalidGroupType"


async def test_I17_groups_are_bounded(door: SignedDoor) -> None:
    """The last of 10,000 groups is made, one more is not, until one is deleted; others' groups do not count."""
    account_id = await door.account_id()
    async with door.store.transaction() as store:
        for number in range(GROUPS_PER_ACCOUNT_MAX - 1):
            draft = GroupDraft(account_id, f"id-{number}", f"group_{number}", "", "", GroupType.STATIC, 1)
            await store.groups.add(draft)
    group_id = await make_group(door, "", "the_last")
    assert await door.refusal("CreateDeviceGroup", GroupName="too_many") == "iot.group.GroupCountExceedMax"
    await door.ok("CreateDeviceGroup", by=await door.make_key("neighbour"), GroupName="too_many")
    await door.ok("DeleteDeviceGroup", GroupId=group_id)
    await door.ok("CreateDeviceGroup", GroupName="not_too_many")


async def test_a_client_token(door: SignedDoor) -> None:
    """The same call again makes no second group (I14)."""
    given = {"GroupName": "north_hall", "ClientToken": "token"}
    assert (await door.ok("CreateDeviceGroup", **given))["Data"] == (await door.ok("CreateDeviceGroup", **given))[
        "Data"
    ]


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key that is limited to products or groups makes no group."""
    for key in (await limited_key(door, products=["a1lamp"]), await limited_key(door, groups=["group"])):
        assert await door.refusal("CreateDeviceGroup", by=key, GroupName="north_hall") == "Forbidden.RAM"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change groups."""
    key = await key_without(door, Permission.GROUP_WRITE)
    assert await door.refusal("CreateDeviceGroup", by=key, GroupName="north_hall") == "Forbidden.RAM"
