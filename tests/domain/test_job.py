"""How a job's status follows its tasks, and which devices it is for (api-contract 6.1, 6.4, 7.3)."""

from __future__ import annotations

import itertools

import pytest

from tests.domain.jobs import JOB
from whimbrel.domain.job import (
    TAG_KEY,
    TRANSITIONS,
    JobStatus,
    OverwriteMode,
    SelectionType,
    TargetSelection,
    is_candidate,
    open_tasks,
    source_versions,
    status_after,
    targets_version,
    verify_progress,
)
from whimbrel.domain.task import TaskStatus

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
ENDED = {JobStatus.COMPLETED, JobStatus.CANCELED}


def test_every_status_has_its_transitions() -> None:
    """Planned jobs start or are cancelled; ended ones come back only to run again."""
    assert set(TRANSITIONS) == set(JobStatus)
    assert TRANSITIONS[JobStatus.PLANNED] == {JobStatus.IN_PROGRESS, JobStatus.CANCELED}
    assert all(TRANSITIONS[status] == {JobStatus.IN_PROGRESS} for status in ENDED)


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ({}, JobStatus.COMPLETED),
        ({SUCCEEDED: 1}, JobStatus.COMPLETED),
        ({FAILED: 1}, JobStatus.COMPLETED),
        ({CANCELED: 1}, JobStatus.CANCELED),
        ({CANCELED: 5, SUCCEEDED: 1}, JobStatus.COMPLETED),
        ({CANCELED: 5, FAILED: 1}, JobStatus.COMPLETED),
        ({CANCELED: 5, SUCCEEDED: 0, FAILED: 0}, JobStatus.CANCELED),
        ({SUCCEEDED: 9, QUEUED: 1}, JobStatus.IN_PROGRESS),
        ({SUCCEEDED: 9, CONFIRM: 1}, JobStatus.IN_PROGRESS),
        ({SUCCEEDED: 9, NOTIFIED: 1}, JobStatus.IN_PROGRESS),
        ({SUCCEEDED: 9, IN_PROGRESS: 1}, JobStatus.IN_PROGRESS),
    ],
)
def test_status_after(counts: dict[TaskStatus, int], status: JobStatus) -> None:
    """A filled job ends with its last open task: CANCELED if no task ever succeeded or failed, else COMPLETED."""
    assert status_after(JOB, counts) is status


def test_what_the_schedule_ended_is_completed() -> None:
    """A job whose ScheduleFinishTime cancelled all its tasks is COMPLETED, not CANCELED."""
    assert status_after(JOB._replace(schedule_ended_ms=1), {CANCELED: 5}) is JobStatus.COMPLETED


@pytest.mark.parametrize("counts", [{}, {SUCCEEDED: 1}, {FAILED: 1}, {CANCELED: 1}, {QUEUED: 1}])
def test_a_dynamic_job_runs_until_its_strategy_ends(counts: dict[TaskStatus, int]) -> None:
    """A dynamic job goes on without open tasks; once its strategy ended it is CANCELED with its last open task."""
    job = JOB._replace(selection_type=SelectionType.DYNAMIC)
    assert status_after(job, counts) is JobStatus.IN_PROGRESS
    assert job.shown_status is JobStatus.IN_PROGRESS
    ended = job._replace(strategy_ended_ms=7)
    assert status_after(ended, counts) is (JobStatus.IN_PROGRESS if open_tasks(counts) else JobStatus.CANCELED)
    assert (ended.shown_status, ended.shown_end_ms) == (JobStatus.CANCELED, 7)


@pytest.mark.parametrize("counts", [{}, {SUCCEEDED: 1}, {CANCELED: 1}])
def test_a_job_being_filled_does_not_end(counts: dict[TaskStatus, int]) -> None:
    """Before all its tasks are made, a job cannot end (I2)."""
    assert status_after(JOB._replace(is_filled=False), counts) is JobStatus.IN_PROGRESS


