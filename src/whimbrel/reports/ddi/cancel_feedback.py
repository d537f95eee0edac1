"""A DDI device answers that it stops, or that it will not (ddi-protocol 6).

A cancelled task stays cancelled whatever the device answers (I4): a refusal only ends the asking. The device may still
say on the other channel how it ended.
"""

from __future__ import annotations

from whimbrel.domain.ddi_action import after_cancel_feedback
from whimbrel.domain.ddi_feedback import Feedback, Message
from whimbrel.reports.ddi.verdict import Verdict
from whimbrel.reports.declaration import ReportContext


async def answered(number: int, feedback: Feedback, context: ReportContext) -> Verdict:
    action = await context.store.ddi_actions.by_number(context.device_id, number)
    if action is None:
        return Verdict.UNKNOWN
    if not action.is_active:
        return Verdict.CLOSED
    if not action.is_cancelling:
        return Verdict.NOT_CANCELLING
    await context.store.ddi_actions.say(action, Message(context.now_ms, feedback.execution, feedback.words))
    state = after_cancel_feedback(feedback)
    if state is not None:
        await context.store.ddi_actions.close(action, state, context.now_ms)
    return Verdict.TAKEN
