"""ListOTAModuleVersionsByDevice through the signed door (api-contract 11.6)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "ListOTAModuleVersionsByDevice"


async def test_the_versions_a_device_reported(door: SignedDoor, case: Case) -> None:
    """`default` first, then the module reported last; each row says which device it is."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    for module, version in (("mcu", "7"), ("radio", "v2 (beta)"), ("mcu", "8")):
        door.clock.at_ms += 1
        await device.report_version(version, module)
    named = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    iot_id = (await door.ok("QueryDeviceDetail", **named))["Data"]["IotId"]
    rows = [
        {"ModuleName": module, "ModuleVersion": version, **named, "IotId": iot_id}
        for module, version in (("default", "1.0.0"), ("mcu", "8"), ("radio", "v2 (beta)"))
    ]
    expected = {
        "Total": 3,
        "PageCount": 1,
        "PageSize": 10,
        "CurrentPage": 1,
        "Data": {"SimpleOTAModuleInfo": rows},
    }
    check_answer(await door.call(ACTION, case=case, **named, CurrentPage=1, PageSize=10), case, expected)
    check_answer(await door.call(ACTION, case=case, IotId=iot_id, PageSize=10), case, expected)


async def test_a_device_that_reported_nothing(door: SignedDoor) -> None:
    """Modules never reported are not listed, not even `default`."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    body = await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0001", PageSize=10)
    assert (body["Total"], body["PageCount"], body["Data"]) == (0, 0, {"SimpleOTAModuleInfo": []})


async def test_pages(door: SignedDoor) -> None:
    """Three modules in pages of two, each on exactly one page."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    await device.report_version("1", "a")
    await device.report_version("1", "b")
    pages = [
        await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0001", CurrentPage=page, PageSize=2)
        for page in (1, 2, 3)
    ]
    modules = [[row["ModuleName"] for row in page["Data"]["SimpleOTAModuleInfo"]] for page in pages]
    assert modules == [["default", "a"], ["b"], []]
    assert all((page["Total"], page["PageCount"]) == (3, 2) for page in pages)


@pytest.mark.parametrize("size", [1, 2, 199, 200])
async def test_page_sizes_at_the_limits(size: int, door: SignedDoor) -> None:
    """1 to 200 are allowed."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    body = await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0001", PageSize=size)
    assert body["PageSize"] == size


@pytest.mark.parametrize("given", [{"PageSize": 0}, {"PageSize": 201}, {"PageSize": 1, "CurrentPage": 0}])
async def test_pages_out_of_range(given: dict[str, int], door: SignedDoor) -> None:
    """InvalidPageParams, HTTP 200."""
    code = await door.refusal(ACTION, ProductKey="k1", DeviceName="lamp-0001", **given)
    assert code == "iot.common.InvalidPageParams"


async def test_the_page_size_is_required(door: SignedDoor) -> None:
    """Without it: HTTP 400."""
    assert await door.refusal(ACTION, ProductKey="k1", DeviceName="lamp-0001") == "MissingPageSize"


async def test_a_device_must_be_named(door: SignedDoor) -> None:
    """Neither IotId nor both of the pair: NullDeviceName."""
    assert await door.refusal(ACTION, ProductKey="k1", PageSize=10) == "iot.device.NullDeviceName"


async def test_I15_unknown_and_foreign_devices(door: SignedDoor) -> None:
    """Devices of other accounts do not exist."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    made = (await door.ok("RegisterDevice", by=neighbour, ProductKey=theirs, DeviceName="lamp-0001"))["Data"]
    for iot_id in (made["IotId"], "0" * 24):
        assert await door.refusal(ACTION, IotId=iot_id, PageSize=1) == "iot.device.InvalidIoTId"
    code = await door.refusal(ACTION, ProductKey=theirs, DeviceName="lamp-0001", PageSize=1)
    assert code == "iot.prod.NotExistedProduct"
    mine = await make_product(door, "mine")
    code = await door.refusal(ACTION, ProductKey=mine, DeviceName="lamp-0001", PageSize=1)
    assert code == "iot.device.NotExistedDevice"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not read devices' versions."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.DEVICE_READ})
    assert await door.refusal(ACTION, by=key, IotId="0" * 24, PageSize=1) == "Forbidden.RAM"
