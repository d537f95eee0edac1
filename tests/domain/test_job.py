"""How a job's status follows its tasks, and which devices it is for (api-contract 6.1, 6.4, 7.3)."""

from __future__ import annotations

import itertools

import pytest

from whimbrel.domain.job import (
    TAG_KEY,
    TRANSITIONS,
    JobStatus,
    open_tasks,
    status_after,
    targets_version,
    verify_progress,
)
from whimbrel.domain.task import TaskStatus

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
ENDED = {JobStatus.COMPLETED, JobStatus.CANCELED}


def test_every_status_has_its_transitions() -> None:
    """Ended jobs stay ended; planned ones start or are cancelled."""
    assert set(TRANSITIONS) == set(JobStatus)
    assert {status for status in JobStatus if not TRANSITIONS[status]} == ENDED


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
    assert status_after(JobStatus.IN_PROGRESS, True, counts) is status


@pytest.mark.parametrize("counts", [{}, {SUCCEEDED: 1}, {CANCELED: 1}])
def test_a_job_being_filled_does_not_end(counts: dict[TaskStatus, int]) -> None:
    """Before all its tasks are made, a job cannot end (I2)."""
    assert status_after(JobStatus.IN_PROGRESS, False, counts) is JobStatus.IN_PROGRESS


@pytest.mark.parametrize("status", [JobStatus.PLANNED, JobStatus.COMPLETED, JobStatus.CANCELED])
def test_only_running_jobs_end(status: JobStatus) -> None:
    """Counts move no job that is not running."""
    assert status_after(status, True, {SUCCEEDED: 1}) is status


def test_status_after_is_a_transition() -> None:
    """Whatever the counts, the status stays or moves as the table allows."""
    for numbers in itertools.product((0, 1), repeat=len(TaskStatus)):
        counts = dict(zip(TaskStatus, numbers, strict=True))
        for old in JobStatus:
            new = status_after(old, True, counts)
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
    ("reported", "required", "is_target"),
    [
        (None, "", True),
        ("1.0.0", "", True),
        ("2.0.0", "", False),
        ("", "", True),
        (None, "1.0.0", False),
        ("1.0.0", "1.0.0", True),
        ("1.0.1", "1.0.0", False),
        ("2.0.0", "1.0.0", False),
        ("1.0", "1.0.0", False),
    ],
)
def test_targets_version(reported: str | None, required: str, is_target: bool) -> None:
    """Devices at the target version are skipped; a difference takes devices at exactly its source version."""
    assert targets_version(reported, "2.0.0", required) is is_target


@pytest.mark.parametrize(
    ("key", "is_valid"), [("", False), ("a.B9", True), ("a" * 30, True), ("a" * 31, False), ("a\n", False)]
)
def test_tag_key(key: str, is_valid: bool) -> None:
    """A tag's key has 1 to 30 letters, digits and dots."""
    assert (TAG_KEY.fullmatch(key) is not None) is is_valid
