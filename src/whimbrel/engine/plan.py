"""What a job needs next: pure, from the job, the counts of its tasks and the time to steps (style-anchors 1.5).

A step may be taken twice or be interrupted: it says what to do from the durable cursors, not what was done.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from whimbrel.domain.claims import current_wave, evidence_to_halt
from whimbrel.domain.firmware import FirmwareStatus, status_after_verification
from whimbrel.domain.gate import Evidence
from whimbrel.domain.job import Counts, Job, JobStatus, JobType, status_after
from whimbrel.domain.stages import StageMove, soaks_until_ms, stage_move
from whimbrel.domain.task import TaskStatus
from whimbrel.domain.window import is_open, next_opening_ms
from whimbrel.ports.store import JobState


class StepKind(Enum):
    START = "start"  # the planned job begins; its target set is frozen
    HALT = "halt"  # its gate has tripped
    END_SCHEDULE = "end schedule"  # what has not begun is to be cancelled
    CANCEL = "cancel"  # go on cancelling what was asked for
    FILL = "fill"  # make tasks for the next devices of the target set
    STAGE = "stage"  # the next stage begins, or the one under way begins to soak
    WAVE = "wave"  # devices that start from now on count for a later wave
    AGAIN = "again"  # notify once more the devices that came while nothing might leave
    DELIVER = "deliver"  # notify the next devices that came after the dispatch, or whose retry is due
    DISPATCH = "dispatch"  # notify the next online devices
    END = "end"  # the job has ended


class Step(NamedTuple):
    """One bounded piece of work. `status` and `verdict` belong to END, `verdict` to verify jobs; `evidence` to HALT,
    `move` to STAGE, `wave` to WAVE.
    """

    kind: StepKind
    status: JobStatus | None = None
    verdict: FirmwareStatus | None = None
    evidence: Evidence | None = None
    move: StageMove | None = None
    wave: int = 0


def plan(state: JobState, now_ms: int) -> list[Step]:
    """The job's next steps, at most one of each kind, in the order to take them.

    Dispatch looks at each task once, in the order of ids; a device that is offline then gets its task when it connects.
    While a cancel is under way nothing is dispatched: what leaves now might be what is being cancelled (I8).
    """
    job = state.job
    if job.status is JobStatus.PLANNED and job.schedule_ms is not None and job.schedule_ms <= now_ms:
        return [Step(StepKind.START)]
    if job.status is not JobStatus.IN_PROGRESS:
        return []
    if job.schedule_finish_ms is not None and job.schedule_finish_ms <= now_ms and job.schedule_ended_ms is None:
        return [Step(StepKind.END_SCHEDULE)]
    evidence = evidence_to_halt(job, state.standing)
    if evidence is not None:
        # Alone: what a step reads in its turn decides it anew, so nothing is told on evidence that halts (I8).
        return [Step(StepKind.HALT, evidence=evidence)]
    steps = []
    if job.cancelling:
        steps.append(Step(StepKind.CANCEL))
    if not job.is_filled:
        steps.append(Step(StepKind.FILL))
    steps += _letting_go(state, now_ms)
    # What waits for nothing any more is taken off whatever holds the job, so that it ends without it.
    if state.has_ready and not state.counts.get(TaskStatus.QUEUED, 0):
        steps.append(Step(StepKind.DELIVER))
    if state.has_again and not _has_told(state):
        steps.append(Step(StepKind.AGAIN))
    status = status_after(job, state.counts)
    if not steps and status is not job.status:
        steps.append(Step(StepKind.END, status, _verdict(job, state.counts)))
    return steps


def due_ms(state: JobState, now_ms: int) -> int | None:
    """When time alone lets the job go on: its window opens, or its stage has soaked. None when time does nothing."""
    job = state.job
    if job.is_held or job.status is not JobStatus.IN_PROGRESS:
        return None
    times = (soaks_until_ms(job), next_opening_ms(job.rollout.windows, job.rollout.time_zone, now_ms))
    return min((time_ms for time_ms in times if time_ms is not None and time_ms > now_ms), default=None)


def _letting_go(state: JobState, now_ms: int) -> list[Step]:
    """What lets devices begin. A job that is held stands still here, and its cancels and its filling go on."""
    job = state.job
    if job.is_held:
        return []
    steps = []
    move = stage_move(job, state.standing, state.proved, now_ms)
    if move is not None:
        steps.append(Step(StepKind.STAGE, move=move))
    wave = current_wave(job, state.standing)
    if job.rollout.gate is not None and wave > job.wave:
        steps.append(Step(StepKind.WAVE, wave=wave))
    if job.need_push and not job.cancelling and is_open(job.rollout.windows, job.rollout.time_zone, now_ms):
        steps += _notifying(state)
    return steps


def _notifying(state: JobState) -> list[Step]:
    """As far as pace and stage allow (I5, I6). A repeated notice is no new one."""
    may_notify = state.counts.get(TaskStatus.QUEUED, 0) > 0 and state.free != 0
    steps = []
    if state.has_again and _has_told(state):
        steps.append(Step(StepKind.AGAIN))
    if state.has_ready and may_notify:
        steps.append(Step(StepKind.DELIVER))
    if may_notify and min(state.newest_task_id, state.job.stage_until) > state.job.dispatch_after:
        steps.append(Step(StepKind.DISPATCH))
    return steps


def _has_told(state: JobState) -> bool:
    return any(state.counts.get(status, 0) for status in (TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS))


def _verdict(job: Job, counts: Counts) -> FirmwareStatus | None:
    if job.job_type is not JobType.VERIFY:
        return None
    return status_after_verification(counts.get(TaskStatus.SUCCEEDED, 0), counts.get(TaskStatus.FAILED, 0))
