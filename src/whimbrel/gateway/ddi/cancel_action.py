"""What the device is to stop, and what it answers to that (ddi-protocol 6)."""

from __future__ import annotations

from whimbrel.asgi import Answer
from whimbrel.domain.ddi_action import ActionState
from whimbrel.gateway.ddi.answers import document, of_verdict
from whimbrel.gateway.ddi.bodies import read_feedback
from whimbrel.gateway.ddi.deployment import not_found
from whimbrel.gateway.ddi.exchange import DdiRequest, Desk, report
from whimbrel.reports.ddi.cancel_feedback import answered


async def show(request: DdiRequest, desk: Desk) -> Answer:
    number = request.number
    async with desk.store.snapshot() as store:
        action = await store.ddi_actions.by_number(request.contact.device_id, number)
    if action is None or not (action.is_cancelling or action.state is ActionState.CANCELED):
        raise not_found()
    return document({"id": str(number), "cancelAction": {"stopId": str(number)}}, request.media)


async def take_feedback(request: DdiRequest, desk: Desk) -> Answer:
    number, feedback = request.number, read_feedback(request)
    verdict = await report(request, desk, "ddi_cancel_feedback", lambda context: answered(number, feedback, context))
    return of_verdict(verdict)
