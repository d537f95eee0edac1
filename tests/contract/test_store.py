"""The contract of the port Store, held by every adapter. The cases stand in `store_cases_*.py`, by subject.

Another adapter joins by a further parameter of `rig`; what only SQLite can be asked is in `store_cases_sqlite.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.store_cases_fleet import TestCancel, TestDispatch, TestFill, TestFillEqualsTheRule, TestTimeOut
from tests.contract.store_cases_jobs import TestJobs, TestTasks
from tests.contract.store_cases_rig import Rig, sqlite_rig
from tests.contract.store_cases_rows import (
    TestAccounts,
    TestDevices,
    TestFirmware,
    TestPresence,
    TestProducts,
    TestUploads,
)
from tests.contract.store_cases_sqlite import TestDisk, TestGroups, disk, fatal, store
from tests.contract.store_cases_transactions import TestCounts, TestDurability, TestPages, TestTransactions

RIGS = {"sqlite": sqlite_rig}

__all__ = [
    "TestAccounts",
    "TestCancel",
    "TestCounts",
    "TestDevices",
    "TestDisk",
    "TestDispatch",
    "TestDurability",
    "TestFill",
    "TestFillEqualsTheRule",
    "TestFirmware",
    "TestGroups",
    "TestJobs",
    "TestPages",
    "TestPresence",
    "TestProducts",
    "TestTasks",
    "TestTimeOut",
    "TestTransactions",
    "TestUploads",
    "disk",
    "fatal",
    "store",
]


@pytest.fixture(params=sorted(RIGS))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """A store of each adapter in turn, empty."""
    made = RIGS[request.param](tmp_path)
    yield made
    await made.store.close()
