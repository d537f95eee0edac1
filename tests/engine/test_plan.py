"""What a job needs next: a table of values (api-contract 6.4, I8)."""

from __future__ import annotations

import pytest

from tests.engine.world import NOW_MS
from whimbrel.domain.firmware import FirmwareStatus
from whimbrel.domain.job import Job, JobStatus, JobType
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.plan import Step, StepKind, plan
from whimbrel.ports.store import JobState

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
CANCEL, FILL, DISPATCH, END = StepKind
COMPLETED = Step(END, JobStatus.COMPLETED)

JOB = Job(
    id=1,
    account_id=1,
    product_id=1,
    product_key="pk",
    product_name="product",
    firmware_id=1,
    firmware_name="firmware",
    module_name="default",
    dest_version="2.0.0",
    required_version="",
    sha256="a" * 64,
    md5="b" * 32,
    size_bytes=1,
    sign_method="MD5",
    firmware_type=0,
    udi="",
    job_type=JobType.UPGRADE,
    status=JobStatus.IN_PROGRESS,
    target_selection="ALL",
    need_push=True,
    need_confirm=False,
    timeout_minutes=None,
    tags=(),
    fill_after=0,
    fill_until=9,
    is_filled=True,
    dispatch_after=0,
    cancelling=frozenset(),
    cancel_after=0,
    created_ms=NOW_MS,
    modified_ms=NOW_MS,
    ended_ms=None,
)
UNFILLED = JOB._replace(is_filled=False)
CANCELLING = JOB._replace(cancelling=frozenset({QUEUED}))
VERIFY = JOB._replace(job_type=JobType.VERIFY)


@pytest.mark.parametrize(
    ("job", "counts", "newest_task_id", "steps"),
    [
        # fill first, and dispatch what is there already
        (UNFILLED, {}, 0, [Step(FILL)]),
        (UNFILLED, {QUEUED: 3}, 3, [Step(FILL), Step(DISPATCH)]),
        (UNFILLED, {SUCCEEDED: 3}, 3, [Step(FILL)]),
        # dispatch while there are tasks behind the cursor
        (JOB, {QUEUED: 3}, 3, [Step(DISPATCH)]),
        (JOB._replace(dispatch_after=2), {QUEUED: 3}, 3, [Step(DISPATCH)]),
        (JOB._replace(dispatch_after=3), {QUEUED: 3}, 3, []),
        (JOB, {CONFIRM: 3}, 3, []),
        (JOB, {NOTIFIED: 2, IN_PROGRESS: 1}, 3, []),
        # without NeedPush nothing is dispatched
        (JOB._replace(need_push=False), {QUEUED: 3}, 3, []),
        # I8: while a cancel is under way nothing is dispatched
        (CANCELLING, {QUEUED: 3}, 3, [Step(CANCEL)]),
        (CANCELLING._replace(is_filled=False), {QUEUED: 3}, 3, [Step(CANCEL), Step(FILL)]),
        (CANCELLING, {CANCELED: 3}, 3, [Step(CANCEL)]),
        # the end
        (JOB, {}, 0, [COMPLETED]),
        (JOB, {SUCCEEDED: 2, FAILED: 1}, 3, [COMPLETED]),
        (JOB, {SUCCEEDED: 1, CANCELED: 1}, 3, [COMPLETED]),
        (JOB, {CANCELED: 3}, 3, [Step(END, JobStatus.CANCELED)]),
        (JOB, {SUCCEEDED: 2, IN_PROGRESS: 1}, 3, []),
        # the verdict of a verify job
        (VERIFY, {SUCCEEDED: 2}, 2, [Step(END, JobStatus.COMPLETED, FirmwareStatus.VERIFIED)]),
        (VERIFY, {SUCCEEDED: 2, FAILED: 1}, 3, [Step(END, JobStatus.COMPLETED, FirmwareStatus.VERIFICATION_FAILED)]),
        (VERIFY, {FAILED: 1}, 1, [Step(END, JobStatus.COMPLETED, FirmwareStatus.VERIFICATION_FAILED)]),
        (VERIFY, {SUCCEEDED: 1, CANCELED: 1}, 2, [Step(END, JobStatus.COMPLETED, FirmwareStatus.VERIFIED)]),
        (VERIFY, {CANCELED: 2}, 2, [Step(END, JobStatus.CANCELED, FirmwareStatus.UNVERIFIED)]),
        (VERIFY, {NOTIFIED: 1, SUCCEEDED: 1}, 2, []),
    ],
)
def test_plan(job: Job, counts: dict[TaskStatus, int], newest_task_id: int, steps: list[Step]) -> None:
    """The steps follow from the job and the counts of its tasks."""
    assert plan(JobState(job, counts, newest_task_id)) == steps


@pytest.mark.parametrize("status", [JobStatus.PLANNED, JobStatus.COMPLETED, JobStatus.CANCELED])
@pytest.mark.parametrize("job", [UNFILLED, CANCELLING, JOB])
def test_only_running_jobs_have_steps(job: Job, status: JobStatus) -> None:
    """A job that has not begun or has ended needs nothing, whatever its cursors say."""
    assert plan(JobState(job._replace(status=status), {QUEUED: 3}, 3)) == []
