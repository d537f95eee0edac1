"""DeleteOTAModule through the signed door (api-contract 9.3)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_module, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "DeleteOTAModule"


async def test_deleting(door: SignedDoor, case: Case) -> None:
    """The envelope alone is answered; afterwards the module does not exist, a second time says so, its name is free."""
    product_key = await make_product(door)
    named = {"ProductKey": product_key, "ModuleName": "mcu"}
    await make_module(door, product_key)
    check_answer(await door.call(ACTION, case=case, **named), case, {})
    rows = (await door.ok("ListOTAModuleByProduct", ProductKey=product_key))["Data"]
    assert [row["ModuleName"] for row in rows] == ["default"]
    assert await door.refusal(ACTION, **named) == "iot.ota.ModuleNotFound"
    await make_module(door, product_key, "MCU")


async def test_a_module_with_firmware_stays(door: SignedDoor) -> None:
    """Refused while it has firmware, of any version; the same module of another product is free."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    for product_key in (lamp, plug):
        await make_module(door, product_key)
    made = [await make_firmware(door, lamp, version, ModuleName="mcu") for version in ("1", "2")]
    for firmware_id in made:
        assert await door.refusal(ACTION, ProductKey=lamp, ModuleName="mcu") == "iot.ota.ModuleInUse"
        await door.ok("DeleteOTAFirmware", FirmwareId=firmware_id)
    for product_key in (lamp, plug):
        await door.ok(ACTION, ProductKey=product_key, ModuleName="mcu")


async def test_what_devices_reported_stays(door: SignedDoor) -> None:
    """A device's version of the module is the device's own word."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")
    await make_module(door, product_key)
    await device.report_version("7", "mcu")
    await door.ok(ACTION, ProductKey=product_key, ModuleName="mcu")
    named = {"ProductKey": product_key, "DeviceName": "lamp-0001", "CurrentPage": 1, "PageSize": 10}
    rows = (await door.ok("ListOTAModuleVersionsByDevice", **named))["Data"]["SimpleOTAModuleInfo"]
    assert [(row["ModuleName"], row["ModuleVersion"]) for row in rows] == [("mcu", "7")]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("radio", "iot.ota.ModuleNotFound"),
        ("MCU", "iot.ota.ModuleNotFound"),
        ("default", "iot.ota.DefaultModuleNotAllowed"),
        ("a b", "iot.ota.InvalidParameter"),
        ("m" * 64, "iot.ota.ModuleNotFound"),
        ("m" * 65, "iot.ota.InvalidParameter"),
    ],
)
async def test_modules_that_cannot_be_deleted(name: str, code: str, door: SignedDoor) -> None:
    """One that is not there, also by its case, `default`, and what is no name."""
    product_key = await make_product(door)
    await make_module(door, product_key)
    assert await door.refusal(ACTION, ProductKey=product_key, ModuleName=name) == code


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
    """A key that may do everything else may not delete modules."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_WRITE})
    product_key = await make_product(door)
    await make_module(door, product_key)
    assert await door.refusal(ACTION, by=key, ProductKey=product_key, ModuleName="mcu") == "Forbidden.RAM"
