"""Logins share statements, and the line of those that wait is as long as can be served (F08, F09, F19, I17, A04)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import Place, add_devices, add_place, open_store, secret_of
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.domain.device_credential import ConnectFields, connect_fields, parse_credential
from whimbrel.errors import StoreUnavailableError
from whimbrel.gateway import login
from whimbrel.gateway.commands import Authenticate
from whimbrel.gateway.login import LOGINS_PER_READ, READS_MAX, WAIT_SECONDS_MAX, LoginDesk
from whimbrel.gateway.packets import ConnackCode
from whimbrel.ports.store import DeviceLogin, LoginClaim

Found = DeviceLogin | ConnackCode
DEVICES = 5


class CountingStore:
    """The store's snapshots with their sizes noted, and an end of the world to order."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.reads: list[int] = []
        self.is_down = False
        self.gate: asyncio.Event | None = None

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Any]:
        if self.gate is not None:
            await self.gate.wait()
        if self.is_down:
            raise StoreUnavailableError("the test says so")
        async with self._store.snapshot() as snapshot:
            yield _Snapshot(snapshot, self.reads)


class _Snapshot:
    def __init__(self, snapshot: Any, reads: list[int]) -> None:
        self._snapshot = snapshot
        self._reads = reads

    @property
    def device_logins(self) -> _Snapshot:
        return self

    async def many(self, claims: Sequence[LoginClaim]) -> list[Any]:
        self._reads.append(len(claims))
        found: list[Any] = await self._snapshot.device_logins.many(claims)
        return found


class Rig:
    def __init__(self, store: SqliteStore, place: Place) -> None:
        self.store, self.place = CountingStore(store), place
        store_port: Any = self.store
        self.desk = LoginDesk(store_port)

    def claim(self, name: str = "dev-0000", secret: str | None = None) -> Authenticate:
        fields: ConnectFields = connect_fields(self.place.product_key, name, secret or secret_of(name))
        credential = parse_credential(fields.client_id, fields.username)
        assert not isinstance(credential, str)
        return Authenticate(credential, fields.password.encode())

    async def all(self, claims: Sequence[Authenticate]) -> list[Found]:
        return list(await asyncio.gather(*[self.desk.check(claim) for claim in claims]))


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    store = open_store(tmp_path)
    place = await add_place(store)
    await add_devices(store, place, DEVICES)
    yield Rig(store, place)
    await store.close()


async def test_those_of_one_turn_share_a_read(rig: Rig) -> None:
    """A thousand that come at once need eight statements, and each gets its own answer."""
    names = [f"dev-{number % DEVICES:04d}" for number in range(1_000)]
    claims = [rig.claim(name, "wrong" if number % 3 else None) for number, name in enumerate(names)]
    found = await rig.all(claims)
    assert rig.store.reads == [128] * 7 + [104]
    for number, verdict in enumerate(found):
        if number % 3:
            assert verdict is ConnackCode.BAD_CREDENTIAL
        else:
            assert isinstance(verdict, DeviceLogin)
            assert verdict.device_secret == secret_of(names[number])


async def test_a_single_one_does_not_wait(rig: Rig) -> None:
    """One login is one read, at once."""
    for _ in range(3):
        assert isinstance(await rig.desk.check(rig.claim()), DeviceLogin)
    assert rig.store.reads == [1, 1, 1]


async def test_A04_unknown_devices_cost_the_same(rig: Rig) -> None:
    """For each unknown device as many seals are worked at as for a known one, and its password is compared."""
    for name, secret in (("nobody", "x"), ("nobody", login._UNKNOWN_DEVICE_SECRET), ("dev-0000", "x")):
        assert await rig.desk.check(rig.claim(name, secret)) is ConnackCode.BAD_CREDENTIAL


async def test_F08_never_bad_credential(rig: Rig) -> None:
    """A store that fails for half of the reads makes nobody's credential bad; afterwards all come in."""
    rig.store.is_down = True
    assert set(await rig.all([rig.claim()] * 300)) == {ConnackCode.SERVER_UNAVAILABLE}
    rig.store.is_down = False
    assert all(isinstance(found, DeviceLogin) for found in await rig.all([rig.claim()] * 300))


async def test_a_fault_of_ours_is_not_the_devices(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever breaks in a read, nobody hangs and nobody's credential is bad; the log says what broke."""

    async def broken(self: object, claims: object) -> list[object]:
        raise ZeroDivisionError

    with monkeypatch.context() as fault:
        fault.setattr(_Snapshot, "many", broken)
        assert set(await rig.all([rig.claim()] * 3)) == {ConnackCode.SERVER_UNAVAILABLE}
    assert "ZeroDivisionError" in caplog.text
    assert isinstance(await rig.desk.check(rig.claim()), DeviceLogin)


async def test_F10_one_damaged_secret(rig: Rig) -> None:
    """A device whose stored secret does not open cannot come in; those that are read with it can."""
    rig.store._store._writer.execute("UPDATE device SET secret_sealed = x'01' WHERE device_name = 'dev-0001'")
    found = await rig.all([rig.claim(f"dev-{number:04d}") for number in range(DEVICES)])
    assert [verdict is ConnackCode.SERVER_UNAVAILABLE for verdict in found] == [False, True, False, False, False]


@pytest.mark.parametrize("more", [-1, 0, 1])
async def test_I17_the_line_is_bounded(rig: Rig, more: int) -> None:
    """While the store answers nothing, as many wait as may, and the rest is told at once to come back."""
    rig.store.gate = asyncio.Event()
    rig.desk._logins_a_second = 200 / WAIT_SECONDS_MAX
    assert rig.desk.waiting_max == 200
    in_reads = LOGINS_PER_READ * READS_MAX
    tasks = []
    for _ in range(READS_MAX):  # the reads take as many as they can hold; then the line fills
        tasks += [asyncio.create_task(rig.desk.check(rig.claim())) for _ in range(LOGINS_PER_READ)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    tasks += [asyncio.create_task(rig.desk.check(rig.claim())) for _ in range(200 + more)]
    await asyncio.sleep(0)
    turned_away = [task for task in tasks if task.done()]
    assert len(turned_away) == max(0, more)
    assert all(task.result() is ConnackCode.SERVER_UNAVAILABLE for task in turned_away)
    rig.store.gate.set()
    found = await asyncio.gather(*tasks)
    assert sum(isinstance(verdict, DeviceLogin) for verdict in found) == in_reads + 200 + min(0, more)


async def test_F19_the_line_follows_the_store(rig: Rig) -> None:
    """A store that becomes slow makes the line short, one that is quick again makes it long; one read always fits."""
    long = rig.desk.waiting_max
    for _ in range(40):
        rig.desk._measured(LOGINS_PER_READ, 20.0)
    assert rig.desk.waiting_max == LOGINS_PER_READ
    rig.desk._measured(1, 0.001)
    assert rig.desk.waiting_max == LOGINS_PER_READ  # one quick read of one says nothing about many
    for _ in range(40):
        rig.desk._measured(LOGINS_PER_READ, 0.002)
    assert rig.desk.waiting_max == long


async def test_who_has_left_does_not_stop_the_rest(rig: Rig) -> None:
    """A login that nobody waits for any more is passed over."""
    rig.store.gate = asyncio.Event()
    tasks = [asyncio.create_task(rig.desk.check(rig.claim())) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    rig.store.gate.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(verdict, DeviceLogin) for verdict in found] == [True, False, True]
