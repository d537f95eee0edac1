"""Gateway processes on one database: which live, and what each is to tell its devices. Part of the port `store`."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Protocol

from whimbrel.domain.task import Task


class NodeBeat(NamedTuple):
    """A node as it was seen: a beat that does not grow is the sign of a process that lives no more."""

    node_id: str
    beat: int


class OrderKind(Enum):
    """What a node is to do; the values are the rows'."""

    NOTICE = 0  # tell the device of its task
    TAKE_OVER = 1  # end the session: the device has a newer one elsewhere (device-protocol 1)
    REVOKE = 2  # end the session: the device was disabled or deleted (A21)


class Order(NamedTuple):
    """What a node is to tell one of its devices. `task` is as it is now, None when the order is not about one.

    `session_id` is the session to end. `attempt` is the one that was claimed, `reported` the version that the device
    reports for the task's module.
    """

    id: int
    kind: OrderKind
    device_id: int
    session_id: int | None
    attempt: int | None
    account_id: int | None
    reported: str | None
    task: Task | None


class GatewayNodes(Protocol):
    """The lives of the processes that accept devices. A node id is one life: a process that lost it takes another."""

    async def begin(self, node_id: str, now_ms: int) -> None: ...
    async def beat(self, node_id: str) -> bool:
        """The process lives; False when somebody ended this life."""
        ...

    async def hold(self, node_id: str) -> bool:
        """Whether the node lives; if so, nobody ends it before this transaction has (I18)."""
        ...

    async def alive(self) -> list[NodeBeat]: ...
    async def end(self, seen: NodeBeat) -> bool:
        """What the node says from now on is not taken in, and its devices go offline by `clear`; False, and nothing
        done, when it has beaten since it was seen."""
        ...

    async def leave(self, node_id: str) -> None:
        """As `end`, said by the node itself."""
        ...

    async def clear(self, devices_max: int, now_ms: int) -> bool:
        """Take the next devices of ended nodes offline; whether there was anything to do that could be done now."""
        ...


class GatewayOrders(Protocol):
    """What nodes are to tell their devices: written in the transaction that decided it, forgotten once done (F05).

    Where several processes share the store, the node hears of its orders at the commit; it may miss that.
    """

    async def notices(self, task_ids: list[int], here: str) -> set[int]:
        """The nodes that hold these tasks' devices, but `here`, are to tell them; the tasks that others tell."""
        ...

    async def end_session(self, kind: OrderKind, device_id: int, but_node: str = "") -> None:
        """The node that holds the device's session, unless it is `but_node`, is to end it."""
        ...

    async def waiting(self, node_id: str, orders_max: int) -> list[Order]: ...
    async def forget(self, orders: list[Order]) -> None: ...
    async def forget_of_nobody(self, orders_max: int) -> int:
        """Forget orders to nodes that live no more; how many."""
        ...
