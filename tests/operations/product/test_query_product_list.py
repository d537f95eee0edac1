"""QueryProductList through the signed door (api-contract 13.1, 1.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case


async def names(door: SignedDoor, page: int = 1, size: int = 10, **filters: Any) -> list[str]:
    body = await door.ok("QueryProductList", CurrentPage=page, PageSize=size, **filters)
    return [row["ProductName"] for row in body["Data"]["List"]["ProductInfo"]]


async def test_products_newest_first(door: SignedDoor, case: Case) -> None:
    """Rows in full, the newest first, with the paging fields inside Data."""
    old, new = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_device(door, old, "lamp-0001")
    rows = [
        {
            "ProductKey": key,
            "ProductName": name,
            "NodeType": 0,
            "AuthType": "secret",
            "DeviceCount": count,
            "Description": "",
            "GmtCreate": NOW_MS,
        }
        for key, name, count in ((new, "plug", 0), (old, "lamp", 1))
    ]
    data = {"List": {"ProductInfo": rows}, "CurrentPage": 1, "PageSize": 2, "PageCount": 1, "Total": 2}
    check_answer(await door.call("QueryProductList", case=case, CurrentPage=1, PageSize=2), case, {"Data": data})


async def test_an_empty_account(door: SignedDoor, case: Case) -> None:
    """No product: an empty list, no page, success."""
    data = {"List": {"ProductInfo": []}, "CurrentPage": 1, "PageSize": 200, "PageCount": 0, "Total": 0}
    check_answer(await door.call("QueryProductList", case=case, CurrentPage=1, PageSize=200), case, {"Data": data})


async def test_pages(door: SignedDoor) -> None:
    """Three products in pages of two; the page beyond the end is empty."""
    for name in ("lamp1", "lamp2", "lamp3"):
        await make_product(door, name)
    assert [await names(door, page, 2) for page in (1, 2, 3)] == [["lamp3", "lamp2"], ["lamp1"], []]
    assert (await door.ok("QueryProductList", CurrentPage=3, PageSize=2))["Data"]["PageCount"] == 2


async def test_filter_by_commodity_code(door: SignedDoor) -> None:
    """Only products of that kind are listed and counted; an unknown kind has none."""
    await make_product(door, "basic")
    given = {"NodeType": 0, "AliyunCommodityCode": "iothub_senior", "DataFormat": 1}
    await door.ok("CreateProduct", ProductName="senior", **given)
    assert await names(door, AliyunCommodityCode="iothub_senior") == ["senior"]
    body = await door.ok("QueryProductList", CurrentPage=1, PageSize=1, AliyunCommodityCode="iothub_senior")
    assert body["Data"]["Total"] == 1
    assert await names(door, AliyunCommodityCode="iothub") == []
    assert await names(door) == ["senior", "basic"]


@pytest.mark.parametrize("size", [1, 2, 199, 200])
async def test_page_sizes_at_the_limits(size: int, door: SignedDoor) -> None:
    """1 to 200 are allowed."""
    body = await door.ok("QueryProductList", CurrentPage=1_000_000_000, PageSize=size)
    assert body["Data"]["PageSize"] == size


@pytest.mark.parametrize(
    ("page", "size"),
    [
        (1, 0),
        (1, 201),
        (0, 10),
        (-1, 10),
        (1, -1),
        (1_000_000_001, 10),
        ("1.0", 10),
        ("+1", 10),
        ("１", 10),
        (1, "1_0"),
    ],
)
async def test_pages_out_of_range(page: object, size: object, door: SignedDoor) -> None:
    """Zero, less, more than the maximum, or not plain decimal digits: InvalidPageParams, HTTP 200."""
    code = await door.refusal("QueryProductList", CurrentPage=page, PageSize=size)
    assert code == "iot.common.InvalidPageParams"


@pytest.mark.parametrize("missing", ["CurrentPage", "PageSize"])
async def test_required_parameters(missing: str, door: SignedDoor) -> None:
    """Both page parameters are required: HTTP 400."""
    given = {"CurrentPage": 1, "PageSize": 10, missing: None}
    assert await door.refusal("QueryProductList", **given) == f"Missing{missing}"


async def test_I15_other_accounts_products_are_not_listed(door: SignedDoor) -> None:
    """Neither rows nor totals show another account's products."""
    await make_product(door, "theirs", by=await door.make_key("neighbour"))
    body = await door.ok("QueryProductList", CurrentPage=1, PageSize=10)
    assert (body["Data"]["Total"], body["Data"]["List"]["ProductInfo"]) == (0, [])


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not list products."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_READ})
    assert await door.refusal("QueryProductList", by=key, CurrentPage=1, PageSize=10) == "Forbidden.RAM"


async def test_by_resource_group(door: SignedDoor) -> None:
    """Products of one resource group, also of one kind; a group that nobody has is an empty list."""
    for name, given in (
        ("one1", {"ResourceGroupId": "rg-1"}),
        ("two2", {"ResourceGroupId": "rg-1", "AliyunCommodityCode": "iothub_senior", "DataFormat": 1}),
        ("three", {"ResourceGroupId": "rg-2"}),
        ("four", {}),
    ):
        await door.ok("CreateProduct", ProductName=name, NodeType=0, **given)

    async def found(**given: str) -> list[str]:
        data = (await door.ok("QueryProductList", CurrentPage=1, PageSize=10, **given))["Data"]
        names = [row["ProductName"] for row in data["List"]["ProductInfo"]]
        assert data["Total"] == len(names)
        return names

    assert await found() == ["four", "three", "two2", "one1"]
    assert await found(ResourceGroupId="rg-1") == ["two2", "one1"]
    assert await found(ResourceGroupId="rg-1", AliyunCommodityCode="iothub_senior") == ["two2"]
    assert await found(ResourceGroupId="rg-2", AliyunCommodityCode="iothub_senior") == []
    assert await found(ResourceGroupId="rg-3") == []


async def test_resource_groups_of_odd_form(door: SignedDoor) -> None:
    """What CreateProduct refuses as a group's name is refused here, also where it looks like a group and a kind."""
    given = {"ResourceGroupId": "rg-1", "AliyunCommodityCode": "iothub_senior", "DataFormat": 1}
    await door.ok("CreateProduct", ProductName="lamp", NodeType=0, **given)
    for group in ("rg-1:iothub_senior", "rg 1", "x" * 65):
        code = await door.refusal("QueryProductList", CurrentPage=1, PageSize=10, ResourceGroupId=group)
        assert code == "iot.ota.InvalidParameter", group
    longest = {"ResourceGroupId": "x" * 64}
    assert (await door.ok("QueryProductList", CurrentPage=1, PageSize=10, **longest))["Data"]["Total"] == 0


async def test_a_limited_key(door: SignedDoor) -> None:
    """A key for some products may not list the account's (A06)."""
    product_key = await make_product(door)
    key = await door.make_key_of(Policy((Statement(frozenset({"*"}), Access.WRITE, frozenset({product_key})),)))
    assert await door.refusal("QueryProductList", by=key, CurrentPage=1, PageSize=10) == "Forbidden.RAM"
