"""XImportDevices through the signed door (ours; ADR 0063)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.device.applies import post
from tests.operations.fleet import make_product, set_quotas
from tests.operations.group.keys import limited_key
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.device_import import IMPORTED_DEVICES_MAX
from whimbrel.rpc.dialect import Case

SECRET, IOT_ID = "0123456789abcdefghijklmnopqrstuv", "7gC2d1EfPbXm0AcX5ZnK000100"
LAMP = {"DeviceName": "lamp-0001", "DeviceSecret": SECRET, "IotId": IOT_ID, "Nickname": "Lampe_灯"}


async def import_(door: SignedDoor, product_key: str, *devices: dict[str, str]) -> dict[str, Any]:
    """The answer's Data; what stands in the way as pairs."""
    data: dict[str, Any] = (await door.ok("XImportDevices", ProductKey=product_key, Device=list(devices)))["Data"]
    found = [(conflict["DeviceName"], conflict["Reason"]) for conflict in data["Conflicts"]["Conflict"]]
    return {**data, "Conflicts": found}


async def test_a_device_keeps_what_it_was_made_with(door: SignedDoor, case: Case) -> None:
    """Name, secret, IotId and nickname are those of the other server."""
    product_key = await make_product(door)
    answer = await door.call("XImportDevices", case=case, ProductKey=product_key, Device=[LAMP])
    data = {"AddedDeviceCount": 1, "EqualDeviceCount": 0, "Conflicts": {"Conflict": []}}
    check_answer(answer, case, {"Data": data})
    stored = (await door.ok("QueryDeviceInfo", IotId=IOT_ID))["Data"]
    assert stored.items() >= LAMP.items()
    assert (await door.ok("QueryProduct", ProductKey=product_key))["Data"]["DeviceCount"] == 1
    await door.check_consistency()


async def test_what_is_absent_is_made(door: SignedDoor) -> None:
    """An export without secrets makes devices that must be told new ones."""
    product_key = await make_product(door)
    await import_(door, product_key, {"DeviceName": "lamp-0001"})
    stored = (await door.ok("QueryDeviceInfo", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    assert (len(stored["DeviceSecret"]), len(stored["IotId"])) == (32, 24)


async def test_repeating_changes_nothing(door: SignedDoor) -> None:
    """Who lost the answer calls again; an absent secret or IotId is not compared."""
    product_key = await make_product(door)
    await import_(door, product_key, LAMP)
    for again in (LAMP, {"DeviceName": "lamp-0001", "Nickname": LAMP["Nickname"]}):
        data = await import_(door, product_key, again)
        assert data == {"AddedDeviceCount": 0, "EqualDeviceCount": 1, "Conflicts": []}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"DeviceSecret": SECRET[::-1]}, "DIFFERENT_SECRET"),
        ({"IotId": IOT_ID[::-1]}, "DIFFERENT_IOT_ID"),
        ({"Nickname": "other"}, "DIFFERENT_NICKNAME"),
        ({"Nickname": ""}, "DIFFERENT_NICKNAME"),
    ],
)
async def test_what_differs_is_named_and_left(changed: dict[str, str], reason: str, door: SignedDoor) -> None:
    """A device that is there is never changed; the others of the call are added."""
    product_key = await make_product(door)
    await import_(door, product_key, LAMP)
    data = await import_(door, product_key, {**LAMP, **changed}, {"DeviceName": "lamp-0002"})
    assert data == {"AddedDeviceCount": 1, "EqualDeviceCount": 0, "Conflicts": [("lamp-0001", reason)]}
    assert (await door.ok("QueryDeviceInfo", IotId=IOT_ID))["Data"].items() >= LAMP.items()


async def test_names_and_IotIds_once(door: SignedDoor) -> None:
    """Of what comes twice in a call the first counts."""
    product_key = await make_product(door)
    twice = [LAMP, {**LAMP, "Nickname": "other"}, {"DeviceName": "lamp-0002", "IotId": IOT_ID}]
    data = await import_(door, product_key, *twice)
    assert data["AddedDeviceCount"] == 1
    assert data["Conflicts"] == [("lamp-0001", "REPEATED_NAME"), ("lamp-0002", "IOT_ID_TAKEN")]


async def test_I15_an_IotId_in_use_is_taken_whoever_has_it(door: SignedDoor) -> None:
    """Another account's device, or one of another product: the same word for both, and nothing is moved."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    await door.ok("XImportDevices", by=neighbour, ProductKey=theirs, Device=[LAMP])
    mine, other = await make_product(door, "lamp"), await make_product(door, "plug")
    await import_(door, other, {**LAMP, "IotId": IOT_ID[::-1]})
    for iot_id in (IOT_ID, IOT_ID[::-1]):
        data = await import_(door, mine, {**LAMP, "IotId": iot_id})
        assert data == {"AddedDeviceCount": 0, "EqualDeviceCount": 0, "Conflicts": [("lamp-0001", "IOT_ID_TAKEN")]}
    assert (await door.ok("QueryDeviceInfo", by=neighbour, IotId=IOT_ID))["Data"]["ProductKey"] == theirs


async def test_a_deleted_device_gives_its_IotId_up(door: SignedDoor) -> None:
    """A rehearsed import can be thrown away and repeated; another account's deleted device keeps its own."""
    product_key = await make_product(door)
    await import_(door, product_key, LAMP)
    await door.ok("DeleteDevice", IotId=IOT_ID)
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    refused = await door.ok("XImportDevices", by=neighbour, ProductKey=theirs, Device=[LAMP])
    assert refused["Data"]["Conflicts"]["Conflict"][0]["Reason"] == "IOT_ID_TAKEN"
    assert (await import_(door, product_key, LAMP))["AddedDeviceCount"] == 1
    await door.check_consistency()


