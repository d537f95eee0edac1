"""Changes a job that has not ended: its pace and its tags, and of a dynamic one also timeout and source versions.

1. UpgradeType and TargetSelection must be the job's own; they cannot be changed.
2. MaximumPerMinute 10 to 10,000; it holds from the next notices on.
3. Tags as given replace all there are; none given clears them. Notices that leave from now on carry them.
4. TimeoutInMinutes and SrcVersionList are for dynamic jobs. A timeout holds for tasks that begin from now on. Source
   versions are replaced as a whole, only of a job that follows versions; devices already taken keep their tasks.
5. A job that needs or has somebody's approval may only become slower or smaller: a lower MaximumPerMinute, fewer
   source versions, its own tags.

Source: api-contract 10.4, 7.4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.approval import change_fault
from whimbrel.domain.delivery import MAXIMUM_PER_MINUTE_MAX, MAXIMUM_PER_MINUTE_MIN
from whimbrel.domain.job import (
    SRC_VERSIONS_MAX,
    TAGS_MAX,
    TIMEOUT_MINUTES_MAX,
    TIMEOUT_MINUTES_MIN,
    Job,
    JobStatus,
    SelectionType,
    TargetSelection,
)
from whimbrel.domain.version import REPORTED_VERSION_LENGTH_MAX
from whimbrel.errors import (
    ApprovedJobError,
    DynamicJobConflictError,
    JobNotFoundError,
    JobStatusError,
    OtaInvalidParameterError,
)
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.delivery import TagParameter, check_sources, tags_of, unique
from whimbrel.operations.job.lookup import find_job
from whimbrel.ports.store import JobChange


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]
    maximum_per_minute: Annotated[
        int, Field("Devices notified in a minute.", minimum=MAXIMUM_PER_MINUTE_MIN, maximum=MAXIMUM_PER_MINUTE_MAX)
    ]
    target_selection: Annotated[TargetSelection, Field("The job's.")]
    upgrade_type: Annotated[SelectionType, Field("The job's: STATIC or DYNAMIC.")]
    timeout_in_minutes: Annotated[
        int | None,
        Field(
            "Dynamic jobs: from a device's first progress.", minimum=TIMEOUT_MINUTES_MIN, maximum=TIMEOUT_MINUTES_MAX
        ),
    ] = None
    src_version_list: Annotated[
        tuple[str, ...],
        Field(
            "Dynamic jobs: the versions to follow.",
            items_max=SRC_VERSIONS_MAX,
            length_max=REPORTED_VERSION_LENGTH_MAX,
        ),
    ] = ()
    tags: Annotated[tuple[TagParameter, ...], Field("All the job's tags from now on.", items_max=TAGS_MAX)] = ()


EXAMPLE = Example(
    request={"JobId": "502", "MaximumPerMinute": "500", "TargetSelection": "ALL", "UpgradeType": "STATIC"},
    response=EmptyResponse(),
)


@operation(
    action="UpdateOTAJob",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(JobNotFoundError, JobStatusError, ApprovedJobError, DynamicJobConflictError, OtaInvalidParameterError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    tags = tags_of(request.tags)
    unique(request.src_version_list, "SrcVersionList")
    job = await find_job(context, request.job_id)
    _check(request, job)
    change = JobChange(
        maximum_per_minute=request.maximum_per_minute,
        tags=tags,
        timeout_minutes=request.timeout_in_minutes or job.timeout_minutes,
        source_versions=request.src_version_list or None,
    )
    if not await context.store.job_moves.change(job, change, context.now_ms):
        raise JobStatusError(f"the job {job.id} has ended")
    return EmptyResponse()


def _check(request: Request, job: Job) -> None:
    if (request.upgrade_type, request.target_selection) != (job.selection_type, job.target_selection):
        raise OtaInvalidParameterError(
            f"the job is {job.selection_type} with TargetSelection {job.target_selection}, which cannot be changed"
        )
    if job.shown_status not in (JobStatus.PLANNED, JobStatus.IN_PROGRESS):
        raise JobStatusError(f"the job {job.id} has ended")
    if not job.is_dynamic and (request.timeout_in_minutes is not None or request.src_version_list):
        raise OtaInvalidParameterError("TimeoutInMinutes and SrcVersionList are for dynamic jobs")
    if request.src_version_list and job.group_id is not None:
        raise OtaInvalidParameterError("the job follows a group, not source versions")
    if job.retry_minutes is not None and (request.timeout_in_minutes or job.retry_minutes + 1) <= job.retry_minutes:
        raise OtaInvalidParameterError(f"TimeoutInMinutes must be more than RetryInterval, {job.retry_minutes}")
    check_sources(request.src_version_list, job.required_version)
    fault = change_fault(job, request.maximum_per_minute, tags_of(request.tags), request.src_version_list)
    if fault:
        raise ApprovedJobError(f"the job {job.id} goes out as it is approved; {fault}, else make another job")
