"""Answers one job: what it sends, to whom, how, and where it stands.

XHold and XHoldReason are ours: they are there while the job is held. XQueryOTARollout says more.

Source: api-contract 10.5. What was not set is left out.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.job import Job, TargetSelection
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import JobNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.info import OtaTag, Tags, tags_info, utc_or_none
from whimbrel.operations.job.lookup import find_job


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]


class SrcVersions(msgspec.Struct, frozen=True, kw_only=True):
    src_version: Annotated[list[str], Field("Versions a device must have; empty for all.")]


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
    target_selection: Annotated[str, Field("ALL, SPECIFIC, GRAY or GROUP; dynamic jobs show ALL.")]
    selection_type: Annotated[str, Field("STATIC or DYNAMIC.")]
    dynamic_mode: Annotated[int | None, Field("1 or 2; absent of static jobs.")]
    gray_percent: Annotated[str | None, Field("With GRAY: the share, as it was given.")]
    group_id: Annotated[str | None, Field("The group, of a job for one.")]
    group_name: Annotated[str | None, Field("The group's name when the job was made.")]
    retry_interval: Annotated[int | None, Field("Minutes; absent without retries.")]
    retry_count: Annotated[int | None, Field("Attempts after the first; absent without retries.")]
    timeout_in_minutes: Annotated[int | None, Field("Absent without a timeout.")]
    maximum_per_minute: Annotated[int | None, Field("Absent without a limit of its own.")]
    overwrite_mode: Annotated[int, Field("1 or 2.")]
    multi_module_mode: Annotated[bool, Field("Whether tasks of other modules are no conflict.")]
    need_push: Annotated[bool, Field("Whether notices are sent.")]
    need_confirm: Annotated[bool, Field("Whether tasks wait for ConfirmOTATask.")]
    download_protocol: Annotated[str, Field("HTTPS.")]
    tags: Annotated[Tags, Field("Wrapper.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("Last change.")]
    utc_start_time: Annotated[str | None, Field("Start; absent before.")]
    utc_end_time: Annotated[str | None, Field("End; absent before.")]
    utc_schedule_time: Annotated[str | None, Field("The planned start, of a scheduled job.")]
    utc_schedule_finish_time: Annotated[str | None, Field("The planned end, of a job that has one.")]
    x_hold: Annotated[
        str | None, Field("PAUSED, HALTED, AWAITING_APPROVAL or REJECTED; absent when the job is not held.")
    ]
    x_hold_reason: Annotated[str | None, Field("Why; absent when the job is not held.")]


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
            dynamic_mode=None,
            gray_percent=None,
            group_id=None,
            group_name=None,
            retry_interval=10,
            retry_count=2,
            timeout_in_minutes=60,
            maximum_per_minute=1000,
            overwrite_mode=1,
            multi_module_mode=False,
            need_push=True,
            need_confirm=False,
            download_protocol="HTTPS",
            tags=Tags(ota_tag_dto=[OtaTag(key="ring", value="early")]),
            utc_create="2025-01-02T03:04:05.678Z",
            utc_modified="2025-01-02T03:04:06.000Z",
            utc_start_time="2025-01-02T03:04:05.678Z",
            utc_end_time=None,
            utc_schedule_time=None,
            utc_schedule_finish_time=None,
            x_hold=None,
            x_hold_reason=None,
        )
    ),
)


@operation(
    action="QueryOTAJob",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(JobNotFoundError,),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    return Response(data=_answer(await find_job(context, request.job_id)))


def _answer(job: Job) -> JobData:
    return JobData(
        job_id=str(job.id),
        job_status=job.shown_status,
        job_type=job.job_type,
        job_desc="",
        name=job.firmware_name,
        firmware_id=str(job.firmware_id),
        product_key=job.product_key,
        dest_version=job.dest_version,
        src_versions=SrcVersions(src_version=list(job.source_versions)),
        target_selection=job.target_selection,
        selection_type=job.selection_type,
        dynamic_mode=job.dynamic_mode,
        gray_percent=job.gray_percent if job.target_selection == TargetSelection.GRAY else None,
        group_id=job.group_id,
        group_name=None if job.group_id is None else job.group_name,
        retry_interval=job.retry_minutes,
        retry_count=job.retry_count,
        timeout_in_minutes=job.timeout_minutes,
        maximum_per_minute=job.maximum_per_minute,
        overwrite_mode=job.overwrite_mode,
        multi_module_mode=job.multi_module_mode,
        need_push=job.need_push,
        need_confirm=job.need_confirm,
        download_protocol=job.download_protocol,
        tags=tags_info(job),
        utc_create=utc_text(job.created_ms),
        utc_modified=utc_text(job.modified_ms),
        utc_start_time=utc_or_none(job.started_ms),
        utc_end_time=utc_or_none(job.shown_end_ms),
        utc_schedule_time=utc_or_none(job.schedule_ms),
        utc_schedule_finish_time=utc_or_none(job.schedule_finish_ms),
        x_hold=job.hold.name if job.is_held else None,
        x_hold_reason=job.hold_reason if job.is_held else None,
    )
