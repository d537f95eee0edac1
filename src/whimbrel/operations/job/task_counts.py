"""How many tasks a job has, by status, as several answers hold it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.job import Counts
from whimbrel.domain.task import TaskStatus
from whimbrel.operations.fields import Field


class TaskCounts(msgspec.Struct, frozen=True, kw_only=True):
    confirm: Annotated[int, Field("Tasks in CONFIRM.")]
    queued: Annotated[int, Field("In QUEUED.")]
    notified: Annotated[int, Field("In NOTIFIED.")]
    in_progress: Annotated[int, Field("In IN_PROGRESS.")]
    succeeded: Annotated[int, Field("In SUCCEEDED.")]
    failed: Annotated[int, Field("In FAILED.")]
    canceled: Annotated[int, Field("In CANCELED.")]


def task_counts(counts: Counts) -> TaskCounts:
    return TaskCounts(**{status.name.lower(): counts.get(status, 0) for status in TaskStatus})
