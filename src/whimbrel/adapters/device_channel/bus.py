"""Port `device_channel` over all processes of one PostgreSQL: what a device elsewhere is told is an order to its node.

The order is a row written in the transaction that claimed the task, so nothing that was claimed is forgotten, and
nothing leaves that was not claimed (F05, F06). The node that holds the device hears of it at the commit, or finds it
when it looks (`engine/orders.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from whimbrel.adapters.device_channel.sessions import SessionChannel
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.domain.task import Task
from whimbrel.ports.device_channel import SessionEnd
from whimbrel.ports.store import Transaction


class BusChannel:
    """`here` says which node this process is now, '' for one that accepts no devices; `sessions` are its devices."""

    def __init__(self, sessions: SessionChannel, here: Callable[[], str]) -> None:
        self._sessions = sessions
        self._here = here

    async def post(self, store: Transaction, tasks: list[Task]) -> list[Task]:
        elsewhere = await store.orders.notices([task.id for task in tasks], self._here())
        return [task for task in tasks if task.id not in elsewhere]

    async def send(self, notice: UpgradeNotice) -> bool:
        return await self._sessions.send(notice)

    async def end(self, end: SessionEnd) -> bool:
        return await self._sessions.end(end)

    async def ping(self) -> None:
        """Orders are rows: they leave whenever the store answers, which it is asked for itself."""
