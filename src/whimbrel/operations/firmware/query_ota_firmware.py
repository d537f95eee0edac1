"""Answers one firmware in full, with a download link of 24 hours and the progress of its verification.

Source: api-contract 8.6, 6.1.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.download_link import link_expiry_s, make_firmware_link
from whimbrel.domain.firmware import Firmware
from whimbrel.domain.job import verify_progress
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import FirmwareNotFoundError
from whimbrel.operations.declaration import Context, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.lookup import find_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX


class Request(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[
        str,
        Field("The firmware.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError),
    ]


class FirmwareInfo(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[str, Field("Its id.")]
    firmware_name: Annotated[str, Field("Its name.")]
    firmware_desc: Annotated[str, Field("What is new.")]
    firmware_sign: Annotated[str, Field("Its digest by SignMethod, lower-case hex.")]
    sign_method: Annotated[str, Field("MD5 or SHA256.")]
    firmware_size: Annotated[int, Field("Bytes.")]
    firmware_url: Annotated[str, Field("A download link, valid for 24 hours.")]
    dest_version: Annotated[str, Field("The version a device has afterwards.")]
    src_version: Annotated[str, Field("The version a difference starts from; else empty.")]
    module_name: Annotated[str, Field("The module it is for.")]
    product_key: Annotated[str, Field("Its product.")]
    product_name: Annotated[str, Field("Its product's name.")]
    status: Annotated[
        int, Field("-1 needs no verification, 0 not verified, 1 verified, 2 verifying, 3 verification failed.")
    ]
    type: Annotated[int, Field("0 full, 1 difference.")]
    udi: Annotated[str, Field("Text handed to devices.")]
    verify_progress: Annotated[int, Field("Percent of the newest verify job's devices that have ended.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("Last change.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    firmware_info: Annotated[FirmwareInfo, Field("The firmware.")]


EXAMPLE = Example(
    request={"FirmwareId": "1001"},
    response=Response(
        firmware_info=FirmwareInfo(
            firmware_id="1001",
            firmware_name="fw-a",
            firmware_desc="",
            firmware_sign="0cc175b9c0f1b6a831c399e269772661",
            sign_method="MD5",
            firmware_size=1048576,
            firmware_url="https://ota.example.com/f/f1001.1735873445.0123456789abcdef0123456789abcdef",
            dest_version="1.2.0",
            src_version="",
            module_name="default",
            product_key="kabcdefgh01",
            product_name="lamp",
            status=1,
            type=0,
            udi="",
            verify_progress=100,
            utc_create="2025-01-02T03:04:05.678Z",
            utc_modified="2025-01-02T03:04:05.678Z",
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
    return Response(firmware_info=_answer(firmware, url, verify_progress(counts) if counts else 0))


def _answer(firmware: Firmware, url: str, progress: int) -> FirmwareInfo:
    return FirmwareInfo(
        firmware_id=str(firmware.id),
        firmware_name=firmware.name,
        firmware_desc=firmware.description,
        firmware_sign=firmware.sign,
        sign_method=firmware.sign_method,
        firmware_size=firmware.size_bytes,
        firmware_url=url,
        dest_version=firmware.dest_version,
        src_version=firmware.src_version,
        module_name=firmware.module_name,
        product_key=firmware.product_key,
        product_name=firmware.product_name,
        status=firmware.status,
        type=firmware.type,
        udi=firmware.udi,
        verify_progress=progress,
        utc_create=utc_text(firmware.created_ms),
        utc_modified=utc_text(firmware.modified_ms),
    )
