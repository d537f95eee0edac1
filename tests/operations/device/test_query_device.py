"""QueryDevice through the signed door (api-contract 13.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_devices, make_product
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case

GMT = "Thu, 02-Jan-2025 03:04:05 GMT"


async def names(door: SignedDoor, **given: Any) -> list[str]:
    return [row["DeviceName"] for row in (await door.ok("QueryDevice", **given))["Data"]["DeviceInfo"]]


async def test_devices_newest_first(door: SignedDoor, case: Case) -> None:
    """Rows in full, the newest first; the page number is called Page."""
    product_key = await make_product(door)
    made = [
        (await door.ok("RegisterDevice", ProductKey=product_key, DeviceName=name, Nickname=nickname))["Data"]
        for name, nickname in (("lamp-0001", "kitchen"), ("lamp-0002", None))
    ]
    rows = [
        {
            "DeviceId": device["IotId"],
            "DeviceName": device["DeviceName"],
            "DeviceSecret": device["DeviceSecret"],
            "DeviceStatus": "UNACTIVE",
            "DeviceType": "",
            "GmtCreate": GMT,
            "GmtModified": GMT,
            "IotId": device["IotId"],
            "Nickname": device.get("Nickname", ""),
            "ProductKey": product_key,
            "UtcCreate": NOW_TEXT,
            "UtcModified": NOW_TEXT,
        }
        for device in reversed(made)
    ]
    expected = {"Data": {"DeviceInfo": rows}, "Page": 1, "PageSize": 10, "PageCount": 1, "Total": 2}
    check_answer(await door.call("QueryDevice", case=case, ProductKey=product_key), case, expected)


async def test_device_status_follows_presence(door: SignedDoor) -> None:
    """UNACTIVE before the first connection, ONLINE during one, OFFLINE after."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")

    async def status() -> str:
        rows = (await door.ok("QueryDevice", ProductKey=product_key))["Data"]["DeviceInfo"]
        found: str = rows[0]["DeviceStatus"]
        return found

    assert await status() == "UNACTIVE"
    await device.connect()
    assert await status() == "ONLINE"
    await device.disconnect()
    assert await status() == "OFFLINE"


async def test_pages(door: SignedDoor) -> None:
    """Pages of two, the page beyond the end empty; by default the first page of ten."""
    product_key = await make_product(door)
    made = [(await make_device(door, product_key, f"lamp-{number:04d}")).name for number in range(11)]
    newest_first = made[::-1]
    assert await names(door, ProductKey=product_key) == newest_first[:10]
    assert await names(door, ProductKey=product_key, CurrentPage=2) == newest_first[10:]
    assert await names(door, ProductKey=product_key, CurrentPage=5, PageSize=2) == newest_first[8:10]
    body = await door.ok("QueryDevice", ProductKey=product_key, CurrentPage=7, PageSize=2)
    assert (body["Data"]["DeviceInfo"], body["Total"], body["PageCount"], body["Page"]) == ([], 11, 6, 7)


