"""A DDI device polls: presence, and what it is offered, when that changes the store (ddi-protocol 3).

Most polls change nothing and do not come here; the door answers them from what it read. A task is told by the offer:
the device asked, so NeedPush does not matter, but MaximumPerMinute does (I5).
"""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.ddi_offer import NOTHING, DeviceView, Offer, next_offer
from whimbrel.domain.task import TaskStatus, confirmed
from whimbrel.ports.store import Seen
from whimbrel.reports.declaration import ReportContext


class Poll(NamedTuple):
    """A poll, and until when the device counts as online by it."""

    due_ms: int
    ip_address: str


class Polled(NamedTuple):
    """What the poll came to: what is known of the device, and what it is offered."""

    view: DeviceView
    offer: Offer


async def polled(poll: Poll, context: ReportContext) -> Polled | None:
    """None when the device was disabled or deleted meanwhile."""
    device_id = context.device_id
    view = (await context.store.ddi_devices.views([device_id])).get(device_id)
    if view is None:
        return None
    seen = Seen(device_id, poll.due_ms)
    if view.is_away and not await context.store.ddi_devices.came(seen, poll.ip_address, context.now_ms):
        return None
    if view.is_further:
        view = await _caught_up(view, context)
    offer = next_offer(view, context.now_ms)
    return Polled(view, await _made(offer, context) if offer.needs_change else offer)


async def _caught_up(view: DeviceView, context: ReportContext) -> DeviceView:
    """As after the feedback that the device has given elsewhere: what it installed is closed, and it is asked anew."""
    await context.store.ddi_actions.close_installed(view.device_id, context.now_ms)
    await context.store.ddi_devices.want_attributes(view.device_id)
    return (await context.store.ddi_devices.views([view.device_id])).get(view.device_id, view)


async def _made(offer: Offer, context: ReportContext) -> Offer:
    """The offer once the store says so too; NOTHING when another was quicker, or the pace has no room."""
    assert offer.open_task is not None, "only a task is claimed"
    task, job = offer.open_task.task, offer.open_task.job
    if offer.confirms:
        released = confirmed(task)
        if released is None or not await context.store.tasks.change(task, released, context.now_ms):
            return NOTHING
        task = released
    if offer.claims and task.status is TaskStatus.QUEUED:
        claimed = await context.store.pacing.claim(task, job, context.now_ms)
        if claimed is None:
            return NOTHING
        task = claimed
    number = await context.store.ddi_actions.make(task, context.now_ms)
    return Offer(offer.kind, number, offer.open_task._replace(task=task))
