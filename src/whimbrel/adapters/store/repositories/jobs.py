"""Jobs."""

from __future__ import annotations

import json
from typing import Any

from whimbrel.adapters.store.repositories.rollout_history import RolloutHistoryRepository
from whimbrel.adapters.store.repositories.rollout_text import rollout_of, rollout_text
from whimbrel.adapters.store.repositories.trials import standing_of, tasks_list, trial_lists
from whimbrel.adapters.store.session import Row, Session, list_total
from whimbrel.domain.firmware import FirmwareFile
from whimbrel.domain.gray import order_factor
from whimbrel.domain.job import NO_TASK_ABOVE, Counts, Job, JobDraft, JobStatus, JobType, SelectionType, Tag
from whimbrel.domain.naming import shown_name
from whimbrel.domain.rollout import Hold
from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store import JobState, job_turn


def jobs_list(firmware_id: int) -> str:
    return f"jobs:{firmware_id}"


def status_bits(statuses: frozenset[TaskStatus]) -> int:
    return sum(1 << status.value for status in statuses)


JOB_COLUMNS = len(Job._fields)


def job_of(row: Row | list[Any]) -> Job:
    """A job from the columns `job_columns` of queries/*.sql."""
    job = Job._make(row)
    return job._replace(
        product_name=shown_name(job.product_name),
        job_type=JobType(job.job_type),
        status=JobStatus(job.status),
        need_push=bool(job.need_push),
        need_confirm=bool(job.need_confirm),
        is_filled=bool(job.is_filled),
        is_gathered=bool(job.is_gathered),
        multi_module_mode=bool(job.multi_module_mode),
        tags=tuple(Tag(key, value) for key, value in json.loads(str(job.tags))),
        src_versions=tuple(json.loads(str(job.src_versions))),
        files=tuple(FirmwareFile(*file) for file in json.loads(str(job.files))),
        rollout=rollout_of(str(job.rollout)),
        hold=Hold(job.hold),
        cancelling=frozenset(status for status in TaskStatus if int(job.cancelling) >> status.value & 1),  # type: ignore[call-overload]
    )


class JobRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, draft: JobDraft) -> int:
        values = {name: int(value) if isinstance(value, bool) else value for name, value in draft._asdict().items()}
        values["tags"] = json.dumps(draft.tags, ensure_ascii=False)
        values["src_versions"] = json.dumps(draft.src_versions)
        values["files"] = json.dumps(draft.files, ensure_ascii=False)
        is_planned = draft.schedule_ms is not None
        values["rollout"] = rollout_text(draft.rollout)
        values["stage_until"] = 0 if draft.rollout.stages else NO_TASK_ABOVE
        values["order_factor"] = _factor_of(draft)
        values["hold"], values["hold_ms"] = draft.hold.value, draft.created_ms if draft.hold is not Hold.NONE else None
        values["status"] = (JobStatus.PLANNED if is_planned else JobStatus.IN_PROGRESS).value
        values["started_ms"] = None if is_planned else draft.created_ms
        row = await self._session.one("add_job", **values)
        assert row is not None
        job_id = int(row[0])
        for version in draft.source_versions:
            await self._session.run("add_job_source", job_id=job_id, version=version)
        self._session.count(jobs_list(draft.firmware_id), job_id, 1)
        return job_id

    async def by_id(self, account_id: int, job_id: int) -> Job | None:
        row = await self._session.one("job_by_id", account_id=account_id, job_id=job_id)
        return job_of(row) if row else None

    async def running(self, after_id: int, limit: int) -> list[JobState]:
        rows = await self._session.all("running_jobs", after_id=after_id, limit=limit)
        return [await self._state(job_of(row)) for row in rows]

    async def state(self, account_id: int, job_id: int) -> JobState | None:
        job = await self.by_id(account_id, job_id)
        return await self._state(job) if job else None

    async def end(self, job_id: int, status: JobStatus, now_ms: int) -> bool:
        if not await self._session.run("end_job", job_id=job_id, status=status.value, now_ms=now_ms):
            return False
        await RolloutHistoryRepository(self._session).sample_end(job_id, now_ms)
        return True

    async def cancel_tasks(self, job_id: int, statuses: frozenset[TaskStatus], now_ms: int) -> None:
        # What is being dispatched now is dispatched before the answer, and nothing after it (I8).
        await self._session.lock(job_turn(job_id))
        await self._session.run("ask_cancel", job_id=job_id, statuses=status_bits(statuses), now_ms=now_ms)

    async def has_unfinished(self, firmware_id: int) -> bool:
        return await self._session.one("unfinished_job_of_firmware", firmware_id=firmware_id) is not None

    async def latest_verify_counts(self, firmware_id: int) -> Counts | None:
        row = await self._session.one("latest_verify_job", firmware_id=firmware_id)
        return await self._counts(row[0]) if row else None

    async def _state(self, job: Job) -> JobState:
        counts = await self._counts(job.id)
        # Without a queued task nobody may be told, and what is ready is taken off, whatever the stage.
        until = job.stage_until if counts[TaskStatus.QUEUED] else NO_TASK_ABOVE
        row = await self._session.one("job_outlook", job_id=job.id, until=until)
        assert row is not None
        newest_task_id, told, has_ready, has_again = row
        standing = await standing_of(self._session, job, sum(counts.values()), int(told))
        proved = await list_total(self._session, trial_lists(job.id).proved) if job.rollout.stages else 0
        return JobState(job, counts, newest_task_id, standing, proved, bool(has_ready), bool(has_again))

    async def _counts(self, job_id: int) -> Counts:
        """In one statement, so of one moment: a task that moves between two of them must not be missed in both."""
        found: dict[int, int] = dict(await self._session.all("job_counts", tasks=tasks_list(job_id)))
        return {status: found.get(status.value, 0) for status in TaskStatus}


def _factor_of(draft: JobDraft) -> int | None:
    """Dynamic jobs take devices as they come."""
    rollout = draft.rollout
    if draft.selection_type != SelectionType.STATIC or not rollout.is_ordered:
        return None
    assert rollout.seed is not None, "who drafts an ordered job gives it a seed"
    return order_factor(rollout.seed)