async def test_only_the_products_devices(door: SignedDoor) -> None:
    """A product lists and counts its own devices."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_device(door, lamp, "lamp-0001")
    await make_device(door, plug, "plug-0001")
    assert await names(door, ProductKey=lamp) == ["lamp-0001"]
    assert await names(door, ProductKey=plug) == ["plug-0001"]


@pytest.mark.parametrize("size", [1, 2, 49, 50])
async def test_page_sizes_at_the_limits(size: int, door: SignedDoor) -> None:
    """1 to 50 are allowed."""
    body = await door.ok("QueryDevice", ProductKey=await make_product(door), PageSize=size)
    assert body["PageSize"] == size


@pytest.mark.parametrize(
    "given", [{"PageSize": 0}, {"PageSize": 51}, {"CurrentPage": 0}, {"CurrentPage": 1_000_000_001}]
)
async def test_pages_out_of_range(given: dict[str, int], door: SignedDoor) -> None:
    """InvalidPageParams, HTTP 200."""
    code = await door.refusal("QueryDevice", ProductKey=await make_product(door), **given)
    assert code == "iot.common.InvalidPageParams"


async def test_the_cursor(door: SignedDoor) -> None:
    """NextToken goes through all devices once, in pages of any size; the last page has none. Total stays exact."""
    product_key = await make_product(door)
    made = await make_devices(door, product_key, 25)
    for sizes in ([10, 10, 10], [25], [24, 1], [7, 50], [50]):
        seen: list[str] = []
        given: dict[str, Any] = {}
        for size in sizes:
            body = await door.ok("QueryDevice", ProductKey=product_key, PageSize=size, **given)
            seen += [row["DeviceName"] for row in body["Data"]["DeviceInfo"]]
            assert (body["Total"], body["Page"]) == (25, 1)
            given = {"NextToken": body.get("NextToken")}
        assert seen == made[::-1]
        assert given["NextToken"] is None


async def test_the_cursor_survives_changes(door: SignedDoor) -> None:
    """Devices that come later are not shown twice or instead, one that goes is left out, also the last one shown."""
    product_key = await make_product(door)
    made = await make_devices(door, product_key, 6)
    body = await door.ok("QueryDevice", ProductKey=product_key, PageSize=2, CurrentPage=2)
    assert [row["DeviceName"] for row in body["Data"]["DeviceInfo"]] == [made[3], made[2]]
    await make_device(door, product_key, "later-1")
    for name in (made[2], made[1]):
        await door.ok("DeleteDevice", ProductKey=product_key, DeviceName=name)
    body = await door.ok("QueryDevice", ProductKey=product_key, PageSize=2, NextToken=body["NextToken"])
    assert [row["DeviceName"] for row in body["Data"]["DeviceInfo"]] == [made[0]]
    assert (body["Total"], body.get("NextToken")) == (5, None)


async def test_cursors_that_no_answer_gave(door: SignedDoor) -> None:
    """Another product's token, and whatever else is no token, are refused."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_devices(door, lamp, 2)
    token = (await door.ok("QueryDevice", ProductKey=lamp, PageSize=1))["NextToken"]
    assert await door.refusal("QueryDevice", ProductKey=plug, NextToken=token) == "iot.ota.InvalidParameter"
    for bad in ("x", token + "x", token + "=", "灯", "LTE6MQ", "MToxMjM0NTY3ODkwMTIzNDU2Nzg5MA", "x" * 65):
        code = await door.refusal("QueryDevice", ProductKey=lamp, NextToken=bad)
        assert code == "iot.ota.InvalidParameter", bad


async def test_a_key_for_groups(door: SignedDoor) -> None:
    """A key that may touch only a group's devices may not list the whole product (A06)."""
    product_key = await make_product(door)
    statement = Statement(frozenset({"*"}), Access.WRITE, None, frozenset({"g1"}))
    key = await door.make_key_of(Policy((statement,)))
    assert await door.refusal("QueryDevice", by=key, ProductKey=product_key) == "Forbidden.RAM"


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """Another account's product has no devices, because it does not exist."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    for product_key in (theirs, "k0000000404"):
        assert await door.refusal("QueryDevice", ProductKey=product_key) == "iot.prod.NotExistedProduct"


async def test_the_product_key_is_required_and_well_formed(door: SignedDoor) -> None:
    """Absent: HTTP 400; malformed: a business error."""
    assert await door.refusal("QueryDevice", PageSize=10) == "MissingProductKey"
    assert await door.refusal("QueryDevice", ProductKey="k-1") == "iot.prod.InvalidFormattedProductkey"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not read devices and their secrets."""
    product_key = await make_product(door)
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.DEVICE_READ})
    assert await door.refusal("QueryDevice", by=key, ProductKey=product_key) == "Forbidden.RAM"
