"""Why a device is not updating: every code has its row, and the first finding is what has to be cleared first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.jobs import JOB
from whimbrel.domain.claims import Standing
from whimbrel.domain.device import Device, DeviceStatus
from whimbrel.domain.device_case import Case, Contact, View
from whimbrel.domain.explain import explain
from whimbrel.domain.finding import Code, Finding, in_order
from whimbrel.domain.gate import Wave
from whimbrel.domain.job import DynamicMode, JobStatus, SelectionType, TargetSelection
from whimbrel.domain.rollout import Gate, Hold, Pace, Rollout, Stage, Window
from whimbrel.domain.task import CANCELLED_BY_DEVICE_WORDS, Task, TaskStatus

NOW_MS = 1_700_000_000_000  # a Tuesday, 22:13 UTC
DEVICE = Device(
    *(5, 1, 1, "pk", "product", 0, "lamp-0001", "iot", "secret", ""),
    DeviceStatus.ONLINE,
    *(NOW_MS - 9_000, NOW_MS - 99_000, NOW_MS, NOW_MS - 90_000, NOW_MS - 9_000, ""),
)
CONNECTED = Contact(has_session=True)
TASK = Task(7, 1, 5, TaskStatus.QUEUED, 1, 0, None, "1.0.0", "", heard_ms=NOW_MS - 5_000)
GATED = Rollout(gate=Gate())
NIGHTS = Rollout(windows=(Window(127, 60, 120),), time_zone="UTC")
STAGED = JOB._replace(rollout=Rollout(stages=(Stage(devices=2, soak_minutes=5), Stage(percent="50"))), stage_until=6)
DYNAMIC = JOB._replace(
    selection_type=SelectionType.DYNAMIC, dynamic_mode=DynamicMode.LATER, src_versions=("1.0.0",), is_gathered=True
)
GRAY = JOB._replace(target_selection=TargetSelection.GRAY, gray_percent="5")
FAILED = TASK._replace(status=TaskStatus.FAILED)
CANCELED = TASK._replace(status=TaskStatus.CANCELED)
NOTIFIED = TASK._replace(status=TaskStatus.NOTIFIED, era=1, wave=1)
BEGUN = NOTIFIED._replace(status=TaskStatus.IN_PROGRESS, progress=40)
OFF = DEVICE._replace(status=DeviceStatus.OFFLINE)


def case(task: Task | None = TASK, **changes: Any) -> Case:
    """The device's task in a running job; `changes` are the job's, or the case's own."""
    own = {name: changes.pop(name) for name in list(changes) if name in Case._fields}
    job = own.pop("job", JOB)._replace(**changes)
    return Case(**{"job": job, "reported": "1.0.0", "task": task, **own})


def findings(found: Case, device: Device = DEVICE, contact: Contact = CONNECTED, **more: Any) -> list[Finding]:
    return explain(View(device, contact, (found,), **more), NOW_MS)


