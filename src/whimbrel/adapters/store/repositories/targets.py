"""Whom jobs are for: frozen target sets, gathered in chunks, and uploaded device lists."""

from __future__ import annotations

from whimbrel.adapters.store.repositories.jobs import job_of
from whimbrel.adapters.store.repositories.presence import versions_list
from whimbrel.adapters.store.session import NO_ROW_ABOVE, Session, list_total
from whimbrel.domain.device_list import PART_NAMES_MAX, ListPart
from whimbrel.domain.gray import KEYS, gray_devices, gray_start
from whimbrel.domain.job import Job, JobDraft, TargetSelection
from whimbrel.ports.store import DeviceList, job_turn

MEMBERS_PER_STEP = 10_000  # as many as a step of the engine gathers


class TargetRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def freeze(self, job: Job) -> None:
        row = await self._session.one("largest_device_id", product_id=job.product_id)
        fill_until = int(row[0]) if row else 0
        devices, gather_after = 0, 0
        is_group = job.target_selection == TargetSelection.GROUP
        if is_group:
            await hold_members(self._session, job.group_row_id)
        if job.target_selection == TargetSelection.GRAY:
            devices = gray_devices(job.gray_percent, await candidates_of_share(self._session, job))
            gather_after = _gray_start(job) - 1
        await self._session.run(
            "freeze_job",
            job_id=job.id,
            fill_until=fill_until,
            devices=devices,
            gather_after=gather_after,
            is_gathered=int(not (devices or job.device_list_key or is_group or _gathers_product(job))),
            is_filled=int(fill_until == 0 or (job.target_selection == TargetSelection.GRAY and devices == 0)),
        )

    async def add(self, job: Job, device_ids: tuple[int, ...]) -> None:
        for device_id in device_ids:
            await self._session.run("add_target", job_id=job.id, device_id=device_id, order_factor=_factor(job))

    async def gather(self, job: Job, devices_max: int) -> None:
        if job.device_list_key:
            await self._gather_list(job, devices_max)
        elif job.target_selection == TargetSelection.GROUP:
            await self._gather_group(job, devices_max)
        elif _gathers_product(job):
            await self._gather_product(job, devices_max)
        else:
            await self._gather_gray(job, devices_max)

    async def gather_before_change(self, group_row_id: int) -> None:
        """The group's members are about to change: jobs that still gather them take what they had (I2)."""
        await hold_members(self._session, group_row_id)
        for account_id, job_id in await self._session.all("jobs_gathering_group", group_row_id=group_row_id):
            await self._session.lock(job_turn(job_id))
            while True:
                row = await self._session.one("job_by_id", account_id=account_id, job_id=job_id)
                assert row is not None, "jobs are never deleted"
                job = job_of(row)
                if job.is_gathered:
                    break
                await self._gather_group(job, MEMBERS_PER_STEP)

    async def _gather_gray(self, job: Job, devices_max: int) -> None:
        """Keys from the job's start to the largest, then from 0 to before the start; `gather_after` counts through."""
        start = _gray_start(job)
        has_wrapped = job.gather_after >= KEYS - 1
        base, limit = (KEYS, start) if has_wrapped else (0, KEYS)
        after = job.gather_after - base
        row = await self._session.one(
            "gray_bound", product_id=job.product_id, after=after, limit=limit, devices_max=devices_max
        )
        bound = int(row[0]) if row else limit - 1
        taken = await self._session.run_apart(
            "gather_gray",
            job_id=job.id,
            product_id=job.product_id,
            module_name=job.module_name,
            has_sources=int(bool(job.source_versions)),
            until=job.fill_until,
            after=after,
            bound=bound,
            devices_left=job.gray_left,
            order_factor=_factor(job),
        )
        is_gathered = taken >= job.gray_left or bound + base >= KEYS + start - 1
        await self._move(job, base + bound, taken, is_gathered=is_gathered)

    async def _gather_list(self, job: Job, devices_max: int) -> None:
        number, is_gathered = job.gather_after, False
        for _ in range(max(1, devices_max // PART_NAMES_MAX)):
            row = await self._session.one("next_list_part", object_key=job.device_list_key, after=number)
            if row is None:
                is_gathered = True
                break
            number = int(row[0])
            await self._session.run_apart(
                "gather_list_part",
                job_id=job.id,
                product_id=job.product_id,
                object_key=job.device_list_key,
                number=number,
                until=job.fill_until,
                order_factor=_factor(job),
            )
        await self._move(job, number, 0, is_gathered=is_gathered)

    async def _gather_group(self, job: Job, devices_max: int) -> None:
        where = {"group_row_id": job.group_row_id, "after": job.gather_after}
        row = await self._session.one("group_bound", devices_max=devices_max, **where)
        bound = int(row[0]) if row else NO_ROW_ABOVE
        await self._session.run_apart("gather_group", job_id=job.id, bound=bound, order_factor=_factor(job), **where)
        await self._move(job, bound, 0, is_gathered=row is None)

    async def _gather_product(self, job: Job, devices_max: int) -> None:
        where = {"product_id": job.product_id, "after": job.gather_after}
        row = await self._session.one("fill_bound", until=job.fill_until, devices_max=devices_max, **where)
        bound = int(row[0]) if row else job.fill_until
        await self._session.run_apart("gather_product", job_id=job.id, bound=bound, order_factor=_factor(job), **where)
        await self._move(job, bound, 0, is_gathered=bound >= job.fill_until)

    async def _move(self, job: Job, gather_after: int, taken: int, *, is_gathered: bool) -> None:
        await self._session.run(
            "move_gather_cursor",
            job_id=job.id,
            gather_after=gather_after,
            taken=taken,
            is_gathered=int(is_gathered),
        )


async def candidates_of_share(session: Session, job: Job | JobDraft) -> int:
    """How many devices a share is taken of: by the counters, so that nothing is scanned."""
    if not job.source_versions:
        return await list_total(session, f"devices:{job.product_id}")
    lists = [versions_list(job.product_id, job.module_name, version) for version in job.source_versions]
    return sum([await list_total(session, name) for name in lists])


async def hold_members(session: Session, group_row_id: int | None) -> None:
    """Until the transaction ends, no member of the group comes or goes, and no job begins to gather them."""
    await session.lock(f"group:{group_row_id}")


def _factor(job: Job) -> int:
    """As the statements take it: 0 for none."""
    return job.order_factor or 0


def _gray_start(job: Job) -> int:
    """Where a share begins: by the job's seed, so that a seed gives the share too."""
    return gray_start(job.id if job.rollout.seed is None else job.rollout.seed)


def _gathers_product(job: Job) -> bool:
    """A job that takes all walks the product while it is filled, unless its devices go out in an order of their own."""
    return job.takes_product and job.order_factor is not None


class DeviceListRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def put_part(self, object_key: str, part: ListPart) -> None:
        await self._session.run("put_list_part", object_key=object_key, **part._asdict())

    async def finish(self, object_key: str, found: DeviceList, now_ms: int) -> None:
        await self._session.run("put_device_list", object_key=object_key, stored_ms=now_ms, **found._asdict())

    async def find(self, object_key: str) -> DeviceList | None:
        row = await self._session.one("device_list", object_key=object_key)
        return DeviceList._make(row) if row else None

    async def forget_before(self, stored_before_ms: int) -> bool:
        row = await self._session.one("old_device_list", stored_before_ms=stored_before_ms)
        if row is None:
            return False
        await self._session.run("forget_list_parts", object_key=row[0])
        await self._session.run("forget_device_list", object_key=row[0])
        return True
