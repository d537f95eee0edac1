"""The rule of births over a whole fleet, device by device, made of the domain's pure rules alone.

What it is held against is SQL: `births.sql`, `targets.sql` and the statements that a report follows by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.contract.random_fleets import Fleet, FleetDevice, Target
from whimbrel.domain.gray import KEYS, gray_devices, gray_start
from whimbrel.domain.group_expression import GroupRule
from whimbrel.domain.job import (
    MATCHES_MAX,
    TargetSelection,
    is_candidate,
    stands_in_the_way,
    targets_version,
)
from whimbrel.domain.task import OVERWRITABLE, Task, TaskStatus, birth_status


class RuleTask:
    """What a task should be. `holder`: the task that it failed for when it was born."""

    def __init__(self, target: Target, device_id: int, status: TaskStatus, src_version: str) -> None:
        self.target = target
        self.device_id = device_id
        self.status = status
        self.src_version = src_version
        self.id = 0
        self.words = ""
        self.holder: RuleTask | None = None

    @property
    def shown_words(self) -> str:
        """As stored, once the ids are known."""
        if self.holder is None:
            return self.words
        holder = f"task {self.holder.id} of job {self.holder.target.job.id}"
        return f"the device has an open task in another job, {holder}"


class FleetRule:
    """`frozen` is the fleet when the target sets were fixed, `fleet` as it is now. `seen` counts what was decided."""

    def __init__(self, frozen: Fleet, fleet: Fleet, targets: Sequence[Target], seen: Counter[str]) -> None:
        self._frozen = frozen
        self.fleet = fleet
        self._targets = targets
        self._seen = seen
        self.tasks: list[RuleTask] = []

    def take(self, task: Task) -> None:
        """A task that is there already."""
        target = next(target for target in self._targets if target.job.id == task.job_id)
        found = RuleTask(target, task.device_id, task.status, task.src_version)
        found.id, found.words = task.id, task.description
        self.tasks.append(found)

    def fill(self, target: Target) -> None:
        """Tasks for the target set as it was frozen (api-contract 7.3, 7.4)."""
        for device in self._target_set(target):
            if target.job.is_dynamic and self._of(target, device):
                self._note(target, "has had a task")
            else:
                self._give(target, device)

    def follow(self, device: FleetDevice, module_name: str, version: str) -> None:
        """A device reports: it gets a task of the newest running dynamic job that it matches (api-contract 7.4)."""
        target = next((t for t in self._targets[::-1] if self._is_followed(t, device, module_name, version)), None)
        if target is None:
            self._seen["a report follows nothing"] += 1
            return
        matches = self._of(target, device)
        if any(task.status.is_open for task in matches):
            self._note(target, "follows already")
        elif matches and self._is_held(target, device):
            self._note(target, "was told that it is held")
        elif len(matches) >= MATCHES_MAX:
            self._note(target, "has matched too often")
        else:
            self._note(target, "follows")
            self._give(target, device)

    def name(self, target: Target, device: FleetDevice) -> None:
        """A device is taken without having reported, as those are that were named one by one."""
        matches = self._of(target, device)
        if device.is_there and not any(task.status.is_open for task in matches) and len(matches) < MATCHES_MAX:
            self._note(target, "takes by name")
            self._give(target, device)

    def place(self, target: Target, device_id: int) -> int:
        """Where in the order of its job's tasks a device stands: by its key, or by its id."""
        factor = target.job.order_factor
        if factor is None:
            return device_id
        return next(device.gray_key * factor % KEYS for device in self.fleet.devices if device.id == device_id)

    # ---- whom ----

    def _target_set(self, target: Target) -> list[FleetDevice]:
        job, devices = target.job, [device for device in self.fleet.devices if self._is_of_then(target, device)]
        if job.target_selection == TargetSelection.GRAY:
            return self._share(target, devices)
        if job.target_selection != TargetSelection.ALL:
            return [device for device in devices if device.id in target.named]
        return [device for device in devices if not job.is_dynamic or self._is_of_rule(target.rule, device)]

    def _is_of_then(self, target: Target, device: FleetDevice) -> bool:
        if device.is_there and not device.is_late:
            return True
        self._note(target, "passes " + ("a late one" if device.is_there else "one that is not there"))
        return False

    def _share(self, target: Target, devices: list[FleetDevice]) -> list[FleetDevice]:
        """By their keys from the job's start and around; a share of those who were there when the set was frozen."""
        job = target.job

        def may_be_taken(device: FleetDevice) -> bool:
            return is_candidate(device.versions.get(job.module_name), job.source_versions)

        counted = sum(may_be_taken(device) for device in self._frozen.devices if device.is_there)
        taken = gray_devices(job.gray_percent, counted)
        start = gray_start(job.id if job.rollout.seed is None else job.rollout.seed)
        around = sorted(filter(may_be_taken, devices), key=lambda d: ((d.gray_key - start) % KEYS, d.id))
        self._seen["a share goes around"] += any(device.gray_key < start for device in around[:taken])
        self._note(target, "takes less than all" if taken < len(around) else "takes all")
        return sorted(around[:taken], key=lambda device: device.id)

    def _is_of_rule(self, rule: GroupRule, device: FleetDevice) -> bool:
        """Dynamic groups hold devices by product, name and tag (api-contract 13.3)."""
        if not rule.product_key:
            return True
        is_named = device.name.startswith(rule.name) if rule.is_prefix else device.name == rule.name
        is_tagged = not rule.tag_key or device.tag == rule.tag_value
        is_of_rule = rule.product_key == self.fleet.place.product_key and is_named and is_tagged
        self._seen["a rule takes a device" if is_of_rule else "a rule passes a device"] += 1
        return is_of_rule

    def _is_followed(self, target: Target, device: FleetDevice, module_name: str, version: str) -> bool:
        job = target.job
        if not job.is_dynamic or not device.is_there or job.module_name != module_name:
            return False
        return targets_version(version, job.dest_version, job.source_versions) and self._is_of_rule(target.rule, device)

    # ---- what they get ----

    def _give(self, target: Target, device: FleetDevice) -> None:
        job = target.job
        reported = device.versions.get(job.module_name)
        if not targets_version(reported, job.dest_version, job.source_versions):
            is_there = reported == job.dest_version
            self._note(
                target, f"passes {'one at DestVersion' if is_there else 'another version' if reported else 'mute'}"
            )
            return
        is_cancelled = (
            birth_status(need_confirm=job.need_confirm, has_open_task=False, cancelled=job.cancelling)
            is TaskStatus.CANCELED
        )
        in_the_way = self._in_the_way(target, device)
        if job.overwrites and not is_cancelled:
            for task in [task for task in in_the_way if task.status in OVERWRITABLE]:
                self._seen[f"overwrites {task.status.name}"] += 1
                task.status, task.words, task.holder = TaskStatus.CANCELED, f"overwritten by job {job.id}", None
        held_by = [task for task in in_the_way if task.status.is_open]
        status = birth_status(need_confirm=job.need_confirm, has_open_task=bool(held_by), cancelled=job.cancelling)
        born = RuleTask(target, device.id, status, reported or "")
        born.holder = held_by[0] if held_by else None
        self.tasks.append(born)
        self._note(target, f"gives {status.name}")

    def _in_the_way(self, target: Target, device: FleetDevice) -> list[RuleTask]:
        """Open tasks of other jobs that hold the device, oldest first."""
        held = [task for task in self.tasks if task.device_id == device.id and task.status.is_open]
        others = [task for task in held if task.target.job.id != target.job.id]
        found = [task for task in others if stands_in_the_way(target.job, task.target.job.module_name)]
        self._seen["another module is no conflict"] += len(found) < len(others)
        self._seen["two hold one device"] += len(found) > 1
        return found

    def _is_held(self, target: Target, device: FleetDevice) -> bool:
        return any(
            not (target.job.overwrites and task.status in OVERWRITABLE) for task in self._in_the_way(target, device)
        )

    def _of(self, target: Target, device: FleetDevice) -> list[RuleTask]:
        return [task for task in self.tasks if task.target is target and task.device_id == device.id]

    def _note(self, target: Target, what: str) -> None:
        job = target.job
        kind = "DYNAMIC" if job.is_dynamic else job.target_selection
        self._seen[f"{kind} {what}"] += 1
