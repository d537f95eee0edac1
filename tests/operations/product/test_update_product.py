"""UpdateProduct through the signed door (api-contract 13.1)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case

ACTION = "UpdateProduct"


async def shown(door: SignedDoor, product_key: str) -> tuple[str, str]:
    data = (await door.ok("QueryProduct", ProductKey=product_key))["Data"]
    return data["ProductName"], data["Description"]


async def test_name_and_description(door: SignedDoor, case: Case) -> None:
    """Both are changed; without a description the product keeps its own."""
    product_key = await make_product(door)
    given = {"ProductKey": product_key, "ProductName": "lamp_v2", "Description": "灯 & <more>"}
    check_answer(await door.call(ACTION, case=case, **given), case, {})
    assert await shown(door, product_key) == ("lamp_v2", "灯 & <more>")
    await door.ok(ACTION, ProductKey=product_key, ProductName="lamp_v3")
    assert await shown(door, product_key) == ("lamp_v3", "灯 & <more>")


async def test_its_own_name(door: SignedDoor) -> None:
    """A product may keep its name, and a name that it gave up may be taken."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await door.ok(ACTION, ProductKey=lamp, ProductName="lamp", Description="new")
    assert await shown(door, lamp) == ("lamp", "new")
    assert await door.refusal(ACTION, ProductKey=plug, ProductName="lamp") == "iot.prod.AlreadyExistedProductName"
    await door.ok(ACTION, ProductKey=lamp, ProductName="other")
    await door.ok(ACTION, ProductKey=plug, ProductName="lamp")


@pytest.mark.parametrize("name", ["abcd", "x" * 30, "灯灯", "灯" * 15])
async def test_names_at_the_limits(door: SignedDoor, name: str) -> None:
    """4 to 30, a CJK character counting 2."""
    product_key = await make_product(door)
    await door.ok(ACTION, ProductKey=product_key, ProductName=name)
    assert (await shown(door, product_key))[0] == name


@pytest.mark.parametrize("name", ["abc", "x" * 31, "灯a", "灯" * 15 + "a", "a-bcd", "lamp~1"])
async def test_names_outside_the_rule(door: SignedDoor, name: str) -> None:
    """Shorter, longer, or with another character: refused."""
    product_key = await make_product(door)
    code = await door.refusal(ACTION, ProductKey=product_key, ProductName=name)
    assert code == "iot.prod.InvalidFormattedProductName"


@pytest.mark.parametrize(("length", "code"), [(99, ""), (100, ""), (101, "iot.prod.LongProductDesc")])
async def test_long_descriptions(door: SignedDoor, length: int, code: str) -> None:
    """Up to 100 characters."""
    given = {"ProductKey": await make_product(door), "ProductName": "lamp", "Description": "灯" * length}
    if code:
        assert await door.refusal(ACTION, **given) == code
    else:
        await door.ok(ACTION, **given)


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """Another account's product does not exist; both parameters are required."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    for product_key in (theirs, "k0000000404"):
        code = await door.refusal(ACTION, ProductKey=product_key, ProductName="mine")
        assert code == "iot.prod.NotExistedProduct"
    assert await door.refusal(ACTION, ProductKey="k-1", ProductName="mine") == "iot.prod.InvalidFormattedProductkey"
    assert await door.refusal(ACTION, ProductName="mine") == "MissingProductKey"
    assert await door.refusal(ACTION, ProductKey=theirs) == "MissingProductName"


async def test_rights(door: SignedDoor) -> None:
    """A key for one product may change that alone (A06)."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    key = await door.make_key_of(Policy((Statement(frozenset({"*"}), Access.WRITE, frozenset({lamp})),)))
    await door.ok(ACTION, by=key, ProductKey=lamp, ProductName="changed")
    code = await door.refusal(ACTION, by=key, ProductKey=plug, ProductName="changed2")
    assert code == "iot.prod.NotExistedProduct"
    without = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_WRITE})
    assert await door.refusal(ACTION, by=without, ProductKey=lamp, ProductName="changed") == "Forbidden.RAM"
