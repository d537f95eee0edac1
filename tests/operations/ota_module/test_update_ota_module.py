"""UpdateOTAModule through the signed door (api-contract 9.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_module, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "UpdateOTAModule"


async def row_of(door: SignedDoor, product_key: str) -> dict[str, Any]:
    row: dict[str, Any] = (await door.ok("ListOTAModuleByProduct", ProductKey=product_key))["Data"][1]
    return row


async def test_only_what_is_given_changes(door: SignedDoor, case: Case) -> None:
    """Alias alone, description alone, nothing at all: what is not given stays, and an empty value is not given."""
    product_key = await make_product(door)
    named = {"ProductKey": product_key, "ModuleName": "mcu"}
    await make_module(door, product_key, AliasName="old", Desc="old words")
    door.clock.at_ms += 60_000
    seen = []
    for changes in ({"AliasName": "新"}, {"Desc": "new <words>"}, {}, {"AliasName": "", "Desc": ""}):
        check_answer(await door.call(ACTION, case=case, **named, **changes), case, {})
        row = await row_of(door, product_key)
        seen.append((row["AliasName"], row["Desc"]))
    assert seen == [("新", "old words"), *[("新", "new <words>")] * 3]
    assert (row["ModuleName"], row["GmtCreate"], row["GmtModified"]) == (
        "mcu",
        "2025-01-02T03:04Z",
        "2025-01-02T03:05Z",
    )


@pytest.mark.parametrize(
    ("changes", "is_taken"),
    [
        ({"AliasName": "a" * 63}, True),
        ({"AliasName": "a" * 64}, True),
        ({"AliasName": "a" * 65}, False),
        ({"AliasName": "a b"}, False),
        ({"Desc": "d" * 99}, True),
        ({"Desc": "d" * 100}, True),
        ({"Desc": "d" * 101}, False),
        ({"ModuleName": "a b"}, False),
    ],
)
async def test_limits(changes: dict[str, str], is_taken: bool, door: SignedDoor) -> None:
    """An alias of at most 64 characters, a description of at most 100, as when it was created."""
    product_key = await make_product(door)
    await make_module(door, product_key)
    given = {"ProductKey": product_key, "ModuleName": "mcu", **changes}
    if is_taken:
        await door.ok(ACTION, **given)
    else:
        assert await door.refusal(ACTION, **given) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("radio", "iot.ota.ModuleNotFound"),
        ("MCU", "iot.ota.ModuleNotFound"),
        ("default", "iot.ota.DefaultModuleNotAllowed"),
    ],
)
async def test_modules_that_cannot_be_changed(name: str, code: str, door: SignedDoor) -> None:
    """One that is not there, also by its case, and `default`."""
    product_key = await make_product(door)
    await make_module(door, product_key)
    assert await door.refusal(ACTION, ProductKey=product_key, ModuleName=name, Desc="x") == code


@pytest.mark.parametrize("missing", ["ProductKey", "ModuleName"])
async def test_required_parameters(missing: str, door: SignedDoor) -> None:
    """Both are required: HTTP 400."""
    given = {"ProductKey": await make_product(door), "ModuleName": "mcu", missing: None}
    assert await door.refusal(ACTION, **given) == f"Missing{missing}"


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """Another account's product does not exist."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    await door.ok("CreateOTAModule", by=neighbour, ProductKey=theirs, ModuleName="mcu")
    for product_key in (theirs, "k404"):
        assert await door.refusal(ACTION, ProductKey=product_key, ModuleName="mcu") == "iot.prod.NotExistedProduct"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change modules."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_WRITE})
    product_key = await make_product(door)
    await make_module(door, product_key)
    assert await door.refusal(ACTION, by=key, ProductKey=product_key, ModuleName="mcu") == "Forbidden.RAM"
