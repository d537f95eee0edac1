"""XQueryDeviceAttributes through the signed door (ddi-protocol 9)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.device.naming import check_naming, check_rights
from tests.operations.fleet import FieldDevice, make_device, make_product
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XQueryDeviceAttributes"


def say(door: SignedDoor, device: FieldDevice, attributes: dict[str, str]) -> None:
    """What the DDI door stores when the device puts its configData."""
    rows = f"INSERT INTO ddi_device (device_id, wants_attributes, attributes_ms) VALUES ({device.id}, 0, {NOW_MS})"
    door.ports.database.execute(rows)
    for name, content in attributes.items():
        row = f"INSERT INTO ddi_attribute (device_id, name, content) VALUES ({device.id}, '{name}', '{content}')"
        door.ports.database.execute(row)


async def test_a_device_that_said_nothing(door: SignedDoor, case: Case) -> None:
    """No attributes, no time, and it is asked at its first contact."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    answer = await door.call(ACTION, case=case, ProductKey=product_key, DeviceName="lamp-0001")
    check_answer(answer, case, {"Data": {"Attributes": {"Attribute": []}, "Requested": True}})


async def test_a_device_that_said_what_it_is(door: SignedDoor, case: Case) -> None:
    """Its attributes in the order of their names' bytes, and when it said so; no other device's."""
    product_key = await make_product(door)
    other = await make_device(door, product_key, "lamp-0002")
    say(door, other, {"other": "device"})
    device = await make_device(door, product_key, "lamp-0001")
    say(door, device, {"sw_version": "1.0", "Zone": "中", "hw": "<&>"})
    answer = await door.call(ACTION, case=case, ProductKey=product_key, DeviceName="lamp-0001")
    expected = [
        {"Name": "Zone", "Content": "中"},
        {"Name": "hw", "Content": "<&>"},
        {"Name": "sw_version", "Content": "1.0"},
    ]
    data = {"Attributes": {"Attribute": expected}, "ReportedTime": NOW_TEXT, "Requested": False}
    check_answer(answer, case, {"Data": data})


async def test_naming_and_rights(door: SignedDoor) -> None:
    """The device is named as everywhere, and the key needs the right."""
    await check_naming(door, ACTION)
    product_key = await make_product(door, "plug")
    await make_device(door, product_key, "lamp-0001")
    await check_rights(door, ACTION, Permission.DEVICE_READ, product_key, DeviceName="lamp-0001")
