"""A console for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.console.people import House, open_house
from tests.console.rig import Console, open_console


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """On an empty store."""
    async with open_console(tmp_path) as console:
        yield console


@pytest.fixture(params=["sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """Where people really sign in, on a store of each kind."""
    async with open_house(tmp_path, request.param) as house:
        yield house
