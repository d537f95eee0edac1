"""What both ListOTAFirmware and QueryOTAFirmware answer of one firmware (api-contract 8.5, 8.6)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.firmware import Firmware
from whimbrel.domain.wire_time import utc_text
from whimbrel.operations.fields import Field


class SimpleFirmwareInfo(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[str, Field("Its id.")]
    firmware_name: Annotated[str, Field("Its name.")]
    firmware_desc: Annotated[str, Field("What is new.")]
    firmware_sign: Annotated[str, Field("Its digest by SignMethod, lower-case hex; empty with several files.")]
    sign_method: Annotated[str, Field("MD5 or SHA256.")]
    firmware_size: Annotated[int, Field("Bytes, of all its files.")]
    dest_version: Annotated[str, Field("The version a device has afterwards.")]
    src_version: Annotated[str, Field("The version a difference starts from; else empty.")]
    module_name: Annotated[str, Field("The module it is for.")]
    product_key: Annotated[str, Field("Its product.")]
    product_name: Annotated[str, Field("Its product's name.")]
    status: Annotated[
        int, Field("-1 needs no verification, 0 not verified, 1 verified, 2 verifying, 3 verification failed.")
    ]
    type: Annotated[int, Field("0 full, 1 difference.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("Last change.")]


EXAMPLE_INFO = SimpleFirmwareInfo(
    firmware_id="1001",
    firmware_name="fw-a",
    firmware_desc="",
    firmware_sign="0cc175b9c0f1b6a831c399e269772661",
    sign_method="MD5",
    firmware_size=1048576,
    dest_version="1.2.0",
    src_version="",
    module_name="default",
    product_key="kabcdefgh01",
    product_name="lamp",
    status=1,
    type=0,
    utc_create="2025-01-02T03:04:05.678Z",
    utc_modified="2025-01-02T03:04:05.678Z",
)


def simple_info(firmware: Firmware) -> SimpleFirmwareInfo:
    """The firmware as lists show it."""
    return SimpleFirmwareInfo(
        firmware_id=str(firmware.id),
        firmware_name=firmware.name,
        firmware_desc=firmware.description,
        firmware_sign=firmware.sign,
        sign_method=firmware.sign_method,
        firmware_size=firmware.size_bytes,
        dest_version=firmware.dest_version,
        src_version=firmware.src_version,
        module_name=firmware.module_name,
        product_key=firmware.product_key,
        product_name=firmware.product_name,
        status=firmware.status,
        type=firmware.type,
        utc_create=utc_text(firmware.created_ms),
        utc_modified=utc_text(firmware.modified_ms),
    )
