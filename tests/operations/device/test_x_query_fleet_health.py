"""XQueryFleetHealth through the signed door (F21, I15)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import find_device, make_device, make_firmware, make_job, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XQueryFleetHealth"
HOUR_MS = 3_600_000


async def make_release(door: SignedDoor, product_key: str, devices: int) -> str:
    """A job over all of the first devices, which succeed; its id."""
    firmware_id = await make_firmware(door, product_key, "2.0.0")
    names = [f"lamp-{number:04d}" for number in range(devices)]
    job_id = await make_job(door, product_key, firmware_id, *names)
    await door.engine.settle()
    for name in names:
        await (await find_device(door, product_key, name)).report_version("2.0.0")
    return job_id


async def test_F21_late_death_shows(door: SignedDoor, case: Case) -> None:
    """Of ten that were upgraded six died the night after; of the thirty others one is away."""
    product_key = await make_product(door)
    devices = [await make_device(door, product_key, f"lamp-{number:04d}", "1.0.0") for number in range(40)]
    for device in devices:
        await device.connect()
    job_id = await make_release(door, product_key, 10)
    door.clock.at_ms += HOUR_MS
    for device in [*devices[:6], devices[20]]:
        await device.disconnect()
    door.clock.at_ms += 25 * HOUR_MS
    fresh = {"QuietCount": 1, "AliveCount": 30, "OfflineCount": 1, "OnlineCount": 29, "SampledCount": 30}
    hit = {"QuietCount": 6, "AliveCount": 10, "OfflineCount": 6, "OnlineCount": 4, "SampledCount": 10}
    upgrade: dict[str, Any] = {"JobId": job_id, "Version": "2.0.0", "UpgradedCount": 10, "LostCount": 6}
    upgrade |= {"OtherCount": 30, "OtherQuietCount": 1, "Conspicuous": True}
    versions = [{"Version": "1.0.0", "DeviceCount": 30, **fresh}, {"Version": "2.0.0", "DeviceCount": 10, **hit}]
    answer = await door.call(ACTION, case=case, ProductKey=product_key)
    check_answer(answer, case, {"Data": {"Versions": versions, "Upgrades": [upgrade]}})
    answer = await door.ok(ACTION, ProductKey=product_key, Hours=26)
    assert answer["Data"]["Upgrades"][0]["LostCount"] == 0


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ({"Days": 0}, False),
        ({"Days": 1}, True),
        ({"Days": 30}, True),
        ({"Days": 31}, False),
        ({"Hours": 0}, False),
        ({"Hours": 1}, True),
        ({"Hours": 720}, True),
        ({"Hours": 721}, False),
        ({"ModuleName": "m*"}, False),
        ({"ModuleName": "mcu"}, True),
    ],
)
async def test_limits(door: SignedDoor, given: dict[str, Any], is_taken: bool) -> None:
    """Days, hours and names within theirs; nothing to say of an empty product."""
    product_key = await make_product(door)
    if is_taken:
        answer = await door.ok(ACTION, ProductKey=product_key, **given)
        assert answer["Data"] == {"Versions": [], "Upgrades": []}
    else:
        assert await door.refusal(ACTION, ProductKey=product_key, **given) == "iot.ota.InvalidParameter"


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """Another account's product does not exist."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    for product_key in (theirs, "k0000000404"):
        assert await door.refusal(ACTION, ProductKey=product_key) == "iot.prod.NotExistedProduct"
    assert await door.refusal(ACTION, ProductKey="k-1") == "iot.prod.InvalidFormattedProductkey"
    assert await door.refusal(ACTION) == "MissingProductKey"


async def test_rights(door: SignedDoor) -> None:
    """The key needs the right to read devices."""
    product_key = await make_product(door)
    without = await door.make_key(permissions=frozenset(Permission) - {Permission.DEVICE_READ})
    assert await door.refusal(ACTION, by=without, ProductKey=product_key) == "Forbidden.RAM"
