"""DeleteDeviceProp through the signed door (api-contract 13.4). Unknown devices: test_save_device_prop.py."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.device_tag.test_save_device_prop import LAMP, make_lamp, tags
from tests.operations.group.keys import key_without
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case


async def test_a_tag_is_removed(door: SignedDoor, case: Case) -> None:
    """That one only; again, and for any other key, it is no error."""
    device = await make_lamp(door)
    await door.ok("SaveDeviceProp", **device, Props='{"color":"red","room":"1"}')
    check_answer(await door.call("DeleteDeviceProp", case=case, **device, PropKey="color"), case, {})
    assert await tags(door, device) == {"room": "1"}
    for key in ("color", "abc", "x" * 1_000, "a b"):
        await door.ok("DeleteDeviceProp", **device, PropKey=key)
    assert await tags(door, device) == {"room": "1"}


async def test_the_key_is_required(door: SignedDoor) -> None:
    """HTTP 400."""
    assert await door.refusal("DeleteDeviceProp", ProductKey="a1lamp", DeviceName=LAMP) == "MissingPropKey"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change devices."""
    key = await key_without(door, Permission.DEVICE_WRITE)
    given = {"ProductKey": "a1lamp", "DeviceName": LAMP, "PropKey": "a"}
    assert await door.refusal("DeleteDeviceProp", by=key, **given) == "Forbidden.RAM"
