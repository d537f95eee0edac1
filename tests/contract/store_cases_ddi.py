"""Contract of Store: what DDI devices are offered, and what they say (ddi-protocol 3, 5, 9; I4, I5, I6, I17)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    MD5,
    NOW_MS,
    SHA256,
    add_devices,
    add_job,
    add_place,
    connect,
    count_errors,
    fill,
    firmware_draft,
    put_task,
    tasks_of,
)
from whimbrel.domain.ddi_action import Action, ActionState
from whimbrel.domain.ddi_feedback import Message
from whimbrel.domain.ddi_offer import DeviceView
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.firmware import FirmwareFile
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task, TaskStatus
from whimbrel.ports.store import Seen, Store

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus


async def one_task(rig: Rig, **changes: Any) -> tuple[Job, Task]:
    place = await add_place(rig.store)
    [device_id] = await add_devices(rig.store, place, 1)
    job = await fill(rig.store, await add_job(rig.store, place, **changes))
    return job, (await tasks_of(rig.store, job))[device_id]


async def make(store: Store, task: Task) -> int:
    async with store.transaction() as transaction:
        return await transaction.ddi_actions.make(task, NOW_MS)


async def action_of(store: Store, device_id: int, number: int) -> Action:
    async with store.snapshot() as snapshot:
        action = await snapshot.ddi_actions.by_number(device_id, number)
    assert action is not None
    return action


async def view_of(store: Store, device_id: int) -> DeviceView:
    async with store.snapshot() as snapshot:
        return (await snapshot.ddi_devices.views([device_id]))[device_id]


async def came(store: Store, device_id: int, due_ms: int = NOW_MS + 10) -> bool:
    async with store.transaction() as transaction:
        return await transaction.ddi_devices.came(Seen(device_id, due_ms), "127.0.0.1", NOW_MS)


class TestDdiViews:
    async def test_what_a_poll_looks_at(self, rig: Rig) -> None:
        """Each device with its own tasks, actions and reports; unknown and deleted ones are left out."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 3, "1.0.0")
        job = await fill(rig.store, await add_job(rig.store, place, maximum_per_minute=10, multi_module_mode=True))
        other = await fill(rig.store, await add_job(rig.store, place, module_name="mcu", multi_module_mode=True))
        tasks, others = await tasks_of(rig.store, job), await tasks_of(rig.store, other)
        number = await make(rig.store, tasks[ids[1]])
        async with rig.store.snapshot() as snapshot:
            views = await snapshot.ddi_devices.views([*ids, 999, ids[0]])
        assert views.keys() == set(ids)
        for device_id, view in views.items():
            assert [found.task for found in view.tasks] == [tasks[device_id], others[device_id]]
            assert [found.reported for found in view.tasks] == ["1.0.0", None]
            assert (view.status, view.due_ms, view.wants_attributes) == (DeviceStatus.UNACTIVE, None, True)
            assert (view.auto_confirm, view.installed) == ("", 0)
        assert [action.number for action in views[ids[1]].actions] == [number]
        assert [views[device_id].actions for device_id in (ids[0], ids[2])] == [(), ()]
        async with rig.store.transaction() as transaction:
            device = await transaction.devices.by_name(place.account_id, place.product_key, "dev-0002")
            assert device is not None
            await transaction.device_changes.delete(device, NOW_MS)
        async with rig.store.snapshot() as snapshot:
            assert (await snapshot.ddi_devices.views(ids)).keys() == set(ids[:2])

    async def test_many(self, rig: Rig) -> None:
        """A whole batch of devices is read at once."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 300)
        async with rig.store.snapshot() as snapshot:
            assert (await snapshot.ddi_devices.views(ids)).keys() == set(ids)

    async def test_what_was_installed(self, rig: Rig) -> None:
        """The newest action that succeeded is remembered; open ones are not among the closed."""
        _, task = await one_task(rig)
        number = await make(rig.store, task)
        async with rig.store.transaction() as transaction:
            action = await transaction.ddi_actions.by_number(task.device_id, number)
            assert action is not None
            assert await transaction.ddi_actions.close(action, ActionState.SUCCEEDED, NOW_MS)
        view = await view_of(rig.store, task.device_id)
        assert (view.installed, view.actions) == (number, ())


class TestDdiActions:
    async def test_I12_an_attempt_has_one_number(self, rig: Rig) -> None:
        """The same attempt keeps its number, another gets the next; no number is given twice or ends in 0."""
        job, task = await one_task(rig)
        numbers = [await make(rig.store, task), await make(rig.store, task)]
        assert numbers == [1, 1]
        for attempt in range(2, 12):
            task = await put_task(rig.store, task, attempt=attempt)
            numbers.append(await make(rig.store, task))
        assert numbers[1:] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12]
        first = await action_of(rig.store, task.device_id, 1)
        assert (first.attempt, first.task_attempt, first.is_current) == (1, 11, False)
        assert (await action_of(rig.store, task.device_id, 12)).is_current
        assert await count_errors(rig.store, [job]) == []

    async def test_made_at_the_same_time(self, rig: Rig) -> None:
        """Two processes that offer an attempt at once make one action."""
        _, task = await one_task(rig)
        assert set(await asyncio.gather(*(make(rig.store, task) for _ in range(8)))) == {1}

    async def test_I4_close_compares(self, rig: Rig) -> None:
        """An action is closed once."""
        _, task = await one_task(rig)
        action = await action_of(rig.store, task.device_id, await make(rig.store, task))
        async with rig.store.transaction() as transaction:
            assert await transaction.ddi_actions.close(action, ActionState.FAILED, NOW_MS)
            assert not await transaction.ddi_actions.close(action, ActionState.SUCCEEDED, NOW_MS)
        assert (await action_of(rig.store, task.device_id, 1)).state is ActionState.FAILED

    async def test_closed_by_another_report(self, rig: Rig) -> None:
        """Open actions whose task succeeded in that attempt are closed as that, no others."""
        _, task = await one_task(rig)
        await make(rig.store, task)
        task = await put_task(rig.store, task, attempt=2)
        await make(rig.store, task)
        for status, states in (
            (NOTIFIED, [ActionState.OPEN, ActionState.OPEN]),
            (SUCCEEDED, [ActionState.OPEN, ActionState.SUCCEEDED]),
        ):
            task = await put_task(rig.store, task, status=status)
            async with rig.store.transaction() as transaction:
                await transaction.ddi_actions.close_installed(task.device_id, NOW_MS)
            assert [(await action_of(rig.store, task.device_id, number)).state for number in (1, 2)] == states

    async def test_I17_words_are_a_ring(self, rig: Rig) -> None:
        """The newest 100 words of an action are kept, newest first; of actions long over none."""
        _, task = await one_task(rig)
        action = await action_of(rig.store, task.device_id, await make(rig.store, task))
        async with rig.store.transaction() as transaction:
            for line in range(103):
                await transaction.ddi_actions.say(action, Message(NOW_MS, "proceeding", f"line {line}"))
        async with rig.store.snapshot() as snapshot:
            messages = await snapshot.ddi_actions.history(task.device_id, 1, 200)
            assert await snapshot.ddi_actions.history(task.device_id, 1, 2) == messages[:2]
            assert await snapshot.ddi_actions.history(task.device_id, 1, 0) == []
            assert await snapshot.ddi_actions.history(task.device_id, 2, 9) == []
        assert [message.words for message in messages] == [f"line {line}" for line in range(102, 2, -1)]
        for attempt in range(2, 22):
            await make(rig.store, await put_task(rig.store, task._replace(attempt=attempt - 1), attempt=attempt))
        async with rig.store.snapshot() as snapshot:
            assert await snapshot.ddi_actions.history(task.device_id, 1, 200) == []

    async def test_deployment(self, rig: Rig) -> None:
        """An action with its task, its job, and the key of its firmware's object while that is the very same."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as transaction:
            firmware_id = await transaction.firmware.add(firmware_draft(place, object_key="ota/firmware/a.swu"))
        job = await fill(rig.store, await add_job(rig.store, place, firmware_id=firmware_id))
        task = (await tasks_of(rig.store, job))[device_id]
        number = await make(rig.store, task)
        async with rig.store.snapshot() as snapshot:
            found = await snapshot.ddi_actions.deployment(device_id, number)
            assert found is not None
            assert (found.task, found.job.id, found.object_key) == (task, job.id, "ota/firmware/a.swu")
            assert await snapshot.ddi_actions.deployment(device_id, number + 1) is None
            assert await snapshot.ddi_actions.deployment(device_id + 1, number) is None
            firmware = await snapshot.firmware.by_id(place.account_id, firmware_id)
        assert firmware is not None
        async with rig.store.transaction() as transaction:
            await transaction.firmware.delete(firmware)
        async with rig.store.snapshot() as snapshot:
            found = await snapshot.ddi_actions.deployment(device_id, number)
        assert found is not None
        assert found.object_key == ""


