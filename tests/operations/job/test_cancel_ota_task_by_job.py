"""CancelOTATaskByJob through the signed door (api-contract 10.7; I8)."""

from __future__ import annotations

from itertools import product

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import (
    find_device,
    job_status,
    make_device,
    make_devices,
    make_firmware,
    make_job,
    make_product,
    statuses_of,
    tasks_of,
)
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "CancelOTATaskByJob"
EVERY_STATUS = {
    "waits": "CONFIRM",
    "queued": "QUEUED",
    "notified": "NOTIFIED",
    "running": "IN_PROGRESS",
    "done": "SUCCEEDED",
    "broken": "FAILED",
}
FLAGS = ("CancelUnconfirmedTask", "CancelQueuedTask", "CancelNotifiedTask", "CancelInProgressTask")


async def make_every_status(door: SignedDoor) -> str:
    """A job with one task in each status that a task can have before a cancel; its id."""
    product_key = await make_product(door)
    devices = {name: await make_device(door, product_key, name, "1.0.0") for name in EVERY_STATUS}
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), NeedConfirm=True)
    tasks = await tasks_of(door, job_id)
    confirmed = [task["TaskId"] for name, task in tasks.items() if name != "waits"]
    await door.ok("ConfirmOTATask", TaskId=confirmed)
    for name in ("notified", "running", "broken"):
        await devices[name].connect()
    await devices["running"].report_progress(10)
    await devices["broken"].report_progress(-1)
    await devices["done"].report_version("1.1.0")
    assert await statuses_of(door, job_id) == EVERY_STATUS
    return job_id


def cancelled_by(flags: dict[str, bool | None]) -> set[str]:
    """The table of api-contract 10.7, written from its words."""
    names = {"CancelQueuedTask": "queued", "CancelNotifiedTask": "notified", "CancelInProgressTask": "running"}
    cancelled = {device for flag, device in names.items() if flags[flag]}
    unconfirmed = flags["CancelUnconfirmedTask"]
    if unconfirmed or (unconfirmed is None and flags["CancelQueuedTask"]):
        cancelled.add("waits")
    return cancelled


@pytest.mark.parametrize("given", list(product([None, False, True], repeat=4)), ids=str)
async def test_the_table_of_flags(given: tuple[bool | None, ...], door: SignedDoor) -> None:
    """Each combination of absent, false and true cancels exactly the statuses of the contract's table."""
    flags = dict(zip(FLAGS, given, strict=True))
    job_id = await make_every_status(door)
    if all(flag is None for flag in given):
        assert await door.refusal(ACTION, JobId=job_id) == "iot.ota.MissingParameter"
        return
    await door.ok(ACTION, JobId=job_id, **flags)
    expected = EVERY_STATUS | dict.fromkeys(cancelled_by(flags), "CANCELED")
    assert await statuses_of(door, job_id) == expected
    await door.engine.settle()
    assert await statuses_of(door, job_id) == expected
    await door.check_consistency()


async def test_the_answer(door: SignedDoor, case: Case) -> None:
    """The envelope alone."""
    job_id = await make_every_status(door)
    check_answer(await door.call(ACTION, case=case, JobId=job_id, CancelQueuedTask="True"), case, {})


async def test_cancelling_everything_ends_the_job(door: SignedDoor) -> None:
    """With a success or failure before, COMPLETED; a second cancel of the ended job is no error and no effect."""
    job_id = await make_every_status(door)
    await door.ok(ACTION, JobId=job_id, **dict.fromkeys(FLAGS, True))
    await door.engine.settle()
    assert await job_status(door, job_id) == "COMPLETED"
    before = (await statuses_of(door, job_id), (await door.ok("QueryOTAJob", JobId=job_id))["Data"])
    door.clock.at_ms += 1000
    await door.ok(ACTION, JobId=job_id, **dict.fromkeys(FLAGS, True))
    await door.engine.settle()
    assert (await statuses_of(door, job_id), (await door.ok("QueryOTAJob", JobId=job_id))["Data"]) == before


