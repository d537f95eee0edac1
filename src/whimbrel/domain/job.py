"""Jobs: one firmware for a set of devices, and how a job ends (api-contract 6.3, 6.4, 7.3, 10)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from typing import NamedTuple

from whimbrel.domain.firmware import Firmware, FirmwareFile
from whimbrel.domain.rollout import UNGUARDED, Hold, Rollout
from whimbrel.domain.task import TaskStatus

VERIFY_DEVICES_MAX = 10
TARGET_NAMES_MAX = 200
SRC_VERSIONS_MAX = 10
TIMEOUT_MINUTES_MIN, TIMEOUT_MINUTES_MAX = 1, 1440
STREAM_BYTES_MAX = 16 * 1024 * 1024  # of the one file that devices download over MQTT (api-contract 10.2, 14)
MATCHES_MAX = 10  # of one device in one dynamic job: against loops of reported versions (api-contract 7.4)
TAGS_MAX, TAGS_LENGTH_MAX = 10, 4096
TAG_KEY = re.compile(r"[A-Za-z0-9.]{1,30}")
TAG_VALUE_LENGTH_MAX = 1024
NO_TASK_ABOVE = (1 << 63) - 1


class JobType(StrEnum):
    VERIFY = "VERIFY_FIRMWARE"
    UPGRADE = "UPGRADE_FIRMWARE"


class JobStatus(StrEnum):
    PLANNED = "PLANNED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


#: From each status, the statuses that may follow. Nothing else decides (api-contract 6.4).
#: An ended job comes back only with a task that is started again (11.3).
TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PLANNED: frozenset({JobStatus.IN_PROGRESS, JobStatus.CANCELED}),
    JobStatus.IN_PROGRESS: frozenset({JobStatus.COMPLETED, JobStatus.CANCELED}),
    JobStatus.COMPLETED: frozenset({JobStatus.IN_PROGRESS}),
    JobStatus.CANCELED: frozenset({JobStatus.IN_PROGRESS}),
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


class DynamicMode(IntEnum):
    """Which devices a dynamic job follows (api-contract 6.6)."""

    NOW_AND_LATER = 1
    LATER = 2


class Tag(NamedTuple):
    key: str
    value: str


class JobDraft(NamedTuple):
    """A job about to be stored. What firmware it sends is pinned here by SHA-256, not by name (I10).

    `fill_until` is the largest device id of the frozen target set (I2): devices registered later are not in it.
    A job with `schedule_ms` is planned, and freezes its target set when it starts.
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
    files: tuple[FirmwareFile, ...] = ()  # two or more, pinned one by one; else the fields above are the one file's
    selection_type: str = SelectionType.STATIC
    dynamic_mode: int | None = None
    src_versions: tuple[str, ...] = ()
    gray_percent: str = ""
    group_row_id: int | None = None
    group_id: str | None = None
    group_name: str = ""
    device_list_key: str = ""
    is_gathered: bool = True
    schedule_ms: int | None = None
    schedule_finish_ms: int | None = None
    retry_minutes: int | None = None
    retry_count: int | None = None
    maximum_per_minute: int | None = None
    overwrite_mode: int = OverwriteMode.KEEP
    multi_module_mode: bool = False
    download_protocol: str = DownloadProtocol.HTTPS
    rollout: Rollout = UNGUARDED
    created_by: str = ""
    hold: Hold = Hold.NONE
    hold_reason: str = ""

    @property
    def open_scope(self) -> str:
        """As of the job."""
        return open_scope(self)

    @property
    def overwrites(self) -> bool:
        """As of the job."""
        return overwrites(self)

    @property
    def source_versions(self) -> tuple[str, ...]:
        """The versions its devices must report, none for any (api-contract 7.3)."""
        return source_versions(self.src_versions, self.required_version)


