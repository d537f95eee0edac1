"""Who polled is kept in memory for some seconds (F08, F16)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.world import open_store
from whimbrel.errors import StoreUnavailableError
from whimbrel.gateway.ddi.last_seen import LastSeen


async def test_F08_a_stop_without_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends while the store is away ends in order; who polled last is forgotten, and nothing else."""
    store = open_store(tmp_path)
    last_seen = LastSeen(store)
    last_seen._due_ms[1] = 1

    def down() -> object:
        raise StoreUnavailableError("the test says so")

    with monkeypatch.context() as fault:
        fault.setattr(store, "transaction", down)
        await last_seen.leave()
        with pytest.raises(StoreUnavailableError):
            await last_seen.flush()
    await store.close()
