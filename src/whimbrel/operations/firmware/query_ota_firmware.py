"""Answers one firmware in full, with download links of 24 hours and the progress of its verification.

1. FirmwareUrl is there when the firmware has one file, MultiFiles when it was created with MultiFiles.

Source: api-contract 8.6, 6.1.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.download_link import LinkedFile, link_expiry_s, make_firmware_link
from whimbrel.domain.firmware import Firmware
from whimbrel.domain.job import verify_progress
from whimbrel.errors import FirmwareNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.info import EXAMPLE_INFO, SimpleFirmwareInfo, simple_info
from whimbrel.operations.firmware.lookup import find_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX


class Request(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[
        str,
        Field("The firmware.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError),
    ]


class MultiFileInfo(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Field("The file's name.")]
    url: Annotated[str, Field("A download link, valid for 24 hours.")]
    size: Annotated[int, Field("Bytes.")]
    file_md5: Annotated[str, Field("Its MD5, lower-case hex.")]
    sign_value: Annotated[str, Field("Its digest by SignMethod, lower-case hex.")]


class FirmwareInfo(SimpleFirmwareInfo, frozen=True, kw_only=True):
    firmware_url: Annotated[str | None, Field("A download link, valid for 24 hours; absent with several files.")]
    multi_files: Annotated[list[MultiFileInfo] | None, Field("Its files, a plain array; absent without MultiFiles.")]
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
            multi_files=None,
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
    manner=Manner(idempotent=True, qps=20),
)
async def handle(request: Request, context: Context) -> Response:
    firmware = await find_firmware(context, request.firmware_id)
    counts = await context.store.jobs.latest_verify_counts(firmware.id)
    info = FirmwareInfo(
        **msgspec.structs.asdict(simple_info(firmware)),
        firmware_url=_url(context, firmware, LinkedFile(firmware.sha256)) if firmware.is_one_object else None,
        multi_files=_multi_files(context, firmware) if firmware.files else None,
        udi=firmware.udi,
        verify_progress=verify_progress(counts) if counts else 0,
    )
    return Response(firmware_info=info)


def _multi_files(context: Context, firmware: Firmware) -> list[MultiFileInfo]:
    return [
        MultiFileInfo(
            name=file.name,
            # A list of one is served as the firmware's only file, in which there is nothing to number.
            url=_url(context, firmware, LinkedFile(file.sha256, 0 if firmware.is_one_object else file.number)),
            size=file.size_bytes,
            file_md5=file.md5,
            sign_value=file.sign(firmware.sign_method),
        )
        for file in firmware.files
    ]


def _url(context: Context, firmware: Firmware, file: LinkedFile) -> str:
    expires_s = link_expiry_s(context.now_ms // 1000)
    token = make_firmware_link(context.services.link_key, firmware.id, file, expires_s)
    return f"{context.services.public_url}/f/{token}"
