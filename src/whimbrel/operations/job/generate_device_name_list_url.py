"""Answers credentials for one form upload of one list of devices, for CreateOTAStaticUpgradeJob.

1. The file is CSV in UTF-8, a DeviceName a line in the first column; a first line `DeviceName` is a header; blank lines
   are skipped, repeated names merged. At most 5 MB and 1,000,000 names.
2. The upload must start within a minute, writes exactly the key named, once; the list is used within 60 minutes.
3. A file that is no such list is refused by CreateOTAStaticUpgradeJob, with the line.

Source: api-contract 10.10, 12; threat-model A13.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.form_upload import UploadPurpose
from whimbrel.domain.wire_time import utc_text
from whimbrel.operations.declaration import Context, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.uploads import issue_credentials

LIST_SUFFIX = "csv"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """No parameters of its own."""


class UploadData(msgspec.Struct, frozen=True, kw_only=True):
    host: Annotated[str, Field("Where to POST the form; no path.")]
    key: Annotated[str, Field("The form's field `key`.")]
    access_key_id: Annotated[str, Field("The form's field `OSSAccessKeyId`.")]
    policy: Annotated[str, Field("The form's field `policy`.")]
    signature: Annotated[str, Field("The form's field `Signature`.")]
    object_storage: Annotated[str, Field("Always `OSS`.")]
    file_url: Annotated[str, Field("What to pass as DnListFileUrl afterwards.")]
    utc_create: Annotated[str, Field("When the credentials were made.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[UploadData, Field("The credentials.")]


EXAMPLE = Example(
    request={},
    response=Response(
        data=UploadData(
            host="https://ota.example.com",
            key="ota/devices/0123456789abcdef0123456789abcdef.csv",
            access_key_id="whimbrel-upload",
            policy="eyJleHBpcmF0aW9uIjoi…",
            signature="Mf0sM5iRMfE3NwZVvCCI4xIiZdA=",
            object_storage="OSS",
            file_url="https://ota.example.com/ota/devices/0123456789abcdef0123456789abcdef.csv",
            utc_create="2025-01-02T03:04:05.678Z",
        )
    ),
)


@operation(
    action="GenerateDeviceNameListURL",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
)
async def handle(request: Request, context: Context) -> Response:
    credentials = await issue_credentials(context, LIST_SUFFIX, UploadPurpose.DEVICE_LIST)
    return Response(
        data=UploadData(
            host=credentials.host,
            key=credentials.key,
            access_key_id=credentials.access_key_id,
            policy=credentials.policy,
            signature=credentials.signature,
            object_storage="OSS",
            file_url=credentials.url,
            utc_create=utc_text(context.now_ms),
        )
    )
