"""What a job needs next: pure, from the job and the counts of its tasks to steps (style-anchors 1.5).

A step may be taken twice or be interrupted: it says what to do from the durable cursors, not what was done.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from whimbrel.domain.firmware import FirmwareStatus, status_after_verification
from whimbrel.domain.job import Counts, Job, JobStatus, JobType, status_after
from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store import JobState


class StepKind(Enum):
    CANCEL = "cancel"  # go on cancelling what was asked for
    FILL = "fill"  # make tasks for the next devices of the target set
    DISPATCH = "dispatch"  # notify the next online devices
    END = "end"  # the job has ended


class Step(NamedTuple):
    """One bounded piece of work. `status` and `verdict` belong to END; `verdict` to verify jobs."""

    kind: StepKind
    status: JobStatus | None = None
    verdict: FirmwareStatus | None = None


def plan(state: JobState) -> list[Step]:
    """The job's next steps, at most one of each kind, in the order to take them.

    Dispatch looks at each task once, in the order of ids; a device that is offline then gets its task when it connects.
    While a cancel is under way nothing is dispatched: what leaves now might be what is being cancelled (I8).
    """
    job, counts, newest_task_id = state
    if job.status is not JobStatus.IN_PROGRESS:
        return []
    steps = []
    if job.cancelling:
        steps.append(Step(StepKind.CANCEL))
    if not job.is_filled:
        steps.append(Step(StepKind.FILL))
    has_unseen = newest_task_id > job.dispatch_after and counts.get(TaskStatus.QUEUED, 0) > 0
    if has_unseen and job.need_push and not job.cancelling:
        steps.append(Step(StepKind.DISPATCH))
    status = status_after(job.status, job.is_filled, counts)
    if not steps and status is not job.status:
        steps.append(Step(StepKind.END, status, _verdict(job, counts)))
    return steps


def _verdict(job: Job, counts: Counts) -> FirmwareStatus | None:
    if job.job_type is not JobType.VERIFY:
        return None
    return status_after_verification(counts.get(TaskStatus.SUCCEEDED, 0), counts.get(TaskStatus.FAILED, 0))
