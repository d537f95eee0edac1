"""Presence over several gateway processes, whatever happens in whatever order (I18, I19, I4, device-protocol 1).

Devices come and go, processes die, stand still and come back, orders arrive early and late. When all that was under way
has arrived, each device has at most one open session, the store says which, and it is counted as what it is.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.world import SteeredClock, add_devices, add_place, open_store
from tests.gateway.processes import Process
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.engine.node_watch import NodeWatch

DEVICES, NODES = 2, 3


class World:
    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.watch = NodeWatch(store, SteeredClock())
        self.killed: list[str] = []
        self.starts = 0

    async def furnish(self) -> None:
        self.place = await add_place(self.store)
        self.ids = await add_devices(self.store, self.place, DEVICES)
        self.processes = [await self.start() for _ in range(NODES)]

    async def start(self) -> Process:
        self.starts += 1
        made = Process(self.store, f"p{self.starts}")
        await made.node.begin()
        return made

    async def do(self, what: str, device: int, number: int) -> None:
        process = self.processes[number]
        sessions = [session for session in process.open if session.presence.device_id == self.ids[device]]
        match what:
            case "connect":
                process.connect(self.ids[device])
            case "close" if sessions:
                sessions[0].close()
            case "store":
                await process.ingest.drain()
            case "orders":
                await process.delivery.step()
            case "kill":
                self.killed.append(process.node.id)
                self.processes[number] = await self.start()
            case "end":
                await self.end(process.node.id)
            case "clear":
                await self.watch.clear()
            case "beat":
                await process.beat()

    async def end(self, node_id: str) -> None:
        async with self.store.snapshot() as store:
            alive = await store.nodes.alive()
        await self.watch.end([seen for seen in alive if seen.node_id == node_id])

    async def settle(self) -> None:
        for node_id in self.killed:
            await self.end(node_id)
        for _ in range(4):
            while await self.watch.clear():
                pass
            for process in self.processes:
                await process.beat()
                await process.ingest.drain()
                while await process.delivery.step():
                    pass

    async def check(self) -> None:
        rows = self.store._writer.execute("SELECT device_id, node_id, session_id FROM presence").fetchall()
        held = sorted(session.presence[:3] for process in self.processes for session in process.open)
        assert held == sorted(rows), "exactly the sessions that are open are known"
        assert len({row[0] for row in held}) == len(held), "a device has one session"
        async with self.store.snapshot() as store:
            counts = await store.device_states.counts(self.place.account_id, self.place.product_id)
        assert counts.online == len(held)


STEPS = st.tuples(
    st.sampled_from(["connect", "connect", "close", "store", "store", "orders", "kill", "end", "clear", "beat"]),
    st.integers(0, DEVICES - 1),
    st.integers(0, NODES - 1),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=4, max_size=25))
def test_I18_I19_presence_over_nodes(steps: list[tuple[str, int, int]]) -> None:
    """After any sequence of comings, goings, deaths, pauses and late orders, presence is right and counted right."""

    async def run(folder: Path) -> None:
        store = open_store(folder)
        try:
            world = World(store)
            await world.furnish()
            for step in steps:
                await world.do(*step)
            await world.settle()
            await world.check()
        finally:
            await store.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
