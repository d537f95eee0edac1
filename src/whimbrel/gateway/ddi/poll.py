"""GET of the base: what the device is to do next (ddi-protocol 3)."""

from __future__ import annotations

from typing import Any

from whimbrel.asgi import Answer, header
from whimbrel.domain.ddi_access import polling_text
from whimbrel.domain.ddi_offer import DeviceView, Offer, OfferKind, next_offer
from whimbrel.gateway.ddi.answers import nothing, tagged_document
from whimbrel.gateway.ddi.deployment import content_number
from whimbrel.gateway.ddi.exchange import DdiRequest, Desk, report
from whimbrel.gateway.ddi.last_seen import due_after
from whimbrel.reports.ddi.poll import Poll, polled


async def handle(request: DdiRequest, desk: Desk) -> Answer:
    found = await offered(request, desk)
    if found is None:
        return nothing(401)
    content = {
        "config": {"polling": {"sleep": polling_text(request.contact.polling_s)}},
        "_links": _links(*found, request),
    }
    return tagged_document(content, request.media, header(request.connection[0], b"if-none-match"))


async def offered(request: DdiRequest, desk: Desk) -> tuple[DeviceView, Offer] | None:
    """What the device is offered, in the store where that is needed; None when it is let in no more."""
    view, polling_s, now_ms = request.view, request.contact.polling_s, desk.clock.now_ms()
    if view is not None and not view.is_away and not view.is_further:
        offer = next_offer(view, now_ms)
        if not offer.needs_change:
            desk.last_seen.note(view, polling_s, now_ms)
            return view, offer
    client = request.connection[0].get("client")
    poll = Poll(due_after(polling_s, now_ms), client[0] if client else "")
    return await report(request, desk, "ddi_poll", lambda context: polled(poll, context))


def _links(view: DeviceView, offer: Offer, request: DdiRequest) -> dict[str, Any]:
    hrefs, links = request.hrefs, {}
    task = offer.open_task
    if offer.kind is OfferKind.CANCEL:
        links["cancelAction"] = hrefs.cancel(offer.number)
    elif offer.kind is OfferKind.DEPLOY and task is not None:
        links["deploymentBase"] = hrefs.deployment(offer.number, content_number(task.task, task.job))
    elif offer.kind is OfferKind.CONFIRM and task is not None:
        links["confirmationBase"] = hrefs.confirmation(offer.number, content_number(task.task, task.job))
    if view.installed:
        links["installedBase"] = hrefs.installed(view.installed)
    if view.wants_attributes:
        links["configData"] = hrefs.config_data
    return {name: {"href": href} for name, href in links.items()}
