"""XQueryOverview through the signed door (ADR 0060, A06, I15)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import find_device, make_device, make_firmware, make_job, make_product, make_verify_job
from tests.operations.group.keys import key_without, limited_key
from tests.operations.job.rollouts import fail, rollout, told
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.adapters.store.repositories import overview as module
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XQueryOverview"
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
NO_JOBS = {
    "Halted": 0,
    "Paused": 0,
    "AwaitingApproval": 0,
    "Rejected": 0,
    "Planned": 0,
    "WaitingWindow": 0,
    "Soaking": 0,
    "Running": 0,
}
NO_FIRMWARE = {"Total": 0, "Unverified": 0, "Verifying": 0, "VerificationFailed": 0}
NO_DEVICES = {"Total": 0, "Online": 0, "Offline": 0, "Unactive": 0, "Disable": 0}


async def overview(door: SignedDoor, **given: Any) -> dict[str, Any]:
    data: dict[str, Any] = (await door.ok(ACTION, **given))["Data"]
    return data


async def kinds(door: SignedDoor, **given: Any) -> list[str]:
    return [item["Kind"] for item in (await overview(door, **given))["Attention"]]


async def test_the_whole_answer(door: SignedDoor, case: Case) -> None:
    """Devices by state and version of two products, and of the account; firmware, jobs, and what needs somebody."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    fleet = [await make_device(door, lamp, f"lamp-{number:04d}", "1.0.0") for number in range(3)]
    await make_device(door, lamp, "lamp-0003", "2.0.0")
    await make_device(door, lamp, "lamp-0004")
    await make_device(door, plug, "plug-0001", "2.0.0")
    for device in fleet[:2]:
        await device.connect()
    await fleet[1].disconnect()
    await door.ok("DisableThing", ProductKey=lamp, DeviceName="lamp-0002")
    failed = await make_firmware(door, lamp, "3.0.0", NeedToVerify=True)
    await make_firmware(door, lamp, "3.1.0", NeedToVerify=True)
    await make_verify_job(door, lamp, failed, "lamp-0000")
    await door.engine.settle()
    await fleet[0].report_progress(-2)
    await door.engine.settle()
    job_id = await make_job(door, lamp, await make_firmware(door, lamp), "lamp-0001")
    await door.ok("XPauseOTAJob", JobId=job_id, Reason="why not")
    states = {"Total": 5, "Online": 1, "Offline": 1, "Unactive": 2, "Disable": 1}
    versions = [{"Version": "1.0.0", "Count": 3}, {"Version": "2.0.0", "Count": 1}]
    shown_plug = {"ProductKey": plug, "ProductName": "plug", "Devices": NO_DEVICES | {"Total": 1, "Unactive": 1}}
    shown_plug |= {"Versions": versions[1:], "OtherCount": 0, "NeverReportedCount": 0}
    shown_lamp = {"ProductKey": lamp, "ProductName": "lamp", "Devices": states, "Versions": versions}
    shown_lamp |= {"OtherCount": 0, "NeverReportedCount": 1}
    item = {"Kind": "VERIFICATION_FAILED", "Reason": "the verification of fw-3_0_0 failed", "UtcSince": NOW_TEXT}
    item |= {"ProductKey": lamp, "ProductName": "lamp", "FirmwareId": failed, "Version": "3.0.0"}
    data = {
        "Devices": {"Total": 6, "Online": 1, "Offline": 1, "Unactive": 3, "Disable": 1},
        "ProductCount": 2,
        "Products": [shown_plug, shown_lamp],
        "Jobs": NO_JOBS | {"Paused": 1},
        "Firmware": {"Total": 3, "Unverified": 1, "Verifying": 0, "VerificationFailed": 1},
        "Attention": [item],
    }
    check_answer(await door.call(ACTION, case=case), case, {"Data": data})
    of_plug = data | {"Devices": shown_plug["Devices"], "ProductCount": 1, "Products": [shown_plug], "Attention": []}
    of_plug |= {"Jobs": NO_JOBS, "Firmware": NO_FIRMWARE}
    assert await overview(door, ProductKey=plug) == of_plug
    assert (await overview(door, ProductKey=lamp))["Jobs"] == data["Jobs"]


async def test_an_empty_account(door: SignedDoor, case: Case) -> None:
    """Nothing, and nothing to look at."""
    data = {"Devices": NO_DEVICES, "ProductCount": 0, "Products": [], "Jobs": NO_JOBS, "Firmware": NO_FIRMWARE}
    check_answer(await door.call(ACTION, case=case), case, {"Data": data | {"Attention": []}})


