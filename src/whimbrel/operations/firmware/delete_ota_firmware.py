"""Deletes firmware; its files are removed from disk when nothing else refers to them.

1. Refused while a job of it is planned or running.
2. Ended jobs stay and can be queried.

Source: api-contract 8.4, 7.1.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.errors import FirmwareInUseError, FirmwareNotFoundError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.lookup import find_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX


class Request(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[str, Field("The firmware.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError)]


EXAMPLE = Example(request={"FirmwareId": "1001"}, response=EmptyResponse())


@operation(
    action="DeleteOTAFirmware",
    permission=Permission.FIRMWARE_WRITE,
    example=EXAMPLE,
    errors=(FirmwareNotFoundError, FirmwareInUseError),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    firmware = await find_firmware(context, request.firmware_id)
    if await context.store.jobs.has_unfinished(firmware.id):
        raise FirmwareInUseError
    await context.store.firmware.delete(firmware)
    return EmptyResponse()
