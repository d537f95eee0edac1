"""Consent of somebody at the device (ddi-protocol 7)."""

from __future__ import annotations

from typing import Any

import msgspec

from whimbrel.asgi import Answer
from whimbrel.domain.ddi_offer import OfferKind
from whimbrel.gateway.ddi.answers import document, nothing, of_verdict
from whimbrel.gateway.ddi.bodies import read_auto_confirm, read_consent
from whimbrel.gateway.ddi.deployment import content_number, described, find, not_found
from whimbrel.gateway.ddi.exchange import DdiRequest, Desk, report
from whimbrel.gateway.ddi.poll import offered
from whimbrel.reports.ddi.confirmation import confirmed_beforehand, confirmed_no_more, consented


async def show_all(request: DdiRequest, desk: Desk) -> Answer:
    found = await offered(request, desk)
    if found is None:
        return nothing(401)
    view, offer = found
    is_on = bool(view.auto_confirm)
    auto = {"active": is_on, **(msgspec.json.decode(view.auto_confirm) if is_on else {})}
    turn = "deactivateAutoConfirm" if is_on else "activateAutoConfirm"
    links: dict[str, Any] = {turn: {"href": f"{request.hrefs.confirmations}/{turn}"}}
    if offer.kind is OfferKind.CONFIRM and offer.open_task is not None:
        number = content_number(offer.open_task.task, offer.open_task.job)
        links["confirmationBase"] = {"href": request.hrefs.confirmation(offer.number, number)}
    return document({"autoConfirm": auto, "_links": links}, request.media)


async def show(request: DdiRequest, desk: Desk) -> Answer:
    found = await find(request, desk)
    if not found.action.awaits_confirmation:
        raise not_found()
    return document(await described(found, "confirmation", request, desk), request.media)


async def take_feedback(request: DdiRequest, desk: Desk) -> Answer:
    number, consent = request.number, read_consent(request)
    verdict = await report(request, desk, "ddi_consent", lambda context: consented(number, consent, context))
    return of_verdict(verdict)


async def activate(request: DdiRequest, desk: Desk) -> Answer:
    told = read_auto_confirm(request) | {"activatedAt": desk.clock.now_ms()}
    kept = msgspec.json.encode(told).decode()
    verdict = await report(request, desk, "ddi_auto_confirm", lambda context: confirmed_beforehand(kept, context))
    return of_verdict(verdict)


async def deactivate(request: DdiRequest, desk: Desk) -> Answer:
    return of_verdict(await report(request, desk, "ddi_auto_confirm", confirmed_no_more))
