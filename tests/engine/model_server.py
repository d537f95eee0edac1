"""The server in plain Python, for `test_model.py`: what callers, devices and time do to jobs and tasks.

A call answers the code that the API must answer, '' for success; the engine is `settle`, what it does in its order. A
feature of the rollout comes in as one more state of `Job`, one more call here, and one more condition of `Job.ready`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from tests.engine.model import (
    BEGUN,
    MATCHES_MAX,
    MINUTE_MS,
    OPEN,
    RELEASABLE,
    WAITING,
    Device,
    Firmware,
    Job,
    Task,
)

WINDOW_S = 63.0  # of MaximumPerMinute: 60 s, and 3 s that a notice may take to its way out
VERIFYING, VERIFICATION_FAILED, VERIFIED, UNVERIFIED = 2, 3, 1, 0

#: Of the ready tasks of a job, those that were told, when there was room for so many.
Choose = Callable[[Job, list[Task], int], list[Task]]


class ModelServer:
    """`must_tell` has an entry for each notice that must have left: a device and the attempt of its task."""

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self.devices: list[Device] = []
        self.jobs: list[Job] = []
        self.firmware: list[Firmware] = []
        self.must_tell: list[tuple[Task, int]] = []

    @property
    def there(self) -> list[Device]:
        return [device for device in self.devices if not device.is_deleted]

    @property
    def tasks(self) -> list[Task]:
        return [task for job in self.jobs for task in job.tasks]

    # ---- calls that make jobs (10.1 to 10.3) ----

    def refusal_of(self, job: Job, names: Collection[str] = ()) -> str:
        """Why no such job can be made, '' when it can. What depends on its targets comes with `add_job`."""
        if job.kind == "VERIFY" and job.firmware.status == VERIFYING:
            return "iot.ota.FirmwareVerifying"
        if job.kind == "VERIFY" and job.firmware.status in RELEASABLE:
            return "iot.ota.FirmwareAlreadyVerified"
        if job.kind != "VERIFY" and job.firmware.status not in RELEASABLE:
            return "iot.ota.FirmwareNotVerified"
        if not set(names) <= {device.name for device in self.there}:
            return "iot.device.NotExistedDevice"
        return self._rule_conflict(job) if job.kind == "DYNAMIC" else ""

    def _rule_conflict(self, job: Job) -> str:
        """One rule for a firmware and a source version, or a group; jobs of a group agree in their modes (7.4)."""
        for other in [other for other in self.jobs if other.has_rule]:
            is_same_group = job.prefix is not None and other.prefix == job.prefix
            if is_same_group and (other.is_multi, other.overwrites) != (job.is_multi, job.overwrites):
                return "iot.ota.DynamicJobConflict"
            is_same = is_same_group or (
                job.prefix is other.prefix is None and bool(set(job.sources) & set(other.sources))
            )
            if is_same and job.firmware is other.firmware:
                return "iot.ota.DynamicJobConflict"
        return ""

    def has_no_target(self, job: Job) -> bool:
        """Whether the call is refused because no device is left to upgrade (7.3)."""
        if job.kind == "DYNAMIC" or job.schedule_ms is not None or job.selection == "ALL":
            return False
        return not any(job.takes(device) for device in job.target_set(self.devices))

    def may_lack_targets(self, job: Job) -> bool:
        """Whether a share of this size can be of devices alone that need no upgrade."""
        candidates = [device for device in self.there if job.is_candidate(device)]
        return sum(not job.takes(device) for device in candidates) >= len(job.share(candidates))

    def add_job(self, job: Job) -> None:
        """The job was made; its id is known."""
        job.has_rule = job.kind == "DYNAMIC"
        job.is_filled = job.kind == "DYNAMIC" and not job.takes_now
        self.jobs.append(job)
        if job.kind == "VERIFY":
            job.firmware.status = VERIFYING
        if job.schedule_ms is not None:
            job.status = "PLANNED"
        else:
            self._fill(job)

    # ---- calls that change them (10.6, 10.7, 11.1 to 11.3) ----

    def end_rule(self, job: Job) -> str:
        if job.kind != "DYNAMIC":
            return "iot.ota.JobStatusError"
        job.has_rule = False
        job.is_filled = True
        return ""

    def cancel_job(self, job: Job, flags: dict[str, bool]) -> str:
        """`flags`: the parameters as given, by their names without Cancel and Task."""
        if not flags:
            return "iot.ota.MissingParameter"
        if flags.get("Scheduled"):
            if job.status != "PLANNED":
                return "iot.ota.JobStatusError"
            job.status, job.is_filled = "CANCELED", True
            return ""
        names = {"Queued": "QUEUED", "Notified": "NOTIFIED", "InProgress": BEGUN, "Unconfirmed": "CONFIRM"}
        statuses = {status for name, status in names.items() if flags.get(name)}
        if "Unconfirmed" not in flags and flags.get("Queued"):
            statuses.add("CONFIRM")
        for task in job.open_tasks:
            if task.status in statuses:
                task.end("CANCELED", "CancelOTATaskByJob")
        return ""

    def cancel_devices(self, names: Collection[str], firmware: Firmware, job: Job | None) -> str:
        known = [device for device in self.there if device.name in names]
        if not known:
            return "iot.device.NotExistedDevice"
        for task in [task for device in known for task in device.open_tasks]:
            if task.job.firmware is firmware and job in (None, task.job):
                task.end("CANCELED", "CancelOTATaskByDevice")
        return ""

    def confirm(self, tasks: list[Task], now_ms: int) -> str:
        for task in tasks:
            if not task.job.is_in_time(now_ms):
                return "iot.ota.JobStatusError"
            if task.status != "CONFIRM":
                return "iot.ota.TaskStatusError"
        for task in tasks:
            task.status, task.is_confirmed = "QUEUED", True
        return ""

    def reupgrade(self, job: Job, tasks: list[Task], now_ms: int) -> str:
        if any(task.job is not job for task in tasks):
            return "iot.ota.TaskNotFound"
        if job.status == "PLANNED" or not job.is_in_time(now_ms):
            return "iot.ota.JobStatusError"
        if job.kind == "VERIFY" and job.status != "IN_PROGRESS":
            return "iot.ota.JobStatusError"
        if len({task.device for task in tasks}) < len(tasks) or not all(map(self._may_reopen, tasks)):
            return "iot.ota.TaskStatusError"
        for task in tasks:
            task.reopen()
        job.status = "IN_PROGRESS"
        return ""

    def _may_reopen(self, task: Task) -> bool:
        job, device = task.job, task.device
        if task.status not in ("FAILED", "CANCELED") or (job.needs_confirm and not task.is_confirmed):
            return False
        held = [t for t in device.open_tasks if not job.is_multi or t.job.firmware.module == job.firmware.module]
        return not held and not device.is_deleted and device.versions.get(job.firmware.module) != job.firmware.version

    def restart(self, now_s: float) -> None:
        """Nobody is connected, and what was told counts for one more window."""
        for device in self.devices:
            device.session = None
        for job in self.jobs:
            job.told_s = [now_s] * len(job.told_s)

    def delete_device(self, device: Device) -> None:
        device.is_deleted, device.session, device.is_member = True, None, False
        for task in device.open_tasks:
            task.end("CANCELED", "the device was deleted")

    # ---- what devices say (device-protocol 3, 5, 6, 9) ----

    def connect(self, device: Device, session: int) -> None:
        if not device.is_deleted:
            device.session = session
            self._push(device, again=True)

    def disconnect(self, device: Device, session: int) -> None:
        """The end of an older session changes nothing."""
        if device.session == session:
            device.session = None

    def report_version(self, device: Device, module: str, version: str, now_ms: int, *, pushes: bool) -> None:
        if device.is_deleted:
            return
        device.versions[module] = version
        for task in device.open_tasks:
            if task.job.firmware.module != module:
                continue
            if version == task.job.firmware.version:
                task.end("SUCCEEDED")
            elif task.status == BEGUN and task.source not in ("", version):
                task.fail("not conform", now_ms)
        self._follow(device, module)
        if pushes:
            self._push(device, again=False)

    def report_progress(self, device: Device, module: str, step: int, now_ms: int) -> None:
        for task in device.open_tasks:
            # One that was never sent, or not in this attempt, has no progress: the report is of an older one (I13).
            is_unsent = task.status == "CONFIRM" or (task.status == "QUEUED" and task.attempt > 1)
            if task.job.firmware.module != module or is_unsent:
                continue
            if step < 0:
                task.fail(f"step {step}", now_ms)
                continue
            if task.status != BEGUN and task.job.timeout_minutes is not None:
                task.due_ms = now_ms + task.job.timeout_minutes * MINUTE_MS
            task.status, task.progress = BEGUN, step

    def pull(self, device: Device, module: str) -> Task | None:
        """What the device is answered."""
        found = [task for task in device.open_tasks if task.is_deliverable]
        of_module = [task for task in found if task.job.firmware.module == (module or "default")]
        chosen = of_module or ([] if module else found)
        if not chosen:
            return None
        self._tell(chosen[0])
        return chosen[0]

    def _push(self, device: Device, *, again: bool) -> None:
        """What counts for a pace is left to the engine (7.8)."""
        for task in device.open_tasks:
            is_new = task.status == "QUEUED"
            if task.is_deliverable and task.job.needs_push and (is_new or again) and not (is_new and task.job.pace):
                self._tell(task)

    def _tell(self, task: Task) -> None:
        self.must_tell.append((task, task.attempt))
        task.status = "NOTIFIED" if task.status == "QUEUED" else task.status

    def _follow(self, device: Device, module: str) -> None:
        """The newest rule that the device matches, at most ten times; one that is held is told so once (7.4)."""
        rules = [job for job in self.jobs if job.firmware.module == module and job.follows(device)]
        if not rules:
            return
        job = rules[-1]
        matches = [task for task in job.tasks if task.device is device]
        if any(task.status in OPEN for task in matches) or len(matches) >= MATCHES_MAX:
            return
        held = [t for t in device.open_tasks if not job.is_multi or t.job.firmware.module == module]
        is_held = any(task.status == BEGUN or not job.overwrites for task in held)
        if not (matches and is_held):
            job.give(device)

    # ---- what time and the engine do ----

    def settle(self, now_ms: int, now_s: float) -> None:
        """Time first, then the jobs by turns, then the windows of their paces, until nothing is left to do."""
        has_acted = True
        while has_acted:
            has_acted = self._time_out(now_ms)
            has_acted |= self._start_due(now_ms)
            has_acted |= self._look(now_ms, now_s)
            has_acted |= self._forget(now_s)

    def _time_out(self, now_ms: int) -> bool:
        due = [task for task in self.tasks if task.due_ms is not None and task.due_ms <= now_ms]
        for task in due:
            if task.status == BEGUN:
                task.end("FAILED", "timeout")
            task.due_ms = None
        return bool(due)

    def _start_due(self, now_ms: int) -> bool:
        due = [job for job in self.jobs if job.status == "PLANNED" and (job.schedule_ms or 0) <= now_ms]
        for job in due:
            job.status, job.looks = "IN_PROGRESS", job.gathering_looks(self.there)
        return bool(due)

    def _look(self, now_ms: int, now_s: float) -> bool:
        """One turn for each job that needed one when the look began."""
        needed = [(job, self._need(job, now_ms)) for job in self.jobs]
        for job, need in needed:
            if need == "end schedule":
                job.has_schedule_ended = job.is_cancelling = True
            elif need == "cancel":
                self._cancel_waiting(job)
            elif need == "fill":
                self._fill(job)
            elif need == "notify":
                self._notify(job, now_s)
            elif need == "end":
                self._end(job)
        return any(need for _, need in needed)

    def _need(self, job: Job, now_ms: int) -> str:
        if job.status != "IN_PROGRESS":
            return ""
        if job.finish_ms is not None and job.finish_ms <= now_ms and not job.has_schedule_ended:
            return "end schedule"
        if job.is_cancelling:
            return "cancel"
        if not job.is_filled:
            return "fill"
        if job.ready() and job.room:
            return "notify"
        return "end" if job.status_at_rest() != job.status else ""

    def _cancel_waiting(self, job: Job) -> None:
        """The end of a schedule: what has not begun is cancelled, also what would be made only now (7.5)."""
        for task in job.open_tasks:
            if task.status in WAITING:
                task.end("CANCELED", "ScheduleFinishTime")
        was_filled = job.is_filled
        self._fill(job)
        for task in job.tasks if not was_filled else ():
            task.why = task.why or "ScheduleFinishTime"
        job.is_cancelling = not was_filled

    def _fill(self, job: Job) -> None:
        if job.is_filled or job.looks:
            job.looks = max(0, job.looks - 1)
            return
        job.is_filled = True
        have = {task.device for task in job.tasks}
        for device in job.target_set(self.devices):
            if job.takes(device) and device not in have:
                job.give(device)

    def _notify(self, job: Job, now_s: float) -> None:
        ready = job.ready()
        if job.pace is not None:
            ready = self._choose(job, ready, min(job.room, len(ready)))
            job.told_s += [now_s] * len(ready)
        for task in ready:
            self._tell(task)

    def _end(self, job: Job) -> None:
        job.status = job.status_at_rest()
        if job.kind == "VERIFY":
            job.firmware.status = _verdict(job.tasks)

    def _forget(self, now_s: float) -> bool:
        forgot = False
        for job in self.jobs:
            young = [told_s for told_s in job.told_s if now_s - told_s < WINDOW_S]
            forgot |= len(young) < len(job.told_s)
            job.told_s = young
        return forgot


def _verdict(tasks: Iterable[Task]) -> int:
    """Of a verification that has ended (6.1)."""
    statuses = {task.status for task in tasks}
    if statuses <= {"CANCELED"}:
        return UNVERIFIED
    return VERIFICATION_FAILED if "FAILED" in statuses else VERIFIED
