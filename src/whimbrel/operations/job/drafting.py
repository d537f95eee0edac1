"""What all ways of creating a job share: the firmware that it pins (I10), its storing, and its answer."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.approval import AWAITING_WORDS, hold_of_new
from whimbrel.domain.firmware import RELEASABLE, Firmware, FirmwareStatus
from whimbrel.domain.job import Job, JobDraft, JobType, TargetSelection
from whimbrel.domain.rollout import GUARDED, SEED_MAX, SEED_MIN, Hold, Rollout
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import FirmwareNotVerifiedError
from whimbrel.operations.declaration import Context
from whimbrel.operations.fields import Field
from whimbrel.operations.job.delivery import DeliveryRequest, UpgradeRequest, check_download, check_sources, tags_of
from whimbrel.operations.job.rollout_parameters import rollout_of

FIRST_FILL_DEVICES = 500  # tasks made within the call, so that a small fleet's list is whole in the answer's wake
FIRST_STEPS_MAX = 4  # of gathering: a share's keys go around once, a list has a first part and an end


class JobData(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The new job's id.")]
    utc_create: Annotated[str, Field("Creation.")]


class CreatedJob(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[JobData, Field("The new job.")]


def draft_job(firmware: Firmware, job_type: JobType, request: DeliveryRequest, now_ms: int) -> JobDraft:
    """A job for devices named one by one that sends exactly the bytes this firmware has now.

    Raises OtaInvalidParameterError.
    """
    check_download(firmware, request.download_protocol)
    return JobDraft(
        account_id=firmware.account_id,
        product_id=firmware.product_id,
        firmware_id=firmware.id,
        firmware_name=firmware.name,
        module_name=firmware.module_name,
        dest_version=firmware.dest_version,
        required_version=required_version(firmware),
        sha256=firmware.sha256,
        md5=firmware.md5,
        size_bytes=firmware.size_bytes,
        sign_method=firmware.sign_method,
        firmware_type=firmware.type,
        udi=firmware.udi,
        job_type=job_type,
        target_selection=TargetSelection.SPECIFIC,
        need_push=request.need_push,
        need_confirm=request.need_confirm,
        timeout_minutes=request.timeout_in_minutes,
        tags=tags_of(request.tag),
        fill_until=0,
        is_filled=False,
        created_ms=now_ms,
        files=() if firmware.is_one_object else firmware.files,
        is_gathered=False,
        download_protocol=request.download_protocol,
    )


def draft_upgrade(firmware: Firmware, request: UpgradeRequest, now_ms: int) -> JobDraft:
    """Raises FirmwareNotVerifiedError (I10), OtaInvalidParameterError."""
    if FirmwareStatus(firmware.status) not in RELEASABLE:
        raise FirmwareNotVerifiedError
    check_sources(request.src_version, required_version(firmware))
    return draft_job(firmware, JobType.UPGRADE, request, now_ms)._replace(
        src_versions=request.src_version,
        retry_minutes=request.retry_interval,
        retry_count=request.retry_count,
        maximum_per_minute=request.maximum_per_minute,
        overwrite_mode=request.overwrite_mode,
        multi_module_mode=request.multi_module_mode,
    )


async def chosen_rollout(context: Context, request: UpgradeRequest) -> Rollout:
    """The policy of a new job: what the call says, else the account's defaults.

    Raises OtaInvalidParameterError, OtaMissingParameterError.
    """
    default = await context.store.accounts.rollout_defaults(context.caller.account_id)
    return rollout_of(request, default or GUARDED)


def ordered(context: Context, rollout: Rollout, seed: int | None) -> Rollout:
    """The policy with the seed of its order: the given one, else a new one where the devices are ordered at all."""
    if seed is None and rollout.is_ordered:
        seed = new_seed(context)
    return rollout._replace(seed=seed)


def new_seed(context: Context) -> int:
    """A random one."""
    return SEED_MIN + int(context.services.randomness.hex(8), 16) % (SEED_MAX - SEED_MIN + 1)


def required_version(firmware: Firmware) -> str:
    """The version that a difference starts from; empty for full firmware."""
    return firmware.src_version if firmware.type else ""


async def store_job(context: Context, draft: JobDraft) -> Job:
    """The job as stored, held where the account asks for somebody else's approval (A29)."""
    is_asked = await context.store.accounts.asks_approval(draft.account_id)
    hold = hold_of_new(draft.job_type, is_asked)
    words = AWAITING_WORDS if hold is Hold.AWAITING_APPROVAL else ""
    draft = draft._replace(created_by=context.caller.access_key_id, hold=hold, hold_reason=words)
    job = await read_job(context, await context.store.jobs.add(draft))
    if job.hold is Hold.AWAITING_APPROVAL:
        await context.store.rollouts.await_approval(job)
    return job


async def read_job(context: Context, job_id: int) -> Job:
    """A job of the caller's that is there."""
    job = await context.store.jobs.by_id(context.caller.account_id, job_id)
    assert job is not None, "a row just written is there"
    return job


async def has_targets(context: Context, job: Job) -> bool:
    """Freeze the target set and make the first tasks. What is left comes behind the answer (I2).

    False when all is looked at already and there is no device to make a task for.
    """
    await context.store.targets.freeze(job)
    for _ in range(FIRST_STEPS_MAX):
        job = await read_job(context, job.id)
        if job.is_filled:
            break
        await context.store.fleet.fill(job, FIRST_FILL_DEVICES, context.now_ms)
        if job.is_gathered:
            break
    state = await context.store.jobs.state(job.account_id, job.id)
    assert state is not None, "the job is there"
    return state.newest_task_id > 0 or not state.job.is_filled


def created(job: Job) -> CreatedJob:
    return CreatedJob(data=JobData(job_id=str(job.id), utc_create=utc_text(job.created_ms)))
