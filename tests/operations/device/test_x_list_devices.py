"""XListDevices through the signed door (A06, I15). That any filters together are right is a store contract."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import FieldDevice, make_device, make_devices, make_group, make_product
from tests.operations.group.keys import limited_key
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.adapters.store.repositories import device_search as module
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XListDevices"
HOUR_MS = 3_600_000
REFUSED = "iot.ota.InvalidParameter"


async def names(door: SignedDoor, **given: Any) -> list[str]:
    return [row["DeviceName"] for row in (await door.ok(ACTION, **given))["Data"]["Devices"]]


async def set_tag(door: SignedDoor, product_key: str, name: str, props: str) -> None:
    await door.ok("SaveDeviceProp", ProductKey=product_key, DeviceName=name, Props=props)


async def test_rows_in_full(door: SignedDoor, case: Case) -> None:
    """A device as lists show it, without a secret; what it never did is absent."""
    product_key = await make_product(door)
    made = (await door.ok("RegisterDevice", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    device = await make_device(door, product_key, "lamp-0002", "1.0.0")
    await device.connect("192.0.2.9")
    second = (await door.ok(ACTION, ProductKey=product_key, NamePrefix="lamp-0002"))["Data"]["Devices"][0]
    shared = {"ProductKey": product_key, "ProductName": "lamp", "Nickname": "", "UtcState": NOW_TEXT}
    shared |= {"UtcCreate": NOW_TEXT}
    first = {"DeviceName": "lamp-0001", "IotId": made["IotId"], "State": "UNACTIVE", "IpAddress": "", "Versions": []}
    online = {"DeviceName": "lamp-0002", "IotId": second["IotId"], "State": "ONLINE", "IpAddress": "192.0.2.9"}
    online |= {"UtcOnline": NOW_TEXT, "Versions": [{"ModuleName": "default", "Version": "1.0.0"}]}
    expected: dict[str, Any] = {"Data": {"Devices": [shared | online, shared | first]}, "IsWholeAnswer": True}
    expected |= {"Searched": 2, "Searchable": 2, "Total": 2, "PageCount": 1, "CurrentPage": 1, "PageSize": 20}
    check_answer(await door.call(ACTION, case=case), case, expected)


async def make_zoo(door: SignedDoor) -> tuple[str, str, dict[str, FieldDevice]]:
    """Two products with a few devices in different states, versions and tags; their keys, and the devices by name."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    fleet = {name: await make_device(door, lamp, name, "1.0.0") for name in ("lamp-1", "lamp-2", "LAMP-3")}
    fleet["plug-1"] = await make_device(door, plug, "plug-1", "1.0.0")
    await make_device(door, plug, "plug-2")
    await fleet["lamp-1"].connect()
    await fleet["lamp-2"].connect()
    await fleet["lamp-2"].disconnect()
    await fleet["lamp-2"].report_version("2.0.0")
    await fleet["lamp-2"].report_version("7", "mcu")
    await set_tag(door, lamp, "lamp-1", '{"ring":"early"}')
    await set_tag(door, lamp, "LAMP-3", '{"ring":"late"}')
    await door.ok("BatchUpdateDeviceNickname", DeviceNicknameInfo=[nickname(lamp, "lamp-1", "Kitchen_100")])
    return lamp, plug, fleet


def nickname(product_key: str, name: str, words: str) -> dict[str, str]:
    return {"ProductKey": product_key, "DeviceName": name, "Nickname": words}


async def test_each_filter(door: SignedDoor) -> None:
    """Each filter alone, and some together."""
    lamp, plug, _ = await make_zoo(door)
    door.clock.at_ms += 5 * HOUR_MS
    group_id = await make_group(door, lamp, "north_hall", "lamp-2", "LAMP-3")
    everything = ["plug-2", "plug-1", "LAMP-3", "lamp-2", "lamp-1"]
    for given, expected in (
        ({}, everything),
        ({"ProductKey": plug}, everything[:2]),
        ({"NamePrefix": "lamp-"}, ["lamp-2", "lamp-1"]),
        ({"NamePrefix": "lamp_"}, []),
        ({"Text": "KITCHEN"}, ["lamp-1"]),
        ({"Text": "lamp-"}, ["LAMP-3", "lamp-2", "lamp-1"]),
        ({"Text": "%"}, []),
        ({"Text": "_1"}, ["lamp-1"]),
        ({"State": "OFFLINE"}, ["lamp-2"]),
        ({"State": "UNACTIVE", "ProductKey": lamp}, ["LAMP-3"]),
        ({"ProductKey": lamp, "ReportedVersion": "2.0.0"}, ["lamp-2"]),
        ({"ProductKey": lamp, "ReportedVersion": "7"}, []),
        ({"ProductKey": lamp, "ReportedVersion": "7", "ModuleName": "mcu"}, ["lamp-2"]),
        ({"NeverReported": True}, ["plug-2"]),
        ({"NeverReported": True, "ModuleName": "mcu", "ProductKey": lamp}, ["LAMP-3", "lamp-1"]),
        ({"GroupId": group_id}, ["LAMP-3", "lamp-2"]),
        ({"GroupId": group_id, "State": "OFFLINE"}, ["lamp-2"]),
        ({"TagKey": "ring"}, ["LAMP-3", "lamp-1"]),
        ({"TagKey": "ring", "TagValue": "late"}, ["LAMP-3"]),
        ({"QuietHours": 4}, ["lamp-2"]),
        ({"QuietHours": 6}, []),
    ):
        assert await names(door, **given) == expected, given