@pytest.mark.parametrize("status", [JobStatus.PLANNED, JobStatus.COMPLETED, JobStatus.CANCELED])
def test_only_running_jobs_end(status: JobStatus) -> None:
    """Counts move no job that is not running."""
    assert status_after(JOB._replace(status=status), {SUCCEEDED: 1}) is status


def test_status_after_is_a_transition() -> None:
    """Whatever the counts, the status stays or moves as the table allows."""
    for numbers in itertools.product((0, 1), repeat=len(TaskStatus)):
        counts = dict(zip(TaskStatus, numbers, strict=True))
        for old in JobStatus:
            for selection_type, ended_ms in itertools.product(SelectionType, (None, 1)):
                job = JOB._replace(status=old, selection_type=selection_type, strategy_ended_ms=ended_ms)
                new = status_after(job, counts)
                assert new is old or new in TRANSITIONS[old]


@pytest.mark.parametrize(
    ("counts", "open_count", "percent"),
    [
        ({}, 0, 0),
        ({QUEUED: 1}, 1, 0),
        ({QUEUED: 1, SUCCEEDED: 1}, 1, 50),
        ({CONFIRM: 1, QUEUED: 1, NOTIFIED: 1, IN_PROGRESS: 1, SUCCEEDED: 1, FAILED: 1, CANCELED: 1}, 4, 42),
        ({SUCCEEDED: 2, FAILED: 1}, 0, 100),
    ],
)
def test_verify_progress(counts: dict[TaskStatus, int], open_count: int, percent: int) -> None:
    """The progress of a verification is the share of its tasks that have ended, rounded down."""
    assert open_tasks(counts) == open_count
    assert verify_progress(counts) == percent


@pytest.mark.parametrize(
    ("reported", "sources", "is_one", "is_target"),
    [
        (None, (), True, True),
        ("1.0.0", (), True, True),
        ("2.0.0", (), True, False),
        ("", (), True, True),
        (None, ("1.0.0",), False, False),
        ("1.0.0", ("1.0.0",), True, True),
        ("1.0.1", ("1.0.0",), False, False),
        ("2.0.0", ("1.0.0",), False, False),
        ("1.0", ("1.0.0",), False, False),
        ("1.1.0", ("1.0.0", "1.1.0"), True, True),
        ("2.0.0", ("1.0.0", "2.0.0"), True, False),
    ],
)
def test_targets_version(reported: str | None, sources: tuple[str, ...], is_one: bool, is_target: bool) -> None:
    """With source versions only devices at one of them are candidates; those at the target version are skipped."""
    assert is_candidate(reported, sources) is is_one
    assert targets_version(reported, "2.0.0", sources) is is_target


def test_source_versions() -> None:
    """SrcVersion as given, else the difference firmware's own, else any."""
    assert source_versions(("1", "2"), "") == ("1", "2")
    assert source_versions((), "1") == ("1",)
    assert source_versions((), "") == ()


def test_what_a_job_excludes_and_overwrites() -> None:
    """MultiModuleMode narrows a job's claim to its module, and overwrites as OverwriteMode 2 does."""
    assert (JOB.open_scope, JOB.overwrites) == ("", False)
    multi = JOB._replace(multi_module_mode=True)
    assert (multi.open_scope, multi.overwrites) == ("default", True)
    assert JOB._replace(overwrite_mode=OverwriteMode.OVERWRITE).overwrites


def test_what_walks_the_product() -> None:
    """ALL, and with it dynamic jobs, take their devices from the product; the others gather them first."""
    found = {selection for selection in TargetSelection if JOB._replace(target_selection=selection).takes_product}
    assert found == {TargetSelection.ALL}


@pytest.mark.parametrize(
    ("key", "is_valid"), [("", False), ("a.B9", True), ("a" * 30, True), ("a" * 31, False), ("a\n", False)]
)
def test_tag_key(key: str, is_valid: bool) -> None:
    """A tag's key has 1 to 30 letters, digits and dots."""
    assert (TAG_KEY.fullmatch(key) is not None) is is_valid
