"""XRotateGatewayToken through the signed door (ddi-protocol 2; threat-model A05, A15)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.ddi.claims import is_known
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case

ACTION = "XRotateGatewayToken"


async def test_a_rotation(door: SignedDoor, case: Case) -> None:
    """The answer shows a token of 32 characters; each time another one."""
    product_key = await make_product(door)
    tokens = set()
    for _ in range(2):
        answer = await door.call(ACTION, case=case, ProductKey=product_key)
        body = answer.json()
        token = body["data"]["gatewayToken"] if case is Case.CAMEL else body["Data"]["GatewayToken"]
        check_answer(answer, case, {"Data": {"ProductKey": product_key, "GatewayToken": token}})
        assert len(token) == 32
        tokens.add(token)
    assert len(tokens) == 2


async def test_it_speaks_for_each_device_until_it_is_replaced(door: SignedDoor) -> None:
    """A product has none at first; the new one works at once, the old one no more; after Remove none does."""
    product_key, other_key = await make_product(door), await make_product(door, "plug")
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, product_key, name)
    await make_device(door, other_key, "lamp-0001")
    assert not await is_known(door, product_key, "lamp-0001", "GatewayToken x")
    first, second = [(await door.ok(ACTION, ProductKey=product_key))["Data"]["GatewayToken"] for _ in range(2)]
    for name in ("lamp-0001", "lamp-0002"):
        assert await is_known(door, product_key, name, f"GatewayToken {second}")
        assert not await is_known(door, product_key, name, f"GatewayToken {first}")
        assert not await is_known(door, product_key, name, f"TargetToken {second}")
    assert not await is_known(door, other_key, "lamp-0001", f"GatewayToken {second}")
    assert (await door.ok(ACTION, ProductKey=product_key, Remove=True))["Data"] == {"ProductKey": product_key}
    assert not await is_known(door, product_key, "lamp-0001", f"GatewayToken {second}")


async def test_A15_only_a_digest_is_kept(door: SignedDoor) -> None:
    """No row holds the token, nor does the audit trail."""
    token = (await door.ok(ACTION, ProductKey=await make_product(door), ClientToken="once"))["Data"]["GatewayToken"]
    assert token not in str(door.rows())


async def test_unknown_products(door: SignedDoor) -> None:
    """A malformed key is refused as that; another account's product is not found (I15)."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    assert await door.refusal(ACTION, ProductKey="not a key") == "iot.prod.InvalidFormattedProductkey"
    for product_key in (theirs, "k0000000404"):
        assert await door.refusal(ACTION, ProductKey=product_key) == "iot.prod.NotExistedProduct"
    assert await door.refusal(ACTION, ProductKey="k1", Remove="perhaps") == "iot.ota.InvalidParameter"


async def test_A06_rights(door: SignedDoor) -> None:
    """A key without the permission, and one that is limited to a group of the product, get no token."""
    product_key = await make_product(door)
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_WRITE})
    assert await door.refusal(ACTION, by=key, ProductKey=product_key) == "Forbidden.RAM"
    statement = Statement(frozenset({"*"}), Access.WRITE, frozenset({product_key}), frozenset({"HtMLECKbdJQL7xBz"}))
    limited = await door.make_key_of(Policy((statement,)))
    assert await door.refusal(ACTION, by=limited, ProductKey=product_key) == "iot.prod.NotExistedProduct"
