"""Every way a task may move (api-contract 6.5, 7.3, 7.6; device-protocol 3, 5)."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.task import (
    DESCRIPTION_LENGTH_MAX,
    MINUTE_MS,
    STEP_MAX,
    STEP_MEANINGS,
    STEP_MIN,
    TRANSITIONS,
    Task,
    TaskStatus,
    UpgradeGoal,
    after_progress,
    after_version,
    birth_status,
    confirmed,
    moved,
    reopened,
    shown_description,
    timed_out,
)

NOW_MS = 1_700_000_000_000
CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
OPEN = (CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS)
ENDED = (SUCCEEDED, FAILED, CANCELED)
GOAL = UpgradeGoal("2.0.0", None)

tasks = st.builds(
    Task,
    id=st.just(1),
    job_id=st.just(1),
    device_id=st.just(1),
    status=st.sampled_from(TaskStatus),
    attempt=st.integers(1, 6),
    progress=st.integers(0, 100),
    due_ms=st.none() | st.integers(0, 2 * NOW_MS),
    src_version=st.sampled_from(["", "1.0.0", "1.0.1"]),
    description=st.text(max_size=5),
)


def task_in(status: TaskStatus, **changes: object) -> Task:
    due_ms = NOW_MS if status is IN_PROGRESS else None
    return Task(1, 2, 3, status, 1, 0, due_ms, "1.0.0", "")._replace(**changes)


def may_follow(old: Task, new: Task) -> bool:
    """Whether the statuses of the two are joined by moves of the table; a report may pass through NOTIFIED unseen."""
    if new.status is old.status:
        return True
    steps = TRANSITIONS[old.status]
    return new.status in steps or (old.status is QUEUED and new.status in TRANSITIONS[NOTIFIED])


def test_I4_final_states_have_no_way_out() -> None:
    """SUCCEEDED is final; FAILED and CANCELED are left for a new attempt alone."""
    assert set(TRANSITIONS) == set(TaskStatus)
    assert {status: set(TRANSITIONS[status]) for status in ENDED} == {
        SUCCEEDED: set(),
        CANCELED: {QUEUED},
        FAILED: {QUEUED},
    }


def test_open_states_can_succeed_and_be_cancelled() -> None:
    """Each open state may end by the version report and by cancelling; only those that were told may fail."""
    assert {status for status in TaskStatus if status.is_open} == set(OPEN)
    for status in OPEN:
        assert {SUCCEEDED, CANCELED} <= TRANSITIONS[status]
        assert (FAILED in TRANSITIONS[status]) is (status in (NOTIFIED, IN_PROGRESS))


@pytest.mark.parametrize(("old", "new"), list(itertools.product(TaskStatus, repeat=2)))
def test_moved(old: TaskStatus, new: TaskStatus) -> None:
    """`moved` moves as the table allows, stops the timeout at an end and shows 100 % for a success alone."""
    task = task_in(old, progress=7, due_ms=5, description="before")
    result = moved(task, new)
    if new not in TRANSITIONS[old]:
        assert result is None
        return
    assert result == task._replace(
        status=new, due_ms=None if new in ENDED else 5, progress=100 if new is SUCCEEDED else 7, description="before"
    )


@pytest.mark.parametrize("status", [QUEUED, NOTIFIED])
@pytest.mark.parametrize("step", [0, 1, 99, 100])
def test_first_progress_starts_the_clock(status: TaskStatus, step: int) -> None:
    """The first progress report puts the task in progress and starts the timeout."""
    goal = UpgradeGoal("2.0.0", 3)
    task = after_progress(task_in(status), step, "", goal, NOW_MS)
    begun = task_in(IN_PROGRESS, progress=step, due_ms=NOW_MS + 3 * MINUTE_MS)
    # One that was not recorded as told yet is so now, and counts from here.
    assert task == (begun._replace(wave=1, era=1) if status is QUEUED else begun)


@pytest.mark.parametrize("status", [QUEUED, NOTIFIED])
def test_no_timeout_wanted(status: TaskStatus) -> None:
    """A job without TimeoutInMinutes gives its tasks no due time."""
    task = after_progress(task_in(status), 5, "", GOAL, NOW_MS)
    assert task is not None
    assert task.due_ms is None


def test_later_progress_keeps_the_clock() -> None:
    """Later reports change the percentage, also to a lower one, and never the due time."""
    task = task_in(IN_PROGRESS, progress=50, due_ms=NOW_MS + 1)
    for step in (51, 100, 3, 0):
        assert after_progress(task, step, "x", UpgradeGoal("2.0.0", 3), NOW_MS + 9) == task._replace(progress=step)


@pytest.mark.parametrize("status", [QUEUED, NOTIFIED, IN_PROGRESS])
@pytest.mark.parametrize("step", range(STEP_MIN, 0))
def test_negative_steps_fail(status: TaskStatus, step: int) -> None:
    """Steps -1 to -4 fail the task; its description says which step and why, in the device's words if it has any."""
    plain = after_progress(task_in(status), step, "", GOAL, NOW_MS)
    assert plain is not None
    assert (plain.status, plain.due_ms) == (FAILED, None)
    assert plain.description == f"step {step}: {STEP_MEANINGS[step]}"
    worded = after_progress(task_in(status), step, "flash is worn", GOAL, NOW_MS)
    assert worded is not None
    assert worded.description == f"step {step}: flash is worn"


