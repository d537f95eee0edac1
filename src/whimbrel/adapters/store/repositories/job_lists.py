"""Lists of jobs, and of a device's open tasks with theirs."""

from __future__ import annotations

from whimbrel.adapters.store.repositories.jobs import JOB_COLUMNS, job_of, jobs_list
from whimbrel.adapters.store.repositories.tasks import task_row
from whimbrel.adapters.store.session import Session, list_total, position_of
from whimbrel.domain.job import Job
from whimbrel.domain.paging import Listing, Page
from whimbrel.ports.store import TaskRow


class JobListRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def of_firmware(self, firmware_id: int, page: Page) -> Listing[Job]:
        list_name = jobs_list(firmware_id)
        position = await position_of(self._session, list_name, page)
        if position is None:
            return Listing((), await list_total(self._session, list_name))
        rows = await self._session.all(
            "jobs_page_of_firmware",
            firmware_id=firmware_id,
            below=position.below,
            skip=position.skip,
            size=page.size,
        )
        return Listing([job_of(row) for row in rows], position.total)

    async def of_device(self, device_id: int, firmware_id: int, page: Page) -> Listing[Job]:
        where = {"device_id": device_id, "firmware_id": firmware_id}
        total = await self._session.one("jobs_of_device_total", **where)
        rows = await self._session.all("jobs_page_of_device", skip=page.offset, size=page.size, **where)
        return Listing([job_of(row) for row in rows], total[0] if total else 0)

    async def open_of_device(self, device_id: int) -> list[tuple[TaskRow, Job]]:
        rows = await self._session.all("open_task_rows_of_device", device_id=device_id)
        return [(task_row(row[:-JOB_COLUMNS]), job_of(row[-JOB_COLUMNS:])) for row in rows]
