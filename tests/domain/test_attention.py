"""What needs somebody first, as tables (ADR 0060)."""

from __future__ import annotations

import pytest

from tests.domain.jobs import JOB
from tests.engine.world import Place, firmware_draft, product_draft
from whimbrel.domain.attention import (
    ATTENTION_MAX,
    Attention,
    AttentionKind,
    most_urgent,
    of_firmware,
    of_job,
    of_product,
    of_upgrade,
)
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.firmware import Firmware
from whimbrel.domain.fleet_health import DAY_MS, Upgraded, VersionSample
from whimbrel.domain.gate import failures_to_halt
from whimbrel.domain.job import Job
from whimbrel.domain.product import Product
from whimbrel.domain.rollout import Gate, Hold, Rollout

NOW_MS = 1_800_000_000_000
GATED = JOB._replace(rollout=Rollout(gate=Gate()))
PRODUCT = Product(7, *product_draft(1), 0)._replace(created_ms=NOW_MS - DAY_MS - 1)
HALF = -(-failures_to_halt(200, 300) // 2)


def held(hold: Hold, ago_ms: int) -> Job:
    return JOB._replace(hold=hold, hold_reason="why", hold_ms=NOW_MS - ago_ms)


@pytest.mark.parametrize(
    ("job", "started", "failing", "kind"),
    [
        (JOB, 0, 0, None),
        (held(Hold.HALTED, 0), 0, 0, AttentionKind.JOB_HALTED),
        (held(Hold.PAUSED, DAY_MS), 0, 0, None),
        (held(Hold.PAUSED, DAY_MS + 1), 0, 0, AttentionKind.JOB_PAUSED),
        (held(Hold.PAUSED, 0)._replace(rollout=GATED.rollout), 200, 100, None),
        (JOB, 200, 100, None),  # without a gate nothing halts it
        (GATED, 200, HALF - 1, None),
        (GATED, 200, HALF, AttentionKind.JOB_NEAR_HALT),
        (GATED, 1, 1, None),
        (GATED, 2, 2, AttentionKind.JOB_NEAR_HALT),
    ],
)
def test_jobs(job: Job, started: int, failing: int, kind: AttentionKind | None) -> None:
    """Halted ones; those that were paused for more than a day; those that half of their halt has come upon."""
    found = of_job(job, started, failing, NOW_MS)
    assert (found and found.kind) == kind
    if found is not None:
        assert (found.job_id, found.firmware_id, found.product_key) == (1, 1, "pk")


def test_a_halted_job_says_why() -> None:
    """Its reason, its numbers, since when."""
    found = of_job(held(Hold.HALTED, 5), 0, 0, NOW_MS)
    assert found == (AttentionKind.JOB_HALTED, "why", NOW_MS - 5, "pk", "product", 1, 1, "2.0.0")


@pytest.mark.parametrize(
    ("devices", "age_ms", "is_found"),
    [
        ({}, 2 * DAY_MS, False),
        ({DeviceStatus.UNACTIVE: 3}, DAY_MS, False),
        ({DeviceStatus.UNACTIVE: 3}, DAY_MS + 1, True),
        ({DeviceStatus.UNACTIVE: 3, DeviceStatus.DISABLE: 1}, 2 * DAY_MS, True),
        ({DeviceStatus.UNACTIVE: 3, DeviceStatus.OFFLINE: 1}, 2 * DAY_MS, False),
        ({DeviceStatus.UNACTIVE: 3, DeviceStatus.ONLINE: 1}, 2 * DAY_MS, False),
        ({DeviceStatus.DISABLE: 1}, 2 * DAY_MS, False),
    ],
)
def test_products(devices: dict[DeviceStatus, int], age_ms: int, is_found: bool) -> None:
    """Those of more than a day that have devices, none of which ever came."""
    product = PRODUCT._replace(created_ms=NOW_MS - age_ms)
    assert (of_product(product, devices, NOW_MS) is not None) is is_found


def test_firmware() -> None:
    """Firmware whose verification failed says since when."""
    draft = firmware_draft(Place(1, 7, "pk"))._asdict()
    draft.pop("files")
    firmware = Firmware(id=9, product_key="pk", product_name="lamp", modified_ms=NOW_MS, file_count=0, **draft)
    found = of_firmware(firmware)
    assert (found.kind, found.since_ms, found.firmware_id, found.version) == (
        AttentionKind.VERIFICATION_FAILED,
        NOW_MS,
        9,
        "2.0.0",
    )


@pytest.mark.parametrize(("lost", "is_found"), [(190, True), (1, False)])
def test_upgrades(lost: int, is_found: bool) -> None:
    """More lost devices than those of other versions explain; those of the same version say nothing."""
    samples = [VersionSample("1.0.0", 900, 800, 900, 20), VersionSample("2.0.0", 100, 50, 100, 90)]
    found = of_upgrade(PRODUCT, Upgraded(42, "2.0.0", 500, lost), samples)
    assert (found is not None) is is_found
    if found is not None:
        assert (found.job_id, found.words) == (42, "190 of 500 upgraded devices were lost, 20 of 900 others")


def test_order_and_limit() -> None:
    """By kind, then the newest first; what is nothing is left out; not more than the limit."""

    def one(kind: AttentionKind, since_ms: int | None = None) -> Attention:
        return Attention(kind, "", since_ms, "pk", "product")

    paused, halted, newer = (
        one(AttentionKind.JOB_PAUSED, 9),
        one(AttentionKind.JOB_HALTED, 1),
        one(AttentionKind.JOB_HALTED, 2),
    )
    assert most_urgent([None, paused, halted, newer]) == [newer, halted, paused]
    for n in (ATTENTION_MAX - 1, ATTENTION_MAX, ATTENTION_MAX + 1):
        assert len(most_urgent([one(AttentionKind.JOB_PAUSED)] * n)) == min(n, ATTENTION_MAX)
