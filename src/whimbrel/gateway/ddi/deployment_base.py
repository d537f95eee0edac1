"""What an action brings, and how it goes (ddi-protocol 4, 5)."""

from __future__ import annotations

from whimbrel.asgi import Answer
from whimbrel.gateway.ddi.answers import document, of_verdict
from whimbrel.gateway.ddi.bodies import read_feedback
from whimbrel.gateway.ddi.deployment import described, find, not_found
from whimbrel.gateway.ddi.exchange import DdiRequest, Desk, report
from whimbrel.reports.ddi.feedback import told


async def show(request: DdiRequest, desk: Desk) -> Answer:
    found = await find(request, desk)
    if not found.action.is_deployable:
        raise not_found()
    return document(await described(found, "deployment", request, desk), request.media)


async def take_feedback(request: DdiRequest, desk: Desk) -> Answer:
    number, feedback = request.number, read_feedback(request)
    verdict = await report(request, desk, "ddi_feedback", lambda context: told(number, feedback, context))
    return of_verdict(verdict)
