"""The repositories of port `store`, written once over named statements; engines differ in `session` only.

No SQL and no engine may be named here: statements stand in `queries/*.sql`.
"""

from __future__ import annotations

from whimbrel.adapters.store.repositories.access_keys import AccessKeyRepository
from whimbrel.adapters.store.repositories.devices import DeviceRepository
from whimbrel.adapters.store.repositories.firmware import FirmwareRepository
from whimbrel.adapters.store.repositories.fleet import FleetRepository
from whimbrel.adapters.store.repositories.jobs import JobRepository
from whimbrel.adapters.store.repositories.presence import ModuleVersionRepository, PresenceRepository
from whimbrel.adapters.store.repositories.products import ProductRepository
from whimbrel.adapters.store.repositories.tasks import TaskRepository
from whimbrel.adapters.store.repositories.uploads import UploadRepository
from whimbrel.adapters.store.session import Session
from whimbrel.ports.sealer import Sealer


class Repositories:
    """All repositories in one transaction. Each is made when asked for, which is cheaper than keeping it."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    @property
    def keys(self) -> AccessKeyRepository:
        return AccessKeyRepository(self._session, self._sealer)

    @property
    def products(self) -> ProductRepository:
        return ProductRepository(self._session, self._sealer)

    @property
    def devices(self) -> DeviceRepository:
        return DeviceRepository(self._session, self._sealer)

    @property
    def module_versions(self) -> ModuleVersionRepository:
        return ModuleVersionRepository(self._session)

    @property
    def presences(self) -> PresenceRepository:
        return PresenceRepository(self._session)

    @property
    def firmware(self) -> FirmwareRepository:
        return FirmwareRepository(self._session)

    @property
    def uploads(self) -> UploadRepository:
        return UploadRepository(self._session)

    @property
    def jobs(self) -> JobRepository:
        return JobRepository(self._session)

    @property
    def tasks(self) -> TaskRepository:
        return TaskRepository(self._session)

    @property
    def fleet(self) -> FleetRepository:
        return FleetRepository(self._session)

    async def ping(self) -> None:
        """One write that changes nothing: a store that cannot write is not well."""
        await self._session.run("probe")
