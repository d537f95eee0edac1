"""Jobs."""

from __future__ import annotations

import json
from typing import Any

from whimbrel.adapters.store.session import Row, Session, list_total
from whimbrel.domain.job import Counts, Job, JobDraft, JobStatus, JobType, Tag
from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store import JobState


def tasks_list(job_id: int, status: TaskStatus | None = None) -> str:
    """The name of the list of a job's tasks, of all or of one status."""
    return f"tasks:{job_id}" if status is None else f"tasks:{job_id}:{status.value}"


def status_bits(statuses: frozenset[TaskStatus]) -> int:
    return sum(1 << status.value for status in statuses)


JOB_COLUMNS = len(Job._fields)


def job_of(row: Row | list[Any]) -> Job:
    """A job from the columns `job_columns` of queries/*.sql."""
    job = Job._make(row)
    return job._replace(
        job_type=JobType(job.job_type),
        status=JobStatus(job.status),
        need_push=bool(job.need_push),
        need_confirm=bool(job.need_confirm),
        is_filled=bool(job.is_filled),
        tags=tuple(Tag(key, value) for key, value in json.loads(str(job.tags))),
        cancelling=frozenset(status for status in TaskStatus if int(job.cancelling) >> status.value & 1),  # type: ignore[call-overload]
    )


class JobRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, draft: JobDraft) -> int:
        values = draft._asdict()
        values["tags"] = json.dumps(draft.tags, ensure_ascii=False)
        values["need_push"], values["need_confirm"] = int(draft.need_push), int(draft.need_confirm)
        values["is_filled"] = int(draft.is_filled)
        row = await self._session.one("add_job", **values)
        assert row is not None
        return int(row[0])

    async def by_id(self, account_id: int, job_id: int) -> Job | None:
        row = await self._session.one("job_by_id", account_id=account_id, job_id=job_id)
        return job_of(row) if row else None

    async def unfinished(self, after_id: int, limit: int) -> list[JobState]:
        rows = await self._session.all("unfinished_jobs", after_id=after_id, limit=limit)
        return [await self._state(job_of(row)) for row in rows]

    async def state(self, account_id: int, job_id: int) -> JobState | None:
        job = await self.by_id(account_id, job_id)
        return await self._state(job) if job else None

    async def end(self, job_id: int, status: JobStatus, now_ms: int) -> bool:
        return await self._session.run("end_job", job_id=job_id, status=status.value, now_ms=now_ms) == 1

    async def cancel_tasks(self, job_id: int, statuses: frozenset[TaskStatus], now_ms: int) -> None:
        await self._session.run("ask_cancel", job_id=job_id, statuses=status_bits(statuses), now_ms=now_ms)

    async def has_unfinished(self, firmware_id: int) -> bool:
        return await self._session.one("unfinished_job_of_firmware", firmware_id=firmware_id) is not None

    async def latest_verify_counts(self, firmware_id: int) -> Counts | None:
        row = await self._session.one("latest_verify_job", firmware_id=firmware_id)
        return await self._counts(row[0]) if row else None

    async def _state(self, job: Job) -> JobState:
        row = await self._session.one("newest_task", job_id=job.id)
        return JobState(job, await self._counts(job.id), row[0] if row else 0)

    async def _counts(self, job_id: int) -> Counts:
        return {status: await list_total(self._session, tasks_list(job_id, status)) for status in TaskStatus}
