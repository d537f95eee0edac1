"""BatchGetDeviceState through the signed door (api-contract 13.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.device.naming import check_rights
from tests.operations.fleet import make_device, make_devices, make_product
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "BatchGetDeviceState"


async def names(door: SignedDoor, **given: Any) -> list[str]:
    rows = (await door.ok(ACTION, **given))["DeviceStatusList"]["DeviceStatus"]
    return [row["DeviceName"] for row in rows]


async def test_states(door: SignedDoor, case: Case) -> None:
    """Each device in full, in the order of the call; one that never connected has no address and no time."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")
    await make_device(door, product_key, "lamp-0002")
    ids = [
        (await door.ok("QueryDeviceInfo", ProductKey=product_key, DeviceName=name))["Data"]["IotId"]
        for name in ("lamp-0002", "lamp-0001")
    ]
    door.clock.at_ms = NOW_MS + 60_000
    await device.connect("192.0.2.7")
    rows = [
        {
            "DeviceId": ids[0],
            "DeviceName": "lamp-0002",
            "IotId": ids[0],
            "Status": "UNACTIVE",
            "AsAddress": "",
            "LastOnlineTime": "",
            "Timestamp": NOW_MS,
        },
        {
            "DeviceId": ids[1],
            "DeviceName": "lamp-0001",
            "IotId": ids[1],
            "Status": "ONLINE",
            "AsAddress": "192.0.2.7",
            "LastOnlineTime": "2025-01-02 03:05:05",
            "Timestamp": NOW_MS + 60_000,
        },
    ]
    expected = {"DeviceStatusList": {"DeviceStatus": rows}}
    named: dict[str, Any] = {"ProductKey": product_key, "DeviceName": ["lamp-0002", "lamp-0001"]}
    for given in (named, {"IotId": ids}, {"IotId": ids, "ProductKey": "k404", "DeviceName": ["nobody"]}):
        check_answer(await door.call(ACTION, case=case, **given), case, expected)


async def test_what_does_not_exist_is_left_out(door: SignedDoor) -> None:
    """Unknown names, deleted devices and devices of others are no error."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    made = (await door.ok("RegisterDevice", by=neighbour, ProductKey=theirs, DeviceName="lamp-0001"))["Data"]
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    await make_device(door, product_key, "lamp-0002")
    await door.ok("DeleteDevice", ProductKey=product_key, DeviceName="lamp-0002")
    given = ["lamp-0002", "nobody", "lamp-0001"]
    assert await names(door, ProductKey=product_key, DeviceName=given) == ["lamp-0001"]
    assert await names(door, IotId=[made["IotId"], "0" * 24]) == []
    assert await door.refusal(ACTION, ProductKey=theirs, DeviceName=given) == "iot.prod.NotExistedProduct"


@pytest.mark.parametrize(("count", "code"), [(49, ""), (50, ""), (51, "iot.ota.InvalidParameter")])
async def test_fifty_devices(door: SignedDoor, count: int, code: str) -> None:
    """Up to 50 are answered, more are refused."""
    product_key = await make_product(door)
    given = (await make_devices(door, product_key, 51))[:count]
    if code:
        assert await door.refusal(ACTION, ProductKey=product_key, DeviceName=given) == code
        assert await door.refusal(ACTION, IotId=given) == code
    else:
        assert await names(door, ProductKey=product_key, DeviceName=given) == given


@pytest.mark.parametrize("given", [{}, {"ProductKey": "k1"}, {"DeviceName": ["lamp-0001"]}])
async def test_devices_must_be_named(door: SignedDoor, given: dict[str, Any]) -> None:
    """Neither IotId.N nor both of the pair: NullDeviceName."""
    assert await door.refusal(ACTION, **given) == "iot.device.NullDeviceName"


async def test_rights(door: SignedDoor) -> None:
    """The key needs the right."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    await check_rights(door, ACTION, Permission.DEVICE_READ, product_key, **{"DeviceName.1": "lamp-0001"})
