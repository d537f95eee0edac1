"""Answers credentials for one form upload of one firmware file.

1. FileSuffix is one of the vendors' endings, or of ours (`swu` and following), in any case; default `bin`.
2. The upload must start within a minute, writes exactly the key named, once, at most 1,048,576,000 bytes.
3. CreateOTAFirmware must follow within 60 minutes, else the file is swept.

Source: api-contract 8.1, 12; threat-model A13.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.firmware import FileSuffix
from whimbrel.domain.form_upload import UploadPurpose
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.uploads import issue_credentials


class Request(msgspec.Struct, frozen=True, kw_only=True):
    file_suffix: Annotated[FileSuffix, Field("Ending of the file.", any_case=True)] = FileSuffix.BIN


class UploadData(msgspec.Struct, frozen=True, kw_only=True):
    host: Annotated[str, Field("Where to POST the form; no path.")]
    key: Annotated[str, Field("The form's field `key`.")]
    oss_access_key_id: Annotated[
        str,
        Field(
            "The form's field `OSSAccessKeyId`.",
            wire="OSSAccessKeyId",
            camel=("ossAccessKeyId", "oSSAccessKeyId", "OSSAccessKeyId"),
        ),
    ]
    policy: Annotated[str, Field("The form's field `policy`.")]
    signature: Annotated[str, Field("The form's field `Signature`.")]
    object_storage: Annotated[str, Field("Always `OSS`.")]
    firmware_url: Annotated[str, Field("What to pass to CreateOTAFirmware afterwards.")]
    utc_create: Annotated[str, Field("When the credentials were made.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[UploadData, Field("The credentials.")]


EXAMPLE = Example(
    request={"FileSuffix": "bin"},
    response=Response(
        data=UploadData(
            host="https://ota.example.com",
            key="ota/firmware/0123456789abcdef0123456789abcdef.bin",
            oss_access_key_id="whimbrel-upload",
            policy="eyJleHBpcmF0aW9uIjoi…",
            signature="Mf0sM5iRMfE3NwZVvCCI4xIiZdA=",
            object_storage="OSS",
            firmware_url="https://ota.example.com/ota/firmware/0123456789abcdef0123456789abcdef.bin",
            utc_create="2025-01-02T03:04:05.678Z",
        )
    ),
)


@operation(
    action="GenerateOTAUploadURL",
    permission=Permission.FIRMWARE_WRITE,
    example=EXAMPLE,
    errors=(OtaInvalidParameterError,),
)
async def handle(request: Request, context: Context) -> Response:
    credentials = await issue_credentials(context, request.file_suffix, UploadPurpose.FIRMWARE)
    return Response(
        data=UploadData(
            host=credentials.host,
            key=credentials.key,
            oss_access_key_id=credentials.access_key_id,
            policy=credentials.policy,
            signature=credentials.signature,
            object_storage="OSS",
            firmware_url=credentials.url,
            utc_create=utc_text(context.now_ms),
        )
    )
