"""Which failures are tried again, when, and how often (I4, api-contract 7.7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.jobs import JOB
from whimbrel.domain.retry import after_failure, due_again, waits_for_retry
from whimbrel.domain.task import DESCRIPTION_LENGTH_MAX, MINUTE_MS, Task, TaskStatus

NOW_MS = 1_700_000_000_000
CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
TASK = Task(1, 1, 1, FAILED, 1, 70, None, "1.0.0", "step -1")
RETRYING = JOB._replace(retry_minutes=10, retry_count=2)


@pytest.mark.parametrize(
    ("changes", "retries", "is_retried"),
    [
        ({}, 0, True),
        ({}, 1, True),
        ({}, 2, False),
        ({"retry_count": 1}, 0, True),
        ({"retry_count": 1}, 1, False),
        ({"retry_minutes": None, "retry_count": None}, 0, False),
        ({"schedule_ended_ms": NOW_MS}, 0, False),
        ({"cancelling": frozenset({QUEUED})}, 0, False),
        ({"cancelling": frozenset({NOTIFIED})}, 0, True),
    ],
)
def test_I4_which_failures(changes: dict[str, Any], retries: int, is_retried: bool) -> None:
    """As often as RetryCount says, not behind a cancel of queued tasks, and not after the schedule."""
    failed = TASK._replace(retries=retries, attempt=retries + 1)
    again = after_failure(failed, RETRYING._replace(**changes), NOW_MS)
    assert (again != failed) is is_retried
    if is_retried:
        assert (again.status, again.retries, again.attempt, again.progress) == (QUEUED, retries + 1, retries + 2, 0)


@pytest.mark.parametrize(("minutes", "due_ms"), [(0, None), (10, NOW_MS + 10 * MINUTE_MS), (1440, NOW_MS + 86_400_000)])
def test_when(minutes: int, due_ms: int | None) -> None:
    """After RetryInterval from the failure; with 0 at once."""
    again = after_failure(TASK, RETRYING._replace(retry_minutes=minutes), NOW_MS)
    assert (again.due_ms, waits_for_retry(again)) == (due_ms, due_ms is not None)
    assert due_again(again) == (again._replace(due_ms=None) if due_ms else None)


def test_words_stay_bounded() -> None:
    """A device's long words make room for ours."""
    again = after_failure(TASK._replace(description="x" * DESCRIPTION_LENGTH_MAX), RETRYING, NOW_MS)
    assert len(again.description) == DESCRIPTION_LENGTH_MAX
    assert again.description.endswith("x; retry 1 of 2 after 10 min")


@pytest.mark.parametrize("status", [status for status in TaskStatus if status is not FAILED])
def test_only_failures(status: TaskStatus) -> None:
    """Nothing but a failure may be brought here."""
    with pytest.raises(AssertionError):
        after_failure(TASK._replace(status=status), RETRYING, NOW_MS)


@pytest.mark.parametrize("status", list(TaskStatus))
def test_only_queued_tasks_wait(status: TaskStatus) -> None:
    """A due time of a task in progress is its timeout, not a retry."""
    task = TASK._replace(status=status, due_ms=NOW_MS)
    assert waits_for_retry(task) is (status is QUEUED)
    assert (due_again(task) is not None) is (status is QUEUED)
