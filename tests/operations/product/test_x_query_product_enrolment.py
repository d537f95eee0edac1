"""XQueryProductEnrolment through the signed door (device-protocol 11, A15)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.fleet import make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XQueryProductEnrolment"


async def test_A15_off_by_default(door: SignedDoor, case: Case) -> None:
    """A new product lets no device make itself."""
    product_key = await make_product(door)
    data = {
        "ProductKey": product_key,
        "DynamicRegistration": "OFF",
        "PlugAndPlay": False,
        "SelfMadeMax": 0,
        "SelfMade": 0,
    }
    check_answer(await door.call(ACTION, case=case, ProductKey=product_key), case, {"Data": data})


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """Another account's product does not exist."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    for product_key in (theirs, "k0000000404"):
        assert await door.refusal(ACTION, ProductKey=product_key) == "iot.prod.NotExistedProduct"
    assert await door.refusal(ACTION, ProductKey="k-1") == "iot.prod.InvalidFormattedProductkey"
    assert await door.refusal(ACTION) == "MissingProductKey"


async def test_rights(door: SignedDoor) -> None:
    """The key needs the right to read products."""
    product_key = await make_product(door)
    without = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_READ})
    assert await door.refusal(ACTION, by=without, ProductKey=product_key) == "Forbidden.RAM"
