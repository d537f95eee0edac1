"""CreateOTAModule through the signed door (api-contract 9.1, 14)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_job, make_module, make_product, set_quotas
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.ota_module import MODULES_PER_PRODUCT_MAX, OtaModuleDraft
from whimbrel.rpc.dialect import Case

ACTION = "CreateOTAModule"


async def names(door: SignedDoor, product_key: str) -> list[str]:
    body = await door.ok("ListOTAModuleByProduct", ProductKey=product_key)
    return [row["ModuleName"] for row in body["Data"]]


async def test_a_module(door: SignedDoor, case: Case) -> None:
    """The envelope alone is answered; the module is listed after `default` with all that was given."""
    product_key = await make_product(door)
    given = {"ProductKey": product_key, "ModuleName": "barcodeScanner", "AliasName": "条码扫描仪", "Desc": "固件 <1>"}
    check_answer(await door.call(ACTION, case=case, **given), case, {})
    row = (await door.ok("ListOTAModuleByProduct", ProductKey=product_key))["Data"][1]
    assert row.items() >= given.items()


@pytest.mark.parametrize("name", ["a", "1", ".", "-", "_", "A" * 63, "z" * 64, "barcode.Scanner-1_b"])
async def test_names_at_the_limits(name: str, door: SignedDoor) -> None:
    """1 to 64 letters, digits, dots, hyphens and underscores."""
    product_key = await make_product(door)
    await make_module(door, product_key, name)
    assert await names(door, product_key) == ["default", name]


@pytest.mark.parametrize(
    "changes",
    [
        {"ModuleName": "a" * 65},
        {"ModuleName": "a b"},
        {"ModuleName": "模块"},
        {"ModuleName": "a/b"},
        {"AliasName": "a" * 65},
        {"AliasName": "a b"},
        {"AliasName": "a<b"},
        {"Desc": "d" * 101},
        {"ProductKey": "k" * 65},
    ],
)
async def test_values_outside_their_sets(changes: dict[str, Any], door: SignedDoor) -> None:
    """Longer, or with another character: refused."""
    given = {"ProductKey": await make_product(door), "ModuleName": "mcu", **changes}
    assert await door.refusal(ACTION, **given) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize(
    "changes", [{"AliasName": "a" * 63}, {"AliasName": "名" * 64}, {"AliasName": "A.b-c_灯"}, {"Desc": "述" * 100}]
)
async def test_texts_at_the_limits(changes: dict[str, Any], door: SignedDoor) -> None:
    """An alias of 64 characters, CJK among them, and a description of 100, are taken and shown as they were given."""
    product_key = await make_product(door)
    await make_module(door, product_key, **changes)
    _, made = (await door.ok("ListOTAModuleByProduct", ProductKey=product_key))["Data"]
    assert {name: made[name] for name in changes} == changes


@pytest.mark.parametrize("missing", ["ProductKey", "ModuleName"])
async def test_required_parameters(missing: str, door: SignedDoor) -> None:
    """Both are required: HTTP 400."""
    given = {"ProductKey": await make_product(door), "ModuleName": "mcu", missing: None}
    assert await door.refusal(ACTION, **given) == f"Missing{missing}"


@pytest.mark.parametrize("name", ["Scanner", "scanner", "SCANNER"])
async def test_a_name_is_taken_once_whatever_its_case(name: str, door: SignedDoor) -> None:
    """In one product; another product may have it."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_module(door, lamp, "Scanner")
    assert await door.refusal(ACTION, ProductKey=lamp, ModuleName=name) == "iot.ota.ModuleAlreadyExist"
    await make_module(door, plug, name)


@pytest.mark.parametrize("name", ["default", "Default", "DEFAULT"])
async def test_default_is_reserved(name: str, door: SignedDoor) -> None:
    """Every product has it already."""
    product_key = await make_product(door)
    assert await door.refusal(ACTION, ProductKey=product_key, ModuleName=name) == "iot.ota.DefaultModuleNotAllowed"


async def test_the_vendors_quota(door: SignedDoor) -> None:
    """With a quota of 3 the third is taken, the fourth refused; and a repeated call reads that its module exists."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    set_quotas(door, ACTION, modules_per_product=3)
    for name in "abc":
        await make_module(door, lamp, name)
    assert await door.refusal(ACTION, ProductKey=lamp, ModuleName="d") == "iot.ota.ModuleCountExceedMax"
    assert await door.refusal(ACTION, ProductKey=lamp, ModuleName="c") == "iot.ota.ModuleAlreadyExist"
    await make_module(door, plug, "d")


@pytest.mark.parametrize(("there", "is_taken"), [(-2, True), (-1, True), (0, False)])
async def test_I17_modules_of_a_product_are_bounded(there: int, is_taken: bool, door: SignedDoor) -> None:
    """Without any quota a product has at most 256, because their list has no pages."""
    product_key = await make_product(door)
    account_id = await door.account_id()
    async with door.store.transaction() as store:
        product = await store.products.by_key(account_id, product_key)
        assert product is not None
        for number in range(MODULES_PER_PRODUCT_MAX + there):
            await store.ota_modules.add(OtaModuleDraft(product.id, f"m{number}", "", "", 0))
    if is_taken:
        await make_module(door, product_key)
    else:
        given = {"ProductKey": product_key, "ModuleName": "mcu"}
        assert await door.refusal(ACTION, **given) == "iot.ota.ModuleCountExceedMax"


async def test_what_was_reported_before_counts(door: SignedDoor) -> None:
    """A device that reported the module before it was created is taken at the version it reported."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    await device.report_version("7", "mcu")
    await make_module(door, product_key)
    difference = {"ModuleName": "mcu", "Type": 1, "SrcVersion": "7"}
    firmware_id = await make_firmware(door, product_key, "8", **difference)
    await make_job(door, product_key, firmware_id, "lamp-0001")


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """Another account's product does not exist."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    for product_key in (theirs, "k404"):
        assert await door.refusal(ACTION, ProductKey=product_key, ModuleName="m") == "iot.prod.NotExistedProduct"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not create modules."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_WRITE})
    product_key = await make_product(door)
    assert await door.refusal(ACTION, by=key, ProductKey=product_key, ModuleName="mcu") == "Forbidden.RAM"
