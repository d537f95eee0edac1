"""The sweep deletes objects that nothing refers to, and nothing else (F01, F02); tokens of calls go after a day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.engine.world import NOW_MS, Stage, add_job, firmware_draft, set_stage
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.domain.firmware import FirmwareFile, UploadedFile, list_digest
from whimbrel.engine.sweep import OBJECT_AGE_SECONDS, SWEEP_EVERY_SECONDS, TOKENS_STEP, Sweep
from whimbrel.errors import FirmwareObjectMissingError
from whimbrel.ports.firmware_store import StoredObject
from whimbrel.ports.store import ClientToken, TokenUse

AGE_MS = int(OBJECT_AGE_SECONDS * 1000)
DAY_MS = 86_400_000


class Rig(NamedTuple):
    stage: Stage
    objects: DiskFirmwareStore
    sweep: Sweep

    async def put(self, content: bytes) -> StoredObject:
        async def blocks() -> AsyncIterator[bytes]:
            yield content

        return await self.objects.put(blocks())

    async def has(self, stored: StoredObject) -> bool:
        try:
            (await self.objects.open(stored.sha256)).close()
        except FirmwareObjectMissingError:
            return False
        return True

    def wait(self, seconds: float) -> None:
        self.stage.clock.ms += int(seconds * 1000)
        self.stage.clock.s += seconds


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with set_stage(tmp_path) as stage:
        names = (f"name-{number}" for number in range(1_000))
        objects = DiskFirmwareStore(tmp_path / "firmware", lambda: next(names), lambda: stage.clock.ms / 1000)
        await objects.start()
        yield Rig(stage, objects, Sweep(stage.store, objects, stage.clock))
        await objects.close()


@pytest.mark.parametrize(("age_s", "deleted"), [(OBJECT_AGE_SECONDS - 1, 0), (OBJECT_AGE_SECONDS, 1)])
async def test_orphans(rig: Rig, age_s: float, deleted: int) -> None:
    """An object that nothing refers to is deleted when it is old enough."""
    orphan = await rig.put(b"orphan")
    rig.wait(age_s)
    assert await rig.sweep.run() == deleted
    assert await rig.has(orphan) is (deleted == 0)


async def test_referenced_objects_stay(rig: Rig) -> None:
    """Objects of firmware and of unfinished jobs stay, however old."""
    of_firmware, of_job, orphan = [await rig.put(content) for content in (b"a", b"b", b"c")]
    async with rig.stage.store.transaction() as store:
        await store.firmware.add(firmware_draft(rig.stage.place, sha256=of_firmware.sha256))
    await add_job(rig.stage.store, rig.stage.place, sha256=of_job.sha256)
    rig.wait(10 * OBJECT_AGE_SECONDS)
    assert await rig.sweep.run() == 1
    assert [await rig.has(stored) for stored in (of_firmware, of_job, orphan)] == [True, True, False]


async def test_I11_every_file_stays_with_its_firmware(rig: Rig) -> None:
    """Of firmware with several files each object stays, also those that a running job sends; then all go together."""
    stored = [await rig.put(content) for content in (b"a", b"b", b"c")]
    files = tuple(FirmwareFile(n, f"f{n}", one.sha256, one.md5, 1, "") for n, one in enumerate(stored, 1))
    several: dict[str, object] = {"files": files, "sha256": list_digest(files), "md5": "", "size_bytes": 3}
    async with rig.stage.store.transaction() as store:
        firmware_id = await store.firmware.add(firmware_draft(rig.stage.place, **several))
    await add_job(rig.stage.store, rig.stage.place, firmware_id=firmware_id, **several)
    rig.wait(10 * OBJECT_AGE_SECONDS)
    assert await rig.sweep.run() == 0
    async with rig.stage.store.transaction() as store:
        firmware = await store.firmware.by_id(rig.stage.place.account_id, firmware_id)
        assert firmware is not None
        await store.firmware.delete(firmware)
    assert await rig.sweep.run() == 3


@pytest.mark.parametrize(("issued_ago_ms", "is_kept"), [(AGE_MS - 1, True), (AGE_MS, True), (AGE_MS + 1, False)])
async def test_uploads(rig: Rig, issued_ago_ms: int, is_kept: bool) -> None:
    """The file of an upload stays while it may become firmware, then upload and file go."""
    stored = await rig.put(b"uploaded")
    rig.wait(OBJECT_AGE_SECONDS)
    issued_ms = rig.stage.clock.ms - issued_ago_ms
    async with rig.stage.store.transaction() as store:
        await store.uploads.issue(1, "key", NOW_MS * 2, issued_ms)
        await store.uploads.begin("key", NOW_MS)
        await store.uploads.finish("key", UploadedFile("key", stored.sha256, stored.md5, 8, issued_ms, False))
    await rig.sweep.run()
    async with rig.stage.store.snapshot() as store:
        assert (await store.uploads.by_key(1, "key") is not None) is is_kept
    assert await rig.has(stored) is is_kept


async def test_F02_an_object_put_again_stays(rig: Rig) -> None:
    """An old object that is uploaded again is young: the sweep does not take it from the new upload."""
    stored = await rig.put(b"again")
    rig.wait(10 * OBJECT_AGE_SECONDS)
    await rig.put(b"again")
    assert await rig.sweep.run() == 0
    assert await rig.has(stored)


async def test_when_due(rig: Rig) -> None:
    """The sweep runs at the start and then every ten minutes, by the clock that never jumps."""
    first = await rig.put(b"1")
    rig.stage.clock.ms += 10 * AGE_MS
    await rig.sweep.when_due()
    assert not await rig.has(first)
    second = await rig.put(b"2")
    rig.stage.clock.ms += 10 * AGE_MS
    rig.stage.clock.s += SWEEP_EVERY_SECONDS - 1
    await rig.sweep.when_due()
    assert await rig.has(second)
    rig.stage.clock.s += 1
    await rig.sweep.when_due()
    assert not await rig.has(second)


@pytest.mark.parametrize(("age_ms", "is_kept"), [(DAY_MS - 1, True), (DAY_MS, True), (DAY_MS + 1, False)])
async def test_I14_client_tokens(rig: Rig, age_ms: int, is_kept: bool) -> None:
    """What a ClientToken made is known for 24 hours, then it is forgotten."""
    token = ClientToken(rig.stage.place.account_id, "key", "CreateProduct", "t")
    async with rig.stage.store.transaction() as store:
        await store.tokens.remember(token, TokenUse("d", "{}"), rig.stage.clock.ms - age_ms)
    await rig.sweep.run()
    async with rig.stage.store.snapshot() as store:
        assert (await store.tokens.use_of(token) is not None) is is_kept


@pytest.mark.parametrize("count", [TOKENS_STEP - 1, TOKENS_STEP, TOKENS_STEP + 1])
async def test_I17_client_tokens_go_in_steps(rig: Rig, count: int) -> None:
    """However many are old, each transaction forgets a bounded number, and the sweep forgets all."""
    account_id, old_ms = rig.stage.place.account_id, rig.stage.clock.ms - DAY_MS - 1
    tokens = [ClientToken(account_id, "key", "CreateProduct", f"t{number}") for number in range(count)]
    async with rig.stage.store.transaction() as store:
        for token in tokens:
            await store.tokens.remember(token, TokenUse("d", "{}"), old_ms)
    await rig.sweep.run()
    async with rig.stage.store.snapshot() as store:
        assert [token for token in tokens if await store.tokens.use_of(token)] == []