@pytest.mark.parametrize("count", [IMPORTED_DEVICES_MAX - 1, IMPORTED_DEVICES_MAX])
async def test_I17_as_many_as_a_call_may_have(count: int, door: SignedDoor) -> None:
    """A thousand devices with everything they may have."""
    product_key = await make_product(door)
    answer = await import_many(door, product_key, count)
    assert answer["Data"]["AddedDeviceCount"] == count
    assert (await door.ok("QueryProduct", ProductKey=product_key))["Data"]["DeviceCount"] == count


async def test_I17_one_more_than_a_call_may_have(door: SignedDoor) -> None:
    """Refused as a whole."""
    product_key = await make_product(door)
    assert (await import_many(door, product_key, IMPORTED_DEVICES_MAX + 1))["Code"] == "iot.ota.InvalidParameter"
    assert (await door.ok("QueryProduct", ProductKey=product_key))["Data"]["DeviceCount"] == 0


async def import_many(door: SignedDoor, product_key: str, count: int) -> dict[str, Any]:
    """The answer's body to a call in a form, as clients send long ones."""
    devices = [
        {"DeviceName": f"{number:032}", "DeviceSecret": f"{number:064}", "IotId": f"{number:064}", "Nickname": "x" * 64}
        for number in range(count)
    ]
    return (await post(door, "XImportDevices", {"ProductKey": product_key}, {"Device": devices})).json()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("DeviceSecret", "s" * 21),
        ("DeviceSecret", "s" * 65),
        ("DeviceSecret", "s" * 21 + "-"),
        ("IotId", "i" * 15),
        ("IotId", "i" * 65),
        ("IotId", "i" * 16 + "~1"),
        ("Nickname", "x"),
        ("Nickname", "x" * 65),
    ],
)
async def test_A16_what_is_malformed_refuses_the_call(member: str, value: str, door: SignedDoor) -> None:
    """Nothing of the call is done, not even for the devices before."""
    product_key = await make_product(door)
    devices = [{"DeviceName": "lamp-0000"}, {**LAMP, member: value}]
    assert await door.refusal("XImportDevices", ProductKey=product_key, Device=devices) == "iot.ota.InvalidParameter"


LIMITS = [("DeviceSecret", 22), ("DeviceSecret", 64), ("IotId", 16), ("IotId", 64)]


@pytest.mark.parametrize(("member", "length"), LIMITS)
async def test_A15_secrets_and_ids_at_the_limits(member: str, length: int, door: SignedDoor) -> None:
    """22 letters and digits are more than 128 bits."""
    product_key = await make_product(door)
    assert (await import_(door, product_key, {**LAMP, member: "a" * length}))["AddedDeviceCount"] == 1


async def test_refusals(door: SignedDoor) -> None:
    """Malformed names, no device at all, another's product and a malformed key."""
    product_key = await make_product(door)
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    cases = [
        ("iot.device.InvalidFormattedDeviceName", product_key, [{"DeviceName": "abc"}]),
        ("iot.prod.NotExistedProduct", theirs, [LAMP]),
        ("iot.prod.InvalidFormattedProductkey", "k-1", [LAMP]),
    ]
    for code, key, devices in cases:
        assert await door.refusal("XImportDevices", ProductKey=key, Device=devices) == code


async def test_the_quota(door: SignedDoor) -> None:
    """What is there already counts once; one device too many refuses the call."""
    product_key = await make_product(door)
    set_quotas(door, "XImportDevices", devices_per_product=2)
    await import_(door, product_key, LAMP)
    two = [LAMP, {"DeviceName": "lamp-0002"}]
    too_many = [*two, {"DeviceName": "lamp-0003"}]
    code = await door.refusal("XImportDevices", ProductKey=product_key, Device=too_many)
    assert code == "iot.device.DeviceCountExceeded"
    assert (await import_(door, product_key, *two))["AddedDeviceCount"] == 1


async def test_A05_the_audit_trail_hides_the_secrets(door: SignedDoor) -> None:
    """The entry names the devices and hides what proves them."""
    product_key = await make_product(door)
    await import_(door, product_key, LAMP)
    body = await door.ok("XListAuditEvents", EventName="XImportDevices", CurrentPage=1, PageSize=10)
    [entry] = body["Data"]["AuditEvent"]
    assert "lamp-0001" in str(entry)
    assert SECRET not in str(entry)


async def test_A06_rights(door: SignedDoor) -> None:
    """A key without the permission, and one that is limited to this product, may not."""
    product_key = await make_product(door)
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.DEVICE_WRITE})
    assert await door.refusal("XImportDevices", by=key, ProductKey=product_key, Device=[LAMP]) == "Forbidden.RAM"
    key = await limited_key(door, products=[product_key])
    assert await door.refusal("XImportDevices", by=key, ProductKey=product_key, Device=[LAMP]) == "Forbidden.RAM"
