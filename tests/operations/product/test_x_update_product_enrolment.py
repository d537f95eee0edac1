"""XUpdateProductEnrolment through the signed door (device-protocol 11, A15, I17)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case

ACTION = "XUpdateProductEnrolment"


async def shown(door: SignedDoor, product_key: str) -> dict[str, Any]:
    data: dict[str, Any] = (await door.ok("XQueryProductEnrolment", ProductKey=product_key))["Data"]
    return data


async def test_what_is_given_changes(door: SignedDoor, case: Case) -> None:
    """Each switch by itself; what is not given stays."""
    product_key = await make_product(door)
    given = {"ProductKey": product_key, "DynamicRegistration": "ANY_NAME", "SelfMadeMax": "9"}
    check_answer(await door.call(ACTION, case=case, **given), case, {})
    await door.ok(ACTION, ProductKey=product_key, PlugAndPlay=True)
    await door.ok(ACTION, ProductKey=product_key)
    assert await shown(door, product_key) == {
        "ProductKey": product_key,
        "DynamicRegistration": "ANY_NAME",
        "PlugAndPlay": True,
        "SelfMadeMax": 9,
        "SelfMade": 0,
    }
    await door.ok(ACTION, ProductKey=product_key, DynamicRegistration="OFF", PlugAndPlay=False, SelfMadeMax=0)
    assert list((await shown(door, product_key)).values()) == [product_key, "OFF", False, 0, 0]


@pytest.mark.parametrize(("quota", "is_taken"), [(-1, False), (0, True), (10_000_000, True), (10_000_001, False)])
async def test_I17_quota_at_its_limits(door: SignedDoor, quota: int, is_taken: bool) -> None:
    """0 to 10,000,000."""
    given = {"ProductKey": await make_product(door), "SelfMadeMax": quota}
    if is_taken:
        await door.ok(ACTION, **given)
    else:
        assert await door.refusal(ACTION, **given)


@pytest.mark.parametrize("word", ["ON", "1", "off "])
async def test_other_words(door: SignedDoor, word: str) -> None:
    """Only the three words are taken."""
    product_key = await make_product(door)
    assert await door.refusal(ACTION, ProductKey=product_key, DynamicRegistration=word)


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """Another account's product does not exist."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    for product_key in (theirs, "k0000000404"):
        assert await door.refusal(ACTION, ProductKey=product_key, PlugAndPlay=True) == "iot.prod.NotExistedProduct"
    assert await door.refusal(ACTION, ProductKey="k-1") == "iot.prod.InvalidFormattedProductkey"
    assert await door.refusal(ACTION, PlugAndPlay=True) == "MissingProductKey"


async def test_rights(door: SignedDoor) -> None:
    """A key for one product may change that alone (A06), and needs the right to change products."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    key = await door.make_key_of(Policy((Statement(frozenset({"*"}), Access.WRITE, frozenset({lamp})),)))
    await door.ok(ACTION, by=key, ProductKey=lamp, PlugAndPlay=True)
    assert await door.refusal(ACTION, by=key, ProductKey=plug, PlugAndPlay=True) == "iot.prod.NotExistedProduct"
    without = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_WRITE})
    assert await door.refusal(ACTION, by=without, ProductKey=lamp, PlugAndPlay=True) == "Forbidden.RAM"
