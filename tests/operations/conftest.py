"""The fixtures of the operations' tests: a fresh door each, and the two dialects in which happy answers are proved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.operations.signed_door import SignedDoor, open_signed_door
from whimbrel.rpc.dialect import Case


@pytest.fixture(params=["sqlite", "postgresql"])
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SignedDoor]:
    """The management API on an empty store of each kind: a client must not notice which."""
    async with open_signed_door(tmp_path, request.param) as door:
        yield door


@pytest.fixture(params=list(Case))
def case(request: pytest.FixtureRequest) -> Case:
    """Tuya's lowerCamelCase, then Alibaba's PascalCase."""
    found: Case = request.param
    return found
