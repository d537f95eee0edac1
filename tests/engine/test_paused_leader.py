"""A leader stands still at each of its steps, another takes over, and the first writes nothing more (I18, I5, F22)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.test_registering import add_apply, read
from tests.engine.world import (
    LINKS,
    NODE,
    NOW_MS,
    SEALER,
    Place,
    RecordingChannel,
    SteeredClock,
    add_devices,
    add_job,
    add_place,
    connect,
    count_errors,
    tasks_of,
)
from tests.postgresql import shared_server
from whimbrel.adapters.randomness import SystemRandomness
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.device_apply import ApplyStatus
from whimbrel.domain.job import Job
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.engine.fenced_store import FencedStore
from whimbrel.engine.lease import LEASE_SECONDS, LOOK_SECONDS, Lease, Term
from whimbrel.engine.orders import OrderDelivery
from whimbrel.engine.registering import Registering
from whimbrel.engine.telling import FRESH_SECONDS
from whimbrel.errors import StoreUnavailableError

LONG_S = 40.0
DEVICES, PACE, NAMES = 25, 10, 700
DECIDED = ("task", "job", "job_ready", "list_count", "device_apply", "device", "engine_lease")


class Scene:
    """A paced job over connected devices, and an apply: what a leader and the next one work on."""

    job: Job
    place: Place
    apply_id: int

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = PostgresqlStore(url, SEALER)
        self.clock = SteeredClock()
        self.channel = RecordingChannel()

    async def furnish(self) -> None:
        self.place = await add_place(self.store)
        ids = await add_devices(self.store, self.place, DEVICES)
        async with self.store.transaction() as store:
            await store.nodes.begin(NODE, NOW_MS)
        await connect(self.store, ids)
        self.job = await add_job(self.store, self.place, maximum_per_minute=PACE)
        self.apply_id = await add_apply(self.store, await add_place(self.store, 2), NAMES)

    async def take_over(self) -> Term:
        """Once the lease of the one that stands still is over; only this clock goes on."""
        lease = Lease(self.store, self.clock, "next")
        async with asyncio.timeout(LONG_S):
            while True:
                try:
                    if (term := await lease.look()) is not None:
                        return term
                except StoreUnavailableError:
                    await asyncio.sleep(0.1)  # it stands still inside a transaction, which the database ends
                if self.clock.s < SteeredClock().s + LEASE_SECONDS:
                    self.clock.pass_ms(int(LOOK_SECONDS * 1000))

    async def work(self, term: Term) -> None:
        fenced = FencedStore(self.store, term)
        engine = Engine(fenced, self.channel, InProcessWakeup(), self.clock, LINKS)
        engine.take_on(Registering(fenced, self.clock, SystemRandomness()))
        await engine.settle()

    async def carry_out_orders(self) -> None:
        delivery = OrderDelivery(self.store, self.channel, self.clock, LINKS, lambda: NODE)
        while await delivery.step():
            pass

    def decided(self) -> list[object]:
        """All rows of what the engine decides."""
        return [shared_server().execute(f"SELECT t.* FROM {table} t ORDER BY t::text", self.url) for table in DECIDED]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    url = shared_server().new_database()
    made = Scene(url)
    await made.furnish()
    yield made
    await made.store.close()
    shared_server().drop(url)


async def stopped_child(url: str, point: str) -> Process:
    """A leader that stands still at its point."""
    command = [sys.executable, "-m", "tests.engine.paused_leader_child", url]
    environment = os.environ | {"WHIMBREL_CRASH_AT": f"{point}=stop"}
    child = await asyncio.create_subprocess_exec(*command, stdout=PIPE, env=environment)
    async with asyncio.timeout(LONG_S):
        while Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":  # noqa: ASYNC240
            assert child.returncode is None
            await asyncio.sleep(0.01)
    return child


@pytest.mark.parametrize(
    "point",
    ["engine.stepped", "engine.committed", "engine.committed:2", "registering.stepped", "registering.committed"],
)
async def test_I18_a_leader_that_stood_still_writes_nothing(scene: Scene, point: str) -> None:
    """Whatever it had begun is undone or done, but not half, and not after the takeover; each device is told once."""
    child = await stopped_child(scene.url, point)
    try:
        await scene.work(await scene.take_over())
        await asyncio.sleep(FRESH_SECONDS + 0.1)
        before = scene.decided()
        child.send_signal(signal.SIGCONT)
        async with asyncio.timeout(LONG_S):
            output, _ = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert scene.decided() == before
    *words, last = output.decode().splitlines()
    assert last == "lost"
    await scene.carry_out_orders()
    told = [int(word) for word in words if not word.startswith("#")]
    told += [notice.device_id for notice in scene.channel.sent]
    tasks = await tasks_of(scene.store, scene.job)
    notified = [device_id for device_id, task in tasks.items() if task.status is TaskStatus.NOTIFIED]
    assert (sorted(told), len(tasks)) == (sorted(notified), DEVICES)
    assert len(notified) == PACE
    apply, devices = await read(scene.store, scene.place, scene.apply_id)
    assert (apply.status, len(devices)) == (ApplyStatus.CREATE_SUCCESS, NAMES)
    assert await count_errors(scene.store, [scene.job]) == []
