"""XExplainOTADevice through the signed door: the common answers, on both engines."""

from __future__ import annotations

from typing import Any

from tests.operations.answers import check_answer
from tests.operations.device.naming import check_naming, check_rights
from tests.operations.fleet import (
    FieldDevice,
    make_device,
    make_firmware,
    make_group,
    make_job,
    make_module,
    make_product,
    tasks_of,
)
from tests.operations.group.keys import limited_key
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.rollout import Hold
from whimbrel.ports.store import Because
from whimbrel.rpc.dialect import Case

ACTION = "XExplainOTADevice"
NAME = "lamp-0001"


async def world(door: SignedDoor, version: str | None = "1.0.0") -> tuple[str, FieldDevice]:
    product_key = await make_product(door)
    return product_key, await make_device(door, product_key, NAME, version)


async def said(door: SignedDoor, product_key: str, name: str = NAME, **more: Any) -> list[dict[str, Any]]:
    body = await door.ok(ACTION, ProductKey=product_key, DeviceName=name, **more)
    return list(body["Data"]["Findings"]["Finding"])


async def codes(door: SignedDoor, product_key: str, name: str = NAME, **more: Any) -> list[str]:
    return [finding["Code"] for finding in await said(door, product_key, name, **more)]


async def test_the_answer(door: SignedDoor, case: Case) -> None:
    """Its codes, words, ids and times, and the numbers behind them."""
    product_key, device = await world(door)
    firmware_id = await make_firmware(door, product_key)
    job_id = await make_job(door, product_key, firmware_id, NAME)
    task_id = (await tasks_of(door, job_id))[NAME]["TaskId"]
    await device.connect()
    await door.engine.settle()
    await device.report_progress(40)
    answer = await door.call(ACTION, case=case, ProductKey=product_key, DeviceName=NAME)
    iot_id = (await door.ok("QueryDeviceDetail", ProductKey=product_key, DeviceName=NAME))["Data"]["IotId"]
    finding = {
        "Code": "IN_PROGRESS",
        "Words": f"the device has reported 40 % of job {job_id}",
        "JobId": job_id,
        "TaskId": task_id,
        "UtcSince": NOW_TEXT,
        "Details": {"Detail": [{"Name": "Progress", "Content": "40"}]},
    }
    check_answer(answer, case, {"Data": {"IotId": iot_id, "IsInTheWay": False, "Findings": {"Finding": [finding]}}})


async def test_the_way_of_a_task(door: SignedDoor) -> None:
    """From the device that is away to the one that has succeeded."""
    product_key, device = await world(door, None)
    await device.report_version("1.0.0")
    assert await codes(door, product_key) == ["NO_JOB"]
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), NAME, NeedConfirm=True)
    assert await codes(door, product_key) == ["WAITING_CONFIRMATION", "NEVER_CONNECTED"]
    await device.connect()
    task_id = (await tasks_of(door, job_id))[NAME]["TaskId"]
    await door.ok("ConfirmOTATask", TaskId=[task_id])
    assert await codes(door, product_key) == ["READY"]
    await door.engine.settle()
    assert await codes(door, product_key) == ["NOTIFIED_NO_PROGRESS"]
    await device.disconnect()
    assert await codes(door, product_key) == ["OFFLINE", "NOTIFIED_NO_PROGRESS"]
    await device.connect()
    await device.report_version("1.1.0")
    assert await codes(door, product_key) == ["SUCCEEDED"]
    assert await codes(door, product_key, JobId=job_id) == ["SUCCEEDED"]


