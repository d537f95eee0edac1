"""A DDI device says that it runs some firmware already, by name and version (ddi-protocol 8).

It is the version report of that firmware's module, no more: it may make an open task a success (I7).
"""

from __future__ import annotations

from whimbrel.reports.ddi.verdict import Verdict
from whimbrel.reports.declaration import ReportContext
from whimbrel.reports.inform_version import take_version


async def runs(name: str, version: str, context: ReportContext) -> Verdict:
    module_name = await context.store.ddi_devices.module_of_firmware(context.device_id, name, version)
    if module_name is None:
        return Verdict.UNKNOWN
    before = await context.store.module_versions.get(context.device_id, module_name)
    if not await take_version(context, module_name, version):
        return Verdict.TOO_MANY
    await context.store.ddi_actions.close_installed(context.device_id, context.now_ms)
    return Verdict.TAKEN if before == version else Verdict.CREATED
