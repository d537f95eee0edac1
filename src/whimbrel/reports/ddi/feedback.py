"""A DDI device says how its upgrade goes (ddi-protocol 5).

1. An action that is closed takes no more (I4). One whose task has ended without it, or was started again, takes words
   as history only (I13); what it installed nevertheless is recorded as its version.
2. Anything but `closed` is progress: the first starts the timeout's clock, as with any other device.
3. `closed` with `failure` is step -1; the job may retry it, which is another action.
4. `closed` with `success` or `none` is the version report of what the action brought: the only success there is (I7).
"""

from __future__ import annotations

from whimbrel.domain.ddi_action import Action, ActionState
from whimbrel.domain.ddi_feedback import Feedback, Message
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task, after_progress
from whimbrel.reports.ddi.verdict import Verdict
from whimbrel.reports.declaration import ReportContext
from whimbrel.reports.inform_version import take_version
from whimbrel.reports.open_tasks import goal_of, judged

FAILURE_STEP = -1


async def told(number: int, feedback: Feedback, context: ReportContext) -> Verdict:
    action = await context.store.ddi_actions.by_number(context.device_id, number)
    if action is None or action.is_withheld:
        return Verdict.UNKNOWN
    if not action.is_active:
        return Verdict.CLOSED
    found = await context.store.tasks.with_job(action.task_id)
    assert found is not None, "an action refers to its task"
    task, job = found
    await context.store.ddi_actions.say(action, Message(context.now_ms, feedback.execution, feedback.words))
    if feedback.is_success:
        return await _installed(action, job, context)
    if action.is_current and action.state is ActionState.OPEN:
        await _progressed(task, job, feedback, context)
    if feedback.is_failure:
        await _close(action, ActionState.FAILED, context)
    return Verdict.TAKEN


async def _progressed(task: Task, job: Job, feedback: Feedback, context: ReportContext) -> None:
    step = FAILURE_STEP if feedback.is_failure else task.progress if feedback.percent is None else feedback.percent
    goal = goal_of(job)
    await judged(context, task, after_progress(task, step, feedback.words, goal, context.now_ms), job)


async def _installed(action: Action, job: Job, context: ReportContext) -> Verdict:
    if not await take_version(context, job.module_name, job.dest_version):
        return Verdict.TOO_MANY
    await _close(action, ActionState.SUCCEEDED, context)
    await context.store.ddi_devices.want_attributes(context.device_id)
    return Verdict.TAKEN


async def _close(action: Action, state: ActionState, context: ReportContext) -> None:
    """A task that had ended without this action is not made a success or a failure by it (I4)."""
    after = await context.store.ddi_actions.by_number(action.device_id, action.number)
    is_success = after is not None and after.is_installed
    is_own = action.is_current and action.state is ActionState.OPEN and (state is ActionState.FAILED or is_success)
    await context.store.ddi_actions.close(action, state if is_own else ActionState.CANCELED, context.now_ms)