async def test_dynamic_groups_narrow_by_their_rule(door: SignedDoor) -> None:
    """The rule's product, name and tag hold besides the filters of the call; what contradicts them finds nothing."""
    lamp, plug, _ = await make_zoo(door)
    groups = {}
    for name, rule in (
        ("lamps", 'name LIKE "lamp-%"'),
        ("one_lamp", 'name = "lamp-1"'),
        ("early_ones", 'tag.tag_name = "ring" and tag.tag_value = "early"'),
    ):
        given = {"GroupName": name, "DynamicGroupExpression": f'product_key = "{lamp}" and {rule}'}
        groups[name] = (await door.ok("CreateDeviceDynamicGroup", **given))["Data"]["GroupId"]
    for group, given, expected in (
        ("lamps", {}, ["lamp-2", "lamp-1"]),
        ("lamps", {"NamePrefix": "lamp-2"}, ["lamp-2"]),
        ("lamps", {"NamePrefix": "la"}, ["lamp-2", "lamp-1"]),
        ("lamps", {"NamePrefix": "plug"}, []),
        ("lamps", {"ProductKey": plug}, []),
        ("lamps", {"TagKey": "ring", "TagValue": "early"}, ["lamp-1"]),
        ("one_lamp", {}, ["lamp-1"]),
        ("one_lamp", {"NamePrefix": "lamp-"}, ["lamp-1"]),
        ("one_lamp", {"NamePrefix": "lamp-2"}, []),
        ("early_ones", {"TagKey": "ring"}, ["lamp-1"]),
        ("early_ones", {"TagKey": "ring", "TagValue": "late"}, []),
        ("early_ones", {"TagKey": "hall"}, []),
    ):
        assert await names(door, GroupId=groups[group], **given) == expected, (group, given)


async def test_pages_by_number_and_by_token(door: SignedDoor) -> None:
    """Counted lists have numbered pages; tokens go through every list, and nothing is shown twice."""
    product_key = await make_product(door)
    made = (await make_devices(door, product_key, 25))[::-1]
    assert await names(door, CurrentPage=3, PageSize=10) == made[20:]
    assert await names(door, CurrentPage=4, PageSize=10) == []
    for given in ({}, {"NamePrefix": "device-"}, {"Text": "DEVICE"}, {"ProductKey": product_key}):
        seen, token = [], None
        while True:
            body = await door.ok(ACTION, PageSize=10, NextToken=token, **given)
            seen += [row["DeviceName"] for row in body["Data"]["Devices"]]
            token = body.get("NextToken")
            if token is None:
                break
        assert seen == made, given
        assert (body["Searched"], body["Searchable"]) == (25, 25)
    assert await door.refusal(ACTION, CurrentPage=2, Text="x") == "iot.common.InvalidPageParams"
    assert await door.refusal(ACTION, CurrentPage=2, NamePrefix="device-") == "iot.common.InvalidPageParams"


