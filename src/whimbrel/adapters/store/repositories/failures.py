"""Why tasks of jobs failed: which reasons there are, and the tasks of each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from whimbrel.adapters.store.late_changes import FailedTask
from whimbrel.adapters.store.repositories.tasks import task_row
from whimbrel.adapters.store.repositories.trials import reasons_list
from whimbrel.adapters.store.session import Session, list_total, position_of
from whimbrel.domain.failure import WORDED_FROM, WORDED_MAX, Failure, FailureCode
from whimbrel.domain.paging import Listing, Page
from whimbrel.ports.store.history import FailureReason
from whimbrel.ports.store.tasks import TaskRow


class FailureRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def reasons(self, job_id: int) -> list[FailureReason]:
        rows = await self._session.all("reason_counts", job_id=job_id, reasons=f"reasons:{job_id}")
        return [FailureReason(number, FailureCode(code), words, n) for number, code, words, n in rows]

    async def tasks(self, job_id: int, number: int, page: Page) -> Listing[TaskRow]:
        list_name = reasons_list(job_id, number)
        position = await position_of(self._session, list_name, page)
        if position is None:
            return Listing((), await list_total(self._session, list_name))
        where = {"job_id": job_id, "below": position.below, "skip": position.skip, "size": page.size}
        if number == FailureCode.SILENT.value:
            rows = await self._session.all("tasks_page_unheard", **where)
        else:
            rows = await self._session.all("tasks_page_of_reason", reason=number, **where)
        return Listing([task_row(row) for row in rows], position.total)


async def write_failures(session: Session, failed: Iterable[FailedTask]) -> None:
    """Why the tasks failed, given in the order of their jobs; nothing else but counts may be written afterwards."""
    rows: list[dict[str, object]] = []
    for job_id, tasks in groupby(failed, key=lambda task: task.job_id):
        of_job = list(tasks)
        numbers = await _numbers(session, job_id, [task.failure for task in of_job])
        for task, number in zip(of_job, numbers, strict=True):
            session.count(reasons_list(job_id, number), task.task_id, 1)
            rows.append({"task_id": task.task_id, "reason": number})
    if rows:
        await session.run_many("put_task_reason", rows)


async def _numbers(session: Session, job_id: int, failures: list[Failure]) -> list[int]:
    """The number of each failure's reason. A job that has too many reasons with words gets no more of them (I17)."""
    wanted = list(dict.fromkeys(failure for failure in failures if failure.words))
    known = await _known(session, job_id) if wanted else {}
    if len(known) < WORDED_MAX and any(failure not in known for failure in wanted):
        await session.lock(f"reasons:{job_id}")
        known = await _known(session, job_id)  # as others have left it
        for failure in wanted:
            if failure not in known and len(known) < WORDED_MAX:
                known[failure] = WORDED_FROM + len(known)
                await session.run(
                    "add_reason",
                    job_id=job_id,
                    number=known[failure],
                    code=failure.code.value,
                    words=failure.words,
                )
    return [known.get(failure, failure.code.value) for failure in failures]


async def _known(session: Session, job_id: int) -> dict[Failure, int]:
    rows = await session.all("reasons_of_job", job_id=job_id)
    return {Failure(FailureCode(code), words): number for number, code, words in rows}
