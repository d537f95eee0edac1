"""SaveDeviceProp through the signed door (api-contract 13.4)."""

from __future__ import annotations

import json

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_group, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.device_tag import PROPS_SIZE_BYTES_MAX, TAGS_PER_DEVICE_MAX
from whimbrel.rpc.dialect import Case

LAMP = "lamp-0001"


async def make_lamp(door: SignedDoor) -> dict[str, str]:
    """A device, as parameters name it."""
    product_key = await make_product(door)
    await make_device(door, product_key, LAMP)
    return {"ProductKey": product_key, "DeviceName": LAMP}


async def tags(door: SignedDoor, device: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = json.loads((await door.ok("QueryDeviceProp", **device))["Props"])
    return found


def numbered(first: int, last: int) -> str:
    return json.dumps({f"k{number}": "v" for number in range(first, last + 1)})


async def test_tags_are_merged(door: SignedDoor, case: Case) -> None:
    """New keys are added, known ones replaced, others stay; the envelope alone is answered."""
    device = await make_lamp(door)
    await door.ok("SaveDeviceProp", **device, Props='{"color":"red","room":"会议 1"}')
    check_answer(await door.call("SaveDeviceProp", case=case, **device, Props='{"color":"blue","n":"1"}'), case, {})
    assert await tags(door, device) == {"color": "blue", "room": "会议 1", "n": "1"}


async def test_by_iot_id(door: SignedDoor) -> None:
    """IotId wins over names that lead elsewhere."""
    device = await make_lamp(door)
    iot_id = (await door.ok("QueryDeviceDetail", **device))["Data"]["IotId"]
    await door.ok("SaveDeviceProp", IotId=iot_id, ProductKey="nothing", DeviceName="nothing", Props='{"a":"1"}')
    assert await tags(door, device) == {"a": "1"}


@pytest.mark.parametrize(
    ("props", "code"),
    [
        ("x", "InvalidFormattedDevicePropertiesString"),
        ("[]", "InvalidFormattedDevicePropertiesString"),
        ('{"a":1}', "InvalidFormattedDevicePropertiesString"),
        ('{"a":null}', "InvalidFormattedDevicePropertiesString"),
        ('{"a":{"b":"c"}}', "InvalidFormattedDevicePropertiesString"),
        ('{"a":"1","a":"2"}', "InvalidFormattedDevicePropertiesString"),
        ('{"a":""}', "InvalidFormattedDevicePropertiesString"),
        ('{"a":"\\u0000"}', "InvalidFormattedDevicePropertiesString"),
        ('{"a":"\\ud800"}', "InvalidFormattedDevicePropertiesString"),
        ('{"a":"' + "x" * 129 + '"}', "InvalidFormattedDevicePropertiesString"),
        ("{}", "NoneDeviceProperties"),
        ('{"":"1"}', "NullDevicePropertyKey"),
        ('{"abc":"1"}', "InvalidFormattedDevicePropertyKey"),
        ('{"a b":"1"}', "InvalidFormattedDevicePropertyKey"),
        ('{"' + "x" * 33 + '":"1"}', "InvalidFormattedDevicePropertyKey"),
        ('{"good":"1","' + "x" * 33 + '":"1"}', "InvalidFormattedDevicePropertyKey"),
    ],
)
async def test_bad_props(props: str, code: str, door: SignedDoor) -> None:
    """What is no JSON object of texts, and keys and values that no tag has; nothing of the call is saved."""
    assert await door.refusal("SaveDeviceProp", **await make_lamp(door), Props=props) == f"iot.device.{code}"


async def test_sizes(door: SignedDoor) -> None:
    """5 KB are read, a byte more is not, counted in UTF-8."""
    device = await make_lamp(door)
    for size in (PROPS_SIZE_BYTES_MAX - 1, PROPS_SIZE_BYTES_MAX):
        await door.ok("SaveDeviceProp", **device, Props='{"a":"1"}'.ljust(size))
    for props in ('{"a":"1"}'.ljust(PROPS_SIZE_BYTES_MAX + 1), '{"a":"红"}'.ljust(PROPS_SIZE_BYTES_MAX - 1)):
        assert await door.refusal("SaveDeviceProp", **device, Props=props) == "iot.device.LongDevicePropertiesString"


async def test_numbers_of_tags(door: SignedDoor) -> None:
    """100 in a call and on a device, not 101; known keys need no room."""
    device = await make_lamp(door)
    too_many = "iot.device.TooManyDevicePropertiesPerTime"
    last = TAGS_PER_DEVICE_MAX
    assert await door.refusal("SaveDeviceProp", **device, Props=numbered(1, last + 1)) == too_many
    await door.ok("SaveDeviceProp", **device, Props=numbered(1, last - 1))
    assert await door.refusal("SaveDeviceProp", **device, Props=numbered(last, last + 1)) == too_many
    await door.ok("SaveDeviceProp", **device, Props=numbered(1, last))
    assert await door.refusal("SaveDeviceProp", **device, Props=numbered(last + 1, last + 1)) == too_many
    assert len(await tags(door, device)) == last


async def test_I17_values_leave_nothing_behind(door: SignedDoor) -> None:
    """A tag that has ever new values keeps as many rows as one that has not."""
    device = await make_lamp(door)
    sizes = set()
    for number in range(5):
        await door.ok("SaveDeviceProp", **device, Props=json.dumps({"seen": str(number)}))
        rows = door.rows()
        sizes.add((len(rows["device_tag"]), len([row for row in rows["list_count"] if row[0].startswith("tagged:")])))
    assert sizes == {(1, 2)}


@pytest.mark.parametrize("action", ["SaveDeviceProp", "QueryDeviceProp", "DeleteDeviceProp"])
async def test_devices_that_are_not_there(action: str, door: SignedDoor) -> None:
    """Unknown ones, another account's (I15), and none at all."""
    lamp = await make_product(door)
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    foreign = await door.ok("RegisterDevice", by=neighbour, ProductKey=theirs, DeviceName=LAMP)
    given = {"Props": '{"a":"1"}', "PropKey": "a"}
    for named, code in (
        ({"ProductKey": lamp, "DeviceName": "nobody"}, "iot.device.NotExistedDevice"),
        ({"ProductKey": theirs, "DeviceName": LAMP}, "iot.prod.NotExistedProduct"),
        ({"IotId": foreign["Data"]["IotId"]}, "iot.device.InvalidIoTId"),
        ({"ProductKey": lamp}, "iot.device.NullDeviceName"),
        ({}, "iot.device.NullDeviceName"),
        ({"IotId": "x" * 65}, "iot.ota.InvalidParameter"),
    ):
        assert await door.refusal(action, **given, **named) == code


@pytest.mark.parametrize("action", ["SaveDeviceProp", "QueryDeviceProp", "DeleteDeviceProp"])
async def test_A06_limited_keys(action: str, door: SignedDoor) -> None:
    """A key touches the tags of its products' and groups' devices, and finds no other device."""
    device = await make_lamp(door)
    given = {**device, "Props": '{"a":"1"}', "PropKey": "a"}
    group_id = await make_group(door, device["ProductKey"], "north_hall", LAMP)
    for key in (
        await limited_key(door, products=[device["ProductKey"]]),
        await limited_key(door, groups=[group_id]),
    ):
        await door.ok(action, by=key, **given)
    key = await limited_key(door, products=["a1other"])
    assert await door.refusal(action, by=key, **given) == "iot.prod.NotExistedProduct"
    key = await limited_key(door, groups=["another"])
    assert await door.refusal(action, by=key, **given) == "iot.device.NotExistedDevice"


async def test_the_props_are_required(door: SignedDoor) -> None:
    """HTTP 400."""
    assert await door.refusal("SaveDeviceProp", ProductKey="a1lamp", DeviceName=LAMP) == "MissingProps"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change devices."""
    key = await key_without(door, Permission.DEVICE_WRITE)
    given = {"ProductKey": "a1lamp", "DeviceName": LAMP, "Props": '{"a":"1"}'}
    assert await door.refusal("SaveDeviceProp", by=key, **given) == "Forbidden.RAM"
