"""The older way to ask for an upgrade: the answer comes as a notice on the upgrade topic.

Source: device-protocol 2 (`/ota/device/request`).
"""

from __future__ import annotations

from whimbrel.reports.declaration import Outcome, ReportContext, report
from whimbrel.reports.get_firmware import PullMessage, pull


@report(topic="/ota/device/request/{pk}/{dn}")
async def handle(message: PullMessage, context: ReportContext) -> Outcome:
    answer = await pull(message, context)
    return Outcome(notices=(answer.notice,) if answer.notice else ())
