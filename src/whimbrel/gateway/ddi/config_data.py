"""PUT configData: what the device says it is (ddi-protocol 9)."""

from __future__ import annotations

from whimbrel.asgi import Answer
from whimbrel.gateway.ddi.answers import of_verdict
from whimbrel.gateway.ddi.bodies import read_config_data
from whimbrel.gateway.ddi.exchange import DdiRequest, Desk, report
from whimbrel.reports.ddi.attributes import ConfigData, described


async def take(request: DdiRequest, desk: Desk) -> Answer:
    mode, data = read_config_data(request)
    message = ConfigData(mode, data, request.contact.version_attribute)
    return of_verdict(await report(request, desk, "ddi_config_data", lambda context: described(message, context)))
