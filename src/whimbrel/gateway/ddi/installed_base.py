"""What the device has installed: to be downloaded again after a reset of its own (ddi-protocol 8)."""

from __future__ import annotations

from whimbrel.asgi import Answer
from whimbrel.domain.ddi_action import ActionState
from whimbrel.gateway.ddi.answers import document, of_verdict
from whimbrel.gateway.ddi.bodies import read_installed
from whimbrel.gateway.ddi.deployment import described, find, not_found
from whimbrel.gateway.ddi.exchange import DdiRequest, Desk, report
from whimbrel.reports.ddi.installed import runs


async def show(request: DdiRequest, desk: Desk) -> Answer:
    found = await find(request, desk)
    if found.action.state is not ActionState.SUCCEEDED:
        raise not_found()
    return document(await described(found, "deployment", request, desk), request.media)


async def take(request: DdiRequest, desk: Desk) -> Answer:
    """The device runs firmware of that name and version already."""
    name, version = read_installed(request)
    return of_verdict(await report(request, desk, "ddi_installed", lambda context: runs(name, version, context)))