async def test_I8_paused_by_whom_and_why(door: SignedDoor) -> None:
    """A held job names who held it, since when, and the reason."""
    product_key, device = await world(door)
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), NAME)
    await device.connect()
    async with door.store.transaction() as store:
        assert await store.rollouts.hold(int(job_id), Hold.PAUSED, Because("smoke", "key-7"), NOW_MS)
    finding = (await said(door, product_key))[0]
    assert (finding["Code"], finding["UtcSince"]) == ("PAUSED", NOW_TEXT)
    assert finding["Words"] == f"job {job_id} was paused by key-7: smoke"
    async with door.store.transaction() as store:
        assert await store.rollouts.hold(int(job_id), Hold.HALTED, Because("9 of the first 9 devices failed"), NOW_MS)
    finding = (await said(door, product_key))[0]
    assert finding["Code"] == "HALTED"
    assert finding["Words"].endswith("has halted it: 9 of the first 9 devices failed")


async def test_why_it_is_no_target(door: SignedDoor) -> None:
    """By name, by share, by version, by when it came, and because it is there already."""
    product_key, device = await world(door)
    await make_device(door, product_key, "lamp-0002", "0.9.0")
    firmware_id = await make_firmware(door, product_key)
    named = await make_job(door, product_key, firmware_id, "lamp-0002")
    assert await codes(door, product_key) == ["NOT_TARGETED_SELECTION"]
    everybody = await make_job(door, product_key, firmware_id, SrcVersion=["0.9.0"])
    findings = await said(door, product_key)
    assert [(f["JobId"], f["Code"]) for f in findings] == [
        (everybody, "WRONG_SOURCE_VERSION"),
        (named, "NOT_TARGETED_SELECTION"),
    ]
    await make_device(door, product_key, "lamp-0003", "0.9.0")
    assert (await codes(door, product_key, "lamp-0003"))[0] == "NOT_TARGETED_AFTER_START"
    assert await codes(door, product_key, "lamp-0003", JobId=everybody) == ["NOT_TARGETED_AFTER_START"]
    await device.report_version("1.1.0")
    assert (await codes(door, product_key))[0] == "AT_DEST_VERSION"
    await door.ok("RegisterDevice", ProductKey=product_key, DeviceName="lamp-0004")
    assert (await codes(door, product_key, "lamp-0004"))[0] == "NEVER_REPORTED"


async def test_which_task_holds_it(door: SignedDoor) -> None:
    """A task born FAILED says by which task of which job, beside the open one; an overwritten one by which job."""
    product_key, _ = await world(door)
    first = await make_job(door, product_key, await make_firmware(door, product_key), NAME)
    second_id = await make_firmware(door, product_key, "1.2.0")
    second = await make_job(door, product_key, second_id, NAME)
    task_id = (await tasks_of(door, first))[NAME]["TaskId"]
    [finding] = await said(door, product_key, JobId=second)
    assert finding["Code"] == "BLOCKED_BY_TASK"
    assert finding["Details"]["Detail"] == [
        {"Name": "ByTaskId", "Content": task_id},
        {"Name": "ByJobId", "Content": first},
    ]
    third = await make_job(door, product_key, second_id, NAME, OverwriteMode=2)
    [finding] = await said(door, product_key, JobId=first)
    assert (finding["Code"], finding["Details"]["Detail"][0]["Content"]) == ("OVERWRITTEN", third)
    assert [f["JobId"] for f in await said(door, product_key)] == [third] * len(await said(door, product_key))


async def test_pace_retry_and_failure(door: SignedDoor) -> None:
    """Told and limit of MaximumPerMinute; then the time of the retry; then the device's own words."""
    product_key, device = await world(door)
    names = [f"more-{number:02d}" for number in range(10)]
    others = [await make_device(door, product_key, name, "1.0.0") for name in names]
    for other in others:
        await other.connect()
    firmware_id = await make_firmware(door, product_key)
    await make_job(door, product_key, firmware_id, MaximumPerMinute=10, RetryInterval=10, RetryCount=1)
    await door.engine.settle()
    await device.connect()
    await door.engine.settle()
    [finding] = await said(door, product_key)
    assert finding["Code"] == "WAITING_PACE"
    assert [detail["Content"] for detail in finding["Details"]["Detail"]] == ["10", "10"]
    await others[0].report_progress(-2)
    finding = (await said(door, product_key, names[0]))[0]
    assert (finding["Code"], finding["UtcUntil"]) == ("RETRY_AT", "2025-01-02T03:14:05.678Z")
    door.clock.at_ms += 601_000
    await door.engine.settle()
    await others[0].report_progress(-2)
    [finding] = await said(door, product_key, names[0])
    assert finding["Code"] == "FAILED"
    assert "download failed" in finding["Words"]


