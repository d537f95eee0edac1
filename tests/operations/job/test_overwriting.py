"""Conflicts between jobs: who keeps a device, and whose task is replaced (api-contract 7.3; I3)."""

from __future__ import annotations

import pytest

from tests.operations.fleet import (
    FieldDevice,
    make_device,
    make_firmware,
    make_job,
    make_module,
    make_product,
    statuses_of,
    tasks_of,
)
from tests.operations.signed_door import SignedDoor


async def put_in(door: SignedDoor, device: FieldDevice, status: str) -> None:
    """The device's one task goes on to this status."""
    if status != "QUEUED":
        await device.connect()
        await door.engine.settle()
    if status == "IN_PROGRESS":
        await device.report_progress(5)


@pytest.mark.parametrize("status", ["CONFIRM", "QUEUED", "NOTIFIED", "IN_PROGRESS"])
async def test_overwrite_mode(status: str, door: SignedDoor) -> None:
    """OverwriteMode 2 cancels the other task and says so; one in progress stays, and the new task fails."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-1", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    old = await make_job(door, product_key, firmware_id, NeedConfirm=status == "CONFIRM")
    if status != "CONFIRM":
        await put_in(door, device, status)
    assert await statuses_of(door, old) == {"lamp-1": status}
    new = await make_job(door, product_key, firmware_id, OverwriteMode=2)
    await door.engine.settle()
    [task], [other] = (await tasks_of(door, new)).values(), (await tasks_of(door, old)).values()
    if status == "IN_PROGRESS":
        assert (other["TaskStatus"], task["TaskStatus"]) == ("IN_PROGRESS", "FAILED")
        assert other["TaskId"] in task["TaskDesc"]
    else:
        assert (other["TaskStatus"], other["TaskDesc"]) == ("CANCELED", f"overwritten by job {new}")
        assert task["TaskStatus"] == ("NOTIFIED" if status == "NOTIFIED" else "QUEUED")


async def test_an_overwritten_retry_says_so(door: SignedDoor) -> None:
    """A task that waits for its retry, once overwritten, says what took its place, not why its last attempt failed."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-1", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    old = await make_job(door, product_key, firmware_id, RetryInterval=10, RetryCount=1)
    await put_in(door, device, "NOTIFIED")
    await device.report_progress(-2)
    assert (await tasks_of(door, old))["lamp-1"]["TaskStatus"] == "QUEUED"
    new = await make_job(door, product_key, firmware_id, OverwriteMode=2)
    task = (await tasks_of(door, old))["lamp-1"]
    assert (task["TaskStatus"], task["TaskDesc"]) == ("CANCELED", f"overwritten by job {new}")


async def test_overwritten_again_after_a_reupgrade(door: SignedDoor) -> None:
    """A task that was started again and is overwritten a second time names the second job."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    old = await make_job(door, product_key, firmware_id)
    first = await make_job(door, product_key, firmware_id, OverwriteMode=2)
    await door.ok("CancelOTATaskByJob", JobId=first, CancelQueuedTask=True)
    task_id = (await tasks_of(door, old))["lamp-1"]["TaskId"]
    await door.ok("ReupgradeOTATask", JobId=old, TaskId=[task_id])
    assert (await tasks_of(door, old))["lamp-1"]["TaskDesc"] == ""
    second = await make_job(door, product_key, firmware_id, OverwriteMode=2)
    task = (await tasks_of(door, old))["lamp-1"]
    assert (task["TaskStatus"], task["TaskDesc"]) == ("CANCELED", f"overwritten by job {second}")


async def test_only_targets_are_overwritten(door: SignedDoor) -> None:
    """A device that gets no task of the new job keeps its old one."""
    product_key = await make_product(door)
    for name, version in (("lamp-1", "1.0.0"), ("lamp-2", "0.9")):
        await make_device(door, product_key, name, version)
    firmware_id = await make_firmware(door, product_key)
    old = await make_job(door, product_key, firmware_id)
    new = await make_job(door, product_key, firmware_id, OverwriteMode=2, SrcVersion=["1.0.0"])
    assert await statuses_of(door, old) == {"lamp-1": "CANCELED", "lamp-2": "QUEUED"}
    assert await statuses_of(door, new) == {"lamp-1": "QUEUED"}


@pytest.mark.parametrize("old_multi", [False, True])
@pytest.mark.parametrize("new_multi", [False, True])
@pytest.mark.parametrize("same_module", [False, True])
async def test_multi_module_mode(old_multi: bool, new_multi: bool, same_module: bool, door: SignedDoor) -> None:
    """The newer job's mode decides: without it any open task is a conflict; with it only one of the same module, which
    it overwrites.
    """
    product_key = await make_product(door)
    await make_module(door, product_key, "mcu")
    await make_device(door, product_key, "lamp-1", "1.0.0")
    whole = await make_firmware(door, product_key)
    mcu = whole if same_module else await make_firmware(door, product_key, "3.0.0", ModuleName="mcu")
    old = await make_job(door, product_key, whole, MultiModuleMode=old_multi)
    new = await make_job(door, product_key, mcu, MultiModuleMode=new_multi)
    expected = ("QUEUED", "QUEUED")
    if not new_multi:
        expected = ("QUEUED", "FAILED")
    elif same_module:
        expected = ("CANCELED", "QUEUED")
    assert ((await statuses_of(door, old))["lamp-1"], (await statuses_of(door, new))["lamp-1"]) == expected


async def test_I3_both_modules_end_apart(door: SignedDoor) -> None:
    """Two modules of a device are upgraded at once, each judged by its own version."""
    product_key = await make_product(door)
    await make_module(door, product_key, "mcu")
    device = await make_device(door, product_key, "lamp-1", "1.0.0")
    jobs = [
        await make_job(door, product_key, await make_firmware(door, product_key), MultiModuleMode=True),
        await make_job(
            door,
            product_key,
            await make_firmware(door, product_key, "3.0.0", ModuleName="mcu"),
            MultiModuleMode=True,
        ),
    ]
    await device.connect()
    await door.engine.settle()
    assert {notice.module_name for notice in device.notices} == {"default", "mcu"}
    await device.report_version("3.0.0", "mcu")
    assert [(await statuses_of(door, job))["lamp-1"] for job in jobs] == ["NOTIFIED", "SUCCEEDED"]
