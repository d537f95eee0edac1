"""A device says which version a module of it runs: the only thing that makes an upgrade a success (I7).

In this order: the version is stored; the device's open task of that module succeeds or fails by domain/task.py, and is
queued again by domain/retry.py; a dynamic job that the device follows gives it a task; queued tasks that have become
deliverable are sent.

Source: device-protocol 3, api-contract 7.4.
"""

from __future__ import annotations

import msgspec

from whimbrel.domain.ota_module import DEFAULT_MODULE, MODULE_NAME
from whimbrel.domain.task import after_version
from whimbrel.domain.version import is_reportable
from whimbrel.errors import ReportError
from whimbrel.reports.declaration import Message, Outcome, ReportContext, report
from whimbrel.reports.following import follow
from whimbrel.reports.open_tasks import goal_of, judged, open_of_module, push


class VersionParams(msgspec.Struct, frozen=True):
    version: str
    module: str | None = DEFAULT_MODULE


class VersionMessage(Message, frozen=True, kw_only=True):
    params: VersionParams


@report(topic="/ota/device/inform/{pk}/{dn}")
async def handle(message: VersionMessage, context: ReportContext) -> Outcome:
    version, module_name = message.params.version, message.params.module or DEFAULT_MODULE
    if not is_reportable(version) or MODULE_NAME.fullmatch(module_name) is None:
        raise ReportError("a version has 1 to 64 printable characters, a module name 1 to 64 of A-Z a-z 0-9 . _ -")
    if not await take_version(context, module_name, version):
        raise ReportError("the device was deleted, or has reported too many modules")
    return Outcome(notices=await push(context, again=False))


async def take_version(context: ReportContext, module_name: str, version: str) -> bool:
    """The device runs this version of the module now; False, and nothing changed, when it was deleted or has reported
    too many modules. Whatever protocol it says so by, this is what it means.
    """
    if not await context.store.module_versions.put(context.device_id, module_name, version, context.now_ms):
        return False
    for task, job in await open_of_module(context, module_name):
        changed = after_version(task, version, goal_of(job))
        await judged(context, task, changed, job)
    await follow(context, module_name, version)
    return True
