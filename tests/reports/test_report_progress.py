"""A progress report (device-protocol 5, I7, I13, I17)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.world import NOW_MS, Stage, add_job, cancel, fill, put_task, tasks_of
from tests.reports.mouth import REPORTS, Device
from whimbrel.domain.job import Job
from whimbrel.domain.task import DESCRIPTION_LENGTH_MAX, MINUTE_MS, Task, TaskStatus
from whimbrel.errors import ReportError
from whimbrel.reports.declaration import Outcome
from whimbrel.reports.report_progress import read_step

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus


async def make_task(stage: Stage, device: Device, status: TaskStatus, **changes: object) -> tuple[Job, Task]:
    job = await fill(stage.store, await add_job(stage.store, stage.place, **changes))
    task = (await tasks_of(stage.store, job))[device.id]
    return job, task if status is QUEUED else await put_task(stage.store, task, status=status)


async def task_now(stage: Stage, device: Device, job: Job) -> Task:
    return (await tasks_of(stage.store, job))[device.id]


@pytest.mark.parametrize(
    ("given_step", "step"),
    [
        ("0", 0),
        ("1", 1),
        ("99", 99),
        ("100", 100),
        (0, 0),
        (100, 100),
        (50.0, 50),
        (" 50 ", 50),
        ("007", 7),
        ("-0", 0),
        pytest.param("0" * 5_000 + "7", 7, id="5000 zeros and 7"),
        pytest.param(-(10**400), -1, id="-10**400"),
        ("-1", -1),
        ("-4", -4),
        (-4, -4),
        # other negatives and text are a general failure
        ("-5", -1),
        (-100, -1),
        ("-999999999999", -1),
        ("", -1),
        ("half", -1),
        ("50%", -1),
        ("٥٠", -1),
        ("1_0", -1),
    ],
)
def test_step(given_step: str | float, step: int) -> None:
    """The step is a number of -4 to 100, in digits or as a JSON number."""
    assert read_step(given_step) == step


@pytest.mark.parametrize(
    "given_step",
    [
        "101",
        101,
        101.0,
        "999999999",
        "1000000000",
        10**9,
        "9" * 4_000,
        10**30,
        pytest.param(10**400, id="10**400"),
        1e300,
        "0101",
    ],
)
def test_a_step_beyond(given_step: str | float) -> None:
    """A number above 100, of whatever length, is no report: it is dropped and fails nothing (threat-model part 4)."""
    with pytest.raises(ReportError):
        read_step(given_step)


@given(
    st.binary(max_size=200) | st.recursive(st.none() | st.text(max_size=5) | st.integers(), st.lists).map(json.dumps)
)
def test_any_bytes(payload: bytes | str) -> None:
    """Whatever bytes come on a topic, reading them gives a message or ReportError."""
    data = payload if isinstance(payload, bytes) else payload.encode()
    for report in REPORTS.values():
        try:
            assert isinstance(report.read(data), report.message)
        except ReportError:
            continue


@given(
    st.dictionaries(st.sampled_from(["step", "desc", "module"]), st.text() | st.integers() | st.floats() | st.none())
)
def test_any_params(params: dict[str, object]) -> None:
    """Whatever members the params have, a step is read or the report is refused."""
    report = REPORTS["report_progress"]
    try:
        message = report.read(json.dumps({"params": params}).encode())
        assert -4 <= read_step(message.params.step) <= 100  # type: ignore[attr-defined]
    except ReportError:
        return


@pytest.mark.parametrize("depth", [100, 30_000])
def test_deep_json(depth: int) -> None:
    """JSON deeper than any device needs is read or refused as unreadable, never a crash."""
    payload = b'{"params":{"step":"1","more":' + b"[" * depth + b"]" * depth + b"}}"
    if depth < 1_000:
        assert REPORTS["report_progress"].read(payload)
        return
    with pytest.raises(ReportError, match="form"):
        REPORTS["report_progress"].read(payload)


@pytest.mark.parametrize("status", [QUEUED, NOTIFIED])
async def test_first_progress(stage: Stage, device: Device, status: TaskStatus) -> None:
    """The first report puts the task in progress and starts its timeout."""
    job, _ = await make_task(stage, device, status, timeout_minutes=5)
    device.now_ms = NOW_MS + 7
    await device.progress("10")
    task = await task_now(stage, device, job)
    assert (task.status, task.progress, task.due_ms) == (IN_PROGRESS, 10, NOW_MS + 7 + 5 * MINUTE_MS)
    device.now_ms += MINUTE_MS
    await device.progress(3)
    assert await task_now(stage, device, job) == task._replace(progress=3, heard_ms=device.now_ms)


async def test_I7_full_progress_is_not_success(stage: Stage, device: Device) -> None:
    """At 100 percent the task is still in progress."""
    job, _ = await make_task(stage, device, NOTIFIED)
    await device.progress("100")
    task = await task_now(stage, device, job)
    assert (task.status, task.progress) == (IN_PROGRESS, 100)


@pytest.mark.parametrize("step", ["-1", "-2", "-3", "-4", "-9", "oops"])
async def test_failures(stage: Stage, device: Device, step: str) -> None:
    """A negative step or text fails the task, with the device's own words in its description."""
    job, _ = await make_task(stage, device, NOTIFIED)
    await device.progress(step, desc="flash is worn")
    task = await task_now(stage, device, job)
    assert task.status is FAILED
    assert "flash is worn" in task.description


@pytest.mark.parametrize("status", [CONFIRM, SUCCEEDED, FAILED, CANCELED])
@pytest.mark.parametrize("step", ["-1", "50", "100"])
async def test_I13_no_running_task(stage: Stage, device: Device, status: TaskStatus, step: str) -> None:
    """A report for a task that was not sent or has ended changes nothing (I4)."""
    job, task = await make_task(stage, device, status)
    await device.progress(step)
    assert await task_now(stage, device, job) == task


@pytest.mark.parametrize("status", [QUEUED, NOTIFIED, IN_PROGRESS])
@pytest.mark.parametrize("step", ["-1", "50"])
async def test_I8_a_report_for_a_task_being_cancelled(
    stage: Stage, device: Device, status: TaskStatus, step: str
) -> None:
    """A report does not move a task out of the state that is being cancelled: it is cancelled."""
    job, task = await make_task(stage, device, status)
    await cancel(stage.store, job, status)
    await device.progress(step)
    assert await task_now(stage, device, job) == task._replace(status=CANCELED)


async def test_I13_another_module(stage: Stage, device: Device) -> None:
    """A report for a module without an open task changes nothing."""
    job, task = await make_task(stage, device, NOTIFIED)
    await device.progress("-1", module="MCU")
    assert await task_now(stage, device, job) == task


async def test_without_any_task(device: Device) -> None:
    """A report of a device without tasks has no outcome."""
    assert await device.progress("50") == Outcome()


async def test_words_are_bounded_and_printable(stage: Stage, device: Device) -> None:
    """A device's words are kept without control characters, and not longer than the limit (I17)."""
    job, _ = await make_task(stage, device, NOTIFIED)
    await device.progress("-1", desc="a\x1b[31m\n\0\u202eb" + "x" * 9_000)
    description = (await task_now(stage, device, job)).description
    assert description.isprintable()
    assert len(description) <= DESCRIPTION_LENGTH_MAX


async def test_a_step_out_of_range_fails_nothing(stage: Stage, device: Device) -> None:
    """A refused step leaves the task as it was."""
    job, task = await make_task(stage, device, NOTIFIED)
    for step in ("101", "10000000000"):
        with pytest.raises(ReportError):
            await device.progress(step)
    assert await task_now(stage, device, job) == task
