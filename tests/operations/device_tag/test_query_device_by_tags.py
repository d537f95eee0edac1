"""QueryDeviceByTags through the signed door (api-contract 13.4, 1.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_devices, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import SignedDoor
from whimbrel.adapters.store.repositories.tags import LOOKUPS_MAX
from whimbrel.domain.access import Permission
from whimbrel.domain.device_tag import QUERY_TAGS_MAX, DeviceTag
from whimbrel.domain.paging import Page
from whimbrel.rpc.dialect import Case

RED, ROUND = {"TagKey": "color", "TagValue": "red"}, {"TagKey": "shape", "TagValue": "round"}


async def names(door: SignedDoor, *tags: dict[str, str], **given: Any) -> list[str]:
    body = await door.ok("QueryDeviceByTags", Tag=tags, **given)
    found = [row["DeviceName"] for row in body["Data"]["SimpleDeviceInfo"]]
    if not given:
        assert body["Total"] == len(found)
    return found


async def test_devices_newest_first(door: SignedDoor, case: Case) -> None:
    """Rows in full, of every product; the page number is called Page."""
    made = []
    for name in ("lamp", "plug"):
        product_key = await make_product(door, name)
        device = (await door.ok("RegisterDevice", ProductKey=product_key, DeviceName=f"{name}-0001"))["Data"]
        await door.ok("SaveDeviceProp", IotId=device["IotId"], Props='{"color":"red"}')
        made.append((device, name))
    rows = [
        {
            "DeviceName": device["DeviceName"],
            "IotId": device["IotId"],
            "ProductKey": device["ProductKey"],
            "ProductName": name,
        }
        for device, name in reversed(made)
    ]
    expected = {"Data": {"SimpleDeviceInfo": rows}, "Page": 1, "PageSize": 10, "PageCount": 1, "Total": 2}
    check_answer(await door.call("QueryDeviceByTags", case=case, Tag=[RED]), case, expected)


async def test_all_of_the_tags(door: SignedDoor) -> None:
    """A device must have each; the same tag twice is one, two values of one key are on no device."""
    lamp = await make_product(door)
    for name, props in (
        ("lamp-0001", '{"color":"red","shape":"round"}'),
        ("lamp-0002", '{"color":"red"}'),
        ("lamp-0003", '{"color":"Red","shape":"round"}'),
    ):
        await make_device(door, lamp, name)
        await door.ok("SaveDeviceProp", ProductKey=lamp, DeviceName=name, Props=props)
    assert await names(door, RED) == ["lamp-0002", "lamp-0001"]
    assert await names(door, RED, ROUND) == ["lamp-0001"]
    assert await names(door, RED, RED) == ["lamp-0002", "lamp-0001"]
    assert await names(door, RED, {"TagKey": "color", "TagValue": "Red"}) == []
    assert await names(door, {"TagKey": "abc", "TagValue": "1"}) == []
    await door.ok("DeleteDeviceProp", ProductKey=lamp, DeviceName="lamp-0001", PropKey="color")
    assert await names(door, RED, ROUND) == []


async def test_keys_that_no_tag_can_have(door: SignedDoor) -> None:
    """Such a key is on no device, also where key and value joined look like another tag's."""
    lamp = await make_product(door)
    await make_device(door, lamp, "lamp-0001")
    await door.ok("SaveDeviceProp", ProductKey=lamp, DeviceName="lamp-0001", Props='{"place":"hall:3","color":"red"}')
    assert await names(door, {"TagKey": "place", "TagValue": "hall:3"}) == ["lamp-0001"]
    for key, value in (("place:hall", "3"), ("pl ace", "hall:3"), ("abc", "1")):
        assert await names(door, {"TagKey": key, "TagValue": value}) == []
        assert await names(door, {"TagKey": key, "TagValue": value}, RED) == []


async def test_pages(door: SignedDoor) -> None:
    """Three devices in pages of two, by one tag and by two; the page beyond the end is empty."""
    lamp = await make_product(door)
    for name in ("lamp-0001", "lamp-0002", "lamp-0003"):
        await make_device(door, lamp, name)
        await door.ok("SaveDeviceProp", ProductKey=lamp, DeviceName=name, Props='{"color":"red","shape":"round"}')
    for tags in ([RED], [RED, ROUND]):
        pages = [await names(door, *tags, CurrentPage=page, PageSize=2) for page in (1, 2, 3)]
        assert pages == [["lamp-0003", "lamp-0002"], ["lamp-0001"], []]
        body = await door.ok("QueryDeviceByTags", Tag=tags, CurrentPage=3, PageSize=2)
        assert (body["Page"], body["PageCount"], body["Total"]) == (3, 2, 3)


