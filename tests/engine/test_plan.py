"""What a job needs next: a table of values (api-contract 6.4, 7.5, 7.8, I5, I8)."""

from __future__ import annotations

import pytest

from tests.domain.jobs import JOB as SAMPLE
from tests.engine.world import NOW_MS
from whimbrel.domain.claims import Standing
from whimbrel.domain.firmware import FirmwareStatus
from whimbrel.domain.gate import Evidence, Wave
from whimbrel.domain.job import Job, JobStatus, JobType, SelectionType
from whimbrel.domain.rollout import Gate, Hold, Pace, Rollout, Stage, Window
from whimbrel.domain.stages import StageMove
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.plan import Step, StepKind, plan
from whimbrel.ports.store import JobState

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
START, HALT, END_SCHEDULE, CANCEL, FILL, STAGE, WAVE, AGAIN, DELIVER, DISPATCH, END = StepKind
COMPLETED = Step(END, JobStatus.COMPLETED)

JOB = SAMPLE._replace(created_ms=NOW_MS, modified_ms=NOW_MS)
UNFILLED = JOB._replace(is_filled=False)
CANCELLING = JOB._replace(cancelling=frozenset({QUEUED}))
VERIFY = JOB._replace(job_type=JobType.VERIFY)
PLANNED = JOB._replace(status=JobStatus.PLANNED, schedule_ms=NOW_MS, is_filled=False)
FINISHING = JOB._replace(schedule_finish_ms=NOW_MS)
FINISHED = FINISHING._replace(schedule_ended_ms=NOW_MS, dispatch_after=3)


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
    assert plan(JobState(job, counts, newest_task_id), NOW_MS) == steps


@pytest.mark.parametrize("status", [JobStatus.PLANNED, JobStatus.COMPLETED, JobStatus.CANCELED])
@pytest.mark.parametrize("job", [UNFILLED, CANCELLING, JOB, FINISHING])
def test_only_running_jobs_have_steps(job: Job, status: JobStatus) -> None:
    """A job that has not begun or has ended needs nothing, whatever its cursors say."""
    assert plan(JobState(job._replace(status=status), {QUEUED: 3}, 3, has_ready=True), NOW_MS + 9) == []


@pytest.mark.parametrize(
    ("job", "counts", "after_ms", "steps"),
    [
        # a planned job begins at its time, not a millisecond earlier, and does nothing else in that step
        (PLANNED, {}, -1, []),
        (PLANNED, {}, 0, [Step(START)]),
        (PLANNED, {}, 86_400_000, [Step(START)]),
        (PLANNED._replace(schedule_finish_ms=NOW_MS), {}, 1, [Step(START)]),
        # the end of the schedule comes before anything that would still leave
        (FINISHING, {QUEUED: 3}, -1, [Step(DISPATCH)]),
        (FINISHING, {QUEUED: 3}, 0, [Step(END_SCHEDULE)]),
        (FINISHING._replace(is_filled=False), {QUEUED: 3}, 0, [Step(END_SCHEDULE)]),
        (FINISHING, {SUCCEEDED: 3}, 0, [Step(END_SCHEDULE)]),
        # it comes once; what has begun goes on, and then the job is complete
        (FINISHED._replace(cancelling=frozenset({QUEUED})), {QUEUED: 3}, 9, [Step(CANCEL)]),
        (FINISHED, {CANCELED: 2, IN_PROGRESS: 1}, 9, []),
        (FINISHED, {CANCELED: 3}, 9, [COMPLETED]),
    ],
)
def test_schedule(job: Job, counts: dict[TaskStatus, int], after_ms: int, steps: list[Step]) -> None:
    """A job begins at ScheduleTime and ends what has not begun at ScheduleFinishTime (api-contract 7.5)."""
    assert plan(JobState(job, counts, 3), NOW_MS + after_ms) == steps


@pytest.mark.parametrize(
    ("job", "counts", "free", "has_ready", "steps"),
    [
        # the pace: nothing is looked at while nothing may be told
        (JOB, {QUEUED: 3}, 1, False, [Step(DISPATCH)]),
        (JOB, {QUEUED: 3}, 0, False, []),
        (UNFILLED, {QUEUED: 3}, 0, True, [Step(FILL)]),
        # devices that came later go first
        (JOB, {QUEUED: 3}, None, True, [Step(DELIVER), Step(DISPATCH)]),
        (JOB._replace(dispatch_after=3), {QUEUED: 3}, 1, True, [Step(DELIVER)]),
        (JOB._replace(dispatch_after=3), {QUEUED: 3}, 0, True, []),
        # I8: not while a cancel is under way; and never without NeedPush
        (CANCELLING, {QUEUED: 3}, None, True, [Step(CANCEL)]),
        (JOB._replace(need_push=False), {QUEUED: 3}, None, True, []),
        # what is queued no more is taken off before the job ends
        (JOB, {CANCELED: 3}, 0, True, [Step(DELIVER)]),
        (JOB, {CANCELED: 3}, 0, False, [Step(END, JobStatus.CANCELED)]),
    ],
)
def test_I5_pace(job: Job, counts: dict[TaskStatus, int], free: int | None, has_ready: bool, steps: list[Step]) -> None:
    """Devices are told as far as MaximumPerMinute allows, those that came later first (api-contract 7.8)."""
    paced = job if free is None else job._replace(maximum_per_minute=10)
    standing = Standing(told=0 if free is None else 10 - free)
    assert plan(JobState(paced, counts, 3, standing, has_ready=has_ready), NOW_MS) == steps


