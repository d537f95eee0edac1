"""QueryDeviceDetail through the signed door (api-contract 13.2)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case


async def test_a_device_that_never_connected(door: SignedDoor, case: Case) -> None:
    """What has not happened yet is empty text; the status is UNACTIVE."""
    product_key = await make_product(door)
    made = (await door.ok("RegisterDevice", ProductKey=product_key, DeviceName="lamp-0001", Nickname="kitchen"))["Data"]
    data = {
        "DeviceName": "lamp-0001",
        "DeviceSecret": made["DeviceSecret"],
        "FirmwareVersion": "",
        "GmtActive": "",
        "GmtCreate": "2025-01-02 03:04:05",
        "GmtOnline": "",
        "UtcActive": "",
        "UtcCreate": NOW_TEXT,
        "UtcOnline": "",
        "IotId": made["IotId"],
        "IpAddress": "",
        "Nickname": "kitchen",
        "NodeType": 0,
        "Owner": True,
        "ProductKey": product_key,
        "ProductName": "lamp",
        "Region": "",
        "Status": "UNACTIVE",
    }
    answer = await door.call("QueryDeviceDetail", case=case, ProductKey=product_key, DeviceName="lamp-0001")
    check_answer(answer, case, {"Data": data})
    check_answer(await door.call("QueryDeviceDetail", case=case, IotId=made["IotId"]), case, {"Data": data})


async def test_a_device_that_came_twice(door: SignedDoor) -> None:
    """Active is the first connection, online the last; the version is the default module's."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")
    door.clock.at_ms = NOW_MS + 60_000
    await device.connect("192.0.2.7")
    await device.report_version("1.0.0")
    await device.report_version("7.0", module="mcu")
    await device.disconnect()
    door.clock.at_ms = NOW_MS + 120_000
    await device.connect("192.0.2.8")
    data = (await door.ok("QueryDeviceDetail", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    assert (
        data.items()
        >= {
            "Status": "ONLINE",
            "FirmwareVersion": "1.0.0",
            "IpAddress": "192.0.2.8",
            "GmtActive": "2025-01-02 03:05:05",
            "UtcActive": "2025-01-02T03:05:05.678Z",
            "GmtOnline": "2025-01-02 03:06:05",
            "UtcOnline": "2025-01-02T03:06:05.678Z",
        }.items()
    )
    await device.disconnect()
    data = (await door.ok("QueryDeviceDetail", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    assert data["Status"] == "OFFLINE"


async def test_the_iot_id_wins(door: SignedDoor) -> None:
    """When both forms are given, ProductKey and DeviceName are not looked at."""
    product_key = await make_product(door)
    made = (await door.ok("RegisterDevice", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    given = {"IotId": made["IotId"], "ProductKey": "k404", "DeviceName": "nobody"}
    assert (await door.ok("QueryDeviceDetail", **given))["Data"]["DeviceName"] == "lamp-0001"


@pytest.mark.parametrize(
    "given", [{}, {"DeviceName": "lamp-0001"}, {"ProductKey": "k1"}, {"IotId": "", "ProductKey": "k"}]
)
async def test_a_device_must_be_named(given: dict[str, str], door: SignedDoor) -> None:
    """Neither IotId nor both of the pair: NullDeviceName."""
    assert await door.refusal("QueryDeviceDetail", **given) == "iot.device.NullDeviceName"


async def test_I15_unknown_and_foreign_devices(door: SignedDoor) -> None:
    """Devices of other accounts do not exist, by whichever name they are called."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    made = (await door.ok("RegisterDevice", by=neighbour, ProductKey=theirs, DeviceName="lamp-0001"))["Data"]
    mine = await make_product(door, "mine")
    for iot_id in (made["IotId"], "0" * 24):
        assert await door.refusal("QueryDeviceDetail", IotId=iot_id) == "iot.device.InvalidIoTId"
    for product_key in (theirs, "k0000000404"):
        code = await door.refusal("QueryDeviceDetail", ProductKey=product_key, DeviceName="lamp-0001")
        assert code == "iot.prod.NotExistedProduct"
    code = await door.refusal("QueryDeviceDetail", ProductKey=mine, DeviceName="lamp-0001")
    assert code == "iot.device.NotExistedDevice"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not read devices."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.DEVICE_READ})
    assert await door.refusal("QueryDeviceDetail", by=key, IotId="0" * 24) == "Forbidden.RAM"
