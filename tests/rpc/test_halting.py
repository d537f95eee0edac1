"""Calls that halt something pass what holds up all others: rates, the crowd, and the connections (I8, F23)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.operations.fleet import make_device, make_firmware, make_job, make_product
from tests.operations.signed_door import OPERATIONS, SignedDoor, ask, flat, get, open_signed_door
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.adapters.store.postgresql_pool import CONNECTIONS_MAX
from whimbrel.errors import ServiceUnavailableError
from whimbrel.operations.declaration import Services
from whimbrel.rpc import crowd
from whimbrel.rpc.crowd import AT_WORK_MAX, WALKS_MAX, Crowd
from whimbrel.rpc.hall import Ambience, Hall
from whimbrel.rpc.server import RpcDoor

CANCEL = "CancelOTATaskByJob"


def halting() -> set[str]:
    return {action for action, operation in OPERATIONS.items() if operation.manner.halts}


def test_I8_what_halts() -> None:
    """Every call that stops something that is under way says that it halts; no call that reads does."""
    assert halting() >= {CANCEL, "CancelOTATaskByDevice", "CancelOTAStrategyByJob"}
    assert halting() == {action for action in OPERATIONS if action.startswith(("CancelOTA", "XPause"))}


def door_with(door: SignedDoor, store: Any, halting: Any = None, *, has_rates: bool = False) -> RpcDoor:
    services = Services(door.ports.randomness, "https://ota.example.com", "u", "s", bytes(32))
    ambience = Ambience(door.clock, door.ports.wakeup, services, has_rates, halting)
    return RpcDoor(Hall(OPERATIONS, store, ambience), door.ports.nonces)


async def call(door: SignedDoor, rpc: RpcDoor, action: str, **parameters: Any) -> int:
    return (await ask(rpc, get(door.signed(action, flat(parameters))))).status


async def test_I8_a_halt_needs_none_of_the_connections_of_others(tmp_path: Path) -> None:
    """While every connection of the process waits for something, and calls queue up for them, a halt is answered."""
    async with open_signed_door(tmp_path, "postgresql") as door:
        product_key = await make_product(door)
        await make_device(door, product_key, "lamp-0001", "1.0.0")
        job_id = await make_job(door, product_key, await make_firmware(door, product_key), "lamp-0001")
        store = door.store
        assert isinstance(store, PostgresqlStore)
        halts = PostgresqlStore(store._url, store._sealer, 2)
        rpc = door_with(door, store, halts)
        holding = [store.snapshot() for _ in range(CONNECTIONS_MAX)]
        for snapshot in holding:
            repositories = await snapshot.__aenter__()
            await repositories.accounts.id_of("default")  # takes its connection
        waiting = [asyncio.create_task(call(door, rpc, "QueryOTAJob", JobId=job_id)) for _ in range(20)]
        assert await call(door, rpc, CANCEL, JobId=job_id, CancelQueuedTask=True) == 200
        assert not any(task.done() for task in waiting)
        for snapshot in holding:
            await snapshot.__aexit__(None, None, None)
        assert set(await asyncio.gather(*waiting)) == {200}
        assert (await door.ok("QueryOTAJob", JobId=job_id))["Data"]["JobStatus"] == "IN_PROGRESS"
        await halts.close()


async def test_I8_no_rate_holds_a_halt_up(tmp_path: Path) -> None:
    """The vendor's calls a second do not count for it; for others they do."""
    async with open_signed_door(tmp_path) as door:
        product_key = await make_product(door)
        await make_device(door, product_key, "lamp-0001", "1.0.0")
        job_id = await make_job(door, product_key, await make_firmware(door, product_key), "lamp-0001")
        rpc = door_with(door, door.store, has_rates=True)
        many = 3 * OPERATIONS[CANCEL].manner.qps
        assert {await call(door, rpc, CANCEL, JobId=job_id, CancelQueuedTask=True) for _ in range(many)} == {200}
        others = [await call(door, rpc, "QueryOTAJob", JobId=job_id) for _ in range(200)]
        assert set(others) != {200}


class TestCrowd:
    async def test_F23_so_many_of_an_account_and_no_more(self) -> None:
        """Exactly AT_WORK_MAX at once; others, halts and another account's calls do not wait for them."""
        read, change, halt = OPERATIONS["QueryOTAJob"], OPERATIONS["CreateProduct"], OPERATIONS[CANCEL]
        places, go_on, at_work = Crowd(), asyncio.Event(), 0

        async def work() -> None:
            nonlocal at_work
            async with places.place(1, read):
                at_work += 1
                await go_on.wait()

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_WORK_MAX + 1):
                group.create_task(work())
            await asyncio.sleep(0)
            assert at_work == AT_WORK_MAX
            for account_id, operation in ((1, halt), (1, change), (2, read)):
                async with places.place(account_id, operation):
                    pass
            go_on.set()
        assert at_work == AT_WORK_MAX + 1

    async def test_I17_few_walk_through_a_fleet_at_once(self) -> None:
        """One of an account and WALKS_MAX in all, whoever calls; what does not walk goes on."""
        walk, read = OPERATIONS["XPreviewOTAJob"], OPERATIONS["QueryOTAJob"]
        places, go_on, at_work = Crowd(), asyncio.Event(), []

        async def work(account_id: int) -> None:
            async with places.place(account_id, walk):
                at_work.append(account_id)
                await go_on.wait()

        async with asyncio.TaskGroup() as group:
            for account_id in (1, 1, *range(2, WALKS_MAX + 2)):
                group.create_task(work(account_id))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert at_work == list(range(1, WALKS_MAX + 1))
            for account_id in (1, WALKS_MAX + 1):
                async with places.place(account_id, read):
                    pass
            go_on.set()
        assert sorted(at_work) == [1, *range(1, WALKS_MAX + 2)]

    async def test_who_waits_too_long_is_told_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """503, and nothing was begun."""
        monkeypatch.setattr(crowd, "AT_WORK_MAX", 1)
        monkeypatch.setattr(crowd, "WAIT_SECONDS_MAX", 0.01)
        places, read = Crowd(), OPERATIONS["QueryOTAJob"]
        async with places.place(1, read):
            with pytest.raises(ServiceUnavailableError):
                async with places.place(1, read):
                    raise AssertionError("there is no place")
        async with places.place(1, read):
            pass
