"""What both ways of creating a job share: the parameters of its delivery, and the firmware that it pins (I10)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from whimbrel.domain.firmware import Firmware
from whimbrel.domain.job import (
    TAG_KEY,
    TAG_VALUE_LENGTH_MAX,
    TAGS_LENGTH_MAX,
    DownloadProtocol,
    Job,
    JobDraft,
    JobType,
    Tag,
    TargetSelection,
)
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import JobNotFoundError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import row_id


class TagParameter(msgspec.Struct, frozen=True, kw_only=True):
    key: Annotated[str, Field("1 to 30 letters, digits or dots.", pattern=TAG_KEY)]
    value: Annotated[str, Field("1 to 1024 characters.", length_max=TAG_VALUE_LENGTH_MAX)]


class JobData(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The new job's id.")]
    utc_create: Annotated[str, Field("Creation.")]


class CreatedJob(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[JobData, Field("The new job.")]


class Delivery(NamedTuple):
    """How a job reaches its devices."""

    job_type: JobType
    target_selection: TargetSelection
    need_push: bool
    need_confirm: bool
    timeout_minutes: int | None
    tags: tuple[Tag, ...]
    fill_until: int = 0
    is_filled: bool = True


def tags_of(parameters: tuple[TagParameter, ...]) -> tuple[Tag, ...]:
    """The job's tags. Raises OtaInvalidParameterError when a key repeats or they are too long together."""
    tags = tuple(Tag(parameter.key, parameter.value) for parameter in parameters)
    if len({tag.key for tag in tags}) != len(tags):
        raise OtaInvalidParameterError("Tag has a key twice")
    length = sum(len(tag.key) + len(tag.value) for tag in tags)
    if length > TAGS_LENGTH_MAX:
        raise OtaInvalidParameterError(
            f"the keys and values of Tag have {length} characters, at most {TAGS_LENGTH_MAX}"
        )
    return tags


def check_protocol(protocol: DownloadProtocol) -> None:
    """Downloads over MQTT come with a later release; refused rather than pretended."""
    if protocol is not DownloadProtocol.HTTPS:
        raise OtaInvalidParameterError("DownloadProtocol must be HTTPS; MQTT is not served by this release")


def unique_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Raises OtaInvalidParameterError when a device is named twice."""
    if len(set(names)) != len(names):
        raise OtaInvalidParameterError("TargetDeviceName names a device twice")
    return names


def draft_job(firmware: Firmware, delivery: Delivery, now_ms: int) -> JobDraft:
    """A job that sends exactly the bytes this firmware has now."""
    return JobDraft(
        account_id=firmware.account_id,
        product_id=firmware.product_id,
        firmware_id=firmware.id,
        firmware_name=firmware.name,
        module_name=firmware.module_name,
        dest_version=firmware.dest_version,
        required_version=firmware.src_version if firmware.type else "",
        sha256=firmware.sha256,
        md5=firmware.md5,
        size_bytes=firmware.size_bytes,
        sign_method=firmware.sign_method,
        firmware_type=firmware.type,
        udi=firmware.udi,
        created_ms=now_ms,
        **delivery._asdict(),
    )


async def store_job(context: Context, draft: JobDraft) -> Job:
    """The job as stored."""
    job_id = await context.store.jobs.add(draft)
    job = await context.store.jobs.by_id(draft.account_id, job_id)
    assert job is not None, "a row just written is there"
    return job


def created(job: Job) -> CreatedJob:
    return CreatedJob(data=JobData(job_id=str(job.id), utc_create=utc_text(job.created_ms)))


async def find_job(context: Context, job_id: str) -> Job:
    """The caller's job. Raises JobNotFoundError."""
    number = row_id(job_id)
    job = await context.store.jobs.by_id(context.caller.account_id, number) if number else None
    if job is None:
        raise JobNotFoundError
    return job
