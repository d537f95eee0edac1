"""Automatic retries: which failures get another attempt, and when it may leave (api-contract 7.7).

Only failures that the device itself reports come here; timeouts, cancellations and conflicts are final. A task that
waits for its retry is QUEUED with a due time (api-contract 6.5): it stays open, so no other job takes its device
meanwhile (I3), and its job does not end.
"""

from __future__ import annotations

from whimbrel.domain.job import Job
from whimbrel.domain.task import DESCRIPTION_LENGTH_MAX, MINUTE_MS, Task, TaskStatus


def after_failure(failed: Task, job: Job, now_ms: int) -> Task:
    """The task queued for its next attempt, counted, while its job allows one; else as it failed (I4)."""
    assert failed.status is TaskStatus.FAILED, "only a failure is retried"
    if job.retry_minutes is None or job.retry_count is None or failed.retries >= job.retry_count:
        return failed
    if job.schedule_ended_ms is not None or TaskStatus.QUEUED in job.cancelling:
        return failed
    retries = failed.retries + 1
    when = f" after {job.retry_minutes} min" if job.retry_minutes else ""
    words = f"; retry {retries} of {job.retry_count}{when}"
    return failed._replace(
        status=TaskStatus.QUEUED,
        attempt=failed.attempt + 1,
        retries=retries,
        progress=0,
        is_silent=False,
        due_ms=now_ms + job.retry_minutes * MINUTE_MS if job.retry_minutes else None,
        description=failed.description[: DESCRIPTION_LENGTH_MAX - len(words)] + words,
    )


def waits_for_retry(task: Task) -> bool:
    return task.status is TaskStatus.QUEUED and task.due_ms is not None


def due_again(task: Task) -> Task | None:
    """The waiting task, which may leave from now on; None when it does not wait."""
    return task._replace(due_ms=None) if waits_for_retry(task) else None
