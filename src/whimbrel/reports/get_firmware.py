"""A device asks whether there is an upgrade for it.

1. Works with NeedPush true and false; never delivers a task that waits for confirmation.
2. Without a module: the default module's task first, else the oldest of any module.
3. A notified or running task is answered again with a fresh link; a queued one is notified from now on.

Source: device-protocol 6.
"""

from __future__ import annotations

import msgspec

from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.reports.declaration import Message, Outcome, Pull, ReportContext, report
from whimbrel.reports.open_tasks import deliverable, notify


class PullParams(msgspec.Struct, frozen=True):
    module: str | None = ""


class PullMessage(Message, frozen=True, kw_only=True):
    params: PullParams | None = None
    module: str | None = ""  # one variant of the protocol puts it at the top


@report(
    topic="/sys/{pk}/{dn}/thing/ota/firmware/get",
    reply_topic="/sys/{pk}/{dn}/thing/ota/firmware/get_reply",
)
async def handle(message: PullMessage, context: ReportContext) -> Outcome:
    return Outcome(pull=await pull(message, context))


async def pull(message: PullMessage, context: ReportContext) -> Pull:
    """The answer for the module asked for, or for the device as a whole."""
    wanted = (message.params.module if message.params else "") or message.module
    open_tasks = await deliverable(context)
    chosen = [(task, job) for task, job in open_tasks if job.module_name == (wanted or DEFAULT_MODULE)]
    if not chosen and not wanted:
        chosen = open_tasks
    if not chosen:
        return Pull(message.id, None)
    for task, job in chosen:
        notice = await notify(context, task, job)
        if notice is not None:
            return Pull(message.id, notice)
    return Pull(message.id, None)