async def test_what_needs_somebody_first(door: SignedDoor) -> None:
    """A halted job is before one that was paused for a day, and that before a product whose devices never came."""
    job_id, fleet = await rollout(door, 30)
    await fail(fleet, (await told(door, fleet))[1:])
    await door.engine.settle()
    other = await make_product(door, "plug")
    await make_device(door, other, "plug-0001", "1.0.0")
    paused = await make_job(door, other, await make_firmware(door, other, "5.0.0"), "plug-0001")
    await door.ok("XPauseOTAJob", JobId=paused, Reason="lunch")
    assert await kinds(door) == ["JOB_HALTED"]
    door.clock.at_ms += DAY_MS + 1
    found = (await overview(door))["Attention"]
    assert [item["Kind"] for item in found] == ["JOB_HALTED", "JOB_PAUSED", "PRODUCT_NEVER_ONLINE"]
    assert [item.get("JobId") for item in found] == [job_id, paused, None]
    assert found[1]["Reason"] == "lunch"
    assert (await overview(door))["Jobs"] == NO_JOBS | {"Halted": 1, "Paused": 1}


async def test_F21_lost_devices_with_health(door: SignedDoor) -> None:
    """Only with WithHealth are upgrades looked for after which devices were lost."""
    product_key = await make_product(door)
    devices = [await make_device(door, product_key, f"lamp-{number:04d}", "1.0.0") for number in range(40)]
    for device in devices:
        await device.connect()
    names = [device.name for device in devices[:10]]
    job_id = await make_job(door, product_key, await make_firmware(door, product_key, "2.0.0"), *names)
    await door.engine.settle()
    for name in names:
        await (await find_device(door, product_key, name)).report_version("2.0.0")
    door.clock.at_ms += HOUR_MS
    for device in devices[:6]:
        await device.disconnect()
    door.clock.at_ms += 25 * HOUR_MS
    assert await kinds(door) == []
    for given in ({}, {"ProductKey": product_key}):
        [item] = (await overview(door, WithHealth=True, **given))["Attention"]
        assert (item["Kind"], item["JobId"], item["Version"]) == ("UPGRADE_CONSPICUOUS", job_id, "2.0.0")


@pytest.mark.parametrize(("versions", "shown", "others"), [(11, 11, 0), (12, 12, 0), (13, 12, 1)])
async def test_the_most_frequent_versions(door: SignedDoor, versions: int, shown: int, others: int) -> None:
    """Twelve are shown, all others counted together; one that nobody has any more is not shown."""
    product_key = await make_product(door)
    for number in range(versions):
        device = await make_device(door, product_key, f"lamp-{number:04d}", f"0.{number}")
        await device.report_version(f"1.{number}")
    await make_device(door, product_key, "lamp-more", "1.5")
    [product] = (await overview(door))["Products"]
    assert (len(product["Versions"]), product["OtherCount"]) == (shown, others)
    assert product["Versions"][0] == {"Version": "1.5", "Count": 2}


@pytest.mark.parametrize(("products", "shown"), [(1, 4), (2, 2), (3, 1)])
async def test_I17_versions_are_bounded(
    door: SignedDoor, products: int, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Devices may report what they like: of all products so many lists are read; the rest is as if never reported."""
    monkeypatch.setattr(module, "VERSION_LISTS_MAX", 4)
    for number in range(products):
        product_key = await make_product(door, f"lamp_{number}")
        for device in range(5):
            await make_device(door, product_key, f"lamp-{device:04d}", f"1.{device}:x")
    for product in (await overview(door))["Products"]:
        assert [entry["Version"] for entry in product["Versions"]] == [f"1.{n}:x" for n in range(shown)]
        assert product["NeverReportedCount"] == 5 - shown


async def test_A06_I15_limited_keys_and_other_accounts(door: SignedDoor) -> None:
    """A key for one product must name it; a key for groups is refused; another account sees its own."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    of_lamp = await limited_key(door, products=(product_key,))
    assert (await overview(door, by=of_lamp, ProductKey=product_key))["Devices"]["Total"] == 1
    assert await door.refusal(ACTION, by=of_lamp) == "Forbidden.RAM"
    of_group = await limited_key(door, groups=("HtMLECKbdJQL7xBz",))
    assert await door.refusal(ACTION, by=of_group, ProductKey=product_key) == "Forbidden.RAM"
    other = await door.make_key("neighbour")
    assert (await overview(door, by=other))["Devices"]["Total"] == 0
    assert await door.refusal(ACTION, by=other, ProductKey=product_key) == "iot.prod.NotExistedProduct"


async def test_refusals(door: SignedDoor) -> None:
    """What is malformed, and the right that is needed."""
    assert await door.refusal(ACTION, ProductKey="k-1") == "iot.prod.InvalidFormattedProductkey"
    assert await door.refusal(ACTION, WithHealth="maybe") == "iot.ota.InvalidParameter"
    assert await door.refusal(ACTION, by=await key_without(door, Permission.OVERVIEW_READ)) == "Forbidden.RAM"
