"""DDI devices: who polls, what they are offered, and what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from whimbrel.adapters.store.repositories.device_lists import device_turn
from whimbrel.adapters.store.repositories.jobs import JOB_COLUMNS, job_of
from whimbrel.adapters.store.repositories.pacing import free_of
from whimbrel.adapters.store.repositories.padding import given
from whimbrel.adapters.store.repositories.presence import PresenceRepository
from whimbrel.adapters.store.repositories.tasks import TASK_COLUMNS, task_of
from whimbrel.adapters.store.session import Row, Session
from whimbrel.domain.ddi import number_after
from whimbrel.domain.ddi_action import Action, ActionState
from whimbrel.domain.ddi_feedback import ACTIONS_WITH_MESSAGES_MAX, MESSAGES_MAX, Message
from whimbrel.domain.ddi_offer import DeviceView, OpenTask
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.job import Job
from whimbrel.domain.rollout import Hold
from whimbrel.domain.task import Task, TaskStatus
from whimbrel.ports.store import Presence
from whimbrel.ports.store.ddi import Deployment, JobObjects, Seen

ACTION_COLUMNS = len(Action._fields)
NUMBERS_PER_ACTION_MAX = 2  # two actions in turn differ by so much at most (`number_after`)


def action_of(row: Row) -> Action:
    """An action from the columns `ddi_action_columns` of queries/ddi.sql."""
    cancelling = frozenset(status for status in TaskStatus if row[8] >> status.value & 1)
    return Action._make((*row[:4], ActionState(row[4]), row[5], TaskStatus(row[6]), row[7], cancelling, Hold(row[9])))


class DdiDeviceRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def views(self, device_ids: Sequence[int]) -> dict[int, DeviceView]:
        asked = list(dict.fromkeys(device_ids))
        where = given(asked)
        actions: dict[int, list[Action]] = {}
        for row in await self._session.all("ddi_open_actions", **where):
            actions.setdefault(row[0], []).append(action_of(row))
        tasks: dict[int, list[OpenTask]] = {}
        jobs: dict[int, Job] = {}  # of one snapshot: devices of a rollout share theirs, and reading it costs the most
        free: dict[int, int | None] = {}
        for row in await self._session.all("ddi_open_tasks", **where):
            job = jobs.get(row[1]) or job_of(row[TASK_COLUMNS : TASK_COLUMNS + JOB_COLUMNS])
            jobs[job.id] = job
            if job.id not in free:
                free[job.id] = (await free_of(self._session, job, 1))[0] if job.counts_claims else None
            found = OpenTask(task_of(row), job, row[TASK_COLUMNS + JOB_COLUMNS], free[job.id])
            tasks.setdefault(row[2], []).append(found)
        rows = await self._session.all("ddi_devices", **where)
        return {row[0]: _view(row, tuple(actions.get(row[0], ())), tuple(tasks.get(row[0], ()))) for row in rows}

    async def came(self, seen: Seen, ip_address: str, now_ms: int) -> bool:
        # Without a session of a gateway: nobody may push to it.
        presence = Presence(seen.device_id, "", 0, ip_address)
        if not await PresenceRepository(self._session).came_online(presence, now_ms):
            return False
        await self._session.run("ddi_begin_polling", device_id=seen.device_id, due_ms=seen.due_ms)
        return True

    async def touch(self, seen: Sequence[Seen]) -> None:
        # In one order for all processes, so that nobody deadlocks.
        await self._session.run_many("ddi_touch", [entry._asdict() for entry in sorted(seen)])

    async def leave_overdue(self, now_ms: int, limit: int) -> int:
        rows = await self._session.all("ddi_overdue", now_ms=now_ms, limit=limit)
        # All at once, in the order of all: a gateway that takes the turns of the same devices would wait in a ring.
        await self._session.lock_all([device_turn(device_id) for (device_id,) in rows])
        for (device_id,) in sorted(rows):
            ended = await self._session.run("ddi_end_polling", device_id=device_id, now_ms=now_ms)
            if ended and await self._session.one("ddi_has_session", device_id=device_id) is None:
                await PresenceRepository(self._session).went_offline(device_id, now_ms)
        return len(rows)

    async def want_attributes(self, device_id: int) -> None:
        await self._session.run("ask_ddi_attributes", device_id=device_id)

    async def module_of_firmware(self, device_id: int, name: str, version: str) -> str | None:
        row = await self._session.one("ddi_module_of_firmware", device_id=device_id, name=name, version=version)
        return row[0] if row else None

    async def auto_confirm(self, device_id: int, initiator: str) -> None:
        await self._session.run("ddi_auto_confirm", device_id=device_id, initiator=initiator)


class DdiActionRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def by_number(self, device_id: int, number: int) -> Action | None:
        row = await self._session.one("ddi_action_by_number", device_id=device_id, number=number)
        return action_of(row) if row else None

    async def deployment(self, device_id: int, number: int) -> Deployment | None:
        row = await self._session.one("ddi_deployment", device_id=device_id, number=number)
        if row is None:
            return None
        after_action = row[ACTION_COLUMNS:]
        job = job_of(after_action[TASK_COLUMNS : TASK_COLUMNS + JOB_COLUMNS])
        return Deployment(action_of(row), task_of(after_action), job, row[-1])

    async def make(self, task: Task, now_ms: int) -> int:
        await self._session.lock(device_turn(task.device_id))
        row = await self._session.one("ddi_number_of_attempt", task_id=task.id, attempt=task.attempt)
        if row is not None:
            return int(row[0])
        next_row = await self._session.one("ddi_next_number", device_id=task.device_id)
        number = int(next_row[0]) if next_row else 1
        await self._session.run("ddi_move_number", device_id=task.device_id, next_number=number_after(number))
        await self._session.run(
            "ddi_make_action",
            device_id=task.device_id,
            number=number,
            task_id=task.id,
            attempt=task.attempt,
            now_ms=now_ms,
        )
        forgotten = number - ACTIONS_WITH_MESSAGES_MAX * NUMBERS_PER_ACTION_MAX
        if forgotten > 0:
            await self._session.run("ddi_forget_messages", device_id=task.device_id, number=forgotten)
        return number

    async def close(self, action: Action, state: ActionState, now_ms: int) -> bool:
        closed = await self._session.run(
            "ddi_close_action",
            device_id=action.device_id,
            number=action.number,
            old_state=action.state.value,
            state=state.value,
            now_ms=now_ms,
        )
        return closed == 1

    async def close_installed(self, device_id: int, now_ms: int) -> None:
        await self._session.run("ddi_close_installed", device_id=device_id, now_ms=now_ms)

    async def say(self, action: Action, message: Message) -> None:
        where = {"device_id": action.device_id, "number": action.number}
        row = await self._session.one("ddi_count_message", now_ms=message.at_ms, **where)
        if row is not None:
            slot = (row[0] - 1) % MESSAGES_MAX
            await self._session.run("ddi_put_message", slot=slot, **where, **message._asdict())

    async def history(self, device_id: int, number: int, limit: int) -> list[Message]:
        action = await self.by_number(device_id, number)
        if action is None or limit <= 0:
            return []
        rows = await self._session.all("ddi_messages", device_id=device_id, number=number)
        # How long ago a slot was written follows from the count; two messages of one millisecond keep their order.
        newest_first = sorted(rows, key=lambda row: (action.messages - 1 - row[0]) % MESSAGES_MAX)
        return [Message._make(row[1:]) for row in newest_first[:limit]]


class DdiAttributeRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def of_device(self, device_id: int) -> dict[str, str]:
        return {row[0]: row[1] for row in await self._session.all("ddi_attributes", device_id=device_id)}

    async def put(self, device_id: int, attributes: Mapping[str, str], now_ms: int) -> None:
        kept = await self.of_device(device_id)
        gone = [{"device_id": device_id, "name": name} for name in sorted(kept.keys() - attributes.keys())]
        changed = [
            {"device_id": device_id, "name": name, "content": content}
            for name, content in sorted(attributes.items())
            if kept.get(name) != content
        ]
        for statement, rows in (("ddi_forget_attribute", gone), ("ddi_put_attribute", changed)):
            if rows:
                await self._session.run_many(statement, rows)
        await self._session.run("ddi_attributes_came", device_id=device_id, now_ms=now_ms)


class ObjectDigestRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def sha1s(self, sha256s: Sequence[str]) -> dict[str, str]:
        found = {sha256: await self._session.one("object_digest_of", sha256=sha256) for sha256 in sha256s}
        return {sha256: str(row[0]) for sha256, row in found.items() if row is not None}

    async def put(self, sha256: str, sha1: str) -> None:
        await self._session.run("put_object_digest", sha256=sha256, sha1=sha1)

    async def unknown(self, after_job_id: int, limit: int) -> list[JobObjects]:
        rows = await self._session.all("running_objects", after_job_id=after_job_id, limit=limit)
        objects = {row[0]: _objects_of(row) for row in rows}
        known = await self.sha1s(list(dict.fromkeys(sha256 for sha256s in objects.values() for sha256 in sha256s)))
        return [JobObjects(job_id, tuple(s for s in sha256s if s not in known)) for job_id, sha256s in objects.items()]


def _objects_of(row: Row) -> list[str]:
    # A file's fields stand in the order of FirmwareFile: its SHA-256 is the third.
    return [file[2] for file in json.loads(row[2])] or [row[1]]


def _view(row: Row, actions: tuple[Action, ...], tasks: tuple[OpenTask, ...]) -> DeviceView:
    device_id, state, due_ms, wants_attributes, auto_confirm, installed = row
    status = DeviceStatus(state)
    return DeviceView(device_id, status, due_ms, bool(wants_attributes), auto_confirm, installed, actions, tasks)
