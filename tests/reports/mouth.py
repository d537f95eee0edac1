"""How the report tests speak as a device: a message as bytes, through its declaration, in a transaction of its own."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from tests.engine.world import LINKS, NOW_MS, presence
from whimbrel.ports.store import Store
from whimbrel.reports.declaration import Outcome, ReportContext
from whimbrel.reports.presence import connected, disconnected
from whimbrel.reports.registry import load_reports

REPORTS = load_reports()


class Device:
    """A device that says things to a store. `now_ms` is when it says them."""

    def __init__(self, store: Store, device_id: int) -> None:
        self.store = store
        self.id = device_id
        self.now_ms = NOW_MS

    async def say(self, report: str, message: dict[str, Any]) -> Outcome:
        """The outcome of a message. Raises ReportError."""
        declared = REPORTS[report]
        read = declared.read(json.dumps(message).encode())
        return await self._apply(lambda context: declared.handle(read, context))

    async def version(self, version: str, **params: Any) -> Outcome:
        return await self.say("inform_version", {"id": "1", "params": {"version": version, **params}})

    async def progress(self, step: Any, **params: Any) -> Outcome:
        return await self.say("report_progress", {"id": "1", "params": {"step": step, **params}})

    async def pull(self, **message: Any) -> Outcome:
        return await self.say("get_firmware", message)

    async def connect(self, session_id: int = 1) -> Outcome:
        return await self._apply(lambda context: connected(presence(self.id, session_id), context))

    async def disconnect(self, session_id: int = 1) -> Outcome:
        return await self._apply(lambda context: disconnected(presence(self.id, session_id), context))

    async def _apply(self, handle: Callable[[ReportContext], Awaitable[Outcome]]) -> Outcome:
        async with self.store.transaction() as transaction:
            return await handle(ReportContext(self.id, self.now_ms, transaction, LINKS))
