"""What a polling DDI device is offered: one thing at a time, chosen by these pure functions (ddi-protocol 3)."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from whimbrel.domain.ddi_action import Action, ActionState
from whimbrel.domain.delivery import is_in_schedule
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.job import Job
from whimbrel.domain.notice import may_deliver
from whimbrel.domain.task import Task, TaskStatus


class OpenTask(NamedTuple):
    """An open task, what the device reported for its module, and how many more devices its job may tell now (None: any
    number).
    """

    task: Task
    job: Job
    reported: str | None
    free: int | None = None

    @property
    def has_room(self) -> bool:
        """Whether its job lets one more device be told now (I5, I6)."""
        return self.free is None or self.free > 0


class DeviceView(NamedTuple):
    """All that a poll looks at. `due_ms` None: it never polled, or was silent for too long. `installed`: the number of
    its newest action that succeeded, 0 without one. `auto_confirm`: who turned it on, empty when it is off.
    """

    device_id: int
    status: DeviceStatus
    due_ms: int | None
    wants_attributes: bool
    auto_confirm: str
    installed: int
    actions: tuple[Action, ...]
    tasks: tuple[OpenTask, ...]

    @property
    def is_away(self) -> bool:
        """Whether this poll is news: the device was not online, or was never seen here."""
        return self.status is not DeviceStatus.ONLINE or self.due_ms is None

    @property
    def is_further(self) -> bool:
        """Whether the device runs what an action brought, and said so by another way than that action."""
        return any(action.is_installed for action in self.actions)


class OfferKind(Enum):
    NOTHING = "nothing"
    CONFIRM = "confirmationBase"
    CANCEL = "cancelAction"
    DEPLOY = "deploymentBase"


class Offer(NamedTuple):
    """What the device is offered. `number` 0: the action is still to be made. `claims`: its task is to be told now."""

    kind: OfferKind
    number: int = 0
    open_task: OpenTask | None = None
    claims: bool = False
    confirms: bool = False

    @property
    def needs_change(self) -> bool:
        """Whether the store has to change before it may be offered."""
        return self.kind is not OfferKind.NOTHING and (self.number == 0 or self.claims or self.confirms)


NOTHING = Offer(OfferKind.NOTHING)


def next_offer(view: DeviceView, now_ms: int) -> Offer:
    """What has to stop comes first, then the oldest task that may be told; without room for it, nothing (I5)."""
    for action in view.actions:
        if action.is_cancelling:
            return Offer(OfferKind.CANCEL, action.number)
    for found in view.tasks:
        offer = _offer_of(found, view, now_ms)
        if offer is not None:
            return offer
    return NOTHING


def _offer_of(found: OpenTask, view: DeviceView, now_ms: int) -> Offer | None:
    """What the task is to the device now; None when it is nothing to it, and the next one is looked at."""
    task, job = found.task, found.job
    number = next((a.number for a in view.actions if _is_of(a, task)), 0)
    if task.status is TaskStatus.CONFIRM:
        is_askable = is_in_schedule(job.schedule_ms, job.schedule_finish_ms, now_ms)
        if task.status in job.cancelling or job.is_held or not is_askable:
            return None
        if not view.auto_confirm:
            return Offer(OfferKind.CONFIRM, number, found)
        # It is told with that, so it waits for what any other waits for.
        if not may_deliver(task._replace(status=TaskStatus.QUEUED), job, found.reported, now_ms):
            return None
        return Offer(OfferKind.DEPLOY, number, found, claims=True, confirms=True) if found.has_room else NOTHING
    if not may_deliver(task, job, found.reported, now_ms):
        return None
    if task.status is not TaskStatus.QUEUED:
        return Offer(OfferKind.DEPLOY, number, found)
    return Offer(OfferKind.DEPLOY, number, found, claims=True) if found.has_room else NOTHING


def _is_of(action: Action, task: Task) -> bool:
    return action.state is ActionState.OPEN and (action.task_id, action.attempt) == (task.id, task.attempt)
