"""BatchQueryDeviceDetail through the signed door (api-contract 13.2)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.device.naming import check_rights
from tests.operations.fleet import make_device, make_devices, make_product
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "BatchQueryDeviceDetail"


async def test_details(door: SignedDoor, case: Case) -> None:
    """Each device in full, in the order of the call; the version is the default module's."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")
    await door.ok("RegisterDevice", ProductKey=product_key, DeviceName="lamp-0002", Nickname="kitchen")
    door.clock.at_ms = NOW_MS + 60_000
    await device.connect()
    await device.report_version("1.0.0")
    await device.report_version("7.0", module="mcu")
    infos = [
        (await door.ok("QueryDeviceInfo", ProductKey=product_key, DeviceName=name))["Data"]
        for name in ("lamp-0002", "lamp-0001")
    ]
    common = {"NodeType": 0, "ProductName": "lamp", "Region": "", "GmtCreate": "2025-01-02 03:04:05"}
    rows = [
        {
            **infos[0],
            **common,
            "FirmwareVersion": "",
            "GmtActive": "",
            "UtcActive": "",
            "UtcCreate": NOW_TEXT,
            "Status": "UNACTIVE",
        },
        {
            **infos[1],
            **common,
            "FirmwareVersion": "1.0.0",
            "GmtActive": "2025-01-02 03:05:05",
            "UtcActive": "2025-01-02T03:05:05.678Z",
            "UtcCreate": NOW_TEXT,
            "Status": "ONLINE",
        },
    ]
    answer = await door.call(ACTION, case=case, ProductKey=product_key, DeviceName=["lamp-0002", "lamp-0001"])
    check_answer(answer, case, {"Data": {"Data": rows}})


async def test_missing_devices_are_left_out(door: SignedDoor) -> None:
    """Unknown names are no error; a call may find nothing."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    for given, found in ((["nobody", "lamp-0001"], ["lamp-0001"]), (["nobody"], [])):
        rows = (await door.ok(ACTION, ProductKey=product_key, DeviceName=given))["Data"]["Data"]
        assert [row["DeviceName"] for row in rows] == found


@pytest.mark.parametrize(("count", "code"), [(99, ""), (100, ""), (101, "iot.ota.InvalidParameter")])
async def test_a_hundred_devices(door: SignedDoor, count: int, code: str) -> None:
    """Up to 100 are answered, more are refused."""
    product_key = await make_product(door)
    given = (await make_devices(door, product_key, 101))[:count]
    if code:
        assert await door.refusal(ACTION, ProductKey=product_key, DeviceName=given) == code
    else:
        rows = (await door.ok(ACTION, ProductKey=product_key, DeviceName=given))["Data"]["Data"]
        assert [row["DeviceName"] for row in rows] == given


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """Another account's product does not exist; a malformed key says so; both parameters are required."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    for product_key in (theirs, "k0000000404"):
        code = await door.refusal(ACTION, ProductKey=product_key, DeviceName=["lamp-0001"])
        assert code == "iot.prod.NotExistedProduct"
    code = await door.refusal(ACTION, ProductKey="k-1", DeviceName=["lamp-0001"])
    assert code == "iot.prod.InvalidFormattedProductkey"
    assert await door.refusal(ACTION, DeviceName=["lamp-0001"]) == "MissingProductKey"
    assert (await door.refusal(ACTION, ProductKey=theirs)).startswith("MissingDeviceName")


async def test_rights(door: SignedDoor) -> None:
    """The key needs the right."""
    product_key = await make_product(door)
    await check_rights(door, ACTION, Permission.DEVICE_READ, product_key, **{"DeviceName.1": "lamp-0001"})
