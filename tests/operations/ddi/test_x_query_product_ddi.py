"""XQueryProductDdi through the signed door (ddi-protocol 2, 3)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.fleet import make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XQueryProductDdi"
DEFAULTS = {
    "PollingInterval": "00:05:00",
    "AcceptTargetTokens": True,
    "HasGatewayToken": False,
    "Authorities": "",
    "VersionAttribute": "",
    "IsDefault": False,
}


async def test_a_product_that_was_never_set_up(door: SignedDoor, case: Case) -> None:
    """It has the defaults, and no gateway token (A15)."""
    product_key = await make_product(door)
    answer = await door.call(ACTION, case=case, ProductKey=product_key)
    check_answer(answer, case, {"Data": {"ProductKey": product_key, **DEFAULTS}})


async def test_A15_the_gateway_token_is_not_shown(door: SignedDoor) -> None:
    """Only that there is one, until it is taken away."""
    product_key = await make_product(door)
    token = (await door.ok("XRotateGatewayToken", ProductKey=product_key))["Data"]["GatewayToken"]
    answer = await door.call(ACTION, ProductKey=product_key)
    assert answer.json()["Data"] == {"ProductKey": product_key, **DEFAULTS, "HasGatewayToken": True}
    assert token.encode() not in answer.body
    await door.ok("XRotateGatewayToken", ProductKey=product_key, Remove=True)
    assert (await door.ok(ACTION, ProductKey=product_key))["Data"]["HasGatewayToken"] is False


async def test_unknown_products(door: SignedDoor) -> None:
    """A malformed key is refused as that; another account's product is not found (I15)."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    assert await door.refusal(ACTION, ProductKey="not a key") == "iot.prod.InvalidFormattedProductkey"
    for product_key in (theirs, "k0000000404"):
        assert await door.refusal(ACTION, ProductKey=product_key) == "iot.prod.NotExistedProduct"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not read products."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_READ})
    assert await door.refusal(ACTION, by=key, ProductKey=await make_product(door)) == "Forbidden.RAM"
