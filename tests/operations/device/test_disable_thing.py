"""DisableThing through the signed door (api-contract 13.2)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.device.naming import check_naming, check_rights
from tests.operations.fleet import make_device, make_firmware, make_job, make_product, statuses_of
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "DisableThing"


async def status(door: SignedDoor, product_key: str) -> dict[str, object]:
    data: dict[str, object] = (await door.ok("GetDeviceStatus", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    return data


async def test_an_online_device(door: SignedDoor, case: Case) -> None:
    """It shows DISABLE at once, its session ends after the commit, which changes no status; its login is refused."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")
    await device.connect()
    door.clock.at_ms = NOW_MS + 5
    answer = await door.call(ACTION, case=case, ProductKey=product_key, DeviceName="lamp-0001")
    check_answer(answer, case, {})
    assert not device.is_revoked
    assert await status(door, product_key) == {"Status": "DISABLE", "Timestamp": NOW_MS + 5}
    await door.engine.settle()
    assert device.is_revoked
    await device.disconnect()
    assert (await status(door, product_key))["Status"] == "DISABLE"
    async with door.store.snapshot() as store:
        login = await store.devices.login(product_key, "lamp-0001")
    assert login is not None
    assert login.is_disabled


async def test_a_connection_that_was_under_way(door: SignedDoor) -> None:
    """A device that was let in before the change and reports its presence after it is sent away."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001")
    await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0001")
    await door.engine.settle()
    outcome = await device.connect()
    assert outcome.ends_session
    assert (await status(door, product_key))["Status"] == "DISABLE"


async def test_its_data_stay(door: SignedDoor) -> None:
    """Version and task stay; nothing is pushed to it, and when it is enabled and connects it gets its task."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    await device.connect()
    await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0001")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    await door.engine.settle()
    assert device.notices == []
    assert await statuses_of(door, job_id) == {"lamp-0001": "QUEUED"}
    detail = (await door.ok("QueryDeviceDetail", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    assert (detail["FirmwareVersion"], detail["Status"]) == ("1.0.0", "DISABLE")
    await door.ok("EnableThing", ProductKey=product_key, DeviceName="lamp-0001")
    await device.connect()
    assert len(device.notices) == 1


async def test_twice(door: SignedDoor) -> None:
    """Disabling again changes nothing, also not since when it is disabled."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    for at_ms in (NOW_MS, NOW_MS + 1):
        door.clock.at_ms = at_ms
        await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0001")
    assert (await status(door, product_key))["Timestamp"] == NOW_MS


async def test_naming_and_rights(door: SignedDoor) -> None:
    """The device is named as everywhere, and the key needs the right."""
    await check_naming(door, ACTION)
    product_key = await make_product(door, "plug")
    await make_device(door, product_key, "lamp-0001")
    await check_rights(door, ACTION, Permission.DEVICE_WRITE, product_key, DeviceName="lamp-0001")
