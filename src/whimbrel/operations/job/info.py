"""Parts of a job's description that several answers hold."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.job import Job
from whimbrel.domain.wire_time import utc_text
from whimbrel.operations.fields import Field


class OtaTag(msgspec.Struct, frozen=True, kw_only=True):
    key: Annotated[str, Field("The tag's key.")]
    value: Annotated[str, Field("The tag's value.")]


class Tags(msgspec.Struct, frozen=True, kw_only=True):
    ota_tag_dto: Annotated[list[OtaTag], Field("The job's tags.", wire="OtaTagDTO", camel=("otaTagDTO",))]


class SimpleJobInfo(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("Its id.")]
    firmware_id: Annotated[str, Field("The firmware's id.")]
    product_key: Annotated[str, Field("Its product.")]
    job_status: Annotated[str, Field("PLANNED, IN_PROGRESS, COMPLETED or CANCELED.")]
    job_type: Annotated[str, Field("VERIFY_FIRMWARE or UPGRADE_FIRMWARE.")]
    target_selection: Annotated[str, Field("ALL, SPECIFIC, GRAY or GROUP; dynamic jobs show ALL.")]
    selection_type: Annotated[str, Field("STATIC or DYNAMIC.")]
    tags: Annotated[Tags, Field("Wrapper.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("Last change.")]
    utc_start_time: Annotated[str | None, Field("Start; absent before.")]
    utc_end_time: Annotated[str | None, Field("End; absent before.")]


class JobList(msgspec.Struct, frozen=True, kw_only=True):
    simple_ota_job_info: Annotated[
        list[SimpleJobInfo], Field("The page's rows.", wire="SimpleOTAJobInfo", camel=("simpleOTAJobInfo",))
    ]


EXAMPLE_INFO = SimpleJobInfo(
    job_id="502",
    firmware_id="1001",
    product_key="kabcdefgh01",
    job_status="IN_PROGRESS",
    job_type="UPGRADE_FIRMWARE",
    target_selection="ALL",
    selection_type="STATIC",
    tags=Tags(ota_tag_dto=[OtaTag(key="ring", value="early")]),
    utc_create="2025-01-02T03:04:05.678Z",
    utc_modified="2025-01-02T03:04:06.000Z",
    utc_start_time="2025-01-02T03:04:05.678Z",
    utc_end_time=None,
)


def simple_info(job: Job) -> SimpleJobInfo:
    return SimpleJobInfo(
        job_id=str(job.id),
        firmware_id=str(job.firmware_id),
        product_key=job.product_key,
        job_status=job.shown_status,
        job_type=job.job_type,
        target_selection=job.target_selection,
        selection_type=job.selection_type,
        tags=tags_info(job),
        utc_create=utc_text(job.created_ms),
        utc_modified=utc_text(job.modified_ms),
        utc_start_time=utc_or_none(job.started_ms),
        utc_end_time=utc_or_none(job.shown_end_ms),
    )


def tags_info(job: Job) -> Tags:
    return Tags(ota_tag_dto=[OtaTag(key=tag.key, value=tag.value) for tag in job.tags])


def utc_or_none(at_ms: int | None) -> str | None:
    return None if at_ms is None else utc_text(at_ms)
