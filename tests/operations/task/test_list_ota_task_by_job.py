"""ListOTATaskByJob through the signed door (api-contract 11.4). Deep pages: `tests/operations/test_deep_pages.py`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_devices, make_firmware, make_job, make_product, tasks_of
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "ListOTATaskByJob"


async def names(door: SignedDoor, job_id: str, **filters: Any) -> list[str]:
    body = await door.ok(ACTION, JobId=job_id, **filters)
    return [task["DeviceName"] for task in body["Data"]["SimpleOTATaskInfo"]]


async def make_tasks(door: SignedDoor, number: int = 3) -> str:
    """A job with a queued task for each of `device-00001` and on; its id."""
    product_key = await make_product(door)
    await make_devices(door, product_key, number)
    return await make_job(door, product_key, await make_firmware(door, product_key))


async def test_rows_in_full_newest_first(door: SignedDoor, case: Case) -> None:
    """Every field of the contract with its type: progress and timeout are texts."""
    product_key = await make_product(door)
    devices = [await make_device(door, product_key, f"lamp-000{number}", "1.0.0") for number in (1, 2)]
    firmware_id = await make_firmware(door, product_key)
    job_id = await make_job(door, product_key, firmware_id, TimeoutInMinutes=45)
    await devices[1].connect()
    door.clock.at_ms = NOW_MS + 1
    await devices[1].report_progress(55, "half way")
    listed = (await door.ok("QueryDevice", ProductKey=product_key))["Data"]["DeviceInfo"]
    iot_ids = {row["DeviceName"]: row["IotId"] for row in listed}
    ids = {name: task["TaskId"] for name, task in (await tasks_of(door, job_id)).items()}
    rows = [
        {
            "TaskId": ids[name],
            "JobId": job_id,
            "FirmwareId": firmware_id,
            "ProductKey": product_key,
            "ProductName": "lamp",
            "DeviceName": name,
            "IotId": iot_ids[name],
            "SrcVersion": "1.0.0",
            "DestVersion": "1.1.0",
            "TaskStatus": status,
            "TaskDesc": "",
            "Progress": progress,
            "Timeout": "45",
            "UtcCreate": NOW_TEXT,
            "UtcModified": modified,
        }
        for name, status, progress, modified in (
            ("lamp-0002", "IN_PROGRESS", "55", "2025-01-02T03:04:05.679Z"),
            ("lamp-0001", "QUEUED", "0", NOW_TEXT),
        )
    ]
    expected = {"Total": 2, "PageCount": 1, "PageSize": 10, "CurrentPage": 1, "Data": {"SimpleOTATaskInfo": rows}}
    check_answer(await door.call(ACTION, case=case, JobId=job_id), case, expected)


async def test_no_timeout_no_key(door: SignedDoor) -> None:
    """Without a timeout the key is left out."""
    job_id = await make_tasks(door, 1)
    assert "Timeout" not in (await tasks_of(door, job_id))["device-00001"]


async def test_what_a_device_said_of_its_failure(door: SignedDoor) -> None:
    """A failed task is described by its step and the device's words; success is 100 percent."""
    product_key = await make_product(door)
    devices = {name: await make_device(door, product_key, name, "1.0.0") for name in ("breaks", "works")}
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    for device in devices.values():
        await device.connect()
    await devices["breaks"].report_progress(40)
    await devices["breaks"].report_progress(-3, "sum \x07wrong 校验")
    await devices["works"].report_version("1.1.0")
    tasks = await tasks_of(door, job_id)
    assert (tasks["breaks"]["TaskStatus"], tasks["breaks"]["Progress"]) == ("FAILED", "40")
    assert tasks["breaks"]["TaskDesc"] == "step -3: sum  wrong 校验"
    assert (tasks["works"]["TaskStatus"], tasks["works"]["Progress"]) == ("SUCCEEDED", "100")


