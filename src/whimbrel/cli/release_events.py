"""What happens in a release, one value each: a JSON line in a pipe, words on a terminal.

The names and fields are an interface: docs/reference/release-events.md documents them, and a test holds it to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple, Protocol


class Outcome(Enum):
    """How a release ended, with its exit status."""

    COMPLETED = ("completed", 0)
    STARTED = ("started", 0)
    PREVIEWED = ("previewed", 0)
    REFUSED = ("refused", 1)
    WRONG_COMMAND_LINE = ("wrong_command_line", 2)
    VERIFY_FAILED = ("verify_failed", 3)
    HALTED = ("halted", 4)
    DEVICES_FAILED = ("devices_failed", 5)
    CANCELED = ("canceled", 6)
    TIMED_OUT = ("timed_out", 7)
    INTERRUPTED = ("interrupted", 130)

    @property
    def word(self) -> str:
        """As JSON lines say it."""
        word: str = self.value[0]
        return word

    @property
    def exit_status(self) -> int:
        """What a pipeline sees."""
        status: int = self.value[1]
        return status


class Event(Protocol):
    """What happened. Its fields are those of its JSON line, `event` aside; None is left out."""

    @property
    def words(self) -> str: ...

    def _asdict(self) -> dict[str, Any]: ...


class FilesRead(NamedTuple):
    """The files were read and hashed; nothing was sent."""

    product_key: str
    product_name: str
    version: str
    module: str
    files: tuple[Mapping[str, object], ...]

    @property
    def words(self) -> str:
        lines = [f"  {file['name']}  {file['size_bytes']} bytes  SHA-256 {file['sha256']}" for file in self.files]
        return "\n".join([f"{self.product_name} ({self.product_key}), {self.module} {self.version}", *lines])


class Uploaded(NamedTuple):
    """One file is on the server."""

    name: str
    size_bytes: int

    @property
    def words(self) -> str:
        return f"{self.name} is uploaded"


class FirmwareReady(NamedTuple):
    """The server has the firmware; `is_new` is false when it had it before, with the same bytes."""

    firmware_id: str
    is_new: bool

    @property
    def words(self) -> str:
        return f"firmware {self.firmware_id} {'is made' if self.is_new else 'is there already, with the same bytes'}"


class Verifying(NamedTuple):
    """The verify job runs; `is_new` is false when it did before."""

    job_id: str
    is_new: bool

    @property
    def words(self) -> str:
        return f"verify job {self.job_id} {'is made' if self.is_new else 'runs already'}"


class Verified(NamedTuple):
    """The firmware may be rolled out; `status` as QueryOTAFirmware: 1 verified, -1 needs none."""

    firmware_id: str
    status: int

    @property
    def words(self) -> str:
        return "verified" if self.status == 1 else "needs no verification"


class Preview(NamedTuple):
    """What the rollout would do (XPreviewOTAJob)."""

    targets: int
    in_conflict: int
    offline: int
    at_dest_version: int
    at_other_version: int
    bytes_to_transfer: int
    expected_minutes: int
    stages: tuple[int, ...]

    @property
    def words(self) -> str:
        lines = [f"{self.targets} devices would be told; {self.at_dest_version} have the version already"]
        more = {
            "are busy with another job, and would fail": self.in_conflict,
            "are offline, and are told when they come": self.offline,
            "are left out for the version that they have": self.at_other_version,
        }
        lines += [f"  {count} {meaning}" for meaning, count in more.items() if count]
        if len(self.stages) > 1:
            lines.append(f"  stages of {', '.join(map(str, self.stages))} devices")
        gigabytes = self.bytes_to_transfer / 1e9
        lines.append(f"  {gigabytes:.3g} GB in all, {self.expected_minutes} minutes or more")
        return "\n".join(lines)


class RollingOut(NamedTuple):
    """The upgrade job is there; `is_new` is false when an earlier run of the same release made it."""

    job_id: str
    is_new: bool

    @property
    def words(self) -> str:
        if self.is_new:
            return f"job {self.job_id} rolls it out"
        return f"job {self.job_id} of an earlier run rolls it out, as it was made then"


class Progress(NamedTuple):
    """Where a job stands; told when it changed. `tasks` counts by status, `stage` is 0 without stages."""

    job_id: str
    state: str
    stage: int
    stages: int
    tasks: Mapping[str, int]
    at_risk: int
    at_risk_max: int | None
    failing: int
    silent: int
    reason: str

    @property
    def words(self) -> str:
        counts = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in self.tasks.items() if count)
        stage = f", stage {self.stage} of {self.stages}" if self.stage else ""
        pace = f"; {self.at_risk} of {self.at_risk_max} at risk" if self.at_risk_max is not None else ""
        reason = f" ({self.reason})" if self.reason else ""
        return f"job {self.job_id} {self.state}{reason}{stage}: {counts or 'no devices yet'}{pace}"


class AwaitingApproval(NamedTuple):
    """The job waits for somebody other than its maker; nobody is told of it until then."""

    job_id: str

    @property
    def words(self) -> str:
        return (
            f"job {self.job_id} waits for somebody else: `whimbrel approve {self.job_id} --reason …` with another key "
            f"than the one that made it, or `whimbrel reject {self.job_id} --reason …`"
        )


class Failures(NamedTuple):
    """Why devices failed: of the newest hundred, by reason, the most frequent first."""

    job_id: str
    failed: int
    reasons: tuple[Mapping[str, object], ...]

    @property
    def words(self) -> str:
        lines = [f"  {row['devices']} × {row['reason']} ({row['example']})" for row in self.reasons]
        return "\n".join([f"{self.failed} devices failed:", *lines])


class ServerAway(NamedTuple):
    """The server does not answer; it is asked again for a while."""

    error: str

    @property
    def words(self) -> str:
        return f"{self.error}; asking again"


class Ended(NamedTuple):
    """The last line, whatever came before."""

    outcome: str
    exit_status: int
    reason: str
    firmware_id: str | None
    job_id: str | None

    @property
    def words(self) -> str:
        return self.reason


#: What the lines call them.
EVENTS: dict[str, type] = {
    "files_read": FilesRead,
    "uploaded": Uploaded,
    "firmware": FirmwareReady,
    "verifying": Verifying,
    "verified": Verified,
    "preview": Preview,
    "rolling_out": RollingOut,
    "progress": Progress,
    "awaiting_approval": AwaitingApproval,
    "failures": Failures,
    "server_away": ServerAway,
    "ended": Ended,
}
