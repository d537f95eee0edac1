"""The server's jobs and tasks in plain Python, for `test_model.py`: their states, and the rules for one of them.

Written from the API contract (6, 7, 10, 11) and the device protocol (3, 5, 6, 9), not from the server: its states are
the words on the wire, its only tools lists and loops. `model_server.py` is what callers, devices and time do to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

MINUTE_MS = 60_000
GRAY_KEYS = 1 << 31
MATCHES_MAX = 10  # api-contract 7.4
BEGUN = "IN_PROGRESS"
WAITING = ("CONFIRM", "QUEUED", "NOTIFIED")  # what another job may take the place of (7.3)
OPEN = (*WAITING, BEGUN)
ENDED = ("SUCCEEDED", "FAILED", "CANCELED")
RELEASABLE = (-1, 1)  # package status (6.1)


@dataclass(eq=False)
class Firmware:
    """`source`: of a difference, the version it starts from. `status` as in api-contract 6.1."""

    id: str
    module: str
    version: str
    source: str = ""
    status: int = -1


@dataclass(eq=False)
class Device:
    """`versions`: module to what it reported last. `session`: the one that it is online by, None while it is not."""

    id: int
    name: str
    iot_id: str
    versions: dict[str, str] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    session: int | None = None
    is_deleted: bool = False
    is_member: bool = False

    @property
    def is_online(self) -> bool:
        return self.session is not None

    @property
    def open_tasks(self) -> list[Task]:
        """Oldest first."""
        return [task for task in self.tasks if task.status in OPEN]


@dataclass(eq=False)
class Task:
    """`why` is what TaskDesc must speak of, empty for nothing; `due_ms` when time moves it."""

    job: Job
    device: Device
    status: str
    source: str
    why: str = ""
    attempt: int = 1
    retries: int = 0
    progress: int = 0
    due_ms: int | None = None
    is_confirmed: bool = False
    id: str = ""

    @property
    def is_deliverable(self) -> bool:
        """Whether the upgrade information may leave (7.3, 7.7, 7.9)."""
        if self.status not in OPEN or self.status == "CONFIRM" or (self.status == "QUEUED" and self.due_ms is not None):
            return False
        wanted = self.job.firmware.source
        return self.status == BEGUN or not wanted or self.device.versions.get(self.job.firmware.module) == wanted

    @property
    def is_ready(self) -> bool:
        """Whether an engine would tell the device now."""
        return self.status == "QUEUED" and self.job.needs_push and self.device.is_online and self.is_deliverable

    def end(self, status: str, why: str = "") -> None:
        self.status, self.why, self.due_ms = status, why, None
        if status == "SUCCEEDED":
            self.progress = 100

    def fail(self, why: str, now_ms: int) -> None:
        """The device reported it, so it may be tried again (7.7)."""
        self.end("FAILED", why)
        if self.job.retry_minutes is None or self.retries >= self.job.retry_count or self.job.has_schedule_ended:
            return
        self.status, self.progress = "QUEUED", 0
        self.attempt, self.retries = self.attempt + 1, self.retries + 1
        self.due_ms = now_ms + self.job.retry_minutes * MINUTE_MS if self.job.retry_minutes else None

    def reopen(self) -> None:
        """As a new attempt with all its retries (11.3)."""
        self.status, self.why, self.due_ms = "QUEUED", "", None
        self.attempt, self.retries, self.progress = self.attempt + 1, 0, 0
        self.source = self.device.versions.get(self.job.firmware.module, "")


@dataclass(eq=False)
class Job:
    """`kind` is STATIC, DYNAMIC or VERIFY. `told_s`: when it told whom, as far as its pace counts that.

    `is_filled`: every device of its target set has been looked at; `looks`: how many of the engine's that takes yet.
    `prefix`: of a dynamic group's devices.
    """

    kind: str
    firmware: Firmware
    selection: str = "ALL"
    named: tuple[Device, ...] = ()
    percent: str = ""
    prefix: str | None = None
    given_sources: tuple[str, ...] = ()
    takes_now: bool = True
    needs_push: bool = True
    needs_confirm: bool = False
    timeout_minutes: int | None = None
    retry_minutes: int | None = None
    retry_count: int = 0
    pace: int | None = None
    overwrites: bool = False
    is_multi: bool = False
    schedule_ms: int | None = None
    finish_ms: int | None = None
    id: str = ""
    status: str = "IN_PROGRESS"
    tasks: list[Task] = field(default_factory=list)
    is_filled: bool = False
    looks: int = 0
    has_rule: bool = False
    is_cancelling: bool = False
    has_schedule_ended: bool = False
    told_s: list[float] = field(default_factory=list)

    @property
    def shown_status(self) -> str:
        """A dynamic job whose rule was ended is CANCELED, though its tasks go on (10.6)."""
        is_over = self.kind == "DYNAMIC" and not self.has_rule
        return "CANCELED" if is_over else self.status

    @property
    def sources(self) -> tuple[str, ...]:
        return self.given_sources or ((self.firmware.source,) if self.firmware.source else ())

    @property
    def room(self) -> int:
        """How many devices may be told now (7.8)."""
        return 1_000_000 if self.pace is None else max(0, self.pace - len(self.told_s))

    @property
    def open_tasks(self) -> list[Task]:
        return [task for task in self.tasks if task.status in OPEN]

    def ready(self) -> list[Task]:
        return [] if self.is_cancelling else [task for task in self.tasks if task.is_ready]

    def is_in_time(self, now_ms: int) -> bool:
        """Whether its tasks may be confirmed or started again (7.5)."""
        has_begun = self.schedule_ms is None or self.schedule_ms <= now_ms
        return has_begun and (self.finish_ms is None or now_ms < self.finish_ms)

    # ---- whom it takes (7.3, 7.4) ----

    def is_candidate(self, device: Device) -> bool:
        return not self.sources or device.versions.get(self.firmware.module) in self.sources

    def takes(self, device: Device) -> bool:
        return self.is_candidate(device) and device.versions.get(self.firmware.module) != self.firmware.version

    def follows(self, device: Device) -> bool:
        """Whether its rule is for the device at the version it has now."""
        return self.has_rule and self.is_of_rule(device) and self.takes(device)

    def is_of_rule(self, device: Device) -> bool:
        return self.prefix is None or device.name.startswith(self.prefix)

    def target_set(self, devices: Iterable[Device]) -> list[Device]:
        """Of the devices that are there, oldest first."""
        there = [device for device in devices if not device.is_deleted]
        if self.kind == "DYNAMIC":
            return [device for device in there if self.is_of_rule(device)]
        if self.selection == "GRAY":
            share = self.share(there)
            return [device for device in there if device in share]
        if self.selection == "GROUP":
            return [device for device in there if device.is_member]
        return there if self.selection == "ALL" else [device for device in there if device in self.named]

    def share(self, there: list[Device]) -> list[Device]:
        """So many percent of the candidates, at least one: the first from the job's own start in a fixed order."""
        candidates = [device for device in there if self.is_candidate(device)]
        thousandths = round(float(self.percent) * 1000)
        taken = max(1, thousandths * len(candidates) // 100_000) if candidates else 0
        start = _digest_bits(self.id) % GRAY_KEYS
        order = sorted(candidates, key=lambda device: ((_digest_bits(device.iot_id) >> 1) - start) % GRAY_KEYS)
        return order[:taken]

    def gathering_looks(self, there: list[Device]) -> int:
        """How many looks of the engine gather the targets before any task is made: two that start together take turns,
        and the contract leaves it open which is first. A list has a part and an end, a share may go around.
        """
        if self.selection != "GRAY":
            return 2 if self.selection == "LIST" else 0
        start = _digest_bits(self.id) % GRAY_KEYS
        return 1 + any(_digest_bits(device.iot_id) >> 1 < start for device in self.share(there))

    # ---- what they get ----

    def give(self, device: Device) -> None:
        """A task for the device (7.3): open tasks of others stand in its way, of all modules or of the same."""
        held = [t for t in device.open_tasks if not self.is_multi or t.job.firmware.module == self.firmware.module]
        if self.overwrites and not self.is_cancelling:
            for other in held:
                if other.status in WAITING:
                    other.end("CANCELED", f"overwritten by job {self.id}")
        still_held = [other for other in held if other.status in OPEN]
        status = "FAILED" if still_held else "CANCELED" if self.is_cancelling else self.first_status
        task = Task(self, device, status, device.versions.get(self.firmware.module, ""))
        if still_held:
            task.why = f"conflict with job {still_held[0].job.id}"
        self.tasks.append(task)
        device.tasks.append(task)

    @property
    def first_status(self) -> str:
        return "CONFIRM" if self.needs_confirm else "QUEUED"

    def status_at_rest(self) -> str:
        """What it comes to when nothing is left to do (6.4)."""
        if self.status != "IN_PROGRESS" or not self.is_filled or self.open_tasks or self.has_rule:
            return self.status
        statuses = {task.status for task in self.tasks}
        is_cancelled = statuses == {"CANCELED"} and not self.has_schedule_ended
        return "CANCELED" if is_cancelled or self.kind == "DYNAMIC" else "COMPLETED"


def _digest_bits(text: str) -> int:
    """32 of them."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
