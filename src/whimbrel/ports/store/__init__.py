"""Port: the database, which alone is the truth. Adapters: `sqlite` (embedded), `postgresql`.

A `transaction` is all or nothing and durable once its block has been left (I1). A `snapshot` reads one committed state.
Every repository method takes the account first where rows belong to an account (I15). Handlers inside a transaction
must await nothing but the store: others wait for their turn.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from whimbrel.ports.store.access import AccessKeys as AccessKeys
from whimbrel.ports.store.access import Accounts as Accounts
from whimbrel.ports.store.access import AuditFilter as AuditFilter
from whimbrel.ports.store.access import AuditLog as AuditLog
from whimbrel.ports.store.access import ClientToken as ClientToken
from whimbrel.ports.store.access import ClientTokens as ClientTokens
from whimbrel.ports.store.access import TokenUse as TokenUse
from whimbrel.ports.store.applies import Applies as Applies
from whimbrel.ports.store.applies import ApplyNames as ApplyNames
from whimbrel.ports.store.console import ConsoleInvitations as ConsoleInvitations
from whimbrel.ports.store.console import ConsoleSessions as ConsoleSessions
from whimbrel.ports.store.console import ConsoleUsers as ConsoleUsers
from whimbrel.ports.store.console import NamedSession as NamedSession
from whimbrel.ports.store.console import SignedIn as SignedIn
from whimbrel.ports.store.ddi import DdiActions as DdiActions
from whimbrel.ports.store.ddi import DdiAttributes as DdiAttributes
from whimbrel.ports.store.ddi import DdiDevices as DdiDevices
from whimbrel.ports.store.ddi import Deployment as Deployment
from whimbrel.ports.store.ddi import ObjectDigests as ObjectDigests
from whimbrel.ports.store.ddi import Seen as Seen
from whimbrel.ports.store.ddi_access import DdiAccess as DdiAccess
from whimbrel.ports.store.ddi_access import DdiAttributeReport as DdiAttributeReport
from whimbrel.ports.store.ddi_access import DdiPlace as DdiPlace
from whimbrel.ports.store.ddi_history import ActionEntry as ActionEntry
from whimbrel.ports.store.ddi_history import DdiHistory as DdiHistory
from whimbrel.ports.store.device_imports import DeviceImports as DeviceImports
from whimbrel.ports.store.device_search import DeviceSearches as DeviceSearches
from whimbrel.ports.store.device_search import FoundDevice as FoundDevice
from whimbrel.ports.store.device_search import SearchPage as SearchPage
from whimbrel.ports.store.devices import DeviceChanges as DeviceChanges
from whimbrel.ports.store.devices import DeviceLogin as DeviceLogin
from whimbrel.ports.store.devices import DeviceLogins as DeviceLogins
from whimbrel.ports.store.devices import Devices as Devices
from whimbrel.ports.store.devices import DeviceStates as DeviceStates
from whimbrel.ports.store.devices import DeviceToken as DeviceToken
from whimbrel.ports.store.devices import LoginClaim as LoginClaim
from whimbrel.ports.store.devices import ModuleVersions as ModuleVersions
from whimbrel.ports.store.devices import Presence as Presence
from whimbrel.ports.store.devices import Presences as Presences
from whimbrel.ports.store.enrolment import EnrollingProduct as EnrollingProduct
from whimbrel.ports.store.enrolment import Enrolments as Enrolments
from whimbrel.ports.store.explaining import Asked as Asked
from whimbrel.ports.store.explaining import Explaining as Explaining
from whimbrel.ports.store.firmware import FirmwareFilter as FirmwareFilter
from whimbrel.ports.store.firmware import FirmwareRows as FirmwareRows
from whimbrel.ports.store.firmware import Uploads as Uploads
from whimbrel.ports.store.gateways import GatewayNodes as GatewayNodes
from whimbrel.ports.store.gateways import GatewayOrders as GatewayOrders
from whimbrel.ports.store.gateways import NodeBeat as NodeBeat
from whimbrel.ports.store.gateways import Order as Order
from whimbrel.ports.store.gateways import OrderKind as OrderKind
from whimbrel.ports.store.groups import DeviceIdentity as DeviceIdentity
from whimbrel.ports.store.groups import DevicePlace as DevicePlace
from whimbrel.ports.store.groups import GroupMembers as GroupMembers
from whimbrel.ports.store.groups import Groups as Groups
from whimbrel.ports.store.health import FleetHealth as FleetHealth
from whimbrel.ports.store.history import DeviceStories as DeviceStories
from whimbrel.ports.store.history import FailureReason as FailureReason
from whimbrel.ports.store.history import Failures as Failures
from whimbrel.ports.store.history import RolloutHistory as RolloutHistory
from whimbrel.ports.store.job_search import FoundJob as FoundJob
from whimbrel.ports.store.job_search import JobPage as JobPage
from whimbrel.ports.store.job_search import JobSearches as JobSearches
from whimbrel.ports.store.jobs import JobChange as JobChange
from whimbrel.ports.store.jobs import JobLists as JobLists
from whimbrel.ports.store.jobs import JobMoves as JobMoves
from whimbrel.ports.store.jobs import Jobs as Jobs
from whimbrel.ports.store.jobs import JobState as JobState
from whimbrel.ports.store.jobs import job_turn as job_turn
from whimbrel.ports.store.leases import EngineLeases as EngineLeases
from whimbrel.ports.store.leases import LeaseBeat as LeaseBeat
from whimbrel.ports.store.modules import OtaModules as OtaModules
from whimbrel.ports.store.overview import Overviews as Overviews
from whimbrel.ports.store.overview import ProductStanding as ProductStanding
from whimbrel.ports.store.pacing import Notices as Notices
from whimbrel.ports.store.pacing import Pacing as Pacing
from whimbrel.ports.store.previews import Previews as Previews
from whimbrel.ports.store.products import ProductFilter as ProductFilter
from whimbrel.ports.store.products import Products as Products
from whimbrel.ports.store.rollouts import Because as Because
from whimbrel.ports.store.rollouts import JobEvent as JobEvent
from whimbrel.ports.store.rollouts import Rollouts as Rollouts
from whimbrel.ports.store.rollouts import Silence as Silence
from whimbrel.ports.store.tags import DeviceTags as DeviceTags
from whimbrel.ports.store.targets import DeviceList as DeviceList
from whimbrel.ports.store.targets import DeviceLists as DeviceLists
from whimbrel.ports.store.targets import Strategies as Strategies
from whimbrel.ports.store.targets import Targets as Targets
from whimbrel.ports.store.tasks import Fleet as Fleet
from whimbrel.ports.store.tasks import TaskRow as TaskRow
from whimbrel.ports.store.tasks import Tasks as Tasks


class Transaction(Protocol):
    """The repositories, all in one transaction or snapshot."""

    async def hold(self, name: str) -> None:
        """Until the transaction ends nobody else holds this name, over all processes: others wait for their turn."""
        ...

    async def read_ahead(self, device_ids: Collection[int], turn_ids: Collection[int]) -> None:
        """Reports of these devices follow, in this transaction: what they will ask may be read at once, and what they
        change be written at once. Nothing else differs. `turn_ids`: those among them that may change presence or
        versions.
        """
        ...

    @property
    def keys(self) -> AccessKeys: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def tokens(self) -> ClientTokens: ...
    @property
    def console_users(self) -> ConsoleUsers: ...
    @property
    def console_invitations(self) -> ConsoleInvitations: ...
    @property
    def console_sessions(self) -> ConsoleSessions: ...
    @property
    def products(self) -> Products: ...
    @property
    def devices(self) -> Devices: ...
    @property
    def device_logins(self) -> DeviceLogins: ...
    @property
    def device_states(self) -> DeviceStates: ...
    @property
    def device_searches(self) -> DeviceSearches: ...
    @property
    def device_changes(self) -> DeviceChanges: ...
    @property
    def device_imports(self) -> DeviceImports: ...
    @property
    def enrolment(self) -> Enrolments: ...
    @property
    def applies(self) -> Applies: ...
    @property
    def apply_names(self) -> ApplyNames: ...
    @property
    def module_versions(self) -> ModuleVersions: ...
    @property
    def presences(self) -> Presences: ...
    @property
    def nodes(self) -> GatewayNodes: ...
    @property
    def orders(self) -> GatewayOrders: ...
    @property
    def leases(self) -> EngineLeases: ...
    @property
    def firmware(self) -> FirmwareRows: ...
    @property
    def uploads(self) -> Uploads: ...
    @property
    def ota_modules(self) -> OtaModules: ...
    @property
    def groups(self) -> Groups: ...
    @property
    def group_members(self) -> GroupMembers: ...
    @property
    def tags(self) -> DeviceTags: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def job_lists(self) -> JobLists: ...
    @property
    def job_searches(self) -> JobSearches: ...
    @property
    def job_moves(self) -> JobMoves: ...
    @property
    def targets(self) -> Targets: ...
    @property
    def device_lists(self) -> DeviceLists: ...
    @property
    def strategies(self) -> Strategies: ...
    @property
    def tasks(self) -> Tasks: ...
    @property
    def fleet(self) -> Fleet: ...
    @property
    def pacing(self) -> Pacing: ...
    @property
    def rollouts(self) -> Rollouts: ...
    @property
    def previews(self) -> Previews: ...
    @property
    def silence(self) -> Silence: ...
    @property
    def explaining(self) -> Explaining: ...
    @property
    def health(self) -> FleetHealth: ...
    @property
    def overviews(self) -> Overviews: ...

    @property
    def rollout_history(self) -> RolloutHistory: ...
    @property
    def failures(self) -> Failures: ...
    @property
    def device_stories(self) -> DeviceStories: ...
    @property
    def ddi_devices(self) -> DdiDevices: ...
    @property
    def ddi_actions(self) -> DdiActions: ...
    @property
    def ddi_attributes(self) -> DdiAttributes: ...
    @property
    def object_digests(self) -> ObjectDigests: ...
    @property
    def ddi_access(self) -> DdiAccess: ...
    @property
    def ddi_history(self) -> DdiHistory: ...


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
