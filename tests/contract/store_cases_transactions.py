"""Contract of Store: transactions, durability, counts and pages (I1, I4)."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    NOW_MS,
    Place,
    add_devices,
    add_job,
    add_place,
    cancel,
    count_errors,
    device_draft,
    fill,
    must_find,
    tasks_of,
)
from whimbrel.domain.paging import Page
from whimbrel.domain.task import TaskStatus
from whimbrel.errors import DeviceNameTakenError, WhimbrelError
from whimbrel.ports.store import Store

ACKNOWLEDGED_BEFORE_KILL = 200
DEEP = 9_000  # more than two blocks of 4,096


async def names_of(store: Store, place: Place) -> set[str]:
    async with store.snapshot() as snapshot:
        return {row.device_name for row in (await snapshot.devices.page(1, place.product_id, Page(1, 100_000))).rows}


class TestTransactions:
    async def test_all_or_nothing(self, rig: Rig) -> None:
        """A body that raises leaves nothing, and its error reaches the caller as it was."""
        place = await add_place(rig.store)

        async def add_and_fail() -> None:
            async with rig.store.transaction() as transaction:
                device_id = await transaction.devices.add(device_draft(place, "dev-1"))
                await transaction.module_versions.put(device_id, "default", "1.0.0", NOW_MS)
                raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            await add_and_fail()
        assert await names_of(rig.store, place) == set()

    async def test_a_failing_body_rolls_back_only_itself(self, rig: Rig) -> None:
        """Of transactions that come together, exactly those whose bodies raised have no effect."""
        place = await add_place(rig.store)

        async def add(number: int) -> None:
            async with rig.store.transaction() as transaction:
                await transaction.devices.add(device_draft(place, f"dev-{number}"))
                if number % 3 == 0:
                    raise KeyError(number)

        results = await asyncio.gather(*(add(number) for number in range(30)), return_exceptions=True)
        assert [isinstance(result, KeyError) for result in results] == [number % 3 == 0 for number in range(30)]
        assert await names_of(rig.store, place) == {f"dev-{number}" for number in range(30) if number % 3}
        async with rig.store.snapshot() as snapshot:
            assert (await snapshot.devices.page(1, place.product_id, Page(1, 1))).total == 20

    async def test_a_cancelled_body_leaves_nothing(self, rig: Rig) -> None:
        """A caller that is cancelled inside its transaction leaves nothing, and those behind it go on."""
        place = await add_place(rig.store)
        is_inside = asyncio.Event()

        async def wait_inside() -> None:
            async with rig.store.transaction() as transaction:
                await transaction.devices.add(device_draft(place, "lost"))
                is_inside.set()
                await asyncio.Event().wait()

        waiting = asyncio.create_task(wait_inside())
        await is_inside.wait()
        behind = asyncio.create_task(add_devices(rig.store, place, 1))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        await behind
        assert await names_of(rig.store, place) == {"dev-0000"}

    @pytest.mark.parametrize("turns", range(6))
    async def test_a_caller_cancelled_while_committing(self, rig: Rig, turns: int) -> None:
        """Cancelling one caller, at whatever moment, does not undo those whose commit it shares."""
        place = await add_place(rig.store)
        callers = [asyncio.create_task(add_devices(rig.store, place, 1, prefix=prefix)) for prefix in ("aaa", "bbb")]
        for _ in range(turns):
            await asyncio.sleep(0)
        callers[0].cancel()
        await asyncio.wait(callers)
        assert callers[1].exception() is None
        assert "bbb-0000" in await names_of(rig.store, place)

    async def test_readers_see_committed_rows_only(self, rig: Rig) -> None:
        """A snapshot never shows what a transaction has written before that transaction is left."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as transaction:
            await transaction.devices.add(device_draft(place, "dev-1"))
            assert await names_of(rig.store, place) == set()
        assert await names_of(rig.store, place) == {"dev-1"}

    async def test_a_snapshot_is_one_state(self, rig: Rig) -> None:
        """What is committed after a snapshot's first read stays unseen in it."""
        place = await add_place(rig.store)
        async with rig.store.snapshot() as snapshot:
            assert await snapshot.devices.largest_id(place.product_id) == 0
            await add_devices(rig.store, place, 3)
            assert await snapshot.devices.largest_id(place.product_id) == 0
        assert len(await names_of(rig.store, place)) == 3

    async def test_a_snapshot_cannot_write(self, rig: Rig) -> None:
        """A write in a snapshot raises an error of ours and has no effect."""
        place = await add_place(rig.store)
        with pytest.raises(WhimbrelError):
            async with rig.store.snapshot() as snapshot:
                await snapshot.devices.add(device_draft(place, "dev-1"))
        assert await names_of(rig.store, place) == set()

    async def test_many_snapshots_at_once(self, rig: Rig) -> None:
        """More readers than the store keeps connections for all get their answer."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 2)

        async def read() -> int:
            async with rig.store.snapshot() as snapshot:
                await asyncio.sleep(0)
                return (await snapshot.devices.page(1, place.product_id, Page(1, 10))).total

        assert await asyncio.gather(*(read() for _ in range(30))) == [2] * 30

    async def test_the_refused_statement_does_not_end_the_transaction(self, rig: Rig) -> None:
        """A row that a unique index refused is an error of the domain; a caller that catches it may go on."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as transaction:
            await transaction.devices.add(device_draft(place, "dev-1"))
            with pytest.raises(DeviceNameTakenError):
                await transaction.devices.add(device_draft(place, "dev-1"))
            await transaction.devices.add(device_draft(place, "dev-2"))
        assert await names_of(rig.store, place) == {"dev-1", "dev-2"}

    async def test_ping(self, rig: Rig) -> None:
        """A store that works answers."""
        await rig.store.ping()


