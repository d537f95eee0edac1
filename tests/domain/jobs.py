"""A job as values, for tables."""

from __future__ import annotations

from whimbrel.domain.job import Job, JobStatus, JobType

JOB = Job(
    id=1,
    account_id=1,
    product_id=1,
    product_key="pk",
    product_name="product",
    firmware_id=1,
    firmware_name="firmware",
    module_name="default",
    dest_version="2.0.0",
    required_version="",
    sha256="a" * 64,
    md5="b" * 32,
    size_bytes=1,
    sign_method="MD5",
    firmware_type=0,
    udi="",
    job_type=JobType.UPGRADE,
    status=JobStatus.IN_PROGRESS,
    target_selection="ALL",
    need_push=True,
    need_confirm=False,
    timeout_minutes=None,
    tags=(),
    fill_after=0,
    fill_until=9,
    is_filled=True,
    dispatch_after=0,
    cancelling=frozenset(),
    cancel_after=0,
    created_ms=1_700_000_000_000,
    modified_ms=1_700_000_000_000,
    ended_ms=None,
)