ROWS: list[tuple[Code, Case, dict[str, Any]]] = [
    (Code.READY, case(), {}),
    (Code.DISABLED, case(), {"device": DEVICE._replace(status=DeviceStatus.DISABLE), "contact": Contact()}),
    (Code.HALTED, case(hold=Hold.HALTED, hold_reason="4 of 9", rollout=GATED), {}),
    (Code.HALTED, case(rollout=GATED, standing=Standing(waves=(Wave(1, 20, 20),))), {}),
    (Code.HALTED, case(BEGUN, hold=Hold.HALTED, rollout=GATED), {}),
    (Code.PAUSED, case(hold=Hold.PAUSED, hold_reason="smoke", held_by="key"), {}),
    (Code.PAUSED, case(NOTIFIED, hold=Hold.PAUSED), {}),
    (Code.IN_PROGRESS, case(BEGUN, hold=Hold.PAUSED), {}),
    (Code.AWAITING_APPROVAL, case(hold=Hold.AWAITING_APPROVAL, held_by="key"), {}),
    (Code.CANCELING, case(cancelling=frozenset({TaskStatus.QUEUED})), {}),
    (Code.CANCELING, case(schedule_finish_ms=NOW_MS), {}),
    (Code.WAITING_CONFIRMATION, case(TASK._replace(status=TaskStatus.CONFIRM)), {}),
    (Code.RETRY_AT, case(TASK._replace(due_ms=NOW_MS + 1, attempt=2)), {}),
    (Code.WRONG_SOURCE_VERSION, case(required_version="0.9.0"), {}),
    (Code.NEVER_REPORTED, case(required_version="0.9.0", reported=None), {}),
    (Code.WAITING_STAGE, case(job=STAGED, standing=Standing(tasks=9)), {}),
    (Code.WAITING_STAGE, case(job=STAGED, stage_until=0), {}),
    (Code.WAITING_WINDOW, case(rollout=NIGHTS), {}),
    (Code.WAITING_PACE, case(maximum_per_minute=10, standing=Standing(told=10)), {}),
    (Code.WAITING_PACE, case(rollout=Rollout(pace=Pace(first=3)), standing=Standing(tasks=9, exposed=3)), {}),
    (Code.NOT_PUSHED, case(need_push=False), {}),
    (Code.OFFLINE, case(), {"device": OFF, "contact": Contact()}),
    (Code.NEVER_CONNECTED, case(), {"device": DEVICE._replace(status=DeviceStatus.UNACTIVE), "contact": Contact()}),
    (Code.WAITING_POLL, case(), {"contact": Contact(False, NOW_MS + 9)}),
    (Code.NOTIFIED_NO_PROGRESS, case(NOTIFIED), {}),
    (Code.SILENT, case(NOTIFIED._replace(is_silent=True), rollout=GATED), {}),
    (Code.SILENT, case(BEGUN._replace(is_silent=True), rollout=GATED), {}),
    (Code.IN_PROGRESS, case(BEGUN), {}),
    (Code.SUCCEEDED, case(TASK._replace(status=TaskStatus.SUCCEEDED)), {}),
    (Code.FAILED, case(FAILED._replace(description="step -1: the upgrade failed")), {}),
    (Code.TIMED_OUT, case(FAILED._replace(description="timeout, 5 min after the first progress without")), {}),
    (Code.WRONG_VERSION_REPORTED, case(FAILED._replace(description="report version is not conform, the d")), {}),
    (
        Code.BLOCKED_BY_TASK,
        case(FAILED._replace(description="the device has an open task in another job, task 3 of job 2")),
        {},
    ),
    (Code.BLOCKED_BY_TASK, case(FAILED._replace(description="the device had an open task in another job")), {}),
    (Code.OVERWRITTEN, case(CANCELED._replace(description="overwritten by job 8")), {}),
    (Code.CANCELED, case(CANCELED), {}),
    (Code.CANCELED, case(CANCELED._replace(description=CANCELLED_BY_DEVICE_WORDS)), {}),
    (Code.MATCHES_USED_UP, case(FAILED._replace(match_number=10), job=DYNAMIC), {}),
    # no task
    (Code.AT_DEST_VERSION, case(None, reported="2.0.0"), {}),
    (Code.NEVER_REPORTED, case(None, reported=None, src_versions=("1.0.0",)), {}),
    (Code.WRONG_SOURCE_VERSION, case(None, src_versions=("0.9.0",)), {}),
    (Code.NOT_TARGETED_AFTER_START, case(None, fill_until=4), {}),
    (Code.NOT_TARGETED_SELECTION, case(None, job=GRAY), {}),
    (Code.NOT_TARGETED_SELECTION, case(None, target_selection="SPECIFIC", is_gathered=False), {}),
    (Code.NOT_TARGETED_SELECTION, case(None, target_selection="SPECIFIC", status=JobStatus.PLANNED), {}),
    (Code.NOT_TARGETED_SELECTION, case(None, job=DYNAMIC, follows_group=False), {}),
    (Code.NOT_TARGETED_AT_START, case(None), {}),
    (Code.JOB_PLANNED, case(None, status=JobStatus.PLANNED, schedule_ms=NOW_MS + 9, fill_until=0), {}),
    (Code.STILL_FILLING, case(None, is_filled=False, fill_after=4), {}),
    (Code.STILL_FILLING, case(None, is_filled=False, order_factor=3, place=8, is_gathered=True, fill_after=8), {}),
    (Code.STILL_FILLING, case(None, job=DYNAMIC, is_filled=False, fill_after=4), {}),
    (Code.WAITING_REPORT, case(None, job=DYNAMIC, newest_follower=1), {}),
    (Code.FOLLOWS_NEWER_JOB, case(None, job=DYNAMIC, newest_follower=3), {}),
    (Code.JOB_ENDED, case(None, status=JobStatus.COMPLETED, ended_ms=NOW_MS), {"is_narrow": True}),
    (Code.NO_JOB, case(None, status=JobStatus.COMPLETED, ended_ms=NOW_MS), {}),
    (Code.FIRMWARE_NOT_VERIFIED, case(None), {"firmware_status": 0, "is_narrow": True}),
]


