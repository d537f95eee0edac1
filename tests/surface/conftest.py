"""The fixture of the surface's tests: the signed door of the operations' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.operations.signed_door import SignedDoor, open_signed_door


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[SignedDoor]:
    """The management API on an empty store."""
    async with open_signed_door(tmp_path) as door:
        yield door