class TestDurability:
    async def test_I1_acknowledged_survives_kill(self, rig: Rig) -> None:
        """Whatever a killed process had acknowledged is there; what it had not is there whole or not at all."""
        child = rig.start_child("add_devices")
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline()) for _ in range(ACKNOWLEDGED_BEFORE_KILL)]
        child.kill()
        acknowledged += [int(line) for line in child.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]
        store = await rig.reopen()
        async with store.snapshot() as snapshot:
            product = await snapshot.products.by_key(1, "a1product01")
            assert product is not None
            listing = await snapshot.devices.page(1, product.id, Page(1, 100_000))
        names = {row.device_name for row in listing.rows}
        assert {f"dev-{number}" for number in acknowledged} <= names
        assert listing.total == product.device_count == len(names)

    async def test_I1_the_unfinished_is_gone(self, rig: Rig) -> None:
        """What a killed process had written inside an unfinished transaction is not there."""
        child = rig.start_child("stop_inside")
        assert child.stdout is not None
        assert child.stdout.readline() == "0\n"
        child.kill()
        child.communicate()
        store = await rig.reopen()
        async with store.snapshot() as snapshot:
            assert await snapshot.devices.by_name(1, "a1product01", "dev-0") is None
            assert await snapshot.products.by_key(1, "a1product01") is not None

    async def test_close_keeps_everything(self, rig: Rig) -> None:
        """Closing waits for the transactions that are under way."""
        place = await add_place(rig.store)
        under_way = [asyncio.create_task(add_devices(rig.store, place, 3, prefix=f"d{n:03d}")) for n in range(5)]
        await asyncio.sleep(0)
        store = await rig.reopen()
        await asyncio.gather(*under_way)
        assert len(await names_of(store, place)) == 15


