"""What a tired person must look at first: pure rules over what an overview has read anyway (ADR 0060)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.firmware import Firmware
from whimbrel.domain.fleet_health import DAY_MS, Upgraded, VersionSample, beside, is_conspicuous
from whimbrel.domain.gate import failures_to_halt
from whimbrel.domain.job import Job
from whimbrel.domain.product import Product
from whimbrel.domain.rollout import Hold

ATTENTION_MAX = 50
PAUSED_LONG_MS = DAY_MS  # somebody meant to come back
NEVER_ONLINE_MS = DAY_MS  # after the product was made: its first devices may still be in a box
NEAR_HALT_FAILING_MIN = 2  # one failure alone is half of what halts a small rollout, and no pattern


class AttentionKind(StrEnum):
    """The most urgent first."""

    JOB_HALTED = "JOB_HALTED"
    UPGRADE_CONSPICUOUS = "UPGRADE_CONSPICUOUS"
    VERIFICATION_FAILED = "VERIFICATION_FAILED"
    JOB_NEAR_HALT = "JOB_NEAR_HALT"
    JOB_AWAITING_APPROVAL = "JOB_AWAITING_APPROVAL"
    JOB_PAUSED = "JOB_PAUSED"
    PRODUCT_NEVER_ONLINE = "PRODUCT_NEVER_ONLINE"


class Attention(NamedTuple):
    """One thing to look at. `since_ms` None: nobody knows since when."""

    kind: AttentionKind
    words: str
    since_ms: int | None
    product_key: str
    product_name: str
    job_id: int | None = None
    firmware_id: int | None = None
    version: str | None = None


def of_job(job: Job, started: int, failing: int, now_ms: int) -> Attention | None:
    """Of a job that has not ended, of which so many devices started and are failing."""
    if job.hold is Hold.HALTED:
        return _of_job(AttentionKind.JOB_HALTED, job, job.hold_reason, job.hold_ms)
    if job.hold is Hold.AWAITING_APPROVAL:
        words = f"{job.created_by} made it, and somebody else has to approve it"
        return _of_job(AttentionKind.JOB_AWAITING_APPROVAL, job, words, job.hold_ms)
    if job.hold is Hold.PAUSED:
        is_long = job.hold_ms is not None and now_ms - job.hold_ms > PAUSED_LONG_MS
        return _of_job(AttentionKind.JOB_PAUSED, job, job.hold_reason, job.hold_ms) if is_long else None
    if not _is_near_halt(job, started, failing):
        return None
    return _of_job(AttentionKind.JOB_NEAR_HALT, job, f"{failing} of {started} devices fail", None)


def of_firmware(firmware: Firmware) -> Attention:
    """Of firmware whose verification failed."""
    return Attention(
        AttentionKind.VERIFICATION_FAILED,
        f"the verification of {firmware.name} failed",
        firmware.modified_ms,
        firmware.product_key,
        firmware.product_name,
        firmware_id=firmware.id,
        version=firmware.dest_version,
    )


def of_product(product: Product, devices: dict[DeviceStatus, int], now_ms: int) -> Attention | None:
    """Of a product that has devices in these states."""
    unactive = devices.get(DeviceStatus.UNACTIVE, 0)
    was_online = devices.get(DeviceStatus.ONLINE, 0) + devices.get(DeviceStatus.OFFLINE, 0)
    if not unactive or was_online or now_ms - product.created_ms <= NEVER_ONLINE_MS:
        return None
    words = f"none of {unactive} devices has ever connected"
    kind = AttentionKind.PRODUCT_NEVER_ONLINE
    return Attention(kind, words, product.created_ms, product.product_key, product.name)


def of_upgrade(product: Product, upgraded: Upgraded, samples: list[VersionSample]) -> Attention | None:
    """Of a job after which devices were lost, beside those of other versions."""
    quiet, alive = beside(upgraded, samples)
    if not is_conspicuous(upgraded.lost, upgraded.devices, quiet, alive):
        return None
    return Attention(
        AttentionKind.UPGRADE_CONSPICUOUS,
        f"{upgraded.lost} of {upgraded.devices} upgraded devices were lost, {quiet} of {alive} others",
        None,
        product.product_key,
        product.name,
        job_id=upgraded.job_id,
        version=upgraded.dest_version,
    )


def most_urgent(found: Iterable[Attention | None]) -> list[Attention]:
    """At most ATTENTION_MAX: by kind, then the newest first."""
    order = list(AttentionKind)
    present = [attention for attention in found if attention is not None]
    present.sort(key=lambda one: (order.index(one.kind), -(one.since_ms or 0), -(one.job_id or 0)))
    return present[:ATTENTION_MAX]


def _is_near_halt(job: Job, started: int, failing: int) -> bool:
    """Half of the failures that would halt it have come."""
    gate = job.rollout.gate
    if gate is None or failing < NEAR_HALT_FAILING_MIN:
        return False
    return 2 * failing >= failures_to_halt(started, gate.limit_basis_points)


def _of_job(kind: AttentionKind, job: Job, words: str, since_ms: int | None) -> Attention:
    return Attention(
        kind, words, since_ms, job.product_key, job.product_name, job.id, job.firmware_id, job.dest_version
    )
