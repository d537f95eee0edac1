"""Orders of gateway processes are carried out once, in time, and only while they hold (F05, I5, I8, I9, I12, A21)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import (
    LINKS,
    NODE,
    NOW_MS,
    SteeredClock,
    add_devices,
    add_job,
    add_place,
    cancel,
    connect,
    open_store,
    put_task,
    tasks_of,
)
from whimbrel.adapters.device_channel.bus import BusChannel
from whimbrel.adapters.device_channel.sessions import SessionChannel
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.job import Job
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.domain.task import Task, TaskStatus
from whimbrel.engine import orders as module
from whimbrel.engine.execute import Engine
from whimbrel.engine.orders import BEHIND_SECONDS_MAX, LATE_SECONDS, LOOK_SECONDS, OrderDelivery
from whimbrel.engine.pace_window import MARGIN_SECONDS
from whimbrel.engine.telling import FRESH_SECONDS
from whimbrel.errors import NodeEndedError, StoreUnavailableError
from whimbrel.ports.store import NodeBeat, Notices, Order

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus


class Session:
    """A session that counts what it is told."""

    def __init__(self, session_id: int = 1) -> None:
        self.session_id = session_id
        self.notices: list[UpgradeNotice] = []
        self.times_taken_over = 0
        self.times_revoked = 0

    def notify(self, notice: UpgradeNotice) -> None:
        self.notices.append(notice)

    def take_over(self) -> None:
        self.times_taken_over += 1

    def revoke(self) -> None:
        self.times_revoked += 1


class Rig:
    """Two processes on one store: one with the engine, and one, the node `main`, that holds all devices."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = SteeredClock()
        self.sessions = SessionChannel()
        self.delivery = OrderDelivery(store, self.sessions, self.clock, LINKS, lambda: NODE)
        bus = BusChannel(SessionChannel(), lambda: "")
        self.engine = Engine(store, bus, InProcessWakeup(), self.clock, LINKS)
        self.devices: dict[int, Session] = {}

    async def furnish(self, count: int, version: str | None = None) -> list[int]:
        self.place = await add_place(self.store)
        ids = await add_devices(self.store, self.place, count, version)
        async with self.store.transaction() as store:
            await store.nodes.begin(NODE, NOW_MS)
        await connect(self.store, ids)
        for device_id in ids:
            self.devices[device_id] = Session()
            self.sessions.enter(device_id, self.devices[device_id])
        return ids

    async def claimed(self, **changes: object) -> Job:
        """A job whose tasks the engine has claimed."""
        job = await add_job(self.store, self.place, **changes)
        await self.engine.settle()
        return job

    async def deliver(self) -> int:
        steps = 0
        while await self.delivery.step():
            steps += 1
        return steps

    def told(self) -> list[int]:
        return [device_id for device_id, session in self.devices.items() for _ in session.notices]

    async def task(self, job: Job, device_id: int) -> Task:
        return (await tasks_of(self.store, job))[device_id]

    async def orders(self) -> list[Order]:
        async with self.store.snapshot() as store:
            return await store.orders.waiting(NODE, 10_000)

    async def disable(self, number: int) -> None:
        async with self.store.transaction() as store:
            device = await store.devices.by_name(self.place.account_id, self.place.product_key, f"dev-{number:04d}")
            assert device is not None
            await store.device_changes.disable(device, NOW_MS)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    store = open_store(tmp_path)
    yield Rig(store)
    await store.close()


async def test_F05_each_device_is_told_once(rig: Rig) -> None:
    """What the engine claims leaves from the other process, each once, and is then forgotten."""
    ids = await rig.furnish(3)
    job = await rig.claimed()
    assert [order.device_id for order in await rig.orders()] == ids
    assert await rig.deliver() == 1
    assert rig.told() == ids
    notice = rig.devices[ids[0]].notices[0]
    assert (notice.task_id, notice.attempt) == ((await rig.task(job, ids[0])).id, 1)
    assert (await rig.orders(), await rig.deliver()) == ([], 0)


