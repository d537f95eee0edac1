"""What the device has installed: to be downloaded again after a reset of its own (ddi-protocol 8)."""

from __future__ import annotations

from whimbrel.asgi import Answer
from whimbrel.domain.ddi_action import ActionState
from whimbrel.gateway.ddi.answers import document
from whimbrel.gateway.ddi.deployment import described, find, not_found
from whimbrel.gateway.ddi.exchange import DdiRequest, Desk


async def show(request: DdiRequest, desk: Desk) -> Answer:
    found = await find(request, desk)
    if found.action.state is not ActionState.SUCCEEDED:
        raise not_found()
    return document(await described(found, "deployment", request, desk), request.media)
