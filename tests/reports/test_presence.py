"""A device connects or leaves (device-protocol 1, 9.2; I8, I9, I12)."""

from __future__ import annotations

import pytest

from tests.engine.world import Stage, add_job, cancel, fill, put_task, statuses_of, tasks_of
from tests.reports.mouth import REPORTS, Device
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.task import TaskStatus
from whimbrel.reports.registry import load_reports

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
HOUR_MS = 3_600_000


async def status_of(stage: Stage, name: str = "dev-0000") -> DeviceStatus:
    async with stage.store.snapshot() as store:
        found = await store.devices.by_name(stage.place.account_id, stage.place.product_key, name)
    assert found is not None
    return found.status


async def test_presence(stage: Stage, device: Device) -> None:
    """A device is UNACTIVE, ONLINE, OFFLINE; the end of a session that was taken over leaves it ONLINE."""
    seen = [await status_of(stage)]
    for step in (device.connect(1), device.connect(2), device.disconnect(1), device.disconnect(2)):
        await step
        seen.append(await status_of(stage))
    online = DeviceStatus.ONLINE
    assert seen == [DeviceStatus.UNACTIVE, online, online, online, DeviceStatus.OFFLINE]


async def test_a_queued_task_is_pushed(stage: Stage, device: Device) -> None:
    """At the connect the queued task leaves and is notified."""
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    outcome = await device.connect()
    assert [notice.device_id for notice in outcome.notices] == [device.id]
    assert await statuses_of(stage.store, job) == {device.id: NOTIFIED}


@pytest.mark.parametrize("status", [NOTIFIED, IN_PROGRESS])
async def test_I12_pushed_again(stage: Stage, device: Device, status: TaskStatus) -> None:
    """At each connect a notified or running task leaves again with a fresh link; its status and timeout stay."""
    job = await fill(stage.store, await add_job(stage.store, stage.place, timeout_minutes=5))
    task = (await tasks_of(stage.store, job))[device.id]
    task = await put_task(stage.store, task, status=status, due_ms=99 if status is IN_PROGRESS else None)
    notices = []
    for session_id in (1, 2):
        notices += (await device.connect(session_id)).notices
        device.now_ms += HOUR_MS
    first, second = notices
    assert first.url != second.url
    assert first._replace(url=second.url) == second
    assert (await tasks_of(stage.store, job))[device.id] == task


@pytest.mark.parametrize("status", [CONFIRM, SUCCEEDED, FAILED, CANCELED])
async def test_what_is_not_pushed(stage: Stage, device: Device, status: TaskStatus) -> None:
    """A task that waits for confirmation or has ended does not leave."""
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    await put_task(stage.store, (await tasks_of(stage.store, job))[device.id], status=status)
    assert (await device.connect()).notices == ()


@pytest.mark.parametrize("status", [QUEUED, NOTIFIED])
async def test_without_need_push(stage: Stage, device: Device, status: TaskStatus) -> None:
    """Tasks of a job without NeedPush wait for the device's pull."""
    job = await fill(stage.store, await add_job(stage.store, stage.place, need_push=False))
    if status is NOTIFIED:
        await put_task(stage.store, (await tasks_of(stage.store, job))[device.id], status=NOTIFIED)
    assert (await device.connect()).notices == ()
    assert await statuses_of(stage.store, job) == {device.id: status}


@pytest.mark.parametrize(
    ("status", "cancelled", "is_sent"),
    [
        (QUEUED, QUEUED, False),
        (NOTIFIED, NOTIFIED, False),
        (IN_PROGRESS, IN_PROGRESS, False),
        (NOTIFIED, QUEUED, True),
        (IN_PROGRESS, NOTIFIED, True),
    ],
)
async def test_I8_cancelling(
    stage: Stage, device: Device, status: TaskStatus, cancelled: TaskStatus, is_sent: bool
) -> None:
    """What is being cancelled does not leave at a connect."""
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    if status is not QUEUED:
        await put_task(stage.store, (await tasks_of(stage.store, job))[device.id], status=status)
    await cancel(stage.store, job, cancelled)
    assert len((await device.connect()).notices) == is_sent
    assert await statuses_of(stage.store, job) == {device.id: status}


async def test_I9_difference(stage: Stage, device: Device) -> None:
    """A difference does not leave for a device that has another version by now."""
    job = await fill(stage.store, await add_job(stage.store, stage.place, required_version="1.0.0"))
    await device.version("1.5.0")
    assert (await device.connect()).notices == ()
    assert await statuses_of(stage.store, job) == {device.id: QUEUED}


def test_every_report_has_its_topic() -> None:
    """The registry finds the protocol's four messages, each on its own topic."""
    assert {report.topic: name for name, report in load_reports().items()} == {
        "/ota/device/inform/{pk}/{dn}": "inform_version",
        "/ota/device/progress/{pk}/{dn}": "report_progress",
        "/sys/{pk}/{dn}/thing/ota/firmware/get": "get_firmware",
        "/ota/device/request/{pk}/{dn}": "request_firmware",
    }
    assert REPORTS["get_firmware"].reply_topic == "/sys/{pk}/{dn}/thing/ota/firmware/get_reply"
