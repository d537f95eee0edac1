"""A small world inside a store for the tests of the store, the engine, the reports and the door: drafts with sensible
values, devices, jobs, and adapters that tests can steer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from whimbrel.adapters.sealing.aes_gcm import AesGcmSealer
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.device import DeviceDraft
from whimbrel.domain.firmware import FirmwareDraft
from whimbrel.domain.job import Job, JobDraft, JobType
from whimbrel.domain.notice import LinkMaker, UpgradeNotice
from whimbrel.domain.paging import Page
from whimbrel.domain.product import ProductDraft
from whimbrel.domain.task import Task, TaskStatus, stamped
from whimbrel.engine.execute import Engine
from whimbrel.ports.device_channel import SessionEnd
from whimbrel.ports.store import Presence, Store, TaskRow, Transaction

NOW_MS = 1_700_000_000_000
NODE = "main"
SHA256, MD5 = "a" * 64, "b" * 32
LINKS = LinkMaker(b"k" * 32, "https://ota.example")
SEALER = AesGcmSealer(bytes(32))
EVERYTHING = Page(1, 1_000_000)


class SteeredClock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.ms = NOW_MS
        self.s = 1_000.0

    def pass_ms(self, ms: int) -> None:
        """Time goes by on both clocks; setting `ms` alone is somebody setting the wall clock."""
        self.ms += ms
        self.s += ms / 1000

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.s


class RecordingChannel:
    """Port `DeviceChannel`: keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[UpgradeNotice] = []

    async def post(self, store: Transaction, tasks: list[Task]) -> list[Task]:
        return tasks

    async def send(self, notice: UpgradeNotice) -> bool:
        self.sent.append(notice)
        return True

    async def end(self, end: SessionEnd) -> bool:
        return False

    async def ping(self) -> None:
        return


class Place(NamedTuple):
    """Where things are in a store."""

    account_id: int
    product_id: int
    product_key: str


class Stage(NamedTuple):
    """An engine over a store, and what steers and watches it."""

    store: SqliteStore
    place: Place
    engine: Engine
    channel: RecordingChannel
    clock: SteeredClock


def open_store(folder: Path, fatal: list[str] | None = None) -> SqliteStore:
    """The embedded store in `folder`; what would end the process is put into `fatal`."""
    return SqliteStore(folder / "whimbrel.db", SEALER, (fatal if fatal is not None else []).append, NOW_MS)


@asynccontextmanager
async def set_stage(folder: Path) -> AsyncIterator[Stage]:
    """A store with one product in it, and an engine that has not begun."""
    store, clock, channel = open_store(folder), SteeredClock(), RecordingChannel()
    place = await add_place(store)
    yield Stage(store, place, Engine(store, channel, InProcessWakeup(), clock, LINKS), channel, clock)
    await store.close()


def product_draft(account_id: int, number: int = 1, **changes: object) -> ProductDraft:
    draft = ProductDraft(
        account_id=account_id,
        product_key=f"a1product{number:02d}",
        product_secret="s" * 16,
        name=f"product{number}",
        node_type=0,
        data_format=None,
        net_type="WIFI",
        auth_type="secret",
        protocol_type="",
        commodity_code="iothub_senior",
        description="",
        category_key="",
        validate_type=1,
        created_ms=NOW_MS,
    )
    return draft._replace(**changes)


def device_draft(place: Place, name: str) -> DeviceDraft:
    return DeviceDraft(
        account_id=place.account_id,
        product_id=place.product_id,
        device_name=name,
        iot_id=f"{place.product_key}{name}",
        device_secret=secret_of(name),
        nickname="",
        created_ms=NOW_MS,
    )


def secret_of(device_name: str) -> str:
    return f"secret of {device_name}"


def firmware_draft(place: Place, version: str = "2.0.0", **changes: object) -> FirmwareDraft:
    draft = FirmwareDraft(
        account_id=place.account_id,
        product_id=place.product_id,
        module_name="default",
        name=f"firmware-{version}",
        dest_version=version,
        src_version="",
        type=0,
        status=-1,
        sign_method="MD5",
        sha256=SHA256,
        md5=MD5,
        size_bytes=1000,
        description="",
        udi="",
        object_key="ota/firmware/x.bin",
        created_ms=NOW_MS,
    )
    return draft._replace(**changes)


def job_draft(place: Place, fill_until: int, **changes: object) -> JobDraft:
    """A job to version 2.0.0 for all devices up to `fill_until`, pushed, without confirmation or timeout."""
    draft = JobDraft(
        account_id=place.account_id,
        product_id=place.product_id,
        firmware_id=1,
        firmware_name="firmware",
        module_name="default",
        dest_version="2.0.0",
        required_version="",
        sha256=SHA256,
        md5=MD5,
        size_bytes=1000,
        sign_method="MD5",
        firmware_type=0,
        udi="",
        job_type=JobType.UPGRADE,
        target_selection="ALL",
        need_push=True,
        need_confirm=False,
        timeout_minutes=None,
        tags=(),
        fill_until=fill_until,
        is_filled=False,
        created_ms=NOW_MS,
    )
    return draft._replace(**changes)


