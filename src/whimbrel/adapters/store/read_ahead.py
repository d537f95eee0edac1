"""What a batch of reports is about to ask is read at once, and what it changes is written at once.

On PostgreSQL a statement is a round trip: 500 reports that each read a task and change it were a thousand of them. A
device that reports ten times in a batch changes its row once.

Invariants: what is kept here is what the database would answer now. The rows are locked when they are read (SQLite has
one writer), changes by the repositories are made here too, any other change of the transaction ends the reading ahead,
and what waits to be written is written before any other statement and before the commit (I1, I4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.device_story import FLAP_MS
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task
from whimbrel.ports.store.devices import Presence

Row = dict[str, object]
Writes = list[tuple[str, list[Row]]]

OFFLINE, ONLINE = DeviceStatus.OFFLINE, DeviceStatus.ONLINE


class Reported(NamedTuple):
    """A device that is not deleted: its product, and the versions of its modules."""

    product_id: int
    versions: dict[str, str]


class Standing(NamedTuple):
    """Where a device that is not deleted stands: in whose lists, its state, and the session that holds its presence."""

    account_id: int
    product_id: int
    status: DeviceStatus
    is_activated: bool
    node_id: str | None
    session_id: int | None

    def is_held_by(self, presence: Presence) -> bool:
        return (self.node_id, self.session_id) == (presence.node_id, presence.session_id)


class ReadAhead:
    """`device_ids`: devices whose open tasks are held. `turns`: those whose turn is, so that their versions may be
    changed here.
    """

    def __init__(self, device_ids: Collection[int], turns: Collection[int], followers: Collection[int]) -> None:
        self._open: dict[int, list[tuple[Task, Job]]] = {device_id: [] for device_id in device_ids}
        self._devices: dict[int, int] = {}
        self._reported: dict[int, Reported] = {}
        self._turns = frozenset(turns)
        self._followers = frozenset(followers)
        self._tasks: dict[int, tuple[Task, Task, int]] = {}
        self._words: dict[int, str] = {}
        self._versions: dict[tuple[int, str], tuple[str, int]] = {}
        self._same_versions: dict[tuple[int, str], int] = {}
        self._ready: dict[tuple[int, int], None] = {}
        self._standings: dict[int, Standing] = {}
        self._moves: dict[int, Writes] = {}

    def take_tasks(self, tasks: Iterable[tuple[Task, Job]]) -> None:
        """What was read: open tasks, oldest first."""
        for task, job in tasks:
            self._open[task.device_id].append((task, job))
            self._devices[task.id] = task.device_id

    def take_reported(self, device_id: int, product_id: int, version: tuple[str, str] | None) -> None:
        """What was read: a device, and one of its modules with its version, None when it has reported none."""
        reported = self._reported.setdefault(device_id, Reported(product_id, {}))
        if version is not None:
            reported.versions[version[0]] = version[1]

    def take_standing(self, device_id: int, standing: Standing) -> None:
        """What was read."""
        self._standings[device_id] = standing

    # ---- tasks ----

    def open_of_device(self, device_id: int) -> list[tuple[Task, Job]] | None:
        """The device's open tasks; None when they were not read."""
        found = self._open.get(device_id)
        return None if found is None else list(found)

    def change(self, old: Task, new: Task, now_ms: int) -> bool | None:
        """Compare and set; None when the task was not read."""
        device_id = self._devices.get(old.id)
        if device_id is None:
            return None
        of_device = self._open[device_id]
        place = next((i for i, (task, _) in enumerate(of_device) if task.id == old.id), None)
        if place is None:
            return False
        task, job = of_device[place]
        if (task.status, task.attempt) != (old.status, old.attempt):
            return False
        if new.status.is_open:
            of_device[place] = (new, job)
        else:
            del of_device[place]
        first = self._tasks[old.id][0] if old.id in self._tasks else task
        self._tasks[old.id] = (first, new, now_ms)
        if new.description != old.description:
            self._words[old.id] = new.description
        return True

    def make_ready(self, task: Task) -> bool:
        """False when the task was not read."""
        if task.id not in self._devices:
            return False
        self._ready[(task.job_id, task.id)] = None
        return True

    def follows_none(self, device_id: int) -> bool:
        """Whether no dynamic job is there for the device's product, as far as was read."""
        return device_id in self._open and device_id not in self._followers

    # ---- versions ----

    def reported(self, device_id: int) -> Reported | None:
        """None also when nothing was read of the device, or it is deleted."""
        return self._reported.get(device_id)

    def may_put(self, device_id: int) -> bool:
        return device_id in self._turns and device_id in self._reported

    def put_version(self, device_id: int, module_name: str, version: str, now_ms: int) -> None:
        """Only where `may_put`."""
        key, versions = (device_id, module_name), self._reported[device_id].versions
        if versions.get(module_name) == version and key not in self._versions:
            self._same_versions[key] = now_ms
        else:
            self._versions[key] = (version, now_ms)
        versions[module_name] = version

    # ---- presence ----

    def standing(self, device_id: int) -> Standing | None:
        """Of a device whose turn is held, so that nobody else moves it; None when it was not read or is deleted."""
        return self._standings.get(device_id) if device_id in self._turns else None

    def has_moved(self, device_id: int) -> bool:
        """Whether its coming or going waits to be written: the next must not be written before it."""
        return device_id in self._moves

    def come(self, presence: Presence, old: Standing, now_ms: int) -> None:
        """The device is online in this session. Only for one that was not online and may be."""
        device_id = presence.device_id
        moved: Row = {
            "device_id": device_id,
            "state": old.status.value,
            "ip_address": presence.ip_address,
            "now_ms": now_ms,
        }
        held = {"device_id": device_id, "node_id": presence.node_id, "session_id": presence.session_id}
        self._moves[device_id] = [
            ("device_online", [{**moved, "now_ms": now_ms}]),
            ("put_presence", [{**held, "now_ms": now_ms}]),
        ]
        self._standings[device_id] = old._replace(
            status=ONLINE, is_activated=True, node_id=presence.node_id, session_id=presence.session_id
        )

    def go(self, presence: Presence, old: Standing, now_ms: int) -> None:
        """The session that holds the device's presence has ended; a device that is not online keeps its state."""
        device_id = presence.device_id
        held: Row = {"device_id": device_id, "node_id": presence.node_id, "session_id": presence.session_id}
        writes: Writes = [("delete_presence", [held])]
        if old.status is ONLINE:
            gone: Row = {"device_id": device_id, "now_ms": now_ms}
            writes += [("end_stay", [{**gone, "flap_ms": FLAP_MS}]), ("device_gone", [gone])]
        self._moves[device_id] = writes
        status = OFFLINE if old.status is ONLINE else old.status
        self._standings[device_id] = old._replace(status=status, node_id=None, session_id=None)

    # ---- what waits to be written ----

    @property
    def has_writes(self) -> bool:
        return bool(self._tasks or self._versions or self._same_versions or self._ready or self._moves)

    def take_writes(self) -> Writes:
        """The statements to run, in order, each with its rows in the order of their keys; nothing waits afterwards."""
        writes: Writes = [
            ("change_task", [_change(*self._tasks[task_id]) for task_id in sorted(self._tasks)]),
            ("put_task_description", [{"task_id": i, "words": words} for i, words in sorted(self._words.items())]),
            (
                "touch_module_version",
                [
                    {"device_id": device_id, "module_name": module_name, "now_ms": now_ms}
                    for (device_id, module_name), now_ms in sorted(self._same_versions.items())
                ],
            ),
            (
                "put_module_version",
                [
                    {"device_id": device_id, "module_name": module_name, "version": version, "now_ms": now_ms}
                    for (device_id, module_name), (version, now_ms) in sorted(self._versions.items())
                ],
            ),
            ("add_ready", [{"job_id": job_id, "task_id": task_id} for job_id, task_id in sorted(self._ready)]),
        ]
        writes += self._take_moves()
        for waiting in (self._tasks, self._words, self._versions, self._same_versions, self._ready):
            waiting.clear()
        return [(statement, rows) for statement, rows in writes if rows]

    def _take_moves(self) -> Writes:
        """One coming or going a device, so that the statements may be run one kind after the other."""
        by_statement: dict[str, list[Row]] = {}
        for _, writes in sorted(self._moves.items()):
            for statement, rows in writes:
                by_statement.setdefault(statement, []).extend(rows)
        self._moves.clear()
        return list(by_statement.items())


def _change(old: Task, new: Task, now_ms: int) -> dict[str, object]:
    """The parameters of `change_task`."""
    return {
        "task_id": old.id,
        "old_status": old.status.value,
        "old_attempt": old.attempt,
        "was_silent": int(old.is_silent),
        "status": new.status.value,
        "attempt": new.attempt,
        "progress": new.progress,
        "due_ms": new.due_ms,
        "retries": new.retries,
        "is_confirmed": int(new.is_confirmed),
        "wave": new.wave,
        "era": new.era,
        "is_silent": int(new.is_silent),
        "told_ms": new.told_ms,
        "begun_ms": new.begun_ms,
        "now_ms": now_ms,
    }
