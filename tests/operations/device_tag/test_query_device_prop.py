"""QueryDeviceProp through the signed door (api-contract 13.4). Unknown devices: test_save_device_prop.py."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.device_tag.test_save_device_prop import LAMP, make_lamp
from tests.operations.group.keys import key_without
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case


async def test_tags(door: SignedDoor, case: Case) -> None:
    """One JSON text at the top level, keys in order, in whatever order they came; `{}` before."""
    device = await make_lamp(door)
    check_answer(await door.call("QueryDeviceProp", case=case, **device), case, {"Props": "{}"})
    await door.ok("SaveDeviceProp", **device, Props='{"room" : "会议 1", "color":"\\"red\\""}')
    wanted = '{"color":"\\"red\\"","room":"会议 1"}'
    check_answer(await door.call("QueryDeviceProp", case=case, **device), case, {"Props": wanted})


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not see devices."""
    key = await key_without(door, Permission.DEVICE_READ)
    given = {"ProductKey": "a1lamp", "DeviceName": LAMP}
    assert await door.refusal("QueryDeviceProp", by=key, **given) == "Forbidden.RAM"