class TestDdiClaims:
    async def test_I5_I6_claims_at_the_same_time(self, rig: Rig) -> None:
        """Devices that ask at once are told as the pace allows, each task once, and the counters agree."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 25)
        job = await fill(rig.store, await add_job(rig.store, place, maximum_per_minute=10))
        tasks = list((await tasks_of(rig.store, job)).values())

        async def claim(task: Task) -> Task | None:
            async with rig.store.transaction() as transaction:
                return await transaction.pacing.claim(task, job, NOW_MS)

        claimed = await asyncio.gather(*(claim(task) for task in [*tasks, *tasks]))
        told = [task.id for task in claimed if task is not None]
        assert len(told) == len(set(told)) == 10
        async with rig.store.snapshot() as snapshot:
            state = await snapshot.jobs.state(job.account_id, job.id)
            assert sum(row.n for row in await snapshot.pacing.notices()) == 10
        assert state is not None
        assert (state.free, state.counts[NOTIFIED]) == (0, 10)
        assert await count_errors(rig.store, [job]) == []

    @pytest.mark.parametrize("status", [CONFIRM, NOTIFIED, IN_PROGRESS, SUCCEEDED, CANCELED])
    async def test_I6_only_queued_tasks(self, rig: Rig, status: TaskStatus) -> None:
        """What another has moved meanwhile is not claimed, and nothing is counted."""
        job, task = await one_task(rig)
        await put_task(rig.store, task, status=status)
        async with rig.store.transaction() as transaction:
            assert await transaction.pacing.claim(task, job, NOW_MS) is None
        assert await count_errors(rig.store, [job]) == []


class TestDdiPresence:
    async def test_online_until_silent(self, rig: Rig) -> None:
        """A device that came is online until its time has passed without another poll."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2)
        assert await came(rig.store, ids[0], NOW_MS + 10)
        assert (await view_of(rig.store, ids[0])).due_ms == NOW_MS + 10
        async with rig.store.transaction() as transaction:
            assert await transaction.ddi_devices.leave_overdue(NOW_MS + 9, 5) == 0
            await transaction.ddi_devices.touch([Seen(ids[0], NOW_MS + 20), Seen(ids[1], NOW_MS + 20)])
            await transaction.ddi_devices.touch([Seen(ids[0], NOW_MS + 15)])
        assert (await view_of(rig.store, ids[0])).due_ms == NOW_MS + 20
        assert (await view_of(rig.store, ids[1])).due_ms is None, "a poll that is told late brings nobody back"
        async with rig.store.transaction() as transaction:
            assert await transaction.ddi_devices.leave_overdue(NOW_MS + 19, 5) == 0
            assert await transaction.ddi_devices.leave_overdue(NOW_MS + 20, 5) == 1
            assert await transaction.ddi_devices.leave_overdue(NOW_MS + 20, 5) == 0
        view = await view_of(rig.store, ids[0])
        assert (view.status, view.due_ms) == (DeviceStatus.OFFLINE, None)
        async with rig.store.snapshot() as snapshot:
            counts = await snapshot.device_states.counts(place.account_id, place.product_id)
        assert counts == (2, 0, 1)
        assert await came(rig.store, ids[0])
        assert (await view_of(rig.store, ids[0])).status is DeviceStatus.ONLINE

    async def test_F16_a_clock_that_jumps_silences_nobody(self, rig: Rig) -> None:
        """When the wall clock is set forward, what devices have left of their time goes with it."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        await came(rig.store, device_id, NOW_MS + 10)
        async with rig.store.transaction() as transaction:
            await transaction.fleet.postpone_due(3_600_000, NOW_MS)
            assert await transaction.ddi_devices.leave_overdue(NOW_MS + 3_600_009, 5) == 0
            assert await transaction.ddi_devices.leave_overdue(NOW_MS + 3_600_010, 5) == 1

    async def test_bounded_steps(self, rig: Rig) -> None:
        """Each step takes a bounded number of silent devices, the longest silent first."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 5)
        for wait_ms, device_id in enumerate(ids):
            await came(rig.store, device_id, NOW_MS + wait_ms)
        async with rig.store.transaction() as transaction:
            assert await transaction.ddi_devices.leave_overdue(NOW_MS + 9, 2) == 2
        statuses = [(await view_of(rig.store, device_id)).status for device_id in ids]
        assert statuses == [DeviceStatus.OFFLINE] * 2 + [DeviceStatus.ONLINE] * 3

    async def test_another_session_keeps_it_online(self, rig: Rig) -> None:
        """A device that is connected over MQTT too stays online when it stops polling."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        await came(rig.store, device_id)
        await connect(rig.store, [device_id])
        async with rig.store.transaction() as transaction:
            assert await transaction.ddi_devices.leave_overdue(NOW_MS + 10, 5) == 1
        assert (await view_of(rig.store, device_id)).status is DeviceStatus.ONLINE

    async def test_disabled_devices(self, rig: Rig) -> None:
        """A disabled device does not come online, and stays disabled when it is silent."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        await came(rig.store, device_id)
        async with rig.store.transaction() as transaction:
            device = await transaction.devices.by_name(place.account_id, place.product_key, "dev-0000")
            assert device is not None
            await transaction.device_changes.disable(device, NOW_MS)
        assert not await came(rig.store, device_id)
        async with rig.store.transaction() as transaction:
            await transaction.ddi_devices.leave_overdue(NOW_MS + 10, 5)
        assert (await view_of(rig.store, device_id)).status is DeviceStatus.DISABLE


