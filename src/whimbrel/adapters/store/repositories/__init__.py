"""The repositories of port `store`, written once over named statements; engines differ in `session` only.

No SQL and no engine may be named here: statements stand in `queries/*.sql`.
"""

from __future__ import annotations

from collections.abc import Collection

from whimbrel.adapters.store.repositories.access_keys import AccessKeyRepository, AccountRepository
from whimbrel.adapters.store.repositories.audit import AuditRepository, ClientTokenRepository
from whimbrel.adapters.store.repositories.console import (
    ConsoleInvitationRepository,
    ConsoleSessionRepository,
    ConsoleUserRepository,
)
from whimbrel.adapters.store.repositories.ddi import (
    DdiActionRepository,
    DdiAttributeRepository,
    DdiDeviceRepository,
    ObjectDigestRepository,
)
from whimbrel.adapters.store.repositories.ddi_access import DdiAccessRepository
from whimbrel.adapters.store.repositories.ddi_history import DdiHistoryRepository
from whimbrel.adapters.store.repositories.device_applies import ApplyNameRepository, ApplyRepository
from whimbrel.adapters.store.repositories.device_changes import DeviceChangeRepository
from whimbrel.adapters.store.repositories.device_imports import DeviceImportRepository
from whimbrel.adapters.store.repositories.device_logins import DeviceLoginRepository
from whimbrel.adapters.store.repositories.device_search import DeviceSearchRepository
from whimbrel.adapters.store.repositories.device_stories import DeviceStoryRepository
from whimbrel.adapters.store.repositories.devices import DeviceRepository, DeviceStateRepository
from whimbrel.adapters.store.repositories.enrolment import EnrolmentRepository
from whimbrel.adapters.store.repositories.explaining import ExplainingRepository
from whimbrel.adapters.store.repositories.failures import FailureRepository
from whimbrel.adapters.store.repositories.firmware import FirmwareRepository
from whimbrel.adapters.store.repositories.fleet import FleetRepository
from whimbrel.adapters.store.repositories.gateways import NodeRepository, OrderRepository
from whimbrel.adapters.store.repositories.groups import GroupMemberRepository, GroupRepository
from whimbrel.adapters.store.repositories.health import HealthRepository
from whimbrel.adapters.store.repositories.job_lists import JobListRepository
from whimbrel.adapters.store.repositories.job_moves import JobMoveRepository, StrategyRepository
from whimbrel.adapters.store.repositories.job_search import JobSearchRepository
from whimbrel.adapters.store.repositories.jobs import JobRepository
from whimbrel.adapters.store.repositories.leases import LeaseRepository
from whimbrel.adapters.store.repositories.modules import OtaModuleRepository
from whimbrel.adapters.store.repositories.overview import OverviewRepository
from whimbrel.adapters.store.repositories.pacing import PacingRepository
from whimbrel.adapters.store.repositories.presence import ModuleVersionRepository, PresenceRepository
from whimbrel.adapters.store.repositories.previews import PreviewRepository
from whimbrel.adapters.store.repositories.products import ProductRepository
from whimbrel.adapters.store.repositories.reading import read_ahead
from whimbrel.adapters.store.repositories.rollout_history import RolloutHistoryRepository
from whimbrel.adapters.store.repositories.rollouts import RolloutRepository
from whimbrel.adapters.store.repositories.silence import SilenceRepository
from whimbrel.adapters.store.repositories.tags import DeviceTagRepository
from whimbrel.adapters.store.repositories.targets import DeviceListRepository, TargetRepository
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
    def accounts(self) -> AccountRepository:
        return AccountRepository(self._session)

    @property
    def audit(self) -> AuditRepository:
        return AuditRepository(self._session, self._sealer)

    @property
    def tokens(self) -> ClientTokenRepository:
        return ClientTokenRepository(self._session, self._sealer)

    @property
    def console_users(self) -> ConsoleUserRepository:
        return ConsoleUserRepository(self._session)

    @property
    def console_invitations(self) -> ConsoleInvitationRepository:
        return ConsoleInvitationRepository(self._session)

    @property
    def console_sessions(self) -> ConsoleSessionRepository:
        return ConsoleSessionRepository(self._session)

    @property
    def products(self) -> ProductRepository:
        return ProductRepository(self._session, self._sealer)

    @property
    def devices(self) -> DeviceRepository:
        return DeviceRepository(self._session, self._sealer)

    @property
    def device_logins(self) -> DeviceLoginRepository:
        return DeviceLoginRepository(self._session, self._sealer)

    @property
    def device_states(self) -> DeviceStateRepository:
        return DeviceStateRepository(self._session, self._sealer)

    @property
    def device_searches(self) -> DeviceSearchRepository:
        return DeviceSearchRepository(self._session)

    @property
    def device_changes(self) -> DeviceChangeRepository:
        return DeviceChangeRepository(self._session)

    @property
    def device_imports(self) -> DeviceImportRepository:
        return DeviceImportRepository(self._session, self._sealer)

    @property
    def enrolment(self) -> EnrolmentRepository:
        return EnrolmentRepository(self._session, self._sealer)

    @property
    def applies(self) -> ApplyRepository:
        return ApplyRepository(self._session, self._sealer)

    @property
    def apply_names(self) -> ApplyNameRepository:
        return ApplyNameRepository(self._session)

    @property
    def module_versions(self) -> ModuleVersionRepository:
        return ModuleVersionRepository(self._session)

    @property
    def presences(self) -> PresenceRepository:
        return PresenceRepository(self._session)

    @property
    def rollouts(self) -> RolloutRepository:
        return RolloutRepository(self._session)

    @property
    def previews(self) -> PreviewRepository:
        return PreviewRepository(self._session)

    @property
    def silence(self) -> SilenceRepository:
        return SilenceRepository(self._session)

    @property
    def explaining(self) -> ExplainingRepository:
        return ExplainingRepository(self._session)

    @property
    def health(self) -> HealthRepository:
        return HealthRepository(self._session)

    @property
    def overviews(self) -> OverviewRepository:
        return OverviewRepository(self._session)

    @property
    def rollout_history(self) -> RolloutHistoryRepository:
        return RolloutHistoryRepository(self._session)

    @property
    def failures(self) -> FailureRepository:
        return FailureRepository(self._session)

    @property
    def device_stories(self) -> DeviceStoryRepository:
        return DeviceStoryRepository(self._session)

    @property
    def nodes(self) -> NodeRepository:
        return NodeRepository(self._session)

    @property
    def orders(self) -> OrderRepository:
        return OrderRepository(self._session)

    @property
    def leases(self) -> LeaseRepository:
        return LeaseRepository(self._session)

    @property
    def firmware(self) -> FirmwareRepository:
        return FirmwareRepository(self._session)

    @property
    def uploads(self) -> UploadRepository:
        return UploadRepository(self._session)

    @property
    def ota_modules(self) -> OtaModuleRepository:
        return OtaModuleRepository(self._session)

    @property
    def groups(self) -> GroupRepository:
        return GroupRepository(self._session)

    @property
    def group_members(self) -> GroupMemberRepository:
        return GroupMemberRepository(self._session)

    @property
    def tags(self) -> DeviceTagRepository:
        return DeviceTagRepository(self._session)

    @property
    def jobs(self) -> JobRepository:
        return JobRepository(self._session)

    @property
    def job_lists(self) -> JobListRepository:
        return JobListRepository(self._session)

    @property
    def job_searches(self) -> JobSearchRepository:
        return JobSearchRepository(self._session)

    @property
    def job_moves(self) -> JobMoveRepository:
        return JobMoveRepository(self._session)

    @property
    def targets(self) -> TargetRepository:
        return TargetRepository(self._session)

    @property
    def device_lists(self) -> DeviceListRepository:
        return DeviceListRepository(self._session)

    @property
    def strategies(self) -> StrategyRepository:
        return StrategyRepository(self._session)

    @property
    def tasks(self) -> TaskRepository:
        return TaskRepository(self._session)

    @property
    def fleet(self) -> FleetRepository:
        return FleetRepository(self._session)

    @property
    def pacing(self) -> PacingRepository:
        return PacingRepository(self._session)

    @property
    def ddi_access(self) -> DdiAccessRepository:
        return DdiAccessRepository(self._session)

    @property
    def ddi_history(self) -> DdiHistoryRepository:
        return DdiHistoryRepository(self._session)

    @property
    def ddi_devices(self) -> DdiDeviceRepository:
        return DdiDeviceRepository(self._session)

    @property
    def ddi_actions(self) -> DdiActionRepository:
        return DdiActionRepository(self._session)

    @property
    def ddi_attributes(self) -> DdiAttributeRepository:
        return DdiAttributeRepository(self._session)

    @property
    def object_digests(self) -> ObjectDigestRepository:
        return ObjectDigestRepository(self._session)

    async def read_ahead(self, device_ids: Collection[int], turn_ids: Collection[int]) -> None:
        """What reports of these devices will ask is read at once (see `reading.py`)."""
        await read_ahead(self._session, device_ids, turn_ids)

    async def hold(self, name: str) -> None:
        """Nobody else holds this name until the transaction ends."""
        await self._session.lock(name)

    async def ping(self) -> None:
        """One write that changes nothing: a store that cannot write is not well."""
        await self._session.run("probe")
