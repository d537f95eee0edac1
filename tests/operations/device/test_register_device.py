"""RegisterDevice through the signed door (api-contract 13.2)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_product, set_quotas
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

NAME_REFUSED = "iot.device.InvalidFormattedDeviceName"


async def test_a_device(door: SignedDoor, case: Case) -> None:
    """The answer holds name, secret, IotId and, if it was given, the nickname; LoRa fields are ignored."""
    product_key = await make_product(door)
    given = {
        "ProductKey": product_key,
        "DeviceName": "lamp-0001",
        "Nickname": "Lampe_灯",
        "DevEui": "x",
        "PinCode": "y",
    }
    answer = await door.call("RegisterDevice", case=case, **given)
    stored = (await door.ok("QueryDeviceDetail", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    assert len(stored["DeviceSecret"]) == 32
    assert len(stored["IotId"]) == 24
    data = {
        "ProductKey": product_key,
        "DeviceName": "lamp-0001",
        "DeviceSecret": stored["DeviceSecret"],
        "IotId": stored["IotId"],
        "Nickname": "Lampe_灯",
    }
    check_answer(answer, case, {"Data": data})


async def test_a_random_name(door: SignedDoor) -> None:
    """Without a DeviceName, or with an empty one, the server finds one that is legal and new."""
    product_key = await make_product(door)
    made = [(await door.ok("RegisterDevice", ProductKey=product_key, DeviceName=name))["Data"] for name in (None, "")]
    assert made[0]["DeviceName"] != made[1]["DeviceName"]
    assert all(4 <= len(data["DeviceName"]) <= 32 and data["DeviceName"].isalnum() for data in made)
    assert all("Nickname" not in data for data in made)


@pytest.mark.parametrize("name", ["abcd", "abcde", "x" * 31, "x" * 32, "a-_@.:9Z", "----"])
async def test_names_at_the_limits(name: str, door: SignedDoor) -> None:
    """4 to 32 of letters, digits and - _ @ . colon."""
    data = (await door.ok("RegisterDevice", ProductKey=await make_product(door), DeviceName=name))["Data"]
    assert data["DeviceName"] == name


@pytest.mark.parametrize("name", ["abc", "x" * 33, "lamp 1", "lamp/1", "lamp+1", "lamp#1", "灯灯灯灯", "１２３４"])
async def test_names_outside_the_rule(name: str, door: SignedDoor) -> None:
    """Shorter, longer, or with a character that means something in a topic: refused."""
    product_key = await make_product(door)
    assert await door.refusal("RegisterDevice", ProductKey=product_key, DeviceName=name) == NAME_REFUSED


@pytest.mark.parametrize("nickname", ["abcd", "灯泡", "x" * 64, "灯" * 32, "a_9灯"])
async def test_nicknames_at_the_limits(nickname: str, door: SignedDoor) -> None:
    """4 to 64, a CJK character counting 2."""
    data = (await door.ok("RegisterDevice", ProductKey=await make_product(door), Nickname=nickname))["Data"]
    assert data["Nickname"] == nickname


@pytest.mark.parametrize("nickname", ["abc", "灯a", "x" * 65, "灯" * 32 + "x", "a-bcd", "a bcd", "abc!"])
async def test_nicknames_outside_the_rule(nickname: str, door: SignedDoor) -> None:
    """Shorter, longer, or with another character: refused."""
    code = await door.refusal("RegisterDevice", ProductKey=await make_product(door), Nickname=nickname)
    assert code == "iot.ota.InvalidParameter"


async def test_a_name_is_taken_once_per_product(door: SignedDoor) -> None:
    """The same name again is refused; another product may use it."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await door.ok("RegisterDevice", ProductKey=lamp, DeviceName="dev-0001")
    code = await door.refusal("RegisterDevice", ProductKey=lamp, DeviceName="dev-0001")
    assert code == "iot.device.AlreadyExistedDeviceName"
    await door.ok("RegisterDevice", ProductKey=plug, DeviceName="dev-0001")
    await door.ok("RegisterDevice", ProductKey=lamp, DeviceName="Dev-0001")


async def test_the_product_counts_its_devices(door: SignedDoor) -> None:
    """DeviceCount follows each registration, and a refused one leaves it."""
    product_key = await make_product(door)
    for count in (1, 2):
        await door.ok("RegisterDevice", ProductKey=product_key, DeviceName=f"dev-000{count}")
        await door.refusal("RegisterDevice", ProductKey=product_key, DeviceName="dev-0001")
        assert (await door.ok("QueryProduct", ProductKey=product_key))["Data"]["DeviceCount"] == count


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """A device cannot be put into a product that is not the caller's."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    for product_key in (theirs, "k0000000404"):
        code = await door.refusal("RegisterDevice", ProductKey=product_key, DeviceName="dev-0001")
        assert code == "iot.prod.NotExistedProduct"


async def test_the_product_key_is_required_and_well_formed(door: SignedDoor) -> None:
    """Absent: HTTP 400; malformed: a business error."""
    assert await door.refusal("RegisterDevice", DeviceName="dev-0001") == "MissingProductKey"
    code = await door.refusal("RegisterDevice", ProductKey="k-1", DeviceName="dev-0001")
    assert code == "iot.prod.InvalidFormattedProductkey"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not register devices."""
    product_key = await make_product(door)
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.DEVICE_WRITE})
    assert await door.refusal("RegisterDevice", by=key, ProductKey=product_key) == "Forbidden.RAM"


async def test_the_quota(door: SignedDoor) -> None:
    """A product may have as many devices as the operator says; those that are still to come count."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    set_quotas(door, "RegisterDevice", "DeleteDevice", "BatchRegisterDevice", devices_per_product=3)
    for number in range(3):
        await door.ok("RegisterDevice", ProductKey=lamp, DeviceName=f"lamp-000{number}")
    code = await door.refusal("RegisterDevice", ProductKey=lamp, DeviceName="lamp-0003")
    assert code == "iot.device.DeviceCountExceeded"
    await door.ok("DeleteDevice", ProductKey=lamp, DeviceName="lamp-0000")
    await door.ok("RegisterDevice", ProductKey=lamp, DeviceName="lamp-0003")
    await door.ok("BatchRegisterDevice", ProductKey=plug, Count=2)
    await door.ok("RegisterDevice", ProductKey=plug)
    assert await door.refusal("RegisterDevice", ProductKey=plug) == "iot.device.DeviceCountExceeded"
    await door.engine.settle()
    assert await door.refusal("RegisterDevice", ProductKey=plug) == "iot.device.DeviceCountExceeded"
