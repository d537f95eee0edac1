"""Fixtures of the report tests: a stage with one device on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import Stage, add_devices, set_stage
from tests.reports.mouth import Device


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path) as made:
        yield made


@pytest.fixture
async def device(stage: Stage) -> Device:
    """A device at version 1.0.0 that is not connected."""
    [device_id] = await add_devices(stage.store, stage.place, 1, "1.0.0")
    return Device(stage.store, device_id)
