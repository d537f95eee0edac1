"""QueryPageByApplyId through the signed door (api-contract 13.2)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.device.applies import check_apply_naming, checked
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case

ACTION = "QueryPageByApplyId"


async def registered(door: SignedDoor, product_key: str, *names: str) -> int:
    """An apply whose devices are there; its id."""
    apply_id = await checked(door, product_key, *names)
    await door.ok("BatchRegisterDeviceWithApplyId", ProductKey=product_key, ApplyId=apply_id)
    await door.engine.settle()
    return apply_id


async def test_devices_in_full(door: SignedDoor, case: Case) -> None:
    """The apply's devices alone, newest first, with names and secrets; the page number is called Page."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0000")
    apply_id = await registered(door, product_key, "lamp-0001", "lamp-0002")
    rows = []
    for name in ("lamp-0002", "lamp-0001"):
        info = (await door.ok("QueryDeviceInfo", ProductKey=product_key, DeviceName=name))["Data"]
        rows.append(
            {
                "DeviceId": info["IotId"],
                "DeviceName": name,
                "DeviceSecret": info["DeviceSecret"],
                "IotId": info["IotId"],
            }
        )
    expected = {
        "ApplyDeviceList": {"ApplyDeviceInfo": rows},
        "Page": 1,
        "PageSize": 10,
        "PageCount": 1,
        "Total": 2,
    }
    check_answer(await door.call(ACTION, case=case, ApplyId=apply_id), case, expected)


async def test_pages(door: SignedDoor) -> None:
    """Pages of any size; one that is not registered yet has no rows; a deleted device is left out."""
    product_key = await make_product(door)
    names = [f"lamp-{number:04d}" for number in range(12)]
    apply_id = await checked(door, product_key, *names)
    body = await door.ok(ACTION, ApplyId=apply_id)
    assert (body["ApplyDeviceList"]["ApplyDeviceInfo"], body["Total"], body["PageCount"]) == ([], 0, 0)
    await door.ok("BatchRegisterDeviceWithApplyId", ProductKey=product_key, ApplyId=apply_id)
    await door.engine.settle()
    await door.ok("DeleteDevice", ProductKey=product_key, DeviceName="lamp-0005")
    left = [name for name in names[::-1] if name != "lamp-0005"]
    for size in (1, 5, 50):
        found = []
        for page in range(1, -(-11 // size) + 1):
            body = await door.ok(ACTION, ApplyId=apply_id, CurrentPage=page, PageSize=size)
            found += [row["DeviceName"] for row in body["ApplyDeviceList"]["ApplyDeviceInfo"]]
            assert (body["Total"], body["Page"], body["PageSize"]) == (11, page, size)
        assert found == left


@pytest.mark.parametrize(
    "given", [{"PageSize": 0}, {"PageSize": 51}, {"CurrentPage": 0}, {"CurrentPage": 1_000_000_001}]
)
async def test_pages_out_of_range(given: dict[str, int], door: SignedDoor) -> None:
    """InvalidPageParams, HTTP 200."""
    apply_id = await checked(door, await make_product(door), "lamp-0001")
    assert await door.refusal(ACTION, ApplyId=apply_id, **given) == "iot.common.InvalidPageParams"


async def test_naming(door: SignedDoor) -> None:
    """The apply must be the caller's."""
    await check_apply_naming(door, ACTION, has_product=False)


async def test_rights(door: SignedDoor) -> None:
    """A key for another product finds no apply; one without the permission is refused (A06)."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    apply_id = await checked(door, lamp, "lamp-0001")
    for products, code in ((lamp, ""), (plug, "iot.device.DeviceApplyIsNotFound")):
        statement = Statement(frozenset({"*"}), Access.WRITE, frozenset({products}))
        key = await door.make_key_of(Policy((statement,)))
        if code:
            assert await door.refusal(ACTION, by=key, ApplyId=apply_id) == code
        else:
            await door.ok(ACTION, by=key, ApplyId=apply_id)
    without = await door.make_key(permissions=frozenset(Permission) - {Permission.DEVICE_READ})
    assert await door.refusal(ACTION, by=without, ApplyId=apply_id) == "Forbidden.RAM"