async def test_I17_one_call_looks_at_so_many(door: SignedDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search goes on from call to call and says how far it came."""
    monkeypatch.setattr(module, "LOOKED_MAX", 10)
    product_key = await make_product(door)
    made = await make_devices(door, product_key, 25)
    token, steps = None, []
    while True:
        body = await door.ok(ACTION, Text=made[0], NextToken=token)
        token = body.get("NextToken")
        steps.append((body["Searched"], body["Searchable"], body["IsWholeAnswer"], len(body["Data"]["Devices"])))
        if token is None:
            break
    assert steps == [(10, 25, False, 0), (20, 25, False, 0), (25, 25, True, 1)]


async def test_I15_tokens_are_of_one_list(door: SignedDoor) -> None:
    """A token is no good with other filters or for another account, and a forged one is refused; hours may pass."""
    product_key = await make_product(door)
    await make_devices(door, product_key, 3)
    token = (await door.ok(ACTION, PageSize=1))["NextToken"]
    other = await door.make_key("neighbour")
    assert await names(door, PageSize=1, NextToken=token) == ["device-00002"]
    assert await door.refusal(ACTION, NextToken=token, State="UNACTIVE") == REFUSED
    assert await door.refusal(ACTION, NextToken=token, by=other) == REFUSED
    for bad in ("x", token[:-1], token + "=", "灯", "x" * 129):
        assert await door.refusal(ACTION, NextToken=bad) == REFUSED
    quiet = {"QuietHours": 1, "PageSize": 1}
    for name in ("device-00001", "device-00002"):
        await door.ok("GetDeviceStatus", ProductKey=product_key, DeviceName=name)
    door.clock.at_ms += HOUR_MS
    assert (await door.ok(ACTION, **quiet))["IsWholeAnswer"] is True


async def test_I15_other_accounts(door: SignedDoor) -> None:
    """Another account's devices, products and groups are not there."""
    lamp = await make_product(door)
    await make_device(door, lamp, "lamp-1", "1.0.0")
    group_id = await make_group(door, lamp, "north_hall", "lamp-1")
    other = await door.make_key("neighbour")
    assert await names(door, by=other) == []
    assert await names(door, by=other, NamePrefix="lamp") == []
    assert await door.refusal(ACTION, by=other, ProductKey=lamp) == "iot.prod.NotExistedProduct"
    assert await door.refusal(ACTION, by=other, GroupId=group_id) == "iot.group.NotExistedGroup"


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key for one product must name it; a key for one group must name that; none sees beyond."""
    lamp, plug, _ = await make_zoo(door)
    group_id = await make_group(door, lamp, "north_hall", "lamp-2")
    of_lamp = await limited_key(door, products=(lamp,))
    of_group = await limited_key(door, groups=(group_id,))
    assert await names(door, by=of_lamp, ProductKey=lamp) == ["LAMP-3", "lamp-2", "lamp-1"]
    assert await names(door, by=of_group, GroupId=group_id) == ["lamp-2"]
    assert await names(door, by=of_group, GroupId=group_id, ProductKey=lamp) == ["lamp-2"]
    for key, given in ((of_lamp, {}), (of_group, {}), (of_group, {"ProductKey": lamp})):
        assert await door.refusal(ACTION, by=key, **given) == "Forbidden.RAM"
    assert await door.refusal(ACTION, by=of_lamp, ProductKey=plug) == "iot.prod.NotExistedProduct"
    assert await door.refusal(ACTION, by=of_lamp, GroupId=group_id) == "iot.group.NotExistedGroup"


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ({"PageSize": 1}, True),
        ({"PageSize": 100}, True),
        ({"NamePrefix": "x" * 32}, True),
        ({"Text": "x" * 64}, True),
        ({"QuietHours": 8_760}, True),
        ({"TagKey": "x" * 32, "TagValue": "x" * 128}, True),
        ({"NamePrefix": "", "Text": "", "ReportedVersion": "", "TagKey": ""}, True),
        ({"NamePrefix": "x" * 33}, False),
        ({"Text": "x" * 65}, False),
        ({"QuietHours": 0}, False),
        ({"QuietHours": 8_761}, False),
        ({"State": "ASLEEP"}, False),
        ({"TagKey": "x" * 33}, False),
        ({"TagKey": "x", "TagValue": "x" * 129}, False),
        ({"ModuleName": "m*"}, False),
    ],
)
async def test_limits(door: SignedDoor, given: dict[str, Any], is_taken: bool) -> None:
    """Each filter at its limits and beyond; a blank one narrows nothing."""
    if is_taken:
        assert await names(door, **given) == []
    else:
        assert await door.refusal(ACTION, **given) == REFUSED


@pytest.mark.parametrize("given", [{"PageSize": 0}, {"PageSize": 101}, {"CurrentPage": 0}])
async def test_pages_out_of_range(door: SignedDoor, given: dict[str, int]) -> None:
    """InvalidPageParams, HTTP 200."""
    assert await door.refusal(ACTION, **given) == "iot.common.InvalidPageParams"


async def test_what_belongs_together(door: SignedDoor) -> None:
    """Version needs its product, TagValue its key; product keys have their form."""
    assert await door.refusal(ACTION, ReportedVersion="1.0.0") == "iot.ota.MissingParameter"
    assert await door.refusal(ACTION, TagValue="x") == "iot.ota.MissingParameter"
    assert await door.refusal(ACTION, ProductKey="k-1") == "iot.prod.InvalidFormattedProductkey"


async def test_rights(door: SignedDoor) -> None:
    """The key needs the right to read devices."""
    without = await door.make_key(permissions=frozenset(Permission) - {Permission.DEVICE_READ})
    assert await door.refusal(ACTION, by=without) == "Forbidden.RAM"
