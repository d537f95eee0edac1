"""Port: the database, which alone is the truth. Adapters: `sqlite` (embedded); PostgreSQL follows.

A `transaction` is all or nothing and durable once its block has been left (I1). A `snapshot` reads one committed state.
Every repository method takes the account first where rows belong to an account (I15). Handlers inside a transaction
must await nothing but the store: others wait for their turn.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from whimbrel.domain.access import AccessKey
from whimbrel.domain.device import Device, DeviceDraft, ModuleVersion
from whimbrel.domain.firmware import Firmware, FirmwareDraft, FirmwareStatus, UploadedFile
from whimbrel.domain.job import Counts, Job, JobDraft, JobStatus
from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.product import Product, ProductDraft
from whimbrel.domain.task import Task, TaskStatus


class TaskRow(NamedTuple):
    """A task as lists show it."""

    task: Task
    device_name: str
    iot_id: str
    created_ms: int
    modified_ms: int


class JobState(NamedTuple):
    """A job with the counts of its tasks and the id of its newest task (0 without tasks)."""

    job: Job
    counts: Counts
    newest_task_id: int


class DeviceLogin(NamedTuple):
    """What the device door needs to check a device's credentials."""

    device_id: int
    account_id: int
    device_secret: str
    is_disabled: bool


class Presence(NamedTuple):
    """A device's session in a gateway process."""

    device_id: int
    node_id: str
    session_id: int
    ip_address: str


class AccessKeys(Protocol):
    async def by_id(self, access_key_id: str) -> AccessKey | None: ...
    async def account_id(self, name: str) -> int | None: ...
    async def add_account(self, name: str, now_ms: int) -> int:
        """The new account's id. Raises StoreUnavailableError when the name is taken."""
        ...

    async def put(self, key: AccessKey, now_ms: int) -> None:
        """Add the key, or give an existing one this secret and policy."""
        ...


class Products(Protocol):
    async def add(self, draft: ProductDraft) -> int:
        """Its id. Raises ProductNameTakenError."""
        ...

    async def by_key(self, account_id: int, product_key: str) -> Product | None: ...
    async def page(self, account_id: int, commodity_code: str | None, page: Page) -> Listing[Product]: ...


class Devices(Protocol):
    async def add(self, draft: DeviceDraft) -> int:
        """Its id. Raises DeviceNameTakenError."""
        ...

    async def by_name(self, account_id: int, product_key: str, device_name: str) -> Device | None: ...
    async def by_iot_id(self, account_id: int, iot_id: str) -> Device | None: ...
    async def ids_by_names(self, account_id: int, product_id: int, names: tuple[str, ...]) -> dict[str, int]:
        """Name to id for those names that exist in the product; `names` is bounded by the operation."""
        ...

    async def page(self, account_id: int, product_id: int, page: Page) -> Listing[Device]: ...
    async def largest_id(self, product_id: int) -> int:
        """The id of the product's newest device, 0 without devices: freezes a target set (I2)."""
        ...

    async def login(self, product_key: str, device_name: str) -> DeviceLogin | None: ...


class ModuleVersions(Protocol):
    async def get(self, device_id: int, module_name: str) -> str | None: ...
    async def put(self, device_id: int, module_name: str, version: str, now_ms: int) -> bool:
        """False, and nothing stored, when the device has reported too many modules already (I17)."""
        ...

    async def page(self, device_id: int, page: Page) -> Listing[ModuleVersion]: ...


class Presences(Protocol):
    async def connected(self, presence: Presence, now_ms: int) -> None:
        """The device is online in this session, which replaces an older one; activates it the first time."""
        ...

    async def disconnected(self, presence: Presence) -> None:
        """The session ended; nothing changes when a newer session of the device has replaced it."""
        ...

    async def clear_node(self, node_id: str) -> None:
        """No device is connected to this node: what a node says when it starts."""
        ...


class FirmwareRows(Protocol):
    async def add(self, draft: FirmwareDraft) -> int:
        """Its id. Raises FirmwareExistsError."""
        ...

    async def by_id(self, account_id: int, firmware_id: int) -> Firmware | None: ...
    async def by_link(self, firmware_id: int) -> Firmware | None:
        """Of whichever account: the caller holds a link that the account was given, and checks it (A14)."""
        ...

    async def page(
        self, account_id: int, product_key: str | None, dest_version: str | None, page: Page
    ) -> Listing[Firmware]: ...
    async def move(self, firmware_id: int, old: FirmwareStatus, new: FirmwareStatus, now_ms: int) -> bool:
        """Compare and set; False when the status is not `old`."""
        ...

    async def delete(self, firmware: Firmware) -> None: ...
    async def is_referenced(self, sha256: str, uploaded_after_ms: int) -> bool:
        """Whether firmware, an unfinished job or an upload younger than that needs the object."""
        ...