@pytest.mark.parametrize("length", [DESCRIPTION_LENGTH_MAX - 1, DESCRIPTION_LENGTH_MAX, 9 * DESCRIPTION_LENGTH_MAX])
def test_I17_descriptions_are_bounded(length: int) -> None:
    """A device cannot make a description longer than the limit."""
    task = after_progress(task_in(NOTIFIED), -1, "x" * length, GOAL, NOW_MS)
    assert task is not None
    assert len(task.description) == DESCRIPTION_LENGTH_MAX


@pytest.mark.parametrize("status", [CONFIRM, *ENDED])
@pytest.mark.parametrize("step", [-4, -1, 0, 50, 100])
def test_I13_progress_without_a_running_task(status: TaskStatus, step: int) -> None:
    """A report for a task that was never sent, or has ended, changes nothing."""
    assert after_progress(task_in(status), step, "x", GOAL, NOW_MS) is None


@given(tasks, st.integers(STEP_MIN, STEP_MAX))
def test_I7_progress_is_never_a_success(task: Task, step: int) -> None:
    """No progress report makes a task succeed, be cancelled, or move otherwise than the table allows."""
    new = after_progress(task, step, "", GOAL, NOW_MS)
    if new is not None:
        assert new.status in (IN_PROGRESS, FAILED)
        assert may_follow(task, new)
        assert new._replace(status=task.status, progress=task.progress, due_ms=task.due_ms) == task._replace(
            description=new.description, wave=new.wave, era=new.era, is_silent=new.is_silent
        )


@pytest.mark.parametrize("status", OPEN)
def test_I7_the_target_version_is_the_success(status: TaskStatus) -> None:
    """From any open state the report of the target version is the success, at 100 % and without a due time."""
    task = task_in(status, progress=30)
    assert after_version(task, "2.0.0", GOAL) == task._replace(status=SUCCEEDED, progress=100, due_ms=None)


@pytest.mark.parametrize(
    ("status", "version", "fails"),
    [
        (IN_PROGRESS, "1.0.0", False),
        (IN_PROGRESS, "1.0.1", True),
        (IN_PROGRESS, "2.0.0.", True),
        (NOTIFIED, "1.0.0", False),
        (NOTIFIED, "1.0.1", False),
        (QUEUED, "1.0.1", False),
        (CONFIRM, "1.0.1", False),
    ],
)
def test_wrong_version(status: TaskStatus, version: str, fails: bool) -> None:
    """Only a task in progress fails by a version, and only by one that is neither the source nor the target."""
    task = after_version(task_in(status), version, GOAL)
    assert (task is not None) is fails
    if task is not None:
        assert (task.status, task.due_ms) == (FAILED, None)
        assert version in task.description
        assert "2.0.0" in task.description