async def test_filter_by_status(door: SignedDoor) -> None:
    """Each of the contract's seven words is taken; rows and totals are those of the status."""
    job_id = await make_tasks(door)
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True)
    await door.engine.settle()
    for word in ("CONFIRM", "QUEUED", "NOTIFIED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "CANCELED"):
        body = await door.ok(ACTION, JobId=job_id, TaskStatus=word)
        wanted = 3 if word == "CANCELED" else 0
        assert (body["Total"], len(body["Data"]["SimpleOTATaskInfo"])) == (wanted, wanted)


@pytest.mark.parametrize("word", ["queued", "CANCELLED", "DONE", "0"])
async def test_other_words(word: str, door: SignedDoor) -> None:
    """Another word is refused."""
    assert await door.refusal(ACTION, JobId=await make_tasks(door), TaskStatus=word) == "iot.ota.InvalidParameter"


async def test_filter_by_device_names(door: SignedDoor) -> None:
    """Paging is ignored; unknown names have no task; a status filters them too; a name twice is answered once."""
    job_id = await make_tasks(door, 12)
    wanted = [f"device-{number:05d}" for number in range(1, 13)]
    assert await names(door, job_id, DeviceNames=wanted, PageSize=1, CurrentPage=9) == wanted
    assert await names(door, job_id, DeviceNames=["nobody", wanted[3], wanted[3]]) == [wanted[3]]
    assert await names(door, job_id, DeviceNames=wanted, TaskStatus="QUEUED") == wanted
    assert await names(door, job_id, DeviceNames=wanted, TaskStatus="FAILED") == []
    body = await door.ok(ACTION, JobId=job_id, DeviceNames=["nobody"])
    assert (body["Total"], body["PageCount"], body["CurrentPage"]) == (0, 0, 1)


@pytest.mark.parametrize(("number", "is_taken"), [(49, True), (50, True), (51, False)])
async def test_number_of_device_names(number: int, is_taken: bool, door: SignedDoor) -> None:
    """Up to 50 names."""
    job_id = await make_tasks(door, 1)
    given = [f"device-{one:05d}" for one in range(1, number + 1)]
    if is_taken:
        assert await names(door, job_id, DeviceNames=given) == given[:1]
    else:
        assert await door.refusal(ACTION, JobId=job_id, DeviceNames=given) == "iot.ota.InvalidParameter"


async def test_pages(door: SignedDoor) -> None:
    """By default the first ten; each task is on exactly one page."""
    job_id = await make_tasks(door, 12)
    newest_first = [f"device-{number:05d}" for number in range(12, 0, -1)]
    assert await names(door, job_id) == newest_first[:10]
    assert await names(door, job_id, CurrentPage=2) == newest_first[10:]
    pages = [await names(door, job_id, CurrentPage=page, PageSize=5) for page in (1, 2, 3, 4)]
    assert pages == [newest_first[:5], newest_first[5:10], newest_first[10:], []]


@pytest.mark.parametrize(
    ("page", "size"), [(1, 1), (1, 99), (1, 100), (1_000, 100), (100_000, 1), (999, 100), (33_333, 3)]
)
async def test_pages_at_the_limits(page: int, size: int, door: SignedDoor) -> None:
    """PageSize 1 to 100, and CurrentPage times PageSize up to 100,000."""
    body = await door.ok(ACTION, JobId=await make_tasks(door, 1), CurrentPage=page, PageSize=size)
    assert (body["CurrentPage"], body["PageSize"], body["Total"]) == (page, size, 1)


@pytest.mark.parametrize(("page", "size"), [(1, 0), (1, 101), (0, 1), (1_001, 100), (100_001, 1), (33_334, 3)])
async def test_pages_out_of_range(page: int, size: int, door: SignedDoor) -> None:
    """InvalidPageParams, HTTP 200."""
    code = await door.refusal(ACTION, JobId=await make_tasks(door, 1), CurrentPage=page, PageSize=size)
    assert code == "iot.common.InvalidPageParams"


async def test_I15_unknown_and_foreign_jobs(door: SignedDoor) -> None:
    """Another account's job does not exist, and has no tasks to show."""
    job_id = await make_tasks(door, 1)
    neighbour = await door.make_key("neighbour")
    for by, wanted in ((neighbour, job_id), (door.root, "404"), (door.root, "x")):
        assert await door.refusal(ACTION, by=by, JobId=wanted) == "iot.ota.JobNotFound"


async def test_the_id_is_required(door: SignedDoor) -> None:
    """Without it: HTTP 400."""
    assert await door.refusal(ACTION, PageSize=1, CurrentPage=1) == "MissingJobId"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not read tasks."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.JOB_READ})
    assert await door.refusal(ACTION, by=key, JobId="1") == "Forbidden.RAM"
