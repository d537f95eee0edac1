"""GetDeviceStatus through the signed door (api-contract 13.2)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.device.naming import check_naming, check_rights
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "GetDeviceStatus"


async def test_status_and_since_when(door: SignedDoor, case: Case) -> None:
    """Each status with the time at which it came; before the first connection, the registration."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")
    named = {"ProductKey": product_key, "DeviceName": "lamp-0001"}

    async def check(status: str, at_ms: int) -> None:
        answer = await door.call(ACTION, case=case, **named)
        check_answer(answer, case, {"Data": {"Status": status, "Timestamp": at_ms}})

    await check("UNACTIVE", NOW_MS)
    door.clock.at_ms += 1_000
    await device.connect()
    await check("ONLINE", NOW_MS + 1_000)
    door.clock.at_ms += 1_000
    await device.disconnect()
    await check("OFFLINE", NOW_MS + 2_000)
    door.clock.at_ms += 1_000
    await door.ok("DisableThing", **named)
    await check("DISABLE", NOW_MS + 3_000)


async def test_naming_and_rights(door: SignedDoor) -> None:
    """The device is named as everywhere, and the key needs the right."""
    await check_naming(door, ACTION)
    product_key = await make_product(door, "plug")
    await make_device(door, product_key, "lamp-0001")
    await check_rights(door, ACTION, Permission.DEVICE_READ, product_key, DeviceName="lamp-0001")
