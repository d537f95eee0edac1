"""Gateway processes: their lives and their orders (I18, F05)."""

from __future__ import annotations

from whimbrel.adapters.store.repositories.padding import given
from whimbrel.adapters.store.repositories.presence import PresenceRepository
from whimbrel.adapters.store.repositories.tasks import task_of
from whimbrel.adapters.store.session import Row, Session
from whimbrel.ports.store import NodeBeat, Order, OrderKind

ORDER_COLUMNS = 7  # before those of the task


class NodeRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def begin(self, node_id: str, now_ms: int) -> None:
        await self._session.run("add_node", node_id=node_id, now_ms=now_ms)

    async def beat(self, node_id: str) -> bool:
        return await self._session.run("beat_node", node_id=node_id) > 0

    async def hold(self, node_id: str) -> bool:
        return await self._session.one("hold_node", node_id=node_id) is not None

    async def alive(self) -> list[NodeBeat]:
        return [NodeBeat._make(row) for row in await self._session.all("nodes")]

    async def end(self, seen: NodeBeat) -> bool:
        if not await self._session.run("end_node", node_id=seen.node_id, beat=seen.beat):
            return False
        await self._session.run("add_gone", node_id=seen.node_id)
        return True

    async def leave(self, node_id: str) -> None:
        if await self._session.run("leave_node", node_id=node_id):
            await self._session.run("add_gone", node_id=node_id)

    async def clear(self, devices_max: int, now_ms: int) -> bool:
        row = await self._session.one("next_gone")
        if row is None:
            return False
        node_id = str(row[0])
        if await PresenceRepository(self._session).clear_node(node_id, now_ms, devices_max):
            return True
        return await self._session.run("forget_gone", node_id=node_id) > 0


class OrderRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def notices(self, task_ids: list[int], here: str) -> set[int]:
        if not task_ids:
            return set()
        rows = await self._session.all("order_notices", here=here, **given(task_ids))
        return {int(row[0]) for row in rows}

    async def end_session(self, kind: OrderKind, device_id: int, but_node: str = "") -> None:
        await self._session.all("order_end", kind=kind.value, device_id=device_id, but_node=but_node)

    async def waiting(self, node_id: str, orders_max: int) -> list[Order]:
        rows = await self._session.all("orders_of_node", node_id=node_id, orders_max=orders_max)
        return [_order_of(row) for row in rows]

    async def forget(self, orders: list[Order]) -> None:
        if orders:
            await self._session.run("forget_orders", **given(order.id for order in orders))

    async def forget_of_nobody(self, orders_max: int) -> int:
        return await self._session.run("forget_orders_of_nobody", orders_max=orders_max)


def _order_of(row: Row) -> Order:
    order_id, kind, *rest = row[:ORDER_COLUMNS]
    task = row[ORDER_COLUMNS:]
    return Order._make((order_id, OrderKind(kind), *rest, None if task[0] is None else task_of(task)))