class Job(NamedTuple):
    """A stored job with its product's names and the engine's cursors.

    `gather_after` and `gray_left` are the cursors of gathering its target set, which comes before filling it.
    `schedule_ended_ms`: its ScheduleFinishTime was acted on. `strategy_ended_ms`: a dynamic job takes no device more.
    `wave`, `gate_wave`, `era`: where its gate and its pace count (domain/gate.py); a resume after a halt begins a new
    era. `stage`: which of its stages is under way; `stage_until`: the newest task that may leave in it; `soaked_ms`:
    since when the stage is healthy. `order_factor`: what shuffles its devices, None for the order of their ids.
    `created_by`, `approved_by`: an AccessKeyId or `user:NAME`, empty for nobody that is known.
    """

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
    files: tuple[FirmwareFile, ...] = ()
    selection_type: str = SelectionType.STATIC
    dynamic_mode: int | None = None
    src_versions: tuple[str, ...] = ()
    gray_percent: str = ""
    gray_left: int = 0
    group_row_id: int | None = None
    group_id: str | None = None
    group_name: str = ""
    device_list_key: str = ""
    gather_after: int = 0
    is_gathered: bool = True
    schedule_ms: int | None = None
    schedule_finish_ms: int | None = None
    schedule_ended_ms: int | None = None
    started_ms: int | None = None
    retry_minutes: int | None = None
    retry_count: int | None = None
    maximum_per_minute: int | None = None
    overwrite_mode: int = OverwriteMode.KEEP
    multi_module_mode: bool = False
    download_protocol: str = DownloadProtocol.HTTPS
    strategy_ended_ms: int | None = None
    rollout: Rollout = UNGUARDED
    hold: Hold = Hold.NONE
    hold_reason: str = ""
    hold_ms: int | None = None
    wave: int = 1
    gate_wave: int = 1
    era: int = 1
    stage: int = 0
    stage_until: int = NO_TASK_ABOVE
    soaked_ms: int | None = None
    order_factor: int | None = None
    created_by: str = ""
    approved_by: str = ""

    @property
    def is_held(self) -> bool:
        return self.hold is not Hold.NONE

    @property
    def is_unfinished(self) -> bool:
        """Whether it may still tell devices; also a dynamic job whose strategy ended, as long as its tasks go on."""
        return self.status in (JobStatus.PLANNED, JobStatus.IN_PROGRESS)

    @property
    def counts_claims(self) -> bool:
        """Whether how many devices may be told depends on how many were: then they are told in the job's turn (I6)."""
        return self.maximum_per_minute is not None or self.rollout.pace is not None

    @property
    def is_dynamic(self) -> bool:
        return self.selection_type == SelectionType.DYNAMIC

    @property
    def source_versions(self) -> tuple[str, ...]:
        """The versions its devices must report, none for any (api-contract 7.3)."""
        return source_versions(self.src_versions, self.required_version)

    @property
    def takes_product(self) -> bool:
        """Whether its target set is walked through the product, as dynamic jobs' is; else it is gathered first."""
        return self.target_selection == TargetSelection.ALL

    @property
    def open_scope(self) -> str:
        """What its open tasks exclude on their device: with '' everything, else another task for the module (I3)."""
        return open_scope(self)

    @property
    def overwrites(self) -> bool:
        """Whether its tasks take the place of others that have not begun (api-contract 7.3)."""
        return overwrites(self)

    @property
    def shown_status(self) -> JobStatus:
        """What callers read: a dynamic job whose strategy ended is cancelled, though its tasks go on (10.6)."""
        return JobStatus.CANCELED if self.strategy_ended_ms is not None else self.status

    @property
    def shown_end_ms(self) -> int | None:
        return self.strategy_ended_ms if self.strategy_ended_ms is not None else self.ended_ms


#: Tasks of a job by status.
Counts = Mapping[TaskStatus, int]


def open_tasks(counts: Counts) -> int:
    return sum(n for status, n in counts.items() if status.is_open)


def summed(many: Iterable[Counts]) -> Counts:
    """The counts of several jobs together."""
    total = dict.fromkeys(TaskStatus, 0)
    for counts in many:
        for status, n in counts.items():
            total[status] += n
    return total


def status_after(job: Job, counts: Counts) -> JobStatus:
    """The job's status for these counts (api-contract 6.4).

    Ended when it is filled and no task is open: CANCELED when tasks were cancelled and none ever succeeded or
    failed, else COMPLETED (an empty target set completes at once, api-contract 7.3). What ScheduleFinishTime cancelled
    is COMPLETED. A dynamic job goes on until its strategy ends, and then is CANCELED with its last open task.
    """
    is_running = not job.is_filled or open_tasks(counts) > 0 or (job.is_dynamic and job.strategy_ended_ms is None)
    if job.status is not JobStatus.IN_PROGRESS or is_running:
        return job.status
    if job.is_dynamic:
        return JobStatus.CANCELED
    ended_by_device = counts.get(TaskStatus.SUCCEEDED, 0) + counts.get(TaskStatus.FAILED, 0)
    is_cancelled = counts.get(TaskStatus.CANCELED, 0) and not ended_by_device and job.schedule_ended_ms is None
    return JobStatus.CANCELED if is_cancelled else JobStatus.COMPLETED


def verify_progress(counts: Counts) -> int:
    """Percent of a verify job's tasks that have ended (api-contract 6.1)."""
    total = sum(counts.values())
    return 100 * (total - open_tasks(counts)) // total if total else 0


def open_scope(job: Job | JobDraft) -> str:
    """What the job's open tasks exclude on their device."""
    return job.module_name if job.multi_module_mode else ""


def overwrites(job: Job | JobDraft) -> bool:
    """Whether the job's tasks take the place of others that have not begun."""
    return job.multi_module_mode or job.overwrite_mode == OverwriteMode.OVERWRITE


def source_versions(src_versions: tuple[str, ...], required_version: str) -> tuple[str, ...]:
    """SrcVersion.N as given, or the one version that a difference firmware starts from; none for any."""
    return src_versions or ((required_version,) if required_version else ())


def is_candidate(reported: str | None, sources: tuple[str, ...]) -> bool:
    """Whether a device at `reported` (None: never reported) is among those a share is taken of (api-contract 7.3)."""
    return not sources or reported in sources


def stands_in_the_way(job: Job, other_module: str) -> bool:
    """Whether an open task of another job, for that module, holds the device against `job` (api-contract 7.3, I3).

    The mode of the job that comes now decides. The same rule over a fleet is a part of `births.sql`; a property test
    holds them equal.
    """
    return not job.multi_module_mode or other_module == job.module_name


def targets_version(reported: str | None, dest_version: str, sources: tuple[str, ...]) -> bool:
    """Whether a device at `reported` belongs to the job: a candidate that is not at the version already.

    The same rule over a fleet are the statements `fill_*`; a property test holds them equal.
    """
    return reported != dest_version and is_candidate(reported, sources)


def stream_fault(firmware: Firmware) -> str:
    """Why the firmware cannot be downloaded over MQTT, empty when it can (api-contract 10.2)."""
    if not firmware.is_one_object:
        return "DownloadProtocol MQTT takes firmware of one file; this one has several"
    if firmware.size_bytes > STREAM_BYTES_MAX:
        return f"DownloadProtocol MQTT takes files up to {STREAM_BYTES_MAX} bytes; this one has {firmware.size_bytes}"
    return ""
