"""CreateProduct through the signed door (api-contract 13.1)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_product, set_quotas
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

NAME_REFUSED = "iot.prod.InvalidFormattedProductName"


async def test_a_basic_product(door: SignedDoor, case: Case) -> None:
    """Only name and node type are needed; what was not given is left out of the answer."""
    answer = await door.call("CreateProduct", case=case, ProductName="lamp", NodeType=0)
    stored = (await door.ok("QueryProductList", CurrentPage=1, PageSize=10))["Data"]["List"]["ProductInfo"][0]
    product_key = stored["ProductKey"]
    secret = (await door.ok("QueryProduct", ProductKey=product_key))["Data"]["ProductSecret"]
    assert len(product_key) == 11
    assert product_key.isalnum()
    assert len(secret) == 16
    data = {
        "ProductKey": product_key,
        "ProductName": "lamp",
        "ProductSecret": secret,
        "NodeType": 0,
        "AuthType": "secret",
        "Description": "",
        "Id2": False,
    }
    check_answer(answer, case, {"Data": data, "ProductKey": product_key})


async def test_every_parameter(door: SignedDoor) -> None:
    """All documented parameters are taken, and answered as given."""
    body = await door.ok(
        "CreateProduct",
        ProductName="Lamp_灯1",
        NodeType=1,
        AliyunCommodityCode="iothub_senior",
        DataFormat=1,
        NetType="ETHERNET",
        AuthType="secret",
        ProtocolType="opc-ua",
        Description="for the 厨房",
        CategoryKey="Lighting",
        PublishAuto=True,
        ValidateType=2,
        Id2=False,
        ResourceGroupId="rg-x",
    )
    assert (
        body["Data"].items()
        >= {
            "ProductName": "Lamp_灯1",
            "NodeType": 1,
            "AliyunCommodityCode": "iothub_senior",
            "DataFormat": 1,
            "ProtocolType": "opc-ua",
            "Description": "for the 厨房",
        }.items()
    )


@pytest.mark.parametrize("name", ["lam", "灯a", "x" * 31, "灯" * 15 + "x", "lamp-1", "lamp 1", "lamp.1", "١٢٣٤", "灯"])
async def test_names_outside_the_rule(name: str, door: SignedDoor) -> None:
    """Shorter than 4, longer than 30 (CJK counts 2), or with another character: refused."""
    assert await door.refusal("CreateProduct", ProductName=name, NodeType=0) == NAME_REFUSED


@pytest.mark.parametrize(
    "name", ["lamp", "lamps", "x" * 29, "x" * 30, "灯泡", "灯" * 15, "灯" * 14 + "xx", "_1_2", "かな"]
)
async def test_names_at_the_limits(name: str, door: SignedDoor) -> None:
    """4 to 30 characters, a CJK one counting 2."""
    assert (await door.ok("CreateProduct", ProductName=name, NodeType=0))["Data"]["ProductName"] == name


@pytest.mark.parametrize(("length", "code"), [(99, None), (100, None), (101, "iot.prod.LongProductDesc")])
async def test_length_of_a_description(length: int, code: str | None, door: SignedDoor) -> None:
    """Up to 100 characters, of any script."""
    given = {"ProductName": "lamp", "NodeType": 0, "Description": "述" * length}
    if code is None:
        assert (await door.ok("CreateProduct", **given))["Data"]["Description"] == "述" * length
    else:
        assert await door.refusal("CreateProduct", **given) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"NodeType": 2}, "iot.prod.InvalidNodeType"),
        ({"NodeType": -1}, "iot.prod.InvalidNodeType"),
        ({"NodeType": "00"}, "iot.prod.InvalidNodeType"),
        ({"NodeType": "device"}, "iot.prod.InvalidNodeType"),
        ({"AliyunCommodityCode": "iothub_junior"}, "iot.prod.InvalidAliyunCommodityCode"),
        ({"AliyunCommodityCode": "x" * 33}, "iot.prod.InvalidAliyunCommodityCode"),
        ({"AliyunCommodityCode": "iothub_senior"}, "iot.ota.MissingParameter"),
        ({"DataFormat": 2}, "iot.ota.InvalidParameter"),
        ({"NetType": "wifi"}, "iot.ota.InvalidParameter"),
        ({"AuthType": "x509"}, "iot.ota.InvalidParameter"),
        ({"AuthType": "id2"}, "iot.ota.InvalidParameter"),
        ({"ProtocolType": "lora"}, "iot.ota.InvalidParameter"),
        ({"ValidateType": 0}, "iot.ota.InvalidParameter"),
        ({"ValidateType": 3}, "iot.ota.InvalidParameter"),
        ({"CategoryKey": "x" * 65}, "iot.ota.InvalidParameter"),
    ],
)
async def test_values_outside_their_sets(change: dict[str, Any], code: str, door: SignedDoor) -> None:
    """A value outside its documented set is refused by a business error that says so."""
    assert await door.refusal("CreateProduct", **{"ProductName": "lamp", "NodeType": 0, **change}) == code


@pytest.mark.parametrize(("missing", "code"), [("ProductName", "MissingProductName"), ("NodeType", "MissingNodeType")])
async def test_required_parameters(missing: str, code: str, door: SignedDoor) -> None:
    """Without its name or node type nothing is created: HTTP 400."""
    given = {"ProductName": "lamp", "NodeType": 0, missing: ""}
    assert await door.refusal("CreateProduct", **given) == code


async def test_a_name_is_taken_once_per_account(door: SignedDoor) -> None:
    """The same name again is refused; another case of it, and the same name in another account, are not (I15)."""
    await make_product(door, "lamp")
    assert await door.refusal("CreateProduct", ProductName="lamp", NodeType=0) == "iot.prod.AlreadyExistedProductName"
    await make_product(door, "Lamp")
    await make_product(door, "lamp", by=await door.make_key("neighbour"))


async def test_simultaneous_creates_of_one_name(door: SignedDoor) -> None:
    """Of five at once one succeeds and four find the name taken."""
    answers = await asyncio.gather(*(door.call("CreateProduct", ProductName="lamp", NodeType=0) for _ in range(5)))
    assert sorted(answer.code for answer in answers) == ["", *["iot.prod.AlreadyExistedProductName"] * 4]
    assert (await door.ok("QueryProductList", CurrentPage=1, PageSize=10))["Data"]["Total"] == 1


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not create products."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_WRITE})
    assert await door.refusal("CreateProduct", by=key, ProductName="lamp", NodeType=0) == "Forbidden.RAM"


async def test_parameters_that_change_nothing(door: SignedDoor) -> None:
    """PublishAuto and JoinPermissionId are taken and ignored, Id2=false is what there is, Id2=true is refused."""
    given = {"ProductName": "lamp", "NodeType": 0, "PublishAuto": False, "JoinPermissionId": "x", "Id2": False}
    assert (await door.ok("CreateProduct", **given))["Data"]["Id2"] is False
    code = await door.refusal("CreateProduct", ProductName="plug", NodeType=0, Id2=True)
    assert code == "iot.ota.InvalidParameter"


@pytest.mark.parametrize(
    ("group", "code"), [("x" * 64, ""), ("x" * 65, "iot.ota.InvalidParameter"), ("a:b", "iot.ota.InvalidParameter")]
)
async def test_resource_groups(door: SignedDoor, group: str, code: str) -> None:
    """A resource group's id has up to 64 letters, digits, `-` and `_`."""
    given = {"ProductName": "lamp", "NodeType": 0, "ResourceGroupId": group}
    if code:
        assert await door.refusal("CreateProduct", **given) == code
    else:
        await door.ok("CreateProduct", **given)


async def test_the_quota(door: SignedDoor) -> None:
    """An account may have as many products as the operator says; a deleted one makes room, others' do not count."""
    neighbour = await door.make_key("neighbour")
    await make_product(door, by=neighbour)
    set_quotas(door, "CreateProduct", "DeleteProduct", products=2)
    first = await make_product(door, "lamp")
    await make_product(door, "plug")
    assert await door.refusal("CreateProduct", ProductName="more", NodeType=0) == "iot.prod.ProductCountExceedMax"
    await door.ok("DeleteProduct", ProductKey=first)
    await make_product(door, "more")