async def test_a_cancelled_task_says_so(door: SignedDoor) -> None:
    """TaskDesc is the reason of a cancellation (api-contract 11.4)."""
    job_id = await make_every_status(door)
    await door.ok(ACTION, JobId=job_id, CancelNotifiedTask=True)
    task = (await tasks_of(door, job_id))["notified"]
    assert (task["TaskStatus"], task["TaskDesc"] != "") == ("CANCELED", True)


async def test_scheduled_jobs(door: SignedDoor) -> None:
    """CancelScheduledTask of a job that runs is refused, with whatever other flag; false is a flag like any other."""
    job_id = await make_every_status(door)
    assert await door.refusal(ACTION, JobId=job_id, CancelScheduledTask=True) == "iot.ota.JobStatusError"
    code = await door.refusal(ACTION, JobId=job_id, CancelScheduledTask=True, CancelQueuedTask=True)
    assert code == "iot.ota.JobStatusError"
    await door.ok(ACTION, JobId=job_id, CancelScheduledTask=False)
    assert await statuses_of(door, job_id) == EVERY_STATUS


@pytest.mark.parametrize("value", ["1", "yes", "wahr", "truе"])
async def test_flags_are_booleans(value: str, door: SignedDoor) -> None:
    """Anything but true and false is refused."""
    job_id = await make_every_status(door)
    assert await door.refusal(ACTION, JobId=job_id, CancelQueuedTask=value) == "iot.ota.InvalidParameter"


async def test_I8_a_cancelled_device_is_sent_nothing_more(door: SignedDoor) -> None:
    """Not by the engine, not when it connects, and not for what it reports; the version it reports is kept."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    await door.ok(ACTION, JobId=job_id, CancelQueuedTask=True)
    await device.connect()
    await door.engine.settle()
    await device.report_progress(50)
    await device.report_version("1.1.0")
    assert (device.notices, await statuses_of(door, job_id)) == ([], {"lamp-0001": "CANCELED"})
    assert await job_status(door, job_id) == "CANCELED"
    assert (await door.ok("QueryDeviceDetail", ProductKey=product_key, DeviceName="lamp-0001"))["Data"][
        "FirmwareVersion"
    ] == "1.1.0"


async def test_I8_a_large_cancel_holds_at_once(door: SignedDoor) -> None:
    """Of 2,100 queued tasks the last is not sent to a device that connects right after the answer."""
    product_key = await make_product(door)
    names = await make_devices(door, product_key, 2_100)
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    await door.engine.settle()
    await door.ok(ACTION, JobId=job_id, CancelQueuedTask=True)
    last = await find_device(door, product_key, names[-1])
    await last.connect()
    assert last.notices == []
    await door.engine.settle()
    totals = [(await door.ok("ListOTATaskByJob", JobId=job_id, TaskStatus="CANCELED"))["Total"], len(last.notices)]
    assert (totals, await job_status(door, job_id)) == ([2_100, 0], "CANCELED")
    await door.check_consistency()


async def test_I8_a_cancel_reaches_devices_that_are_not_filled_in_yet(door: SignedDoor) -> None:
    """Tasks that the engine makes after the cancel are born CANCELED."""
    product_key = await make_product(door)
    names = await make_devices(door, product_key, 1_100)
    last = await find_device(door, product_key, names[-1])
    await last.connect()
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    await door.ok(ACTION, JobId=job_id, CancelQueuedTask=True)
    await door.engine.settle()
    cancelled = (await door.ok("ListOTATaskByJob", JobId=job_id, TaskStatus="CANCELED"))["Total"]
    assert (cancelled, last.notices, await job_status(door, job_id)) == (1_100, [], "CANCELED")


async def test_I8_what_a_cancel_covers_cannot_be_confirmed_any_more(door: SignedDoor) -> None:
    """A task far behind in a large job, cancelled as unconfirmed, is not released while its row waits its turn."""
    product_key = await make_product(door)
    names = await make_devices(door, product_key, 1_001)
    last = await find_device(door, product_key, names[-1])
    await last.connect()
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), NeedConfirm=True)
    await door.engine.settle()
    (task,) = (await tasks_of_names(door, job_id, last.name)).values()
    await door.ok(ACTION, JobId=job_id, CancelUnconfirmedTask=True)
    answer = await door.call("ConfirmOTATask", TaskId=[task])
    await door.engine.settle()
    assert (answer.code, last.notices) == ("iot.ota.TaskStatusError", [])
    assert await job_status(door, job_id) == "CANCELED"


async def test_I8_a_report_does_not_carry_a_task_out_of_a_cancel(door: SignedDoor) -> None:
    """A task far behind in a large job, cancelled as notified, ends cancelled though its device reports meanwhile."""
    product_key = await make_product(door)
    names = await make_devices(door, product_key, 1_001)
    last = await find_device(door, product_key, names[-1])
    await last.connect()
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    await door.engine.settle()
    assert len(last.notices) == 1
    await door.ok(ACTION, JobId=job_id, CancelNotifiedTask=True)
    await last.report_progress(10)
    await door.engine.settle()
    body = await door.ok("ListOTATaskByJob", JobId=job_id, DeviceNames=[last.name])
    assert [task["TaskStatus"] for task in body["Data"]["SimpleOTATaskInfo"]] == ["CANCELED"]


async def test_what_comes_after_the_answer_is_not_cancelled(door: SignedDoor) -> None:
    """A dynamic job goes on to take devices, and a queued task to be told, also before the engine has looked at it."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    given = {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, "SrcVersion": ["1.0.0"]}
    job_id = (await door.ok("CreateOTADynamicUpgradeJob", **given))["Data"]["JobId"]
    await door.ok(ACTION, JobId=job_id, CancelQueuedTask=True, CancelNotifiedTask=True)
    later = await make_device(door, product_key, "lamp-0002", "1.0.0")
    assert await statuses_of(door, job_id) == {"lamp-0001": "CANCELED", "lamp-0002": "NOTIFIED"}
    await door.engine.settle()
    await later.report_progress(10)
    assert await statuses_of(door, job_id) == {"lamp-0001": "CANCELED", "lamp-0002": "IN_PROGRESS"}
    (task,) = (await tasks_of_names(door, job_id, "lamp-0001")).values()
    await door.ok(ACTION, JobId=job_id, CancelInProgressTask=True)
    await door.ok("ReupgradeOTATask", JobId=job_id, TaskId=[task])
    assert await statuses_of(door, job_id) == {"lamp-0001": "QUEUED", "lamp-0002": "CANCELED"}


