"""ResetThing through the signed door (api-contract 13.2)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.device.naming import check_naming, check_rights
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "ResetThing"


async def test_a_device_that_enrolled(door: SignedDoor, case: Case) -> None:
    """Its dynamic registration is open again; its status and its secret stay. There is no job to name."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")
    await device.connect()
    before = (await door.ok("QueryDeviceDetail", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    door.ports.database.execute("UPDATE device SET enrolled_ms = 1")
    check_answer(await door.call(ACTION, case=case, ProductKey=product_key, DeviceName="lamp-0001"), case, {})
    assert door.ports.database.execute("SELECT enrolled_ms FROM device") == [(None,)]
    after = (await door.ok("QueryDeviceDetail", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    assert before == after


async def test_a_device_that_never_did(door: SignedDoor) -> None:
    """It is as it should be already: nothing of it changes."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    before = door.rows()["device"]
    door.clock.at_ms = NOW_MS + 9
    await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0001")
    assert door.rows()["device"] == before


async def test_naming_and_rights(door: SignedDoor) -> None:
    """The device is named as everywhere, and the key needs the right."""
    await check_naming(door, ACTION)
    product_key = await make_product(door, "plug")
    await make_device(door, product_key, "lamp-0001")
    await check_rights(door, ACTION, Permission.DEVICE_WRITE, product_key, DeviceName="lamp-0001")
