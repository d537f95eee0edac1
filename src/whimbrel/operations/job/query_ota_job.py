"""Answers one job: what it sends, to whom, how, and where it stands.

Source: api-contract 10.5. What was not set is left out.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.job import Job, SelectionType
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import JobNotFoundError
from whimbrel.operations.declaration import Context, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.drafting import find_job


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]


class SrcVersions(msgspec.Struct, frozen=True, kw_only=True):
    src_version: Annotated[list[str], Field("Versions a device must have; empty for all.")]


class OtaTag(msgspec.Struct, frozen=True, kw_only=True):
    key: Annotated[str, Field("The tag's key.")]
    value: Annotated[str, Field("The tag's value.")]


class Tags(msgspec.Struct, frozen=True, kw_only=True):
    ota_tag_dto: Annotated[list[OtaTag], Field("The job's tags.", wire="OtaTagDTO", camel=("otaTagDTO",))]


class JobData(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("Its id.")]
    job_status: Annotated[str, Field("PLANNED, IN_PROGRESS, COMPLETED or CANCELED.")]
    job_type: Annotated[str, Field("VERIFY_FIRMWARE or UPGRADE_FIRMWARE.")]
    job_desc: Annotated[str, Field("Words of the console; empty from the API.")]
    name: Annotated[str, Field("The firmware's name.")]
    firmware_id: Annotated[str, Field("The firmware's id.")]
    product_key: Annotated[str, Field("Its product.")]
    dest_version: Annotated[str, Field("The version devices have afterwards.")]
    src_versions: Annotated[SrcVersions, Field("Wrapper.")]
    target_selection: Annotated[str, Field("ALL or SPECIFIC.")]
    selection_type: Annotated[str, Field("STATIC.")]
    timeout_in_minutes: Annotated[int | None, Field("Absent without a timeout.")]
    need_push: Annotated[bool, Field("Whether notices are sent.")]
    need_confirm: Annotated[bool, Field("Whether tasks wait for ConfirmOTATask.")]
    download_protocol: Annotated[str, Field("HTTPS.")]
    tags: Annotated[Tags, Field("Wrapper.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("Last change.")]
    utc_start_time: Annotated[str | None, Field("Start.")]
    utc_end_time: Annotated[str | None, Field("End; absent before.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[JobData, Field("The job.")]


EXAMPLE = Example(
    request={"JobId": "502"},
    response=Response(
        data=JobData(
            job_id="502",
            job_status="IN_PROGRESS",
            job_type="UPGRADE_FIRMWARE",
            job_desc="",
            name="lamp-1-1-0",
            firmware_id="1001",
            product_key="kabcdefgh01",
            dest_version="1.1.0",
            src_versions=SrcVersions(src_version=[]),
            target_selection="ALL",
            selection_type="STATIC",
            timeout_in_minutes=60,
            need_push=True,
            need_confirm=False,
            download_protocol="HTTPS",
            tags=Tags(ota_tag_dto=[OtaTag(key="ring", value="early")]),
            utc_create="2025-01-02T03:04:05.678Z",
            utc_modified="2025-01-02T03:04:06.000Z",
            utc_start_time="2025-01-02T03:04:05.678Z",
            utc_end_time=None,
        )
    ),
)


@operation(
    action="QueryOTAJob",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(JobNotFoundError,),
    idempotent=True,
)
async def handle(request: Request, context: Context) -> Response:
    return Response(data=_answer(await find_job(context, request.job_id)))


def _answer(job: Job) -> JobData:
    return JobData(
        job_id=str(job.id),
        job_status=job.status,
        job_type=job.job_type,
        job_desc="",
        name=job.firmware_name,
        firmware_id=str(job.firmware_id),
        product_key=job.product_key,
        dest_version=job.dest_version,
        src_versions=SrcVersions(src_version=[job.required_version] if job.required_version else []),
        target_selection=job.target_selection,
        selection_type=SelectionType.STATIC,
        timeout_in_minutes=job.timeout_minutes,
        need_push=job.need_push,
        need_confirm=job.need_confirm,
        download_protocol="HTTPS",
        tags=Tags(ota_tag_dto=[OtaTag(key=tag.key, value=tag.value) for tag in job.tags]),
        utc_create=utc_text(job.created_ms),
        utc_modified=utc_text(job.modified_ms),
        utc_start_time=utc_text(job.created_ms),
        utc_end_time=None if job.ended_ms is None else utc_text(job.ended_ms),
    )