async def tasks_of_names(door: SignedDoor, job_id: str, *names: str) -> dict[str, str]:
    """Device name to task id."""
    body = await door.ok("ListOTATaskByJob", JobId=job_id, DeviceNames=names)
    return {task["DeviceName"]: task["TaskId"] for task in body["Data"]["SimpleOTATaskInfo"]}


async def test_only_the_jobs_tasks(door: SignedDoor) -> None:
    """Tasks of another job of the same firmware stay."""
    product_key = await make_product(door)
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, product_key, name, "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    first = await make_job(door, product_key, firmware_id, "lamp-0001")
    second = await make_job(door, product_key, firmware_id, "lamp-0002")
    await door.ok(ACTION, JobId=first, CancelQueuedTask=True)
    assert (await statuses_of(door, first), await statuses_of(door, second)) == (
        {"lamp-0001": "CANCELED"},
        {"lamp-0002": "QUEUED"},
    )


async def test_I15_unknown_and_foreign_jobs(door: SignedDoor) -> None:
    """Another account's job does not exist."""
    job_id = await make_every_status(door)
    neighbour = await door.make_key("neighbour")
    for by, wanted in ((neighbour, job_id), (door.root, "404"), (door.root, "x")):
        code = await door.refusal(ACTION, by=by, JobId=wanted, CancelQueuedTask=True)
        assert code == "iot.ota.JobNotFound"


async def test_the_id_is_required(door: SignedDoor) -> None:
    """Without it: HTTP 400, before anything is said of flags."""
    assert await door.refusal(ACTION) == "MissingJobId"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not cancel."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.JOB_WRITE})
    assert await door.refusal(ACTION, by=key, JobId="1", CancelQueuedTask=True) == "Forbidden.RAM"