@pytest.mark.parametrize(
    ("ended_ms", "counts", "steps"),
    [
        (None, {}, []),
        (None, {SUCCEEDED: 3}, []),
        (NOW_MS, {NOTIFIED: 1, SUCCEEDED: 2}, []),
        (NOW_MS, {SUCCEEDED: 3}, [Step(END, JobStatus.CANCELED)]),
        (NOW_MS, {}, [Step(END, JobStatus.CANCELED)]),
    ],
)
def test_dynamic(ended_ms: int | None, counts: dict[TaskStatus, int], steps: list[Step]) -> None:
    """A dynamic job ends only when its strategy did, with its last open task (api-contract 6.4, 10.6)."""
    job = JOB._replace(selection_type=SelectionType.DYNAMIC, strategy_ended_ms=ended_ms)
    assert plan(JobState(job, counts, 3), NOW_MS) == steps


GATED = JOB._replace(rollout=Rollout(gate=Gate()))
PACED = JOB._replace(rollout=Rollout(gate=Gate(), pace=Pace(first=2, growth=5)))
STAGED = JOB._replace(rollout=Rollout(stages=(Stage(devices=10, soak_minutes=5), Stage(percent="50"))), stage_until=0)
SOAKED_MS = NOW_MS - 5 * 60_000
NIGHT = JOB._replace(rollout=Rollout(windows=(Window(0x7F, 22 * 60, 23 * 60),), time_zone="UTC"))  # NOW_MS is 22:13:20


@pytest.mark.parametrize(
    ("job", "standing", "steps"),
    [
        # the gate: alone when it trips, and then nothing more is decided
        (GATED, Standing(waves=(Wave(1, 2, 1),)), [Step(WAVE, wave=3), Step(DISPATCH)]),
        (GATED._replace(is_filled=False), Standing(waves=(Wave(1, 2, 2),)), [Step(HALT, evidence=Evidence(2, 2))]),
        (GATED._replace(hold=Hold.HALTED, is_filled=False), Standing(waves=(Wave(1, 2, 2),)), [Step(FILL)]),
        (GATED._replace(hold=Hold.PAUSED), Standing(waves=(Wave(1, 2, 1),)), []),
        (CANCELLING._replace(hold=Hold.PAUSED), Standing(), [Step(CANCEL)]),
        # I6: as many at risk as the evidence allows, and not one more
        (PACED, Standing(exposed=1), [Step(DISPATCH)]),
        (PACED, Standing(exposed=2), []),
        (PACED._replace(wave=9), Standing(exposed=6, proved=1, waves=(Wave(1, 7, 0),)), [Step(DISPATCH)]),
        (PACED._replace(wave=9), Standing(exposed=7, proved=1, waves=(Wave(1, 8, 0),)), []),
        (PACED._replace(wave=19), Standing(exposed=2, proved=32, waves=(Wave(1, 99, 1),)), []),
        # stages
        (STAGED._replace(is_filled=False), Standing(20), [Step(FILL)]),
        (STAGED, Standing(20), [Step(STAGE, move=StageMove(0, 10))]),
        (STAGED._replace(stage_until=2), Standing(20), [Step(DISPATCH)]),
        (STAGED._replace(stage_until=2, dispatch_after=2), Standing(20), []),
        # windows
        (NIGHT, Standing(), [Step(DISPATCH)]),
        (NIGHT._replace(rollout=NIGHT.rollout._replace(time_zone="Asia/Tokyo")), Standing(), []),
    ],
)
def test_rollout(job: Job, standing: Standing, steps: list[Step]) -> None:
    """Gate, pace, stage and window decide who may begin (design.md part 4)."""
    assert plan(JobState(job, {QUEUED: 3}, 3, standing), NOW_MS) == steps


@pytest.mark.parametrize(
    ("job", "proved", "steps"),
    [
        (STAGED._replace(stage_until=9), 4, []),
        (STAGED._replace(stage_until=9), 5, [Step(STAGE, move=StageMove(0, soaks=True))]),
        (STAGED._replace(stage_until=9, soaked_ms=SOAKED_MS + 1), 5, []),
        (STAGED._replace(stage_until=9, soaked_ms=SOAKED_MS), 5, [Step(STAGE, move=StageMove(1, 10))]),
        (STAGED._replace(stage_until=9, soaked_ms=SOAKED_MS, hold=Hold.PAUSED), 5, []),
        (STAGED._replace(stage_until=9, stage=1), 5, [Step(STAGE, move=StageMove(2, None))]),
        (STAGED._replace(stage=2), 20, []),
    ],
)
def test_next_stage(job: Job, proved: int, steps: list[Step]) -> None:
    """A stage is followed by the next when half of its devices have succeeded and it has soaked."""
    state = JobState(job._replace(dispatch_after=9), {NOTIFIED: 3}, 9, Standing(20, proved=proved), proved)
    assert plan(state, NOW_MS) == steps