class TestDdiWords:
    async def test_attributes(self, rig: Rig) -> None:
        """What is put is what there is, and is asked for no more until somebody asks again."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2)
        for attributes in ({"a": "1", "b": "2"}, {"b": "3", "c": ""}):
            async with rig.store.transaction() as transaction:
                await transaction.ddi_attributes.put(ids[0], attributes, NOW_MS)
            async with rig.store.snapshot() as snapshot:
                assert await snapshot.ddi_attributes.of_device(ids[0]) == attributes
                assert await snapshot.ddi_attributes.of_device(ids[1]) == {}
        assert not (await view_of(rig.store, ids[0])).wants_attributes
        async with rig.store.transaction() as transaction:
            await transaction.ddi_devices.want_attributes(ids[0])
        assert (await view_of(rig.store, ids[0])).wants_attributes

    async def test_auto_confirm(self, rig: Rig) -> None:
        """Who confirms beforehand is kept, until nobody does."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        for initiator in ("ann", ""):
            async with rig.store.transaction() as transaction:
                await transaction.ddi_devices.auto_confirm(device_id, initiator)
            assert (await view_of(rig.store, device_id)).auto_confirm == initiator

    async def test_I15_firmware_by_name(self, rig: Rig) -> None:
        """A device finds firmware of its own product only."""
        place, other = await add_place(rig.store), await add_place(rig.store, 2)
        [device_id] = await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as transaction:
            await transaction.firmware.add(firmware_draft(place, name="mine", module_name="mcu"))
            await transaction.firmware.add(firmware_draft(other, name="theirs"))
        async with rig.store.snapshot() as snapshot:
            of = snapshot.ddi_devices.module_of_firmware
            found = [await of(device_id, *it) for it in (("mine", "2.0.0"), ("mine", "3"), ("theirs", "2.0.0"))]
        assert found == ["mcu", None, None]

    async def test_digests(self, rig: Rig) -> None:
        """A digest is kept once; objects of running jobs without one are found, file by file."""
        place = await add_place(rig.store)
        files = tuple(FirmwareFile(n, f"f{n}", f"{n}" * 64, MD5, 1, "key") for n in (1, 2))
        first = await add_job(rig.store, place)
        second = await add_job(rig.store, place, files=files, sha256="f" * 64)
        async with rig.store.snapshot() as snapshot:
            assert await snapshot.object_digests.unknown(0, 9) == [
                (first.id, (SHA256,)),
                (second.id, ("1" * 64, "2" * 64)),
            ]
            assert await snapshot.object_digests.unknown(0, 1) == [(first.id, (SHA256,))]
        async with rig.store.transaction() as transaction:
            for sha1 in ("c" * 40, "d" * 40):
                await transaction.object_digests.put(SHA256, sha1)
        async with rig.store.snapshot() as snapshot:
            assert await snapshot.object_digests.sha1s([SHA256, "1" * 64]) == {SHA256: "c" * 40}
            assert await snapshot.object_digests.unknown(0, 1) == [(first.id, ())], "who looks on sees where to go on"
            assert await snapshot.object_digests.unknown(second.id, 9) == []
