"""What may be said of a device that does not update: codes for programs, words for people (design.md part 4)."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Code(Enum):
    """The value is what the code means. They stand in the order in which what is in the way has to be cleared."""

    DISABLED = "The device is disabled; it may not connect."
    FIRMWARE_NOT_VERIFIED = "No job may send the firmware yet: it needs a successful verification first."
    HALTED = (
        "The job's gate has halted it, on the evidence that is given; nobody gets another byte until it is resumed."
    )
    PAUSED = "Somebody has paused the job; nobody is told until it is resumed."
    AWAITING_APPROVAL = "The job waits until somebody other than its maker approves it; nobody is told until then."
    CANCELING = "The task, or others of its job, are just being cancelled."
    BLOCKED_BY_TASK = "When the task was made another open task held the device, so it was born FAILED."
    OVERWRITTEN = "A task of a job that overwrites has taken its place."
    CANCELED = "The task was cancelled."
    TIMED_OUT = "The device began, and did not report the version in time."
    WRONG_VERSION_REPORTED = "After it had begun, the device reported a version that is not the wanted one."
    FAILED = "The device reported a failure, and no automatic retry is left."
    JOB_ENDED = "The job has ended, and takes no device any more."
    AT_DEST_VERSION = "The device reports the version that the job brings."
    NEVER_REPORTED = (
        "The job is for devices that report certain versions; this one has never reported any for the module."
    )
    WRONG_SOURCE_VERSION = "The job is for devices that report certain versions; this one reports another."
    NOT_TARGETED_SELECTION = (
        "The job is for some devices, by their names, a share or a group; this one is not among them."
    )
    NOT_TARGETED_AFTER_START = "The device was registered after the job had fixed its set of devices."
    NOT_TARGETED_AT_START = (
        "When the job came to the device, what it reported did not fit; later reports change nothing."
    )
    FOLLOWS_NEWER_JOB = "A newer dynamic job takes the devices of this version."
    MATCHES_USED_UP = "A dynamic job takes a device a few times only, against loops of reported versions."
    JOB_PLANNED = "The job has not started."
    STILL_FILLING = "The job is still making its tasks, and has not come to the device."
    WAITING_REPORT = "The dynamic job takes the device when it reports its version next."
    WAITING_CONFIRMATION = "The task waits until somebody confirms it."
    RETRY_AT = "The last attempt failed; the next one waits for its time."
    WAITING_STAGE = "The job goes out in stages, and the device is not in the one that is under way."
    WAITING_WINDOW = "The job tells devices in its maintenance windows only, and none is open."
    WAITING_PACE = "The job has told as many devices as it may for now."
    SILENT = "The device was told, or had begun, and has said nothing for longer than the job's gate allows."
    NOT_PUSHED = "The job does not push; the device is told when it asks."
    NEVER_CONNECTED = "The device has never connected."
    OFFLINE = "The device is not connected; it is told when it comes."
    WAITING_POLL = "The device polls; it is told when it asks next."
    NOTIFIED_NO_PROGRESS = "The device was told, and has reported no progress."
    IN_PROGRESS = "The device is at it."
    READY = "Nothing is in the way: the server tells the device now."
    SUCCEEDED = "The task has succeeded."
    NO_JOB = "No job that is planned or running is for the device."

    @property
    def is_in_the_way(self) -> bool:
        """Whether the device would go on if it were not for this."""
        return self not in (Code.IN_PROGRESS, Code.READY, Code.SUCCEEDED)


_RANK = {code: rank for rank, code in enumerate(Code)}


class When(NamedTuple):
    """`since_ms`: from when on it is so; `until_ms`: when time alone changes it. None for what is not known."""

    since_ms: int | None = None
    until_ms: int | None = None


class Finding(NamedTuple):
    """One thing that can be said. `details` are its numbers and names, each by the word for it."""

    code: Code
    words: str
    job_id: int | None = None
    task_id: int | None = None
    when: When = When()
    details: tuple[tuple[str, str], ...] = ()


def in_order(findings: list[Finding]) -> list[Finding]:
    """What has to be cleared first comes first."""
    return sorted(findings, key=lambda finding: _RANK[finding.code])
