"""EnableThing through the signed door (api-contract 13.2)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.device.naming import check_naming, check_rights
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "EnableThing"


@pytest.mark.parametrize("was_connected", [False, True])
async def test_a_disabled_device(door: SignedDoor, case: Case, was_connected: bool) -> None:
    """It is OFFLINE if it was ever connected, else UNACTIVE, and may connect again."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")
    if was_connected:
        await device.connect()
    await door.ok("DisableThing", ProductKey=product_key, DeviceName="lamp-0001")
    await door.engine.settle()
    door.clock.at_ms = NOW_MS + 7
    check_answer(await door.call(ACTION, case=case, ProductKey=product_key, DeviceName="lamp-0001"), case, {})
    data = (await door.ok("GetDeviceStatus", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    assert data == {"Status": "OFFLINE" if was_connected else "UNACTIVE", "Timestamp": NOW_MS + 7}
    await device.connect()
    data = (await door.ok("GetDeviceStatus", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    assert data["Status"] == "ONLINE"


async def test_a_device_that_is_not_disabled(door: SignedDoor) -> None:
    """Nothing changes: an online device stays online."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")
    await device.connect()
    door.clock.at_ms = NOW_MS + 7
    await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0001")
    data = (await door.ok("GetDeviceStatus", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    assert data == {"Status": "ONLINE", "Timestamp": NOW_MS}


async def test_naming_and_rights(door: SignedDoor) -> None:
    """The device is named as everywhere, and the key needs the right."""
    await check_naming(door, ACTION)
    product_key = await make_product(door, "plug")
    await make_device(door, product_key, "lamp-0001")
    await check_rights(door, ACTION, Permission.DEVICE_WRITE, product_key, DeviceName="lamp-0001")
