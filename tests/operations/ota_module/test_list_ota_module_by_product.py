"""ListOTAModuleByProduct through the signed door (api-contract 9.4)."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from tests.operations.answers import check_answer
from tests.operations.fleet import make_module, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case

ACTION = "ListOTAModuleByProduct"
CREATED, LATER = "2025-01-02T03:04Z", "2025-01-03T03:04Z"
DAY_MS = 86_400_000


async def test_modules_in_full(door: SignedDoor, case: Case) -> None:
    """A plain array: `default` first with its product's time, then the others as they were created, to the minute."""
    product_key = await make_product(door)
    await make_module(door, product_key, "mcu", AliasName="马达", Desc="<motor>")
    door.clock.at_ms += DAY_MS
    await make_module(door, product_key, "ble")
    await door.ok("UpdateOTAModule", ProductKey=product_key, ModuleName="mcu", Desc="motor & more")
    rows = [
        {"ModuleName": name, "AliasName": alias, "Desc": desc, "GmtCreate": created, "GmtModified": modified}
        for name, alias, desc, created, modified in (
            ("default", "", "", CREATED, CREATED),
            ("mcu", "马达", "motor & more", CREATED, LATER),
            ("ble", "", "", LATER, LATER),
        )
    ]
    expected = {"Data": [{**row, "ProductKey": product_key} for row in rows]}
    check_answer(await door.call(ACTION, case=case, ProductKey=product_key), case, expected)


async def test_modules_as_xml(door: SignedDoor) -> None:
    """In XML a plain array repeats its own element (api-contract 1.7)."""
    product_key = await make_product(door)
    await make_module(door, product_key, "mcu")
    answer = await door.call(ACTION, Format="XML", ProductKey=product_key)
    root = ET.fromstring(answer.body.decode())
    assert [row.findtext("ModuleName") for row in root.findall("Data")] == ["default", "mcu"]


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """Another account's product does not exist, and its modules are nobody else's."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    await door.ok("CreateOTAModule", by=neighbour, ProductKey=theirs, ModuleName="secret")
    for product_key in (theirs, "k404"):
        assert await door.refusal(ACTION, ProductKey=product_key) == "iot.prod.NotExistedProduct"
    mine = await make_product(door)
    assert [row["ModuleName"] for row in (await door.ok(ACTION, ProductKey=mine))["Data"]] == ["default"]


async def test_A06_modules_are_of_the_keys_products(door: SignedDoor) -> None:
    """A key for some products sees and changes the modules of these; any other product does not exist for it."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_module(door, plug, "mcu")
    statement = Statement(frozenset({"product:read", "product:write"}), Access.WRITE, products=frozenset({lamp}))
    key = await door.make_key_of(Policy((statement,)))
    for action in ("CreateOTAModule", "UpdateOTAModule", "DeleteOTAModule"):
        named = {"ModuleName": "mcu"}
        assert await door.refusal(action, by=key, ProductKey=plug, **named) == "iot.prod.NotExistedProduct"
        await door.ok(action, by=key, ProductKey=lamp, **named)
    assert await door.refusal(ACTION, by=key, ProductKey=plug) == "iot.prod.NotExistedProduct"
    assert len((await door.ok(ACTION, by=key, ProductKey=lamp))["Data"]) == 1


async def test_the_product_is_required(door: SignedDoor) -> None:
    """Without it: HTTP 400; one that is too long to be a key is refused."""
    assert await door.refusal(ACTION) == "MissingProductKey"
    assert await door.refusal(ACTION, ProductKey="k" * 65) == "iot.ota.InvalidParameter"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not list modules."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_READ})
    assert await door.refusal(ACTION, by=key, ProductKey="k") == "Forbidden.RAM"
