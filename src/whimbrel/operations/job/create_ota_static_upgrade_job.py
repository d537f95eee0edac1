"""Rolls firmware out to a set of devices that is fixed when the job starts.

1. The firmware must be verified, or created as needing no verification (I10).
2. TargetSelection ALL takes all devices of the product; SPECIFIC 1 to 200 named ones, of which an unknown one refuses
   the call, or those of an uploaded list, whose unknown names are skipped; GRAY a share of the devices; GROUP the
   product's devices in a static group. What does not go with the selection is refused.
3. SrcVersion, with ALL and GRAY: only devices that report one of these versions. A difference firmware is for devices
   at its own SrcVersion alone. A share is taken of the devices that remain, rounded down, at least one.
4. Devices already at DestVersion get no task. An empty set is refused, but with ALL the job is COMPLETED at once; with
   a list of more than 500 names, or a share of many, it is found empty behind the answer and is COMPLETED then.
5. A device with an open task in another job gets a task that has FAILED already (I3). OverwriteMode 2 cancels that
   other task unless its device has begun; so does MultiModuleMode, for which only tasks of the same module count.
6. XGate, XPace, XStages, XWindows: how carefully it goes out. What is left out is the account's default
   (XUpdateRolloutDefaults); without one, a gate of 3 % and no pace. Paced and staged devices go in the order of XSeed,
   random when it is absent; with the seed of a preview (XPreviewOTAJob) they are the previewed ones.
7. ScheduleTime, 5 minutes to 7 days ahead: the job is PLANNED until then, and its target set is fixed then; named
   devices are looked up now. ScheduleFinishTime, 1 hour to 30 days after the start: what has not begun by then is
   cancelled.
8. A large target set is frozen first and filled in behind the answer; nothing is lost by a restart (I2).

Source: api-contract 10.2, 7.3 to 7.11; design.md part 4 of what begins with X.
"""

from __future__ import annotations

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.errors import (
    DeviceListFileError,
    DeviceNotFoundError,
    FirmwareNotFoundError,
    FirmwareNotVerifiedError,
    GroupNotFoundError,
    NoTargetDeviceError,
    OtaInvalidParameterError,
    OtaMissingParameterError,
    ProductNotFoundError,
    TooManyDevicesError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.job.drafting import CreatedJob, JobData, created, has_targets, ordered, store_job
from whimbrel.operations.job.selecting import StaticRequest, drafted


class Request(StaticRequest, msgspec.Struct, frozen=True, kw_only=True):
    """No parameters of its own."""


EXAMPLE = Example(
    request={"FirmwareId": "1001", "ProductKey": "kabcdefgh01", "TargetSelection": "ALL"},
    response=CreatedJob(data=JobData(job_id="502", utc_create="2025-01-02T03:04:05.678Z")),
)


@operation(
    action="CreateOTAStaticUpgradeJob",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        FirmwareNotFoundError,
        FirmwareNotVerifiedError,
        DeviceNotFoundError,
        GroupNotFoundError,
        DeviceListFileError,
        NoTargetDeviceError,
        OtaInvalidParameterError,
        TooManyDevicesError,
        OtaMissingParameterError,
    ),
    manner=Manner(creates=True, qps=20),
)
async def handle(request: Request, context: Context) -> CreatedJob:
    draft, device_ids = await drafted(request, context)
    job = await store_job(context, draft._replace(rollout=ordered(context, draft.rollout, request.x_seed)))
    if device_ids:
        await context.store.targets.add(job, device_ids)
    if job.schedule_ms is None and not await has_targets(context, job) and not job.takes_product:
        raise NoTargetDeviceError
    return created(job)
