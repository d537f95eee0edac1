"""A version report: stored, and the only thing that makes an upgrade a success (device-protocol 3, I4, I7, I13)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.world import Stage, add_job, cancel, fill, put_task, statuses_of, tasks_of
from tests.reports.mouth import Device
from whimbrel.adapters.store.consistency import ConsistencyCheck
from whimbrel.domain.ota_module import MODULES_PER_DEVICE_MAX
from whimbrel.domain.task import TaskStatus
from whimbrel.errors import ReportError

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
OPEN = (CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS)


async def stored(stage: Stage, device: Device, module: str = "default") -> str | None:
    async with stage.store.snapshot() as store:
        return await store.module_versions.get(device.id, module)


async def version_with_task(stage: Stage, device: Device, status: TaskStatus, version: str) -> TaskStatus:
    """What a task in `status` becomes by the report."""
    job = await fill(stage.store, await add_job(stage.store, stage.place, need_push=False))
    task = (await tasks_of(stage.store, job))[device.id]
    if status is not QUEUED:
        await put_task(stage.store, task, status=status)
    await device.version(version)
    return (await statuses_of(stage.store, job))[device.id]


@pytest.mark.parametrize("status", OPEN)
async def test_I7_the_target_version_succeeds(stage: Stage, device: Device, status: TaskStatus) -> None:
    """From every open state the report of the target version is the success."""
    assert await version_with_task(stage, device, status, "2.0.0") is SUCCEEDED
    assert await stored(stage, device) == "2.0.0"


@pytest.mark.parametrize("status", [SUCCEEDED, FAILED, CANCELED])
@pytest.mark.parametrize("version", ["1.0.0", "1.5.0", "2.0.0"])
async def test_I4_final_is_final(stage: Stage, device: Device, status: TaskStatus, version: str) -> None:
    """No version report changes an ended task; the version itself is stored."""
    assert await version_with_task(stage, device, status, version) is status
    assert await stored(stage, device) == version


@pytest.mark.parametrize("status", OPEN)
async def test_a_wrong_version(stage: Stage, device: Device, status: TaskStatus) -> None:
    """A version that is neither source nor target fails a task in progress, and no other."""
    assert await version_with_task(stage, device, status, "1.5.0") is (FAILED if status is IN_PROGRESS else status)


@pytest.mark.parametrize("status", OPEN)
async def test_the_old_version_again(stage: Stage, device: Device, status: TaskStatus) -> None:
    """Devices report at every boot: the source version changes no task."""
    assert await version_with_task(stage, device, status, "1.0.0") is status


async def test_another_module(stage: Stage, device: Device) -> None:
    """A report for another module, known or unknown, is stored and changes no task of this one."""
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    await put_task(stage.store, (await tasks_of(stage.store, job))[device.id], status=IN_PROGRESS)
    await device.version("2.0.0", module="MCU")
    await device.version("1.5.0", module="never-seen")
    assert await statuses_of(stage.store, job) == {device.id: IN_PROGRESS}
    assert [await stored(stage, device, name) for name in ("MCU", "never-seen", "default")] == [
        "2.0.0",
        "1.5.0",
        "1.0.0",
    ]


@pytest.mark.parametrize("module", ["default", ""])
async def test_the_default_module_by_name(stage: Stage, device: Device, module: str) -> None:
    """The default module may be named, or left empty."""
    await device.version("3.0.0", module=module)
    assert await stored(stage, device) == "3.0.0"


async def test_I17_the_65th_module_is_refused(stage: Stage, device: Device) -> None:
    """A device may report 64 modules; a further one is refused, known ones still report."""
    for number in range(MODULES_PER_DEVICE_MAX - 1):
        await device.version("1", module=f"m{number}")
    with pytest.raises(ReportError, match="too many modules"):
        await device.version("1", module="one-more")
    assert await stored(stage, device, "one-more") is None
    await device.version("2", module="m0")
    assert await stored(stage, device, "m0") == "2"


@pytest.mark.parametrize(
    "params",
    [
        {"version": ""},
        {"version": "v" * 65},
        {"version": "1.0\n"},
        {"version": "1\0"},
        {"version": 1},
        {"version": None},
        {},
        {"version": "1", "module": "m" * 65},
        {"version": "1", "module": "a b"},
        {"version": "1", "module": "a/b"},
        {"version": "1", "module": "m\n"},
        {"version": "1", "module": 5},
    ],
)
async def test_unusable_reports(stage: Stage, device: Device, params: dict[str, object]) -> None:
    """A report that is not of the protocol's form is dropped without any effect."""
    with pytest.raises(ReportError):
        await device.say("inform_version", {"id": "1", "params": params})
    assert await stored(stage, device) == "1.0.0"


@pytest.mark.parametrize("version", ["v", "v" * 64, "1.0 beta", "版本"])
async def test_usable_versions(stage: Stage, device: Device, version: str) -> None:
    """A version of 1 to 64 printable characters is stored as it came."""
    await device.version(version)
    assert await stored(stage, device) == version


async def test_pushes_what_became_deliverable(stage: Stage, device: Device) -> None:
    """A difference that waited for its source version is pushed by the report of it, once."""
    await device.connect()
    job = await fill(stage.store, await add_job(stage.store, stage.place, required_version="1.0.0"))
    await device.version("1.5.0")
    assert (await device.version("1.5.0")).notices == ()
    [notice] = (await device.version("1.0.0")).notices
    assert notice.device_id == device.id
    assert await statuses_of(stage.store, job) == {device.id: NOTIFIED}
    assert (await device.version("1.0.0")).notices == ()


@pytest.mark.parametrize("version", ["1.0.0", "1.5.0", "2.0.0"])
@pytest.mark.parametrize("status", OPEN)
async def test_I8_a_report_for_a_task_being_cancelled(
    stage: Stage, device: Device, status: TaskStatus, version: str
) -> None:
    """A report does not rescue or bring out what was cancelled, although the engine has not come to it."""
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    if status is not QUEUED:
        await put_task(stage.store, (await tasks_of(stage.store, job))[device.id], status=status)
    await cancel(stage.store, job, status)
    assert (await device.version(version)).notices == ()
    assert await statuses_of(stage.store, job) == {device.id: CANCELED}
    assert await stored(stage, device) == version


async def test_after_a_success_the_next_job_may_come(stage: Stage, device: Device) -> None:
    """A device whose task has succeeded is free for the next job, and its next report brings that out."""
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    assert (await device.version("2.0.0")).notices == ()
    second = await fill(stage.store, await add_job(stage.store, stage.place, dest_version="3.0.0"))
    [notice] = (await device.version("2.0.0")).notices
    assert notice.dest_version == "3.0.0"
    assert await statuses_of(stage.store, job) == {device.id: SUCCEEDED}
    assert await statuses_of(stage.store, second) == {device.id: NOTIFIED}


async def test_I7_reports_of_one_millisecond(stage: Stage, device: Device, tmp_path: Path) -> None:
    """A device that succeeds and reports another version in the same millisecond breaks no rule of `whimbrel check`."""
    await fill(stage.store, await add_job(stage.store, stage.place))
    await device.version("2.0.0")
    await device.version("1.0.0")
    check = ConsistencyCheck(tmp_path / "whimbrel.db")
    broken = [finding for finding in check.findings() if not finding.holds]
    check.close()
    assert broken == []
