"""QueryProduct through the signed door (api-contract 13.1)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case


async def test_a_product_in_full(door: SignedDoor, case: Case) -> None:
    """Every field of the contract, with the number of its devices."""
    created = await door.ok(
        "CreateProduct",
        ProductName="lamp",
        NodeType=1,
        AliyunCommodityCode="iothub_senior",
        DataFormat=0,
        ProtocolType="ble",
        Description="a lamp",
        CategoryKey="Lighting",
        ValidateType=2,
    )
    product_key = created["ProductKey"]
    await make_device(door, product_key, "lamp-0001")
    await make_device(door, product_key, "lamp-0002")
    data = {
        "ProductKey": product_key,
        "ProductName": "lamp",
        "ProductSecret": created["Data"]["ProductSecret"],
        "ProductStatus": "DEVELOPMENT_STATUS",
        "NodeType": 1,
        "DataFormat": 0,
        "AuthType": "secret",
        "NetType": 3,
        "ProtocolType": "ble",
        "AliyunCommodityCode": "iothub_senior",
        "CategoryKey": "Lighting",
        "CategoryName": "",
        "DeviceCount": 2,
        "Description": "a lamp",
        "GmtCreate": NOW_MS,
        "Id2": False,
        "Owner": True,
        "ValidateType": 2,
    }
    check_answer(await door.call("QueryProduct", case=case, ProductKey=product_key), case, {"Data": data})


@pytest.mark.parametrize(("word", "number"), [(None, 3), ("WIFI", 3), ("CELLULAR", 6), ("ETHERNET", 7), ("OTHER", 8)])
async def test_net_type_is_answered_as_a_number(word: str | None, number: int, door: SignedDoor) -> None:
    """CreateProduct takes a word, QueryProduct answers the vendor's number."""
    created = await door.ok("CreateProduct", ProductName="lamp", NodeType=0, NetType=word)
    assert (await door.ok("QueryProduct", ProductKey=created["ProductKey"]))["Data"]["NetType"] == number


async def test_a_basic_product_has_no_optional_keys(door: SignedDoor) -> None:
    """DataFormat, ProtocolType and AliyunCommodityCode are left out when they were not given."""
    data = (await door.ok("QueryProduct", ProductKey=await make_product(door)))["Data"]
    assert data.keys().isdisjoint({"DataFormat", "ProtocolType", "AliyunCommodityCode"})


async def test_I15_unknown_products_and_other_accounts_look_alike(door: SignedDoor) -> None:
    """Another account's product does not exist, in the same words as one that never did."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    codes = {await door.refusal("QueryProduct", ProductKey=key) for key in (theirs, "k0000000404")}
    assert codes == {"iot.prod.NotExistedProduct"}
    messages = [(await door.call("QueryProduct", ProductKey=key)).json()["ErrorMessage"] for key in (theirs, "k404")]
    assert messages[0].replace(theirs, "k404") == messages[1]


@pytest.mark.parametrize("length", [29, 30])
async def test_length_of_a_product_key(length: int, door: SignedDoor) -> None:
    """Up to 30 letters and digits may name a product."""
    assert await door.refusal("QueryProduct", ProductKey="k" * length) == "iot.prod.NotExistedProduct"


@pytest.mark.parametrize("product_key", ["k" * 31, "k-1", "k 1", "键", "' OR 1=1"])
async def test_malformed_product_keys(product_key: str, door: SignedDoor) -> None:
    """What cannot be a ProductKey is malformed."""
    assert await door.refusal("QueryProduct", ProductKey=product_key) == "iot.prod.InvalidFormattedProductkey"


async def test_the_product_key_is_required(door: SignedDoor) -> None:
    """Without it: HTTP 400."""
    assert await door.refusal("QueryProduct") == "MissingProductKey"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not read products."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_READ})
    assert await door.refusal("QueryProduct", by=key, ProductKey=await make_product(door)) == "Forbidden.RAM"


async def test_A06_keys_of_groups_do_not_see_the_product_secret(door: SignedDoor) -> None:
    """A key limited to groups may read the product but not its secret, which would enrol any device of it."""
    product_key = await make_product(door)
    of_group = Statement(frozenset({"*"}), Access.WRITE, None, frozenset({"group0000001"}))
    limited, whole = await door.make_key_of(Policy((of_group,))), await door.make_key()
    assert "ProductSecret" not in (await door.ok("QueryProduct", by=limited, ProductKey=product_key))["Data"]
    assert (await door.ok("QueryProduct", by=whole, ProductKey=product_key))["Data"]["ProductSecret"]
