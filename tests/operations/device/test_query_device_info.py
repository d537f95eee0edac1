"""QueryDeviceInfo through the signed door (api-contract 13.2)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.device.naming import check_naming, check_rights
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "QueryDeviceInfo"


async def test_a_device(door: SignedDoor, case: Case) -> None:
    """Names and secret, by either name of the device."""
    product_key = await make_product(door)
    given = {"ProductKey": product_key, "DeviceName": "lamp-0001", "Nickname": "kitchen"}
    made = (await door.ok("RegisterDevice", **given))["Data"]
    for named in ({"IotId": made["IotId"]}, {"ProductKey": product_key, "DeviceName": "lamp-0001"}):
        check_answer(await door.call(ACTION, case=case, **named), case, {"Data": made})


async def test_without_a_nickname(door: SignedDoor) -> None:
    """An absent nickname is empty text."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    data = (await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    assert data["Nickname"] == ""


async def test_naming_and_rights(door: SignedDoor) -> None:
    """The device is named as everywhere, and the key needs the right."""
    await check_naming(door, ACTION)
    product_key = await make_product(door, "plug")
    await make_device(door, product_key, "lamp-0001")
    await check_rights(door, ACTION, Permission.DEVICE_READ, product_key, DeviceName="lamp-0001")
