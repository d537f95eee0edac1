"""A world for each test, on each store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.store_cases_rig import postgresql_rig, sqlite_rig
from tests.gateway.ddi.rig import DdiDevice, World, open_world

RIGS = {"postgresql": postgresql_rig, "sqlite": sqlite_rig}


@pytest.fixture(params=sorted(RIGS))
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    rig = RIGS[request.param](tmp_path)
    folder = tmp_path / "firmware"
    folder.mkdir()
    async for made in open_world(rig.store, folder):
        yield made
    await rig.close()


@pytest.fixture
async def device(world: World) -> DdiDevice:
    return await world.device()
