"""Jobs: one firmware for a set of devices, and how a job ends (api-contract 6.3, 6.4, 7.3, 10)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import NamedTuple

from whimbrel.domain.task import TaskStatus

VERIFY_DEVICES_MAX = 10
TARGET_NAMES_MAX = 200
TIMEOUT_MINUTES_MIN, TIMEOUT_MINUTES_MAX = 1, 1440
TAGS_MAX, TAGS_LENGTH_MAX = 10, 4096
TAG_KEY = re.compile(r"[A-Za-z0-9.]{1,30}")
TAG_VALUE_LENGTH_MAX = 1024


class JobType(StrEnum):
    VERIFY = "VERIFY_FIRMWARE"
    UPGRADE = "UPGRADE_FIRMWARE"


class JobStatus(StrEnum):
    PLANNED = "PLANNED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


#: From each status, the statuses that may follow. Nothing else decides (api-contract 6.4).
TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PLANNED: frozenset({JobStatus.IN_PROGRESS, JobStatus.CANCELED}),
    JobStatus.IN_PROGRESS: frozenset({JobStatus.COMPLETED, JobStatus.CANCELED}),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.CANCELED: frozenset(),
}


class TargetSelection(StrEnum):
    ALL = "ALL"
    SPECIFIC = "SPECIFIC"
    GRAY = "GRAY"
    GROUP = "GROUP"


class SelectionType(StrEnum):
    STATIC = "STATIC"
    DYNAMIC = "DYNAMIC"


class DownloadProtocol(StrEnum):
    HTTPS = "HTTPS"
    MQTT = "MQTT"


class OverwriteMode(IntEnum):
    KEEP = 1
    OVERWRITE = 2


class Tag(NamedTuple):
    key: str
    value: str


class JobDraft(NamedTuple):
    """A job about to be stored. What firmware it sends is pinned here by SHA-256, not by name (I10).

    `fill_until` is the largest device id of the frozen target set (I2): devices registered later are not in it.
    """

    account_id: int
    product_id: int
    firmware_id: int
    firmware_name: str
    module_name: str
    dest_version: str
    required_version: str  # of a difference firmware: only devices at this version; else empty
    sha256: str
    md5: str
    size_bytes: int
    sign_method: str
    firmware_type: int
    udi: str
    job_type: str
    target_selection: str
    need_push: bool
    need_confirm: bool
    timeout_minutes: int | None
    tags: tuple[Tag, ...]
    fill_until: int
    is_filled: bool
    created_ms: int


class Job(NamedTuple):
    """A stored job with its product's names and the engine's cursors."""

    id: int
    account_id: int
    product_id: int
    product_key: str
    product_name: str
    firmware_id: int
    firmware_name: str
    module_name: str
    dest_version: str
    required_version: str
    sha256: str
    md5: str
    size_bytes: int
    sign_method: str
    firmware_type: int
    udi: str
    job_type: JobType
    status: JobStatus
    target_selection: str
    need_push: bool
    need_confirm: bool
    timeout_minutes: int | None
    tags: tuple[Tag, ...]
    fill_after: int
    fill_until: int
    is_filled: bool
    dispatch_after: int
    cancelling: frozenset[TaskStatus]
    cancel_after: int
    created_ms: int
    modified_ms: int
    ended_ms: int | None


#: Tasks of a job by status.
Counts = Mapping[TaskStatus, int]


def open_tasks(counts: Counts) -> int:
    return sum(n for status, n in counts.items() if status.is_open)


def status_after(job_status: JobStatus, is_filled: bool, counts: Counts) -> JobStatus:
    """The job's status for these counts (api-contract 6.4).

    Ended when it is filled and no task is open: CANCELED when tasks were cancelled and none ever succeeded or
    failed, else COMPLETED (an empty target set completes at once, api-contract 7.3).
    """
    if job_status is not JobStatus.IN_PROGRESS or not is_filled or open_tasks(counts) > 0:
        return job_status
    ended_by_device = counts.get(TaskStatus.SUCCEEDED, 0) + counts.get(TaskStatus.FAILED, 0)
    return JobStatus.CANCELED if counts.get(TaskStatus.CANCELED, 0) and not ended_by_device else JobStatus.COMPLETED


def verify_progress(counts: Counts) -> int:
    """Percent of a verify job's tasks that have ended (api-contract 6.1)."""
    total = sum(counts.values())
    return 100 * (total - open_tasks(counts)) // total if total else 0


def targets_version(reported: str | None, dest_version: str, required_version: str) -> bool:
    """Whether a device at `reported` (None: never reported) belongs to the job (api-contract 7.3).

    The same rule over a fleet is the statement `fill_job`; a property test holds them equal.
    """
    if reported == dest_version:
        return False
    return not required_version or reported == required_version
