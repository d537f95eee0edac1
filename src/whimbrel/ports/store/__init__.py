"""Port: the database, which alone is the truth. Adapters: `sqlite` (embedded); PostgreSQL follows.

A `transaction` is all or nothing and durable once its block has been left (I1). A `snapshot` reads one committed state.
Every repository method takes the account first where rows belong to an account (I15). Handlers inside a transaction
must await nothing but the store: others wait for their turn.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from whimbrel.ports.store.access import AccessKeys as AccessKeys
from whimbrel.ports.store.devices import DeviceLogin as DeviceLogin
from whimbrel.ports.store.devices import Devices as Devices
from whimbrel.ports.store.devices import ModuleVersions as ModuleVersions
from whimbrel.ports.store.devices import Presence as Presence
from whimbrel.ports.store.devices import Presences as Presences
from whimbrel.ports.store.firmware import FirmwareRows as FirmwareRows
from whimbrel.ports.store.firmware import Uploads as Uploads
from whimbrel.ports.store.jobs import Jobs as Jobs
from whimbrel.ports.store.jobs import JobState as JobState
from whimbrel.ports.store.products import Products as Products
from whimbrel.ports.store.tasks import Fleet as Fleet
from whimbrel.ports.store.tasks import TaskRow as TaskRow
from whimbrel.ports.store.tasks import Tasks as Tasks


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
