"""Answers one firmware in full, with a download link of 24 hours and the progress of its verification.

Source: api-contract 8.6, 6.1.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.download_link import link_expiry_s, make_firmware_link
from whimbrel.domain.job import verify_progress
from whimbrel.errors import FirmwareNotFoundError
from whimbrel.operations.declaration import Context, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.info import EXAMPLE_INFO, SimpleFirmwareInfo, simple_info
from whimbrel.operations.firmware.lookup import find_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX


class Request(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[
        str,
        Field("The firmware.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError),
    ]


class FirmwareInfo(SimpleFirmwareInfo, frozen=True, kw_only=True):
    firmware_url: Annotated[str, Field("A download link, valid for 24 hours.")]
    udi: Annotated[str, Field("Text handed to devices.")]
    verify_progress: Annotated[int, Field("Percent of the newest verify job's devices that have ended.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    firmware_info: Annotated[FirmwareInfo, Field("The firmware.")]


EXAMPLE = Example(
    request={"FirmwareId": "1001"},
    response=Response(
        firmware_info=FirmwareInfo(
            **msgspec.structs.asdict(EXAMPLE_INFO),
            firmware_url="https://ota.example.com/f/f1001.1735873445.0123456789abcdef0123456789abcdef",
            udi="",
            verify_progress=100,
        )
    ),
)


@operation(
    action="QueryOTAFirmware",
    permission=Permission.FIRMWARE_READ,
    example=EXAMPLE,
    errors=(FirmwareNotFoundError,),
    idempotent=True,
)
async def handle(request: Request, context: Context) -> Response:
    firmware = await find_firmware(context, request.firmware_id)
    counts = await context.store.jobs.latest_verify_counts(firmware.id)
    expires_s = link_expiry_s(context.now_ms // 1000)
    token = make_firmware_link(context.services.link_key, firmware.id, firmware.sha256, expires_s)
    url = f"{context.services.public_url}/f/{token}"
    info = FirmwareInfo(
        **msgspec.structs.asdict(simple_info(firmware)),
        firmware_url=url,
        udi=firmware.udi,
        verify_progress=verify_progress(counts) if counts else 0,
    )
    return Response(firmware_info=info)