@given(tasks, st.sampled_from(["1.0.0", "1.0.1", "2.0.0"]))
def test_I4_versions_end_no_task_twice(task: Task, version: str) -> None:
    """A version report changes no ended task, and otherwise moves as the table allows."""
    new = after_version(task, version, GOAL)
    if not task.status.is_open:
        assert new is None
    elif new is not None:
        assert new.status in TRANSITIONS[task.status]


def test_timed_out() -> None:
    """A task whose time ran out fails, says so, and keeps its percentage."""
    task = timed_out(task_in(IN_PROGRESS, progress=40), 15)
    assert task is not None
    assert (task.status, task.due_ms, task.progress) == (FAILED, None, 40)
    assert "timeout, 15 min" in task.description
    assert timed_out(task_in(SUCCEEDED), 15) is None


@pytest.mark.parametrize(
    ("need_confirm", "has_open_task", "cancelled", "status"),
    [
        (False, False, (), QUEUED),
        (True, False, (), CONFIRM),
        (False, True, (), FAILED),
        (True, True, (), FAILED),
        (False, False, (QUEUED,), CANCELED),
        (False, False, (CONFIRM, NOTIFIED, IN_PROGRESS), QUEUED),
        (True, False, (CONFIRM,), CANCELED),
        (True, False, (QUEUED,), CONFIRM),
        (False, True, (QUEUED, CONFIRM), FAILED),
    ],
)
def test_I3_birth(
    need_confirm: bool, has_open_task: bool, cancelled: tuple[TaskStatus, ...], status: TaskStatus
) -> None:
    """A conflicting task is born FAILED; a state that is being cancelled is born CANCELED."""
    born = birth_status(need_confirm=need_confirm, has_open_task=has_open_task, cancelled=frozenset(cancelled))
    assert born is status


def test_what_a_device_says_first_is_no_wrong_version() -> None:
    """Nobody knows the old version of a device that had never reported: its first report may be just that."""
    task = task_in(IN_PROGRESS, src_version="")
    assert after_version(task, "1.0.0", GOAL) is None
    succeeded = after_version(task, "2.0.0", GOAL)
    assert succeeded is not None
    assert succeeded.status is SUCCEEDED


@pytest.mark.parametrize("status", TaskStatus)
def test_confirmed(status: TaskStatus) -> None:
    """Only a task that waits for confirmation is released, and remembers it."""
    task = confirmed(task_in(status))
    assert task == (task_in(QUEUED, is_confirmed=True) if status is CONFIRM else None)


@pytest.mark.parametrize("status", TaskStatus)
@pytest.mark.parametrize(("need_confirm", "is_confirmed"), list(itertools.product((False, True), repeat=2)))
def test_I4_reopened(status: TaskStatus, need_confirm: bool, is_confirmed: bool) -> None:
    """A failed or cancelled task starts again as a new attempt, unless it was never confirmed though it needs to be."""
    old = task_in(status, attempt=3, retries=2, progress=40, description="why", is_confirmed=is_confirmed)
    task = reopened(old, "1.5.0", need_confirm=need_confirm)
    if status not in (FAILED, CANCELED) or (need_confirm and not is_confirmed):
        assert task is None
        return
    assert task == task_in(QUEUED, attempt=4, src_version="1.5.0", is_confirmed=is_confirmed)


def test_reopened_of_a_silent_device() -> None:
    """A device that never reported has no version to be judged by, as at its first attempt."""
    task = reopened(task_in(FAILED), None, need_confirm=False)
    assert task is not None
    assert task.src_version == ""


def test_shown_description() -> None:
    """A cancelled task without words was cancelled by its job; otherwise the words are said as they are."""
    assert "CancelOTATaskByJob" in shown_description(task_in(CANCELED))
    assert shown_description(task_in(CANCELED, description="w")) == "w"
    assert shown_description(task_in(FAILED)) == ""