async def add_place(store: Store, number: int = 1, account: str = "default") -> Place:
    async with store.transaction() as transaction:
        account_id = await transaction.accounts.id_of(account) or await transaction.accounts.add(account, NOW_MS)
        draft = product_draft(account_id, number)
        return Place(account_id, await transaction.products.add(draft), draft.product_key)


async def add_devices(
    store: Store, place: Place, count: int, version: str | None = None, prefix: str = "dev"
) -> list[int]:
    """Devices `dev-0000` and so on, all at `version` (None: they never reported); their ids."""
    ids = []
    async with store.transaction() as transaction:
        for number in range(count):
            device_id = await transaction.devices.add(device_draft(place, f"{prefix}-{number:04d}"))
            if version is not None:
                await transaction.module_versions.put(device_id, "default", version, NOW_MS)
            ids.append(device_id)
    return ids


async def add_job(store: Store, place: Place, **changes: object) -> Job:
    """A job for all devices there are now, unless `fill_until` is among the changes."""
    async with store.transaction() as transaction:
        newest = await transaction.devices.largest_id(place.product_id)
        draft = job_draft(place, **{"fill_until": newest, **changes})
        return await must_find(transaction, place, await transaction.jobs.add(draft))


async def must_find(transaction: Transaction, place: Place, job_id: int) -> Job:
    job = await transaction.jobs.by_id(place.account_id, job_id)
    assert job is not None
    return job


async def read_job(store: Store, job: Job) -> Job:
    async with store.snapshot() as snapshot:
        found = await snapshot.jobs.by_id(job.account_id, job.id)
    assert found is not None
    return found


async def fill(store: Store, job: Job, chunk: int = 1_000) -> Job:
    """Make all tasks of the job, without dispatching any; the job afterwards."""
    while not job.is_filled:
        async with store.transaction() as transaction:
            await transaction.fleet.fill(job, chunk, NOW_MS)
        job = await read_job(store, job)
    return job


def presence(device_id: int, session_id: int = 1) -> Presence:
    return Presence(device_id, NODE, session_id, "127.0.0.1")


async def connect(store: Store, device_ids: Iterable[int]) -> None:
    """The devices are online, and nothing is pushed to them by that."""
    async with store.transaction() as transaction:
        for device_id in device_ids:
            await transaction.presences.connected(presence(device_id), NOW_MS)


async def rows_of(store: Store, job: Job, status: TaskStatus | None = None) -> list[TaskRow]:
    """The job's tasks as the list shows them, oldest first."""
    async with store.snapshot() as snapshot:
        return list((await snapshot.tasks.page(job.id, status, EVERYTHING)).rows)[::-1]


async def tasks_of(store: Store, job: Job) -> dict[int, Task]:
    """Device id to task."""
    return {row.task.device_id: row.task for row in await rows_of(store, job)}


async def statuses_of(store: Store, job: Job) -> dict[int, TaskStatus]:
    return {device_id: task.status for device_id, task in (await tasks_of(store, job)).items()}


async def put_task(store: Store, task: Task, **changes: object) -> Task:
    """Force a task into a state, past all rules; the task as it is stored then, but for when that was."""
    new = stamped(task, task._replace(**changes), NOW_MS)
    async with store.transaction() as transaction:
        assert await transaction.tasks.change(task, new, NOW_MS)
    return new


async def cancel(store: Store, job: Job, *statuses: TaskStatus) -> None:
    async with store.transaction() as transaction:
        await transaction.jobs.cancel_tasks(job.id, frozenset(statuses), NOW_MS)


async def count_errors(store: Store, jobs: Iterable[Job]) -> list[str]:
    """Where a job's counts differ from the rows they count (I4); empty when all is well."""
    errors = []
    async with store.snapshot() as snapshot:
        for job in jobs:
            state = await snapshot.jobs.state(job.account_id, job.id)
            assert state is not None
            listing = await snapshot.tasks.page(job.id, None, EVERYTHING)
            statuses = [row.task.status for row in listing.rows]
            if listing.total != len(statuses):
                errors.append(f"job {job.id}: total {listing.total}, rows {len(statuses)}")
            for status in TaskStatus:
                if state.counts.get(status, 0) != statuses.count(status):
                    errors.append(
                        f"job {job.id} {status.name}: {state.counts.get(status, 0)}, {statuses.count(status)}"
                    )
    return errors
