"""What PostgreSQL alone can be asked of gateway processes: several of them at once on one database (I18, I19, F05)."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.contract.store_cases_gateways import ONE, OTHER, alive, at, begin, clear_all, row, statuses
from tests.contract.store_cases_together import LONG_S, Two, broken_rules
from tests.engine.world import LINKS, NOW_MS, SEALER, SteeredClock, add_devices, add_job, add_place, tasks_of
from tests.gateway.processes import Process
from tests.postgresql import shared_server
from whimbrel.adapters.device_channel.bus import BusChannel
from whimbrel.adapters.device_channel.sessions import SessionChannel
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.adapters.store.postgresql_pool import CONNECTIONS_MAX
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.adapters.wakeup.listen_notify import NODE_CHANNEL, ListenNotifyWakeup
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.ports.store import NodeBeat, OrderKind
from whimbrel.reports.declaration import Outcome, ReportContext

SHORT_S, TICK_S = 0.2, 0.005
WAITERS = "SELECT count(*) FROM pg_locks WHERE NOT granted"
DEVICES, MOVES = 12, 12


async def until_somebody_waits() -> None:
    for _ in range(int(LONG_S / TICK_S)):
        if shared_server().execute(WAITERS)[0][0]:
            return
        await asyncio.sleep(TICK_S)
    raise AssertionError("nobody waits")


class TestNodesTogether:
    async def test_I18_the_end_waits_for_what_is_under_way(self, two: Two) -> None:
        """A life ends after the transactions that hold it; its beats wait for none of them."""
        await begin(two[0], ONE)
        async with two[0].transaction() as store:
            assert await store.nodes.hold(ONE)
            async with asyncio.timeout(LONG_S), two[1].transaction() as other:
                assert await other.nodes.beat(ONE)
            ending = asyncio.create_task(self._end(two[1]))
            await until_somebody_waits()
        assert await ending
        assert await alive(two[0]) == []

    async def _end(self, store: PostgresqlStore) -> bool:
        async with store.transaction() as transaction:
            return await transaction.nodes.end(NodeBeat(ONE, 1))

    async def test_I19_a_device_that_is_on_its_way_elsewhere(self, two: Two) -> None:
        """While it connects to another node, the end of the first one's devices passes it by and waits for nobody."""
        place = await add_place(two[0])
        ids = await add_devices(two[0], place, 3)
        await begin(two[0], ONE, OTHER)
        async with two[0].transaction() as store:
            for device_id in ids:
                await store.presences.connected(at(ONE, device_id), NOW_MS)
            await store.nodes.leave(ONE)
        async with two[0].transaction() as store:
            await store.presences.connected(at(OTHER, ids[1]), NOW_MS)
            async with asyncio.timeout(LONG_S):
                assert await clear_all(two[1], 10) == 1
        assert await clear_all(two[1], 10) == 1, "the node is forgotten"
        online, offline = DeviceStatus.ONLINE, DeviceStatus.OFFLINE
        assert await statuses(two[1], place) == [offline, online, offline]

    async def test_A21_a_node_hears_of_its_orders(self, two: Two, database: str) -> None:
        """At the commit, by whatever process, and no other node does; a transaction that is undone says nothing."""
        place = await add_place(two[0])
        [device_id] = await add_devices(two[0], place, 1)
        async with two[0].transaction() as store:
            await store.presences.connected(at(ONE, device_id), NOW_MS)
        mine, others = (ListenNotifyWakeup(database, f"{NODE_CHANNEL}{name}") for name in ("one", "other"))
        try:
            await asyncio.gather(mine.start(), others.start())
            with pytest.raises(ZeroDivisionError):
                await self._order_in_vain(two[0], device_id)
            assert not await mine.wait(SHORT_S)
            async with two[0].transaction() as store:
                await store.device_changes.disable(await row(store, place, 0), NOW_MS)
            assert await mine.wait(LONG_S)
            assert not await others.wait(SHORT_S)
        finally:
            await mine.close()
            await others.close()

    async def _order_in_vain(self, store: PostgresqlStore, device_id: int) -> None:
        async with store.transaction() as transaction:
            await transaction.orders.end_session(OrderKind.REVOKE, device_id)
            raise ZeroDivisionError

    async def test_I19_a_busy_process_still_says_that_it_lives(self, two: Two, database: str) -> None:
        """What a process says of itself has connections of its own: it is not dead because all others are taken."""
        await begin(two[0], ONE)
        steady = PostgresqlStore(database, SEALER, 1)
        held = [two[0].transaction() for _ in range(CONNECTIONS_MAX)]
        try:
            for number, block in enumerate(held):
                await (await block.__aenter__()).hold(f"busy {number}")
            async with asyncio.timeout(LONG_S), steady.transaction() as store:
                assert await store.nodes.beat(ONE)
        finally:
            for block in held:
                await block.__aexit__(None, None, None)
            await steady.close()

    @pytest.mark.parametrize("devices", [1, 5])
    @pytest.mark.parametrize("was_elsewhere", [False, True])
    async def test_F05_a_job_that_starts_while_devices_connect(
        self, two: Two, devices: int, was_elsewhere: bool
    ) -> None:
        """Tasks that are made and dispatched after a connecting device has looked for some, and before it is online
        there, reach it all the same."""
        place = await add_place(two[0])
        ids = await add_devices(two[0], place, devices)
        here, elsewhere = (Process(store, name) for store, name in zip(two, ("one", "other"), strict=True))
        for process in (here, elsewhere):
            await process.node.begin()
        engine = Engine(two[1], BusChannel(SessionChannel(), lambda: ""), InProcessWakeup(), SteeredClock(), LINKS)
        if was_elsewhere:
            for device_id in ids:
                elsewhere.connect(device_id)
            await elsewhere.ingest.drain()
        for device_id in ids:
            here.connect(device_id)
        last = here.ingest._waiting.pop()

        async def connect_slowly(context: ReportContext) -> Outcome:
            outcome = await last.apply(context)
            await add_job(two[1], place)
            await engine.settle()
            await elsewhere.delivery.step()
            return outcome

        here.ingest.submit(last._replace(apply=connect_slowly))
        async with asyncio.timeout(LONG_S):
            await here.ingest.drain()
            await engine.settle()
            while await here.delivery.step():
                pass
        assert [len(session.notices) for session in here.open] == [1] * devices

    @pytest.mark.parametrize("seed", range(4))
    async def test_F05_devices_that_move_while_they_are_told(self, two: Two, seed: int) -> None:
        """Devices go from process to process while a job is claimed and told: the last session of each was told."""
        dice = random.Random(seed)
        place = await add_place(two[0])
        ids = await add_devices(two[0], place, DEVICES)
        processes = [Process(store, name) for store, name in zip(two, ("one", "other"), strict=True)]
        for process in processes:
            await process.node.begin()
        bus = BusChannel(SessionChannel(), lambda: "")
        engine = Engine(two[0], bus, InProcessWakeup(), SteeredClock(), LINKS)

        may_claim, claim_after = asyncio.Event(), dice.randrange(MOVES)

        async def move(process: Process) -> None:
            for number in range(MOVES):
                if number == claim_after:
                    may_claim.set()
                process.connect(dice.choice(ids))
                await process.ingest.drain()
                await process.delivery.step()

        async def claim() -> None:
            await may_claim.wait()
            await engine.settle()

        job = await add_job(two[0], place)
        async with asyncio.timeout(LONG_S):
            await asyncio.gather(*(move(process) for process in processes), claim())
            for _ in range(3):
                await engine.settle()
                for process in processes:
                    await process.ingest.drain()
                    while await process.delivery.step():
                        pass
        sessions = [session for process in processes for session in process.open]
        assert len(sessions) == len({session.presence.device_id for session in sessions})
        assert all(session.notices for session in sessions)
        tasks = (await tasks_of(two[0], job)).values()
        told = {task.device_id for task in tasks if task.status is TaskStatus.NOTIFIED}
        assert told == {session.presence.device_id for session in sessions}
        assert await broken_rules(two[0]) == []
