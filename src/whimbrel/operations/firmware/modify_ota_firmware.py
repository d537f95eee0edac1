"""Changes the name, the description and the Udi of firmware; its files and versions never change (I11).

1. What is not given stays as it is; the name is unique in the account.
2. Jobs that exist go on with the name and the Udi that they were made with.
3. The Udi is called FirmwareUdi by one vendor and Udi by the other: give one.

Source: api-contract 8.3. Both vendors say that the name is fixed, and take FirmwareName all the same; here it renames.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.firmware import DESCRIPTION_LENGTH_MAX, NAME, UDI_LENGTH_MAX
from whimbrel.errors import FirmwareExistsError, FirmwareNotFoundError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.lookup import find_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX


class Request(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[str, Field("The firmware.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError)]
    product_key: Annotated[str | None, Field("Its product; when given it must be.", length_max=64)] = None
    firmware_name: Annotated[str | None, Field("Its new name, unique in the account.", pattern=NAME)] = None
    firmware_desc: Annotated[str | None, Field("What is new.", length_max=DESCRIPTION_LENGTH_MAX)] = None
    firmware_udi: Annotated[str | None, Field("Text handed to devices.", length_max=UDI_LENGTH_MAX)] = None
    udi: Annotated[str | None, Field("The other name of FirmwareUdi.", length_max=UDI_LENGTH_MAX)] = None


EXAMPLE = Example(request={"FirmwareId": "1001", "FirmwareDesc": "Dims without flicker"}, response=EmptyResponse())


@operation(
    action="ModifyOTAFirmware",
    permission=Permission.FIRMWARE_WRITE,
    example=EXAMPLE,
    errors=(FirmwareNotFoundError, FirmwareExistsError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=5),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    if None not in (request.udi, request.firmware_udi) and request.udi != request.firmware_udi:
        raise OtaInvalidParameterError("FirmwareUdi and Udi are two names of one text; give one")
    firmware = await find_firmware(context, request.firmware_id, request.product_key)
    udi = request.udi if request.firmware_udi is None else request.firmware_udi
    changed = firmware._replace(
        name=firmware.name if request.firmware_name is None else request.firmware_name,
        description=firmware.description if request.firmware_desc is None else request.firmware_desc,
        udi=firmware.udi if udi is None else udi,
    )
    await context.store.firmware.modify(changed, context.now_ms)
    return EmptyResponse()
