"""DeleteProduct through the signed door (api-contract 13.1)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.fleet import (
    job_status,
    make_device,
    make_firmware,
    make_job,
    make_module,
    make_product,
    tasks_of,
)
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case

ACTION = "DeleteProduct"


async def test_a_product_is_gone(door: SignedDoor, case: Case) -> None:
    """It is in no list and answer, with its firmware and modules; others stay."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_module(door, lamp, "mcu")
    for number in range(3):
        await make_firmware(door, lamp, f"1.{number}.0")
    kept = await make_firmware(door, plug, "1.0.0", FirmwareName="kept")
    check_answer(await door.call(ACTION, case=case, ProductKey=lamp), case, {})
    for action in ("QueryProduct", ACTION, "QueryDevice"):
        assert await door.refusal(action, ProductKey=lamp) == "iot.prod.NotExistedProduct"
    listed = (await door.ok("QueryProductList", CurrentPage=1, PageSize=10))["Data"]
    assert ([row["ProductKey"] for row in listed["List"]["ProductInfo"]], listed["Total"]) == ([plug], 1)
    firmware = await door.ok("ListOTAFirmware", CurrentPage=1, PageSize=10)
    assert [row["FirmwareId"] for row in firmware["FirmwareInfo"]["SimpleFirmwareInfo"]] == [kept]


async def test_its_names_may_be_given_again(door: SignedDoor) -> None:
    """A new product may have the name, and its firmware the firmware's names; the key is another one."""
    first = await make_product(door)
    await make_firmware(door, first)
    await door.ok(ACTION, ProductKey=first)
    second = await make_product(door)
    await make_firmware(door, second)
    assert first != second


async def test_with_devices(door: SignedDoor) -> None:
    """Refused while it has devices or is getting some; not once all of them are deleted."""
    product_key = await make_product(door)
    await door.ok("BatchRegisterDevice", ProductKey=product_key, Count=2)
    assert await door.refusal(ACTION, ProductKey=product_key) == "iot.prod.ProductHasDevices"
    await door.engine.settle()
    assert await door.refusal(ACTION, ProductKey=product_key) == "iot.prod.ProductHasDevices"
    for row in (await door.ok("QueryDevice", ProductKey=product_key))["Data"]["DeviceInfo"]:
        await door.ok("DeleteDevice", IotId=row["IotId"])
    await door.ok(ACTION, ProductKey=product_key)


async def test_with_jobs(door: SignedDoor) -> None:
    """Refused while a job runs, be it one whose devices are all deleted; an ended job keeps the product's name."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    await door.engine.settle()
    await door.ok("DeleteDevice", ProductKey=product_key, DeviceName="lamp-0001")
    assert await door.refusal(ACTION, ProductKey=product_key) == "iot.prod.ProductHasJobs"
    await door.engine.settle()
    assert await job_status(door, job_id) == "CANCELED"
    await door.ok(ACTION, ProductKey=product_key)
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    assert job["ProductKey"] == product_key
    task = (await tasks_of(door, job_id))["lamp-0001"]
    assert (task["ProductName"], task["TaskStatus"]) == ("lamp", "CANCELED")


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """Another account's product does not exist."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    for product_key in (theirs, "k0000000404"):
        assert await door.refusal(ACTION, ProductKey=product_key) == "iot.prod.NotExistedProduct"
    assert await door.refusal(ACTION, ProductKey="k-1") == "iot.prod.InvalidFormattedProductkey"
    assert await door.refusal(ACTION) == "MissingProductKey"


async def test_rights(door: SignedDoor) -> None:
    """A key for one product may delete that alone (A06)."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    key = await door.make_key_of(Policy((Statement(frozenset({"*"}), Access.WRITE, frozenset({lamp})),)))
    assert await door.refusal(ACTION, by=key, ProductKey=plug) == "iot.prod.NotExistedProduct"
    without = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_WRITE})
    assert await door.refusal(ACTION, by=without, ProductKey=lamp) == "Forbidden.RAM"
    await door.ok(ACTION, by=key, ProductKey=lamp)