class TestCounts:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(seed=st.integers(0, 2**32))
    async def test_I4_counts_equal_the_rows(self, rig: Rig, seed: int) -> None:
        """After any mix of fills, moves, cancels, dispatches and failed transactions, counts equal the rows."""
        store = rig.fresh()
        dice = random.Random(seed)
        place = await add_place(store)
        await add_devices(store, place, dice.randrange(1, 30))
        jobs = [await add_job(store, place, need_confirm=dice.random() < 0.3) for _ in range(3)]
        for _ in range(40):
            try:
                await self.do_something(store, place, jobs[dice.randrange(3)].id, dice)
            except KeyError:
                pass  # the step undid itself
        errors = await count_errors(store, jobs)
        await store.close()
        assert errors == []

    @staticmethod
    async def do_something(store: Store, place: Place, job_id: int, dice: random.Random) -> None:
        async with store.transaction() as transaction:
            job = await must_find(transaction, place, job_id)
            match dice.randrange(5):
                case 0 if not job.is_filled:
                    await transaction.fleet.fill(job, dice.randrange(1, 9), NOW_MS)
                case 1:
                    statuses = frozenset(dice.sample([status for status in TaskStatus if status.is_open], 2))
                    await transaction.jobs.cancel_tasks(job_id, statuses, NOW_MS)
                case 2:
                    await transaction.fleet.cancel(job, dice.randrange(1, 9), NOW_MS)
                case 3:
                    await transaction.fleet.dispatch(job, dice.randrange(1, 9), NOW_MS)
                case _:
                    rows = (await transaction.tasks.page(job_id, None, Page(1, 50))).rows
                    for row in rows[: dice.randrange(5)]:
                        status = dice.choice([status for status in TaskStatus if not status.is_open])
                        await transaction.tasks.change(row.task, row.task._replace(status=status), NOW_MS)
            if dice.random() < 0.2:
                raise KeyError("the body fails")


class TestPages:
    async def test_deep_pages(self, rig: Rig) -> None:
        """Pages of a long list hold each row once, newest first, wherever they begin, in sparse lists too."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, DEEP)
        job = await fill(rig.store, await add_job(rig.store, place))
        by_device = await tasks_of(rig.store, job)
        async with rig.store.transaction() as transaction:
            for task in [by_device[ids[0]], *(by_device[device_id] for device_id in ids[5_000:5_003])]:
                await transaction.tasks.change(task, task._replace(status=TaskStatus.SUCCEEDED), NOW_MS)
        all_ids = sorted((task.id for task in by_device.values()), reverse=True)
        succeeded = [by_device[device_id].id for device_id in (ids[5_002], ids[5_001], ids[5_000], ids[0])]
        queued = [task_id for task_id in all_ids if task_id not in succeeded]
        lists = {None: all_ids, TaskStatus.SUCCEEDED: succeeded, TaskStatus.QUEUED: queued}
        async with rig.store.snapshot() as snapshot:
            for status, expected in lists.items():
                for number, size in [
                    (1, 3),
                    (2, 3),
                    (2, 1),
                    (83, 50),
                    (82, 50),
                    (41, 100),
                    (4_097, 1),
                    (8_193, 1),
                    (90, 100),
                ]:
                    listing = await snapshot.tasks.page(job.id, status, Page(number, size))
                    assert listing.total == len(expected)
                    assert [row.task.id for row in listing.rows] == expected[(number - 1) * size : number * size]
            devices = await snapshot.devices.page(1, place.product_id, Page(DEEP // 100, 100))
            assert [row.id for row in devices.rows] == ids[99::-1]

    async def test_beyond_the_end(self, rig: Rig) -> None:
        """A page beyond the end is empty and still knows the total."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 3)
        async with rig.store.snapshot() as snapshot:
            for number, size, rows in [(1, 3, 3), (2, 2, 1), (2, 3, 0), (10**9, 200, 0)]:
                listing = await snapshot.devices.page(1, place.product_id, Page(number, size))
                assert (len(listing.rows), listing.total) == (rows, 3)

    async def test_cancelled_rows_change_lists(self, rig: Rig) -> None:
        """Rows that change their status leave one list and enter another."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 5)
        job = await fill(rig.store, await add_job(rig.store, place))
        await cancel(rig.store, job, TaskStatus.QUEUED)
        totals = []
        for _ in range(3):
            async with rig.store.transaction() as transaction:
                await transaction.fleet.cancel(await must_find(transaction, place, job.id), 2, NOW_MS)
            async with rig.store.snapshot() as snapshot:
                statuses = (TaskStatus.QUEUED, TaskStatus.CANCELED)
                totals.append(tuple([(await snapshot.tasks.page(job.id, s, Page(1, 1))).total for s in statuses]))
        assert totals == [(3, 2), (1, 4), (0, 5)]
        assert all(queued > later for (queued, _), (later, _) in pairwise(totals))
