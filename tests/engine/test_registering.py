"""Devices of applies are registered in bounded steps, each name once, whatever ends the process (I1, I2, F04)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.engine.world import NOW_MS, Place, Stage, SteeredClock, add_place, device_draft, open_store, set_stage
from whimbrel.adapters.randomness import SystemRandomness
from whimbrel.domain.device import DEVICE_NAME, Device
from whimbrel.domain.device_apply import Apply, ApplyDraft, ApplyStatus, AskedName, NameFault
from whimbrel.domain.paging import Page
from whimbrel.engine.registering import DEVICES_PER_STEP, Registering
from whimbrel.ports.store import Store

RUNS_MAX = 20


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path) as made:
        yield made


async def add_apply(store: Store, place: Place, names: int | Sequence[str]) -> int:
    """An apply that is to be registered, for random names or these; its id."""
    is_random = isinstance(names, int)
    count = names if isinstance(names, int) else len(names)
    async with store.transaction() as transaction:
        draft = ApplyDraft(place.account_id, place.product_id, ApplyStatus.CREATE, is_random, count, NOW_MS)
        apply_id = await transaction.applies.add(draft)
        if not isinstance(names, int):
            await transaction.apply_names.add(apply_id, 0, [AskedName(name, "灯泡") for name in names])
    return apply_id


async def read(store: Store, place: Place, apply_id: int) -> tuple[Apply, list[Device]]:
    """The apply and its devices, oldest first."""
    async with store.snapshot() as snapshot:
        apply = await snapshot.applies.by_id(place.account_id, apply_id)
        assert apply is not None
        listing = await snapshot.applies.page(apply, Page(1, 20_000))
    assert listing.total == len(listing.rows)
    return apply, list(listing.rows)[::-1]


def registering(stage: Stage) -> Registering:
    return Registering(stage.store, SteeredClock(), SystemRandomness())


async def test_nothing_to_do(stage: Stage) -> None:
    """Without an apply that is to be registered there is no step: one that was only checked waits."""
    async with stage.store.transaction() as store:
        for status in ApplyStatus:
            if status is not ApplyStatus.CREATE:
                place = stage.place
                await store.applies.add(ApplyDraft(place.account_id, place.product_id, status, True, 5, NOW_MS))
    assert not await registering(stage).step()


@pytest.mark.parametrize("count", [1, DEVICES_PER_STEP - 1, DEVICES_PER_STEP, DEVICES_PER_STEP + 1])
async def test_random_names(stage: Stage, count: int) -> None:
    """As many devices as asked for, with legal names, secrets and ids of their own; bounded steps, and then none."""
    apply_id = await add_apply(stage.store, stage.place, count)
    steps = 0
    while await registering(stage).step():
        steps += 1
    apply, devices = await read(stage.store, stage.place, apply_id)
    assert steps == -(-count // DEVICES_PER_STEP)
    assert (apply.status, apply.done_number, apply.failed) == (ApplyStatus.CREATE_SUCCESS, count, 0)
    assert len(devices) == count
    for values in zip(*((device.device_name, device.iot_id, device.device_secret) for device in devices), strict=True):
        assert len(set(values)) == count
    assert all(DEVICE_NAME.fullmatch(device.device_name) for device in devices)
    assert {(len(device.device_secret), len(device.iot_id)) for device in devices} == {(32, 24)}
    async with stage.store.snapshot() as store:
        login = await store.devices.login(stage.place.product_key, devices[-1].device_name)
    assert login is not None
    assert login.device_secret == devices[-1].device_secret


async def test_given_names(stage: Stage) -> None:
    """Names and nicknames as given, in their order."""
    names = [f"lamp-{number:04d}" for number in range(1_200)]
    apply_id = await add_apply(stage.store, stage.place, names)
    while await registering(stage).step():
        pass
    apply, devices = await read(stage.store, stage.place, apply_id)
    assert apply.status is ApplyStatus.CREATE_SUCCESS
    assert [device.device_name for device in devices] == names
    assert {device.nickname for device in devices} == {"灯泡"}


async def test_a_name_that_was_taken_since(stage: Stage) -> None:
    """It becomes no device, and the apply says so; all others are registered."""
    apply_id = await add_apply(stage.store, stage.place, ["lamp-0001", "lamp-0002", "lamp-0003"])
    async with stage.store.transaction() as store:
        await store.devices.add(device_draft(stage.place, "lamp-0002"))
    while await registering(stage).step():
        pass
    apply, devices = await read(stage.store, stage.place, apply_id)
    assert (apply.status, apply.failed) == (ApplyStatus.CREATE_FAILED, 1)
    assert [device.device_name for device in devices] == ["lamp-0001", "lamp-0003"]
    async with stage.store.snapshot() as store:
        faults = [name.fault for name in await store.apply_names.after(apply_id, 0, 10)]
    assert faults == ["", NameFault.TAKEN, ""]


async def test_applies_in_their_order(stage: Stage) -> None:
    """The oldest apply is registered first; each has its own devices."""
    first = await add_apply(stage.store, stage.place, DEVICES_PER_STEP + 1)
    second = await add_apply(stage.store, stage.place, 3)
    statuses = []
    for _ in range(3):
        assert await registering(stage).step()
        statuses.append([(await read(stage.store, stage.place, apply_id))[0].status for apply_id in (first, second)])
    create, success = ApplyStatus.CREATE, ApplyStatus.CREATE_SUCCESS
    assert statuses == [[create, create], [success, create], [success, success]]
    assert len((await read(stage.store, stage.place, second))[1]) == 3


@pytest.mark.parametrize("point", ["registering.stepped", "registering.committed"])
async def test_F04_killed_between_steps(tmp_path: Path, point: str) -> None:
    """Killed again and again, the process registers every name once, and no device too many."""
    store = open_store(tmp_path)
    place = await add_place(store)
    names = [f"lamp-{number:04d}" for number in range(1_300)]
    given, drawn = await add_apply(store, place, names), await add_apply(store, place, 700)
    await store.close()
    kills = 0
    while kills < RUNS_MAX:
        # What is killed before its commit is done again by the next run, which must come one step further.
        nth = kills + 1 if point == "registering.stepped" else 1
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.engine.registering_child",
            str(tmp_path),
            env=os.environ | {"WHIMBREL_CRASH_AT": f"{point}:{nth}"},
        )
        if await child.wait() == 0:
            break
        assert child.returncode == -signal.SIGKILL
        kills += 1
    assert 2 <= kills < RUNS_MAX
    store = open_store(tmp_path)
    first, second = await read(store, place, given), await read(store, place, drawn)
    await store.close()
    assert [apply.status for apply, _ in (first, second)] == [ApplyStatus.CREATE_SUCCESS] * 2
    assert [device.device_name for device in first[1]] == names
    assert len({device.device_name for device in second[1]}) == 700