class Uploads(Protocol):
    async def issue(self, account_id: int, object_key: str, expires_ms: int, now_ms: int) -> None: ...
    async def begin(self, object_key: str, now_ms: int) -> bool:
        """Claim the one use of upload credentials; False when unknown, used or expired."""
        ...

    async def finish(self, object_key: str, file: UploadedFile) -> bool:
        """The file is stored; False when no upload of this key had begun."""
        ...

    async def by_key(self, account_id: int, object_key: str) -> UploadedFile | None:
        """The stored file of a finished upload."""
        ...

    async def mark_used(self, object_key: str) -> None: ...
    async def forget_before(self, issued_before_ms: int) -> int:
        """Drop rows of uploads that old; how many."""
        ...


class Jobs(Protocol):
    async def add(self, draft: JobDraft) -> int: ...
    async def by_id(self, account_id: int, job_id: int) -> Job | None: ...
    async def unfinished(self, after_id: int, limit: int) -> list[JobState]:
        """Planned and running jobs in the order of their ids, for the engine."""
        ...

    async def state(self, account_id: int, job_id: int) -> JobState | None: ...
    async def end(self, job_id: int, status: JobStatus, now_ms: int) -> bool:
        """From IN_PROGRESS to its end; False when it is not in progress."""
        ...

    async def cancel_tasks(self, job_id: int, statuses: frozenset[TaskStatus], now_ms: int) -> None:
        """Durably ask for the cancelling of the job's tasks in these statuses; none of them is sent any more (I8)."""
        ...

    async def has_unfinished(self, firmware_id: int) -> bool: ...
    async def latest_verify_counts(self, firmware_id: int) -> Counts | None:
        """The counts of the firmware's newest verify job."""
        ...


class Tasks(Protocol):
    """Tasks one by one: what operations and reports need."""

    async def page(self, job_id: int, status: TaskStatus | None, page: Page) -> Listing[TaskRow]: ...
    async def by_device_names(
        self, job_id: int, status: TaskStatus | None, names: tuple[str, ...]
    ) -> list[TaskRow]: ...
    async def by_ids(self, account_id: int, task_ids: tuple[int, ...]) -> list[tuple[Task, Job]]: ...
    async def open_of_device(self, device_id: int) -> list[tuple[Task, Job]]:
        """The device's open tasks, oldest first, with their jobs."""
        ...

    async def with_job(self, task_id: int) -> tuple[Task, Job] | None: ...
    async def add_for(self, job: Job, device_ids: tuple[int, ...], now_ms: int) -> int:
        """Tasks for named devices of the job's product, by the same rule as `Fleet.fill`; how many."""
        ...

    async def change(self, old: Task, new: Task, now_ms: int) -> bool:
        """Compare and set on status and attempt; False, and nothing done, when the row is not `old` any more (I4)."""
        ...


class Fleet(Protocol):
    """A job's tasks by the thousand: each method is one bounded, named statement, resumable by a durable cursor."""

    async def fill(self, job: Job, devices_max: int, now_ms: int) -> None:
        """Make tasks for the next devices of the frozen target set and move the job's fill cursor (I2)."""
        ...

    async def dispatch(self, job: Job, tasks_max: int, now_ms: int) -> list[Task]:
        """Claim queued tasks of online devices as NOTIFIED, in the next range of the job's tasks; moves the cursor."""
        ...

    async def look_again_after(self, job_id: int, task_id: int) -> None:
        """Tasks after this one became ready: dispatch comes back to them."""
        ...

    async def cancel(self, job: Job, tasks_max: int, now_ms: int) -> None:
        """Cancel the next tasks that `Jobs.cancel_tasks` asked for; moves the cursor."""
        ...

    async def time_out(self, tasks_max: int, now_ms: int) -> int:
        """Fail tasks in progress whose time ran out; how many."""
        ...

    async def postpone_due(self, by_ms: int) -> None:
        """Move every time-out by so much: the wall clock jumped, and no device was slower for it (F16)."""
        ...

    async def next_due_ms(self) -> int | None:
        """When the next task times out."""
        ...


class Transaction(Protocol):
    """The repositories, all in one transaction or snapshot."""

    @property
    def keys(self) -> AccessKeys: ...
    @property
    def products(self) -> Products: ...
    @property
    def devices(self) -> Devices: ...
    @property
    def module_versions(self) -> ModuleVersions: ...
    @property
    def presences(self) -> Presences: ...
    @property
    def firmware(self) -> FirmwareRows: ...
    @property
    def uploads(self) -> Uploads: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def tasks(self) -> Tasks: ...
    @property
    def fleet(self) -> Fleet: ...


class Store(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """All or nothing; leaving the block returns after the commit is durable.

        Raises StoreFullError, StoreUnavailableError, with nothing committed.
        """
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Transaction]:
        """Reads of one committed state; writes raise."""
        ...

    async def ping(self) -> None:
        """Raises StoreUnavailableError when the store cannot answer or cannot write."""
        ...

    async def close(self) -> None: ...
