"""What is read to explain one device."""

from __future__ import annotations

from whimbrel.adapters.store.repositories.job_moves import StrategyRepository
from whimbrel.adapters.store.repositories.jobs import JOB_COLUMNS, JobRepository, job_of
from whimbrel.adapters.store.repositories.rollouts import RolloutRepository
from whimbrel.adapters.store.repositories.tasks import task_of
from whimbrel.adapters.store.session import Row, Session
from whimbrel.domain.device import Device
from whimbrel.domain.device_case import Case, Contact
from whimbrel.domain.job import Job
from whimbrel.domain.rollout import Hold
from whimbrel.ports.store.explaining import JOBS_MAX, Asked

EVENTS_MAX = 20  # looked through for who paused the job: stages alone come after it, and none while it is held


class ExplainingRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def contact(self, device_id: int) -> Contact:
        row = await self._session.one("contact_of_device", device_id=device_id)
        return Contact(row is not None and bool(row[0]), row[1] if row else None)

    async def cases(self, device: Device, asked: Asked) -> list[Case]:
        where = {"device_id": device.id, "product_id": device.product_id, "jobs_max": JOBS_MAX, **asked._asdict()}
        cases = [_case(row) for row in await self._session.all("jobs_about_device", **where)]
        return [await self._completed(case, device) for case in cases]

    async def _completed(self, case: Case, device: Device) -> Case:
        job = case.job
        if case.task is None and job.is_dynamic and job.shown_end_ms is None and case.reported is not None:
            strategies = StrategyRepository(self._session)
            newest = await strategies.of_device(device.id, job.module_name, case.reported)
            return case._replace(newest_follower=newest.id if newest else None)
        if case.task is None or not case.task.status.is_open:
            return case
        state = await JobRepository(self._session).state(job.account_id, job.id)
        assert state is not None, "a task refers to its job"
        return case._replace(standing=state.standing, proved=state.proved, held_by=await self._held_by(job))

    async def _held_by(self, job: Job) -> str:
        if job.hold is Hold.AWAITING_APPROVAL:
            return job.created_by
        events = await RolloutRepository(self._session).events(job.id, EVENTS_MAX) if job.hold is Hold.PAUSED else []
        return next((event.who for event in events if event.kind == Hold.PAUSED.name), "")


def _case(row: Row) -> Case:
    is_gathered, place, reported, follows_group, *task = row[JOB_COLUMNS:]
    return Case(
        job=job_of(row[:JOB_COLUMNS]),
        reported=reported,
        task=None if task[0] is None else task_of(tuple(task)),
        is_gathered=bool(is_gathered),
        place=place,
        follows_group=bool(follows_group),
    )
