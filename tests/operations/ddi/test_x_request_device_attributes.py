"""XRequestDeviceAttributes through the signed door (ddi-protocol 3, 9)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.ddi.test_x_query_device_attributes import say
from tests.operations.device.naming import check_naming, check_rights
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XRequestDeviceAttributes"


async def test_a_device_that_said_what_it_is(door: SignedDoor, case: Case) -> None:
    """It is asked again; what it said stays, and so does its token."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")
    say(door, device, {"hw": "1"})
    named = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    await door.ok("XRotateDeviceToken", **named)
    token = door.ports.database.execute("SELECT token_digest FROM ddi_device")
    before = (await door.ok("XQueryDeviceAttributes", **named))["Data"]
    check_answer(await door.call(ACTION, case=case, **named), case, {})
    assert (await door.ok("XQueryDeviceAttributes", **named))["Data"] == before | {"Requested": True}
    assert door.ports.database.execute("SELECT token_digest FROM ddi_device") == token


async def test_a_device_that_never_polled(door: SignedDoor) -> None:
    """It is asked at its first contact anyway."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    named = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    await door.ok(ACTION, **named)
    assert (await door.ok("XQueryDeviceAttributes", **named))["Data"]["Requested"] is True


async def test_naming_and_rights(door: SignedDoor) -> None:
    """The device is named as everywhere, and the key needs the right."""
    await check_naming(door, ACTION)
    product_key = await make_product(door, "plug")
    await make_device(door, product_key, "lamp-0001")
    await check_rights(door, ACTION, Permission.DEVICE_WRITE, product_key, DeviceName="lamp-0001")