@pytest.mark.parametrize(("code", "found", "more"), ROWS, ids=[f"{n}-{row[0].name}" for n, row in enumerate(ROWS)])
def test_every_code(code: Code, found: Case, more: dict[str, Any]) -> None:
    """Each code is said where it holds, with words of its own, and the task and job that it is about."""
    said = findings(found, **more)
    named = [finding for finding in said if finding.code is code]
    assert named, said
    assert all(finding.words for finding in said)
    if found.task is not None:
        assert {(finding.job_id, finding.task_id) for finding in named} == {(1, 7)}
    if code not in (Code.MATCHES_USED_UP, Code.IN_PROGRESS):
        assert said[0].code is code, said


def test_every_code_has_a_row() -> None:
    """Nobody adds a code without saying when it is said."""
    assert {row[0] for row in ROWS} == set(Code)


def test_I5_the_numbers_of_a_pace() -> None:
    """How many were told of how many: at the limit it is in the way, below it is not."""
    full = case(maximum_per_minute=10, standing=Standing(told=10))
    assert findings(full)[0].details == (("Told", "10"), ("MaximumPerMinute", "10"))
    assert findings(full._replace(standing=Standing(told=9)))[0].code is Code.READY


def test_I6_the_numbers_of_an_evidence_pace() -> None:
    """At risk and allowed, and what frees more: a success does."""
    rollout = Rollout(pace=Pace(first=3, growth=5))
    full = case(rollout=rollout, standing=Standing(tasks=99, exposed=3, silent=1, waves=(Wave(1, 3, 0),)))
    [finding] = findings(full)
    assert finding.details == (("AtRisk", "3"), ("AtRiskMax", "3"))
    assert finding.words.endswith("another follows when one of them succeeds, and 1 of them are silent")
    freed = full.standing._replace(proved=1, exposed=7)
    assert findings(full._replace(standing=freed))[0].code is Code.READY


def test_what_has_to_be_cleared_first_comes_first() -> None:
    """A paused job is resumed before a window matters, and that before the device's being away."""
    found = case(hold=Hold.PAUSED, rollout=NIGHTS)
    said = findings(found, device=OFF, contact=Contact())
    assert [finding.code for finding in said] == [Code.PAUSED, Code.WAITING_WINDOW, Code.OFFLINE]
    assert in_order(said[::-1]) == said


def test_a_stage_says_what_it_needs() -> None:
    """Which of which, how many have succeeded of how many that must; while it soaks, until when."""
    found = case(job=STAGED, standing=Standing(tasks=9), proved=0)
    details = dict(findings(found)[0].details)
    assert details == {"Stage": "1", "Stages": "3", "Succeeded": "0", "Needed": "1", "Devices": "2"}
    soaking = findings(found._replace(job=STAGED._replace(soaked_ms=NOW_MS), proved=1))[0]
    assert soaking.when.until_ms == NOW_MS + 5 * 60_000


def test_a_window_says_when_it_opens() -> None:
    """At 01:00 of the next day, in the job's time zone."""
    [finding] = findings(case(rollout=NIGHTS))
    assert finding.when.until_ms == (NOW_MS // 86_400_000 + 1) * 86_400_000 + 3_600_000


def test_open_tasks_before_jobs_without_before_ended_ones() -> None:
    """And of tasks that ended, the last of a module that has no open one."""
    old = case(FAILED, id=1)
    mcu, older_mcu = case(FAILED, id=2, module_name="mcu"), case(CANCELED, id=1, module_name="mcu")
    view = View(DEVICE, CONNECTED, (case(None, id=9, fill_until=4), case(id=4), mcu, older_mcu, old))
    said = [(finding.job_id, finding.code) for finding in explain(view, NOW_MS)]
    assert said == [(4, Code.READY), (9, Code.NOT_TARGETED_AFTER_START), (2, Code.FAILED)]


def test_a_disabled_device_without_a_job() -> None:
    """Says at least that."""
    disabled = DEVICE._replace(status=DeviceStatus.DISABLE)
    assert [finding.code for finding in explain(View(disabled, Contact(), ()), NOW_MS)] == [Code.DISABLED]
    assert [finding.code for finding in explain(View(DEVICE, Contact(), ()), NOW_MS)] == [Code.NO_JOB]


def test_a_disabled_device_that_a_job_waits_for() -> None:
    """It cannot report what the job waits for; once nothing is in its way, nothing of it is said."""
    disabled = DEVICE._replace(status=DeviceStatus.DISABLE)
    waiting = case(None, job=DYNAMIC, fill_after=9)
    codes = [finding.code for finding in findings(waiting, disabled, Contact())]
    assert codes == [Code.DISABLED, Code.WAITING_REPORT]
    succeeded = case(TASK._replace(status=TaskStatus.SUCCEEDED))
    assert [finding.code for finding in findings(succeeded, disabled, Contact())] == [Code.SUCCEEDED]
    assert [finding.code for finding in findings(case(), disabled, Contact())] == [Code.DISABLED]
