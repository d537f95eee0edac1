"""A device asks (device-protocol 6, and the older form of 2)."""

from __future__ import annotations

import pytest

from tests.engine.world import Stage, add_job, cancel, fill, put_task, statuses_of, tasks_of
from tests.reports.mouth import Device
from whimbrel.domain.task import TaskStatus
from whimbrel.reports.declaration import Outcome

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
HOUR_MS = 3_600_000


@pytest.mark.parametrize("message_id", ["123", 123, None, "", -1, 10**30])
async def test_nothing_for_the_device(device: Device, message_id: object) -> None:
    """A device without a task gets an empty answer under its own message id, in the type it came in."""
    outcome = await device.pull(id=message_id)
    assert outcome.pull is not None
    assert (outcome.pull.id, type(outcome.pull.id), outcome.pull.notice) == (message_id, type(message_id), None)
    assert outcome.notices == ()


@pytest.mark.parametrize("need_push", [True, False])
async def test_a_queued_task_is_notified(stage: Stage, device: Device, need_push: bool) -> None:
    """A pull gets the queued task, with NeedPush or without, and notifies it."""
    job = await fill(stage.store, await add_job(stage.store, stage.place, need_push=need_push))
    outcome = await device.pull(id="1", params={})
    assert outcome.pull is not None
    assert outcome.pull.notice is not None
    assert outcome.pull.notice.task_id == (await tasks_of(stage.store, job))[device.id].id
    assert await statuses_of(stage.store, job) == {device.id: NOTIFIED}


@pytest.mark.parametrize("status", [NOTIFIED, IN_PROGRESS])
async def test_I12_asked_again(stage: Stage, device: Device, status: TaskStatus) -> None:
    """A notified or running task is answered again: the same command with a fresh link, and nothing is changed."""
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    task = await put_task(stage.store, (await tasks_of(stage.store, job))[device.id], status=status, progress=40)
    answers = []
    for _ in range(2):
        outcome = await device.pull()
        assert outcome.pull is not None
        answers.append(outcome.pull.notice)
        device.now_ms += HOUR_MS
    first, second = answers
    assert first is not None
    assert second is not None
    assert first.url != second.url
    assert first._replace(url=second.url) == second
    assert (await tasks_of(stage.store, job))[device.id] == task


@pytest.mark.parametrize("status", [CONFIRM, SUCCEEDED, FAILED, CANCELED])
async def test_what_is_never_answered(stage: Stage, device: Device, status: TaskStatus) -> None:
    """A task that waits for confirmation or has ended is never handed out."""
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    await put_task(stage.store, (await tasks_of(stage.store, job))[device.id], status=status)
    outcome = await device.pull()
    assert outcome.pull is not None
    assert outcome.pull.notice is None
    assert await statuses_of(stage.store, job) == {device.id: status}


async def test_I8_a_cancelled_state(stage: Stage, device: Device) -> None:
    """After a cancel was asked for, a pull gets nothing of it, before the engine has come to the task too."""
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    await cancel(stage.store, job, QUEUED)
    outcome = await device.pull()
    assert outcome.pull is not None
    assert outcome.pull.notice is None


async def test_I9_difference(stage: Stage, device: Device) -> None:
    """A difference is handed out at its source version only."""
    await fill(stage.store, await add_job(stage.store, stage.place, required_version="1.0.0"))
    answers = []
    for version in ("1.5.0", "1.0.0"):
        await device.version(version)
        outcome = await device.pull()
        assert outcome.pull is not None
        answers.append(outcome.pull.notice is not None)
    assert answers == [False, True]


@pytest.mark.parametrize(
    ("message", "is_for_mcu"),
    [
        ({"params": {"module": "MCU"}}, True),
        ({"module": "MCU"}, True),
        ({"params": {}, "module": "MCU"}, True),
        ({"params": {"module": "default"}}, False),
        ({"params": {"module": "other"}}, False),
        ({"params": {}}, True),
        ({"params": None}, True),
        ({}, True),
        ({"params": {"module": ""}}, True),
        ({"version": "1.0", "method": "thing.ota.firmware.get", "params": {}}, True),
    ],
)
async def test_modules(stage: Stage, device: Device, message: dict[str, object], is_for_mcu: bool) -> None:
    """A named module gets its own task or none; without a name the device gets what there is."""
    await fill(stage.store, await add_job(stage.store, stage.place, module_name="MCU"))
    outcome = await device.pull(**message)
    assert outcome.pull is not None
    assert (outcome.pull.notice is not None) is is_for_mcu


async def test_the_older_request(stage: Stage, device: Device) -> None:
    """The older form is answered by a notice and no reply, or by nothing."""
    assert await device.say("request_firmware", {"id": 1}) == Outcome()
    job = await fill(stage.store, await add_job(stage.store, stage.place, need_push=False))
    outcome = await device.say("request_firmware", {"id": 1})
    assert [notice.device_id for notice in outcome.notices] == [device.id]
    assert outcome.pull is None
    assert await statuses_of(stage.store, job) == {device.id: NOTIFIED}