async def test_planned_and_not_pushed_and_not_verified(door: SignedDoor) -> None:
    """A job that has not started, one that waits to be asked, and firmware that no job may send."""
    product_key, device = await world(door)
    firmware_id = await make_firmware(door, product_key)
    start_ms = NOW_MS + 600_000
    job_id = await make_job(door, product_key, firmware_id, ScheduleTime=start_ms, NeedPush=False)
    [finding] = await said(door, product_key)
    assert (finding["Code"], finding["UtcUntil"]) == ("JOB_PLANNED", "2025-01-02T03:14:05.678Z")
    door.clock.at_ms = start_ms
    await device.connect()
    await door.engine.settle()
    assert await codes(door, product_key) == ["NOT_PUSHED"]
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True)
    [finding] = await said(door, product_key)
    assert (finding["Code"], finding["Words"]) == ("CANCELED", "cancelled by CancelOTATaskByJob")
    unverified = await make_firmware(door, product_key, "1.3.0", NeedToVerify=True)
    assert await codes(door, product_key, FirmwareId=unverified) == ["FIRMWARE_NOT_VERIFIED"]


async def test_A06_jobs_out_of_reach(door: SignedDoor) -> None:
    """A key for a group sees its device's tasks, not jobs that it may not touch, nor who paused them and why."""
    product_key, _ = await world(door)
    await make_device(door, product_key, "lamp-0002", "1.0.0")
    group_id = await make_group(door, product_key, "mine", NAME)
    key = await limited_key(door, groups=[group_id])
    firmware_id = await make_firmware(door, product_key)
    others = await make_job(door, product_key, firmware_id, "lamp-0002")
    assert await codes(door, product_key, by=key) == ["NO_JOB"]
    code = await door.refusal(ACTION, by=key, ProductKey=product_key, DeviceName=NAME, JobId=others)
    assert code == "iot.ota.JobNotFound"
    code = await door.refusal(ACTION, by=key, ProductKey=product_key, DeviceName="lamp-0002")
    assert code == "iot.device.NotExistedDevice"
    everybody = await make_job(door, product_key, firmware_id, NAME)
    async with door.store.transaction() as store:
        assert await store.rollouts.hold(int(everybody), Hold.PAUSED, Because("private", "key-7"), NOW_MS)
    finding = (await said(door, product_key, by=key))[0]
    assert (finding["Code"], finding["Words"]) == ("PAUSED", f"job {everybody} was paused")
    assert finding["Details"]["Detail"] == []


async def test_naming_and_rights(door: SignedDoor) -> None:
    """The device is named as everywhere, and the key needs the right; what limits it must be of the product."""
    await check_naming(door, ACTION)
    product_key = await make_product(door, "plug")
    other_key = await make_product(door, "lantern")
    for key in (product_key, other_key):
        await make_device(door, key, NAME, "1.0.0")
    await check_rights(door, ACTION, Permission.JOB_READ, product_key, DeviceName=NAME)
    named = {"ProductKey": product_key, "DeviceName": NAME}
    theirs = await make_firmware(door, other_key)
    job_id = await make_job(door, other_key, theirs, NAME)
    for given, code in (
        ({"JobId": job_id}, "iot.ota.JobNotFound"),
        ({"JobId": "404"}, "iot.ota.JobNotFound"),
        ({"FirmwareId": theirs}, "iot.ota.FirmwareNotFound"),
        ({"ModuleName": "mcu"}, "iot.ota.ModuleNotFound"),
    ):
        assert await door.refusal(ACTION, **named, **given) == code
    await make_module(door, product_key)
    assert await codes(door, product_key, ModuleName="mcu") == ["NO_JOB"]
