"""Which devices get a task, and in which status it is born (api-contract 7.3; I2, I3, I9)."""

from __future__ import annotations

import asyncio

import pytest

from tests.operations.fleet import (
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


async def test_all_takes_every_device_but_those_at_the_version(door: SignedDoor) -> None:
    """Devices at another version and devices that never reported get a task; other products' devices do not."""
    product_key = await make_product(door)
    for name, version in (("old-1", "1.0.0"), ("old-2", "0.9"), ("new-1", "1.1.0"), ("silent-1", None)):
        await make_device(door, product_key, name, version)
    await make_device(door, await make_product(door, "plug"), "plug-1", "1.0.0")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    tasks = await tasks_of(door, job_id)
    assert {name: task["SrcVersion"] for name, task in tasks.items()} == {
        "old-1": "1.0.0",
        "old-2": "0.9",
        "silent-1": "",
    }
    assert {task["TaskStatus"] for task in tasks.values()} == {"QUEUED"}


async def test_specific_takes_the_named_devices_but_those_at_the_version(door: SignedDoor) -> None:
    """The order of names does not matter; a named device at DestVersion is skipped silently."""
    product_key = await make_product(door)
    for name, version in (("old-1", "1.0.0"), ("old-2", "1.0.0"), ("new-1", "1.1.0")):
        await make_device(door, product_key, name, version)
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), "new-1", "old-2")
    assert await statuses_of(door, job_id) == {"old-2": "QUEUED"}


@pytest.mark.parametrize("by_name", [False, True])
async def test_a_difference_goes_to_its_source_version_only(by_name: bool, door: SignedDoor) -> None:
    """Devices at other versions, and those that never reported one, get no task."""
    product_key = await make_product(door)
    versions = {"at-src": "1.0.0", "older": "0.9", "at-dest": "1.1.0", "silent": None, "prefix": "1.0.0.1"}
    for name, version in versions.items():
        await make_device(door, product_key, name, version)
    firmware_id = await make_firmware(door, product_key, Type=1, SrcVersion="1.0.0")
    job_id = await make_job(door, product_key, firmware_id, *(versions if by_name else ()))
    assert await statuses_of(door, job_id) == {"at-src": "QUEUED"}
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    assert job["SrcVersions"] == {"SrcVersion": ["1.0.0"]}


async def test_the_source_version_of_full_firmware_is_no_filter(door: SignedDoor) -> None:
    """Only a difference is bound to a version."""
    product_key = await make_product(door)
    await make_device(door, product_key, "older", "0.9")
    firmware_id = await make_firmware(door, product_key, Type=0, SrcVersion="1.0.0")
    assert await statuses_of(door, await make_job(door, product_key, firmware_id)) == {"older": "QUEUED"}


async def test_other_modules_versions_do_not_count(door: SignedDoor) -> None:
    """A device whose module `mcu` is at DestVersion is still upgraded."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    await device.report_version("1.1.0", module="mcu")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    assert await statuses_of(door, job_id) == {"lamp-0001": "QUEUED"}


async def test_need_confirm(door: SignedDoor) -> None:
    """Tasks of a job that needs confirmation are born CONFIRM."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), NeedConfirm=True)
    assert await statuses_of(door, job_id) == {"lamp-0001": "CONFIRM"}


@pytest.mark.parametrize("by_name", [False, True])
async def test_I3_a_busy_device_gets_a_task_that_has_failed(by_name: bool, door: SignedDoor) -> None:
    """Its description names the other task and job; the other task and the free device go on."""
    product_key = await make_product(door)
    for name in ("busy-1", "free-1"):
        await make_device(door, product_key, name, "1.0.0")
    first = await make_job(door, product_key, await make_firmware(door, product_key, "1.1.0"), "busy-1")
    holder = (await tasks_of(door, first))["busy-1"]
    second_firmware = await make_firmware(door, product_key, "1.2.0")
    second = await make_job(door, product_key, second_firmware, *(("free-1", "busy-1") if by_name else ()))
    tasks = await tasks_of(door, second)
    assert {name: task["TaskStatus"] for name, task in tasks.items()} == {"busy-1": "FAILED", "free-1": "QUEUED"}
    assert f"task {holder['TaskId']} of job {first}" in tasks["busy-1"]["TaskDesc"]
    assert tasks["free-1"]["TaskDesc"] == ""
    assert await statuses_of(door, first) == {"busy-1": "QUEUED"}


async def test_I3_a_device_is_free_when_its_task_has_ended(door: SignedDoor) -> None:
    """After success, failure or cancelling the next job's task is born QUEUED."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    await device.connect()
    for number, end in enumerate(("cancel", "fail", "succeed"), 1):
        firmware_id = await make_firmware(door, product_key, f"1.{number}")
        job_id = await make_job(door, product_key, firmware_id, "lamp-0001")
        assert await statuses_of(door, job_id) == {"lamp-0001": "QUEUED"}
        await door.engine.settle()
        if end == "cancel":
            await door.ok("CancelOTATaskByJob", JobId=job_id, CancelNotifiedTask=True)
        elif end == "fail":
            await device.report_progress(-2)
        else:
            await device.report_version(f"1.{number}")
    assert await statuses_of(door, job_id) == {"lamp-0001": "SUCCEEDED"}


async def test_I3_simultaneous_jobs_for_one_device(door: SignedDoor) -> None:
    """Of five at once one gets the device; the others' tasks are born FAILED."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    firmware_ids = [await make_firmware(door, product_key, f"1.{number}") for number in range(1, 6)]
    jobs = await asyncio.gather(*(make_job(door, product_key, firmware_id) for firmware_id in firmware_ids))
    born = [(await statuses_of(door, job_id))["lamp-0001"] for job_id in jobs]
    assert sorted(born) == [*["FAILED"] * 4, "QUEUED"]


async def test_I2_the_target_set_is_frozen_at_creation(door: SignedDoor) -> None:
    """A set larger than one step is completed by the engine, and devices registered meanwhile are not in it."""
    product_key = await make_product(door)
    await make_devices(door, product_key, 2_100)
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), NeedPush=False)
    await make_device(door, product_key, "latecomer")
    assert (await door.ok("ListOTATaskByJob", JobId=job_id))["Total"] < 2_100
    await door.engine.settle()
    assert (await door.ok("ListOTATaskByJob", JobId=job_id))["Total"] == 2_100
    body = await door.ok("ListOTATaskByJob", JobId=job_id, DeviceNames=["latecomer", "device-00001", "device-02100"])
    assert [task["DeviceName"] for task in body["Data"]["SimpleOTATaskInfo"]] == ["device-00001", "device-02100"]
    assert await job_status(door, job_id) == "IN_PROGRESS"


async def test_I9_the_source_version_is_checked_again_at_dispatch(door: SignedDoor) -> None:
    """A device that left the source version between creation and dispatch is not notified."""
    product_key = await make_product(door)
    devices = [await make_device(door, product_key, name, "1.0.0") for name in ("stays", "leaves")]
    for device in devices:
        await device.connect()
    firmware_id = await make_firmware(door, product_key, Type=1, SrcVersion="1.0.0")
    job_id = await make_job(door, product_key, firmware_id)
    await devices[1].report_version("1.0.5")
    await door.engine.settle()
    assert await statuses_of(door, job_id) == {"stays": "NOTIFIED", "leaves": "QUEUED"}
    assert [len(device.notices) for device in devices] == [1, 0]