async def test_I17_common_tags(door: SignedDoor) -> None:
    """Two tags that are each on more than 10,000 devices are refused together, and served alone or with a rare one."""
    lamp = await make_product(door)
    count = LOOKUPS_MAX + 1
    await make_devices(door, lamp, count)
    account_id = await door.account_id()
    async with door.store.transaction() as store:
        product = await store.products.by_key(account_id, lamp)
        assert product is not None
        devices = (await store.devices.page(account_id, product.id, Page(1, count))).rows
        for device in devices:
            await store.tags.put(device, [DeviceTag("color", "red"), DeviceTag("shape", "round")])
        await store.tags.put(devices[5], [DeviceTag("rare", "1")])
    assert await door.refusal("QueryDeviceByTags", Tag=[RED, ROUND]) == "iot.ota.InvalidParameter"
    assert (await door.ok("QueryDeviceByTags", Tag=[RED]))["Total"] == count
    assert await names(door, RED, ROUND, {"TagKey": "rare", "TagValue": "1"}) == [devices[5].device_name]
    await door.ok("DeleteDeviceProp", IotId=devices[0].iot_id, PropKey="shape")
    assert (await door.ok("QueryDeviceByTags", Tag=[RED, ROUND]))["Total"] == count - 1


async def test_numbers_of_tags(door: SignedDoor) -> None:
    """1 to 10, each with key and value."""
    tags = [{"TagKey": f"k{number}", "TagValue": "v"} for number in range(QUERY_TAGS_MAX + 1)]
    for count in (1, QUERY_TAGS_MAX - 1, QUERY_TAGS_MAX):
        assert await names(door, *tags[:count]) == []
    assert await door.refusal("QueryDeviceByTags", Tag=tags) == "iot.ota.InvalidParameter"
    assert await door.refusal("QueryDeviceByTags") == "MissingTag1"
    assert await door.refusal("QueryDeviceByTags", Tag=[{"TagKey": "a"}]) == "MissingTag1TagValue"
    for tag in ({"TagKey": "x" * 33, "TagValue": "v"}, {"TagKey": "k", "TagValue": "x" * 129}):
        assert await door.refusal("QueryDeviceByTags", Tag=[tag]) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize("size", [1, 2, 49, 50])
async def test_page_sizes_at_the_limits(size: int, door: SignedDoor) -> None:
    """1 to 50 are allowed."""
    body = await door.ok("QueryDeviceByTags", Tag=[RED], CurrentPage=1_000_000_000, PageSize=size)
    assert body["PageSize"] == size


@pytest.mark.parametrize(
    "given", [{"PageSize": 0}, {"PageSize": 51}, {"CurrentPage": 0}, {"CurrentPage": 1_000_000_001}]
)
async def test_pages_out_of_range(given: dict[str, int], door: SignedDoor) -> None:
    """InvalidPageParams, HTTP 200."""
    assert await door.refusal("QueryDeviceByTags", Tag=[RED], **given) == "iot.common.InvalidPageParams"


async def test_I15_other_accounts_devices_are_not_found(door: SignedDoor) -> None:
    """Neither rows nor totals show another account's devices."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    device = {"ProductKey": theirs, "DeviceName": "lamp-0001"}
    await door.ok("RegisterDevice", by=neighbour, **device)
    await door.ok("SaveDeviceProp", by=neighbour, **device, Props='{"color":"red"}')
    assert await names(door, RED) == []
    assert (await door.ok("QueryDeviceByTags", by=neighbour, Tag=[RED]))["Total"] == 1


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key that is limited to products or groups does not look over the whole account."""
    for key in (await limited_key(door, products=["a1lamp"]), await limited_key(door, groups=["group"])):
        assert await door.refusal("QueryDeviceByTags", by=key, Tag=[RED]) == "Forbidden.RAM"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not see devices."""
    key = await key_without(door, Permission.DEVICE_READ)
    assert await door.refusal("QueryDeviceByTags", by=key, Tag=[RED]) == "Forbidden.RAM"
