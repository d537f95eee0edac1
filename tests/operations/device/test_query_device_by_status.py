"""QueryDeviceByStatus through the signed door (api-contract 13.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import find_device, make_device, make_devices, make_product
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case

ACTION = "QueryDeviceByStatus"
GMT = "Thu, 02-Jan-2025 03:04:05 GMT"


async def names(door: SignedDoor, **given: Any) -> list[str]:
    body = await door.ok(ACTION, **given)
    rows = body["Data"]["SimpleDeviceInfo"]
    assert body["Total"] >= len(rows)
    return [row["DeviceName"] for row in rows]


async def test_devices_in_full(door: SignedDoor, case: Case) -> None:
    """Rows in full, the newest first; the page number is called Page."""
    product_key = await make_product(door)
    made = []
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, product_key, name)
        made.append((await door.ok("QueryDeviceInfo", ProductKey=product_key, DeviceName=name))["Data"])
    times = {"GmtCreate": GMT, "GmtModified": GMT, "UtcCreate": NOW_TEXT, "UtcModified": NOW_TEXT}
    rows = [{**device, **times, "Status": "UNACTIVE"} for device in reversed(made)]
    expected = {"Data": {"SimpleDeviceInfo": rows}, "Page": 1, "PageSize": 10, "PageCount": 1, "Total": 2}
    check_answer(await door.call(ACTION, case=case, Status=0, ProductKey=product_key), case, expected)
    check_answer(await door.call(ACTION, case=case, Status=0), case, expected)


async def test_each_status(door: SignedDoor) -> None:
    """A device is in the list of its status alone, of its product and of the account."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    devices = {name: await make_device(door, lamp, name) for name in ("online", "offline", "disabled", "unactive")}
    await make_device(door, plug, "plug-0001")
    for name in ("online", "offline", "disabled"):
        await devices[name].connect()
    await devices["offline"].disconnect()
    await door.ok("DisableThing", ProductKey=lamp, DeviceName="disabled")
    for status, name in ((1, "online"), (3, "offline"), (8, "disabled")):
        assert await names(door, Status=status, ProductKey=lamp) == [name]
        assert await names(door, Status=status) == [name]
        assert await names(door, Status=status, ProductKey=plug) == []
    assert await names(door, Status=0, ProductKey=lamp) == ["unactive"]
    assert await names(door, Status=0) == ["plug-0001", "unactive"]


async def test_pages(door: SignedDoor) -> None:
    """Pages of any size over the devices of one status among others; the page beyond the end is empty."""
    product_key = await make_product(door)
    made = await make_devices(door, product_key, 25)
    for name in made[::2]:
        await (await find_device(door, product_key, name)).connect()
    online = made[::2][::-1]
    for given in ({"ProductKey": product_key}, {}):
        for size in (1, 4, 50):
            found = [
                await names(door, Status=1, PageSize=size, CurrentPage=page, **given)
                for page in range(1, -(-13 // size) + 2)
            ]
            assert [name for page in found for name in page] == online
            assert found[-1] == []
    body = await door.ok(ACTION, Status=1, PageSize=4, CurrentPage=9)
    assert (body["Total"], body["PageCount"], body["Page"]) == (13, 4, 9)


@pytest.mark.parametrize("status", ["2", "-1", "9", "ONLINE", "1.0"])
async def test_statuses_that_do_not_exist(door: SignedDoor, status: str) -> None:
    """Anything but 0, 1, 3 and 8 is refused."""
    assert await door.refusal(ACTION, Status=status) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize(
    "given", [{"PageSize": 0}, {"PageSize": 51}, {"CurrentPage": 0}, {"CurrentPage": 1_000_000_001}]
)
async def test_pages_out_of_range(given: dict[str, int], door: SignedDoor) -> None:
    """InvalidPageParams, HTTP 200."""
    assert await door.refusal(ACTION, Status=1, **given) == "iot.common.InvalidPageParams"


async def test_resource_groups(door: SignedDoor) -> None:
    """A product of another group has no devices to show; without a product the group is refused, not ignored."""
    created = await door.ok("CreateProduct", ProductName="lamp", NodeType=0, ResourceGroupId="rg-1")
    product_key = created["ProductKey"]
    await make_device(door, product_key, "lamp-0001")
    assert await names(door, Status=0, ProductKey=product_key, ResourceGroupId="rg-1") == ["lamp-0001"]
    assert await names(door, Status=0, ProductKey=product_key, ResourceGroupId="rg-2") == []
    assert await door.refusal(ACTION, Status=0, ResourceGroupId="rg-1") == "iot.ota.MissingParameter"


async def test_I15_other_accounts(door: SignedDoor) -> None:
    """An account sees neither another's products nor, in its own list, their devices."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    await door.ok("RegisterDevice", by=neighbour, ProductKey=theirs, DeviceName="theirs-1")
    assert await names(door, Status=0) == []
    assert await door.refusal(ACTION, Status=0, ProductKey=theirs) == "iot.prod.NotExistedProduct"
    assert await door.refusal(ACTION, Status=0, ProductKey="k-1") == "iot.prod.InvalidFormattedProductkey"
    assert await door.refusal(ACTION, ProductKey=theirs) == "MissingStatus"


async def test_rights(door: SignedDoor) -> None:
    """A key for one product may ask for that, not for the account (A06)."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    key = await door.make_key_of(Policy((Statement(frozenset({"*"}), Access.WRITE, frozenset({lamp})),)))
    await door.ok(ACTION, by=key, Status=0, ProductKey=lamp)
    assert await door.refusal(ACTION, by=key, Status=0, ProductKey=plug) == "iot.prod.NotExistedProduct"
    assert await door.refusal(ACTION, by=key, Status=0) == "Forbidden.RAM"
    without = await door.make_key(permissions=frozenset(Permission) - {Permission.DEVICE_READ})
    assert await door.refusal(ACTION, by=without, Status=0) == "Forbidden.RAM"
