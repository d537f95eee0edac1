"""QueryDeviceStatistics through the signed door (api-contract 13.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import find_device, make_device, make_devices, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.adapters.store.repositories import devices as module
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case

ACTION = "QueryDeviceStatistics"


def counts(devices: int, online: int, active: int) -> dict[str, int]:
    return {"deviceCount": devices, "onlineCount": online, "activeCount": active}


async def ask(door: SignedDoor, **given: Any) -> dict[str, int]:
    data: dict[str, int] = (await door.ok(ACTION, **given))["Data"]
    return data


async def make_group(door: SignedDoor, product_key: str, *names: str) -> str:
    """A static group of these devices; its id."""
    group_id: str = (await door.ok("CreateDeviceGroup", GroupName=f"group_{names[0][:4]}"))["Data"]["GroupId"]
    for start in range(0, len(names), 100):
        devices = [{"ProductKey": product_key, "DeviceName": name} for name in names[start : start + 100]]
        await door.ok("BatchAddDeviceGroupRelations", GroupId=group_id, Device=devices)
    return group_id


async def test_product_and_account(door: SignedDoor, case: Case) -> None:
    """All, connected, ever connected; the names begin with a small letter in both dialects."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    for name in ("lamp-0001", "lamp-0002", "lamp-0003", "lamp-0004"):
        await make_device(door, lamp, name)
    await (await make_device(door, plug, "plug-0001")).connect()
    for name in ("lamp-0001", "lamp-0002", "lamp-0003"):
        await (await find_device(door, lamp, name)).connect()
    await (await find_device(door, lamp, "lamp-0002")).disconnect()
    await door.ok("DisableThing", ProductKey=lamp, DeviceName="lamp-0003")
    assert await ask(door) == counts(5, 2, 4)
    assert await ask(door, ProductKey=plug) == counts(1, 1, 1)
    answer = await door.call(ACTION, case=case, ProductKey=lamp)
    check_answer(answer, case, {"Data": counts(4, 1, 3)})
    await door.ok("DeleteDevice", ProductKey=lamp, DeviceName="lamp-0001")
    assert await ask(door, ProductKey=lamp) == counts(3, 0, 2)


async def test_an_empty_account(door: SignedDoor) -> None:
    """Nothing is zero, not absent."""
    assert await ask(door) == counts(0, 0, 0)


@pytest.mark.parametrize("piece", [1, 2, 3, 1_000])
async def test_a_group(door: SignedDoor, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    """Of a group's devices all, or those of one product, in pieces of any size."""
    monkeypatch.setattr(module, "MEMBERS_PER_PIECE", piece)
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    names = await make_devices(door, lamp, 5)
    await (await make_device(door, plug, "plug-0001")).connect()
    group_id = await make_group(door, lamp, *names[:4])
    await door.ok(
        "BatchAddDeviceGroupRelations", GroupId=group_id, Device=[{"ProductKey": plug, "DeviceName": "plug-0001"}]
    )
    for name in (names[0], names[1], names[4]):
        await (await find_device(door, lamp, name)).connect()
    await (await find_device(door, lamp, names[0])).disconnect()
    assert await ask(door, GroupId=group_id) == counts(5, 2, 3)
    assert await ask(door, GroupId=group_id, ProductKey=lamp) == counts(4, 1, 2)
    assert await ask(door, GroupId=group_id, ProductKey=plug) == counts(1, 1, 1)


async def test_a_dynamic_group(door: SignedDoor) -> None:
    """Its devices are those that its expression describes, which is one product's."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await (await make_device(door, lamp, "lamp-0001")).connect()
    await make_device(door, lamp, "other-0001")
    expression = f'product_key = "{lamp}" and name LIKE "lamp%"'
    made = await door.ok("CreateDeviceDynamicGroup", GroupName="dynamic1", DynamicGroupExpression=expression)
    group_id = made["Data"]["GroupId"]
    assert await ask(door, GroupId=group_id) == counts(1, 1, 1)
    assert await ask(door, GroupId=group_id, ProductKey=lamp) == counts(1, 1, 1)
    assert await ask(door, GroupId=group_id, ProductKey=plug) == counts(0, 0, 0)


async def test_I15_unknown_and_foreign(door: SignedDoor) -> None:
    """Products and groups of others do not exist, and their devices are not counted."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    await door.ok("RegisterDevice", by=neighbour, ProductKey=theirs, DeviceName="theirs-1")
    group_id = (await door.ok("CreateDeviceGroup", by=neighbour, GroupName="theirs"))["Data"]["GroupId"]
    assert await ask(door) == counts(0, 0, 0)
    assert await door.refusal(ACTION, ProductKey=theirs) == "iot.prod.NotExistedProduct"
    assert await door.refusal(ACTION, ProductKey="k-1") == "iot.prod.InvalidFormattedProductkey"
    for unknown in (group_id, "nothing", "x" * 65):
        assert await door.refusal(ACTION, GroupId=unknown) == "iot.group.NotExistedGroup"


async def test_rights(door: SignedDoor) -> None:
    """A key for one product may count that, one for a group that group, neither the account (A06)."""
    lamp = await make_product(door)
    await make_device(door, lamp, "lamp-0001")
    group_id = await make_group(door, lamp, "lamp-0001")
    for_product = await door.make_key_of(Policy((Statement(frozenset({"*"}), Access.WRITE, frozenset({lamp})),)))
    statement = Statement(frozenset({"*"}), Access.WRITE, None, frozenset({group_id}))
    for_group = await door.make_key_of(Policy((statement,)))
    assert await ask(door, by=for_product, ProductKey=lamp) == counts(1, 0, 0)
    assert await ask(door, by=for_group, GroupId=group_id) == counts(1, 0, 0)
    assert await door.refusal(ACTION, by=for_product, GroupId=group_id) == "iot.group.NotExistedGroup"
    assert await door.refusal(ACTION, by=for_group, ProductKey=lamp) == "Forbidden.RAM"
    for key in (for_product, for_group):
        assert await door.refusal(ACTION, by=key) == "Forbidden.RAM"
    without = await door.make_key(permissions=frozenset(Permission) - {Permission.DEVICE_READ})
    assert await door.refusal(ACTION, by=without) == "Forbidden.RAM"
