"""Somebody at the device agrees to an upgrade, or does not (ddi-protocol 7).

1. To agree is what ConfirmOTATask does: between the job's start and its ScheduleFinishTime, once.
2. A denied task keeps waiting. One that was confirmed cannot go back to that (api-contract 6.5): denying it is a
   conflict, and what may stop it is a cancel.
3. Who agrees beforehand, for all that comes, also confirms what waits now. With that on, it cannot be turned on again.
"""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.ddi_action import Action
from whimbrel.domain.ddi_feedback import Message
from whimbrel.domain.delivery import is_in_schedule
from whimbrel.domain.task import TaskStatus, confirmed
from whimbrel.reports.ddi.verdict import Verdict
from whimbrel.reports.declaration import ReportContext


class Consent(NamedTuple):
    """The answer, and what was said with it."""

    is_given: bool
    words: str


async def consented(number: int, consent: Consent, context: ReportContext) -> Verdict:
    action = await context.store.ddi_actions.by_number(context.device_id, number)
    if action is None:
        return Verdict.UNKNOWN
    if not action.is_active or not action.is_current:
        return Verdict.CLOSED
    found = await context.store.tasks.with_job(action.task_id)
    assert found is not None, "an action refers to its task"
    if not found[1].need_confirm:
        return Verdict.UNKNOWN
    await _say(action, consent, context)
    if not action.awaits_confirmation:
        return Verdict.TAKEN if consent.is_given else Verdict.CONFLICT
    return await _confirm(action.task_id, context) if consent.is_given else Verdict.TAKEN


async def confirmed_beforehand(initiator: str, context: ReportContext) -> Verdict:
    """`initiator`: who, as it will be shown."""
    view = (await context.store.ddi_devices.views([context.device_id])).get(context.device_id)
    if view is None:
        return Verdict.GONE
    if view.auto_confirm:
        return Verdict.CONFLICT
    await context.store.ddi_devices.auto_confirm(context.device_id, initiator)
    for found in view.tasks:
        if found.task.status is TaskStatus.CONFIRM:
            await _confirm(found.task.id, context)
    return Verdict.TAKEN


async def confirmed_no_more(context: ReportContext) -> Verdict:
    """What was confirmed stays so."""
    await context.store.ddi_devices.auto_confirm(context.device_id, "")
    return Verdict.TAKEN


async def _confirm(task_id: int, context: ReportContext) -> Verdict:
    found = await context.store.tasks.with_job(task_id)
    assert found is not None, "the caller has seen the task"
    task, job = found
    released = None if task.status in job.cancelling else confirmed(task)
    if released is None or not is_in_schedule(job.schedule_ms, job.schedule_finish_ms, context.now_ms):
        return Verdict.CONFLICT
    # Not looked at again by dispatch, as ConfirmOTATask asks for: this device collects its task itself.
    return Verdict.TAKEN if await context.store.tasks.change(task, released, context.now_ms) else Verdict.CONFLICT


async def _say(action: Action, consent: Consent, context: ReportContext) -> None:
    said = "confirmed" if consent.is_given else "denied"
    await context.store.ddi_actions.say(action, Message(context.now_ms, said, consent.words))
