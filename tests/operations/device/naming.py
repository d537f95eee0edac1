"""How every operation on one device finds it: by either name, in its account, and within its key's rights."""

from __future__ import annotations

from tests.operations.fleet import make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import EVERYTHING, Access, Permission, Policy, Statement


async def check_naming(door: SignedDoor, action: str, **given: str) -> None:
    """The device must be named, exist, and belong to the caller; nothing else is said of others' devices (I15)."""
    for named in ({}, {"DeviceName": "lamp-0001"}, {"ProductKey": "k1"}, {"IotId": "", "ProductKey": "k"}):
        assert await door.refusal(action, **named, **given) == "iot.device.NullDeviceName"
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    made = (await door.ok("RegisterDevice", by=neighbour, ProductKey=theirs, DeviceName="lamp-0001"))["Data"]
    mine = await make_product(door, "mine")
    for iot_id in (made["IotId"], "0" * 24):
        assert await door.refusal(action, IotId=iot_id, **given) == "iot.device.InvalidIoTId"
    for key in (theirs, "k0000000404"):
        code = await door.refusal(action, ProductKey=key, DeviceName="lamp-0001", **given)
        assert code == "iot.prod.NotExistedProduct"
    assert await door.refusal(action, ProductKey=mine, DeviceName="lamp-0001", **given) == "iot.device.NotExistedDevice"
    for length, code in ((64, "iot.device.InvalidIoTId"), (65, "iot.ota.InvalidParameter")):
        assert await door.refusal(action, IotId="x" * length, **given) == code


async def check_rights(door: SignedDoor, action: str, permission: Permission, product_key: str, **given: str) -> None:
    """A key without the permission is refused; a key for another product finds nothing (A06)."""
    without = await door.make_key(permissions=frozenset(Permission) - {permission})
    assert await door.refusal(action, by=without, ProductKey=product_key, **given) == "Forbidden.RAM"
    elsewhere = Statement(frozenset({action}), Access.WRITE, products=frozenset({"k0000000404"}))
    limited = await door.make_key_of(Policy((elsewhere,)))
    code = await door.refusal(action, by=limited, ProductKey=product_key, **given)
    assert code in ("iot.prod.NotExistedProduct", "Forbidden.RAM")
    assert EVERYTHING.is_everything