@pytest.mark.parametrize("count", [4, 5, 6])
async def test_many_in_bounded_steps(rig: Rig, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """However many orders there are, each step takes a few, and all are carried out."""
    monkeypatch.setattr(module, "ORDERS_PER_STEP", 5)
    ids = await rig.furnish(count)
    await rig.claimed()
    assert await rig.deliver() == -(-count // 5)
    assert rig.told() == ids


async def test_F06_a_crash_repeats(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends between telling and forgetting tells again: the same command with another link (I12)."""
    [device_id] = await rig.furnish(1)
    await rig.claimed()

    async def fail(self: object, orders: list[Order]) -> None:
        raise StoreUnavailableError("the test says so")

    with monkeypatch.context() as patch:
        patch.setattr("whimbrel.adapters.store.repositories.gateways.OrderRepository.forget", fail)
        with pytest.raises(StoreUnavailableError):
            await rig.delivery.step()
    await rig.deliver()
    first, second = rig.devices[device_id].notices
    assert first._replace(url=second.url) == second


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({}, True),
        ({"status": IN_PROGRESS}, False),
        ({"status": SUCCEEDED}, False),
        ({"status": CANCELED}, False),
        ({"status": FAILED}, False),
        ({"attempt": 2}, False),
        ({"status": QUEUED, "attempt": 2, "due_ms": NOW_MS + 1}, False),
    ],
)
async def test_I8_what_changed_meanwhile_does_not_leave(rig: Rig, changes: dict[str, object], is_told: bool) -> None:
    """An order whose task ended, began, or is another attempt by now is forgotten without a word (I13)."""
    [device_id] = await rig.furnish(1)
    job = await rig.claimed()
    if changes:
        await put_task(rig.store, await rig.task(job, device_id), **changes)
    await rig.deliver()
    assert (len(rig.told()), await rig.orders()) == (is_told, [])


async def test_I8_a_cancel_that_has_not_come_to_the_task(rig: Rig) -> None:
    """After a large cancel is answered nothing leaves, though its tasks are cancelled one by one behind the answer."""
    await rig.furnish(1)
    job = await rig.claimed()
    await cancel(rig.store, job, NOTIFIED)
    await rig.deliver()
    assert rig.told() == []


async def test_I8_what_was_read_too_long_ago_is_read_again(rig: Rig) -> None:
    """A process that stands still between reading and telling looks again before it tells the rest."""
    ids = await rig.furnish(3)
    job = await rig.claimed()

    def stand_still(notice: UpgradeNotice) -> None:
        Session.notify(rig.devices[ids[0]], notice)
        rig.clock.pass_ms(int(FRESH_SECONDS * 1000) + 1)

    rig.devices[ids[0]].notify = stand_still  # type: ignore[method-assign]
    assert await rig.delivery.step()
    assert rig.told() == ids[:1]
    await cancel(rig.store, job, NOTIFIED)
    await rig.deliver()
    assert rig.told() == ids[:1]


async def test_I9_a_difference_for_another_version(rig: Rig) -> None:
    """A difference does not leave for a device that reports another version by now."""
    ids = await rig.furnish(2, "1.0.0")
    await rig.claimed(required_version="1.0.0")
    async with rig.store.transaction() as store:
        await store.module_versions.put(ids[0], "default", "1.5.0", NOW_MS)
    await rig.deliver()
    assert rig.told() == ids[1:]


async def test_a_device_that_left(rig: Rig) -> None:
    """An order for a device that is here no more is forgotten: it is told when it comes back."""
    ids = await rig.furnish(2)
    await rig.claimed()
    rig.sessions.leave(ids[0], rig.devices[ids[0]])
    await rig.deliver()
    assert (rig.told(), await rig.orders()) == (ids[1:], [])


async def notices(store: SqliteStore) -> list[Notices]:
    async with store.snapshot() as snapshot:
        return await snapshot.pacing.notices()


@pytest.mark.parametrize(("stood_ms", "counted"), [(-1, 10), (0, 10), (1, 20)])
async def test_I5_what_leaves_late_is_counted_again(rig: Rig, stood_ms: int, counted: int) -> None:
    """Orders that waited longer than the pace window allows for count once more: the job rather pauses."""
    await rig.furnish(30)
    assert not await rig.delivery.step()
    await rig.claimed(maximum_per_minute=10)
    rig.clock.pass_ms(int(LATE_SECONDS * 1000) + stood_ms)
    await rig.deliver()
    assert len(rig.told()) == 10
    assert sum(row.n for row in await notices(rig.store)) == counted


async def test_I5_a_job_without_pace_counts_nothing(rig: Rig) -> None:
    """However late its orders are."""
    await rig.furnish(2)
    assert not await rig.delivery.step()
    await rig.claimed()
    rig.clock.pass_ms(60_000)
    await rig.deliver()
    assert (len(rig.told()), await notices(rig.store)) == (2, [])


async def test_I5_who_was_taken_for_dead_tells_nothing_late(rig: Rig) -> None:
    """A process that stood still beyond its node's life does not tell what the pace may have forgotten by now."""
    await rig.furnish(2)
    assert not await rig.delivery.step()
    await rig.claimed(maximum_per_minute=10)
    async with rig.store.transaction() as store:
        assert await store.nodes.end(NodeBeat(NODE, 0))
    rig.clock.pass_ms(60_000)
    with pytest.raises(NodeEndedError):
        await rig.delivery.step()
    assert rig.told() == []


def test_I5_I8_the_times_fit() -> None:
    """A late notice leaves within the margin of the pace window; a look and what was read last less than a second."""
    assert LATE_SECONDS + FRESH_SECONDS < MARGIN_SECONDS
    assert LOOK_SECONDS + FRESH_SECONDS <= 1.0


async def test_A21_only_those_that_were_asked_for(rig: Rig) -> None:
    """A disabled device's session ends, once; another's goes on, and so does a session that came after the order."""
    ids = await rig.furnish(3)
    for number in (0, 2):
        await rig.disable(number)
    newer = Session(2)
    rig.sessions.enter(ids[2], newer)
    await rig.deliver()
    revoked = [session.times_revoked for session in (*rig.devices.values(), newer)]
    assert (revoked, await rig.deliver()) == ([1, 0, 0, 0], 0)


async def test_a_chore_of_the_engine(rig: Rig) -> None:
    """Where there is one process, the engine carries out its orders in turn with the jobs."""
    [device_id] = await rig.furnish(1)
    rig.engine.take_on(rig.delivery)
    await rig.disable(0)
    await rig.engine.settle()
    assert rig.devices[device_id].times_revoked == 1


@pytest.mark.parametrize(("over_s", "is_ready"), [(-0.001, True), (0.0, True), (0.001, False)])
async def test_ping(rig: Rig, over_s: float, is_ready: bool) -> None:
    """A process whose orders wait too long says that it is not ready."""
    rig.clock.s += BEHIND_SECONDS_MAX + over_s
    if is_ready:
        await rig.delivery.ping()
        return
    with pytest.raises(StoreUnavailableError):
        await rig.delivery.ping()
    assert not await rig.delivery.step()
    await rig.delivery.ping()
