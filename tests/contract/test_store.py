"""The contract of the port Store, held by every adapter. The cases stand in `store_cases_*.py`, by subject.

Another adapter joins by a further parameter of `rig`. What only one of them can be asked is in `store_cases_sqlite.py`,
`store_cases_postgresql.py` and `store_cases_together.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.store_cases_access import TestAccessKeys, TestAccounts, TestAuditLog, TestClientTokens
from tests.contract.store_cases_ahead import TestReadAhead
from tests.contract.store_cases_applies import TestApplies, TestProductChanges
from tests.contract.store_cases_approval import TestApproval, TestApprovalTogether
from tests.contract.store_cases_audit_check import TestAuditCheck
from tests.contract.store_cases_claims import TestClaims, TestClaimsTogether
from tests.contract.store_cases_console import TestConsoleInvitations, TestConsoleSessions, TestConsoleUsers
from tests.contract.store_cases_ddi import TestDdiActions, TestDdiClaims, TestDdiPresence, TestDdiViews, TestDdiWords
from tests.contract.store_cases_ddi_access import TestDdiAccess, TestDdiHistory
from tests.contract.store_cases_devices import TestCalls, TestDeletedDevices, TestDeviceStates
from tests.contract.store_cases_enrolment import TestEnrolment, TestLogins
from tests.contract.store_cases_exposure import TestExposure, TestExposureTogether
from tests.contract.store_cases_firmware import TestFirmwareFiles, TestOtaModules, TestUploadPurposes
from tests.contract.store_cases_fleet import TestCancel, TestDispatch, TestFill, TestFillEqualsTheRule, TestTimeOut
from tests.contract.store_cases_fleet_rule import TestFleetRule
from tests.contract.store_cases_gateways import TestGatewayNodes, TestGatewayOrders
from tests.contract.store_cases_groups import TestDeviceGroups, TestGroupMembers
from tests.contract.store_cases_health import TestFleetHealth
from tests.contract.store_cases_history import (
    TestFailures,
    TestFailuresTogether,
    TestRolloutHistory,
)
from tests.contract.store_cases_imports import TestDeviceImports
from tests.contract.store_cases_jobs import TestJobs, TestTasks
from tests.contract.store_cases_leases import TestEngineLease, TestLeasesTogether
from tests.contract.store_cases_moves import TestJobLists, TestJobMoves, TestReopen, TestStrategies
from tests.contract.store_cases_nodes_together import TestNodesTogether
from tests.contract.store_cases_pacing import TestFollowing, TestPacing, TestTime
from tests.contract.store_cases_postgresql import TestFaults, TestServer
from tests.contract.store_cases_rig import Rig, postgresql_rig, sqlite_rig
from tests.contract.store_cases_rings import TestRings
from tests.contract.store_cases_rows import (
    TestDevices,
    TestFirmware,
    TestPresence,
    TestProducts,
    TestUploads,
)
from tests.contract.store_cases_searches import TestDeviceSearches
from tests.contract.store_cases_sets import TestCancelledSteps, TestGroupTargets, TestOrderedJobs
from tests.contract.store_cases_sqlite import TestDisk, TestGroups, disk, fatal, store
from tests.contract.store_cases_stories import TestDeviceStories
from tests.contract.store_cases_tags import TestDeviceTags
from tests.contract.store_cases_targets import TestDeviceLists, TestGray
from tests.contract.store_cases_together import TestTogether, database, two
from tests.contract.store_cases_transactions import TestCounts, TestDurability, TestPages, TestTransactions

RIGS = {"postgresql": postgresql_rig, "sqlite": sqlite_rig}

__all__ = [
    "TestAccessKeys",
    "TestAccounts",
    "TestApplies",
    "TestApproval",
    "TestApprovalTogether",
    "TestAuditCheck",
    "TestAuditLog",
    "TestCalls",
    "TestCancel",
    "TestCancelledSteps",
    "TestClaims",
    "TestClaimsTogether",
    "TestClientTokens",
    "TestConsoleInvitations",
    "TestConsoleSessions",
    "TestConsoleUsers",
    "TestCounts",
    "TestDdiAccess",
    "TestDdiActions",
    "TestDdiClaims",
    "TestDdiHistory",
    "TestDdiPresence",
    "TestDdiViews",
    "TestDdiWords",
    "TestDeletedDevices",
    "TestDeviceGroups",
    "TestDeviceImports",
    "TestDeviceLists",
    "TestDeviceSearches",
    "TestDeviceStates",
    "TestDeviceStories",
    "TestDeviceTags",
    "TestDevices",
    "TestDisk",
    "TestDispatch",
    "TestDurability",
    "TestEngineLease",
    "TestEnrolment",
    "TestExposure",
    "TestExposureTogether",
    "TestFailures",
    "TestFailuresTogether",
    "TestFaults",
    "TestFill",
    "TestFillEqualsTheRule",
    "TestFirmware",
    "TestFirmwareFiles",
    "TestFleetHealth",
    "TestFleetRule",
    "TestFollowing",
    "TestGatewayNodes",
    "TestGatewayOrders",
    "TestGray",
    "TestGroupMembers",
    "TestGroupTargets",
    "TestGroups",
    "TestJobLists",
    "TestJobMoves",
    "TestJobs",
    "TestLeasesTogether",
    "TestLogins",
    "TestNodesTogether",
    "TestOrderedJobs",
    "TestOtaModules",
    "TestPacing",
    "TestPages",
    "TestPresence",
    "TestProductChanges",
    "TestProducts",
    "TestReadAhead",
    "TestReopen",
    "TestRings",
    "TestRolloutHistory",
    "TestServer",
    "TestStrategies",
    "TestTasks",
    "TestTime",
    "TestTimeOut",
    "TestTogether",
    "TestTransactions",
    "TestUploadPurposes",
    "TestUploads",
    "database",
    "disk",
    "fatal",
    "store",
    "two",
]


@pytest.fixture(params=sorted(RIGS))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """A store of each adapter in turn, empty."""
    made = RIGS[request.param](tmp_path)
    yield made
    await made.close()
