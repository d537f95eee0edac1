"""The SHA-1 of objects, taken beside the engine's other work (engine/object_digests.py)."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator

import pytest

from tests.gateway.ddi.rig import CONTENT, SHA1, SHA256, World
from whimbrel.adapters.firmware_store.disk import DiskFirmwareObject
from whimbrel.engine import object_digests
from whimbrel.errors import StoreUnavailableError


async def known(world: World, *sha256s: str) -> dict[str, str]:
    async with world.store.snapshot() as store:
        return await store.object_digests.sha1s(sha256s)


async def until_known(world: World, sha256: str) -> str:
    """What the chore has taken; it is not asked for."""
    async with asyncio.timeout(10):
        while not (found := await known(world, sha256)):
            await asyncio.to_thread(time.sleep, 0.01)
    return found[sha256]


@pytest.mark.usefixtures("device")
class TestDigests:
    async def test_are_taken_once(self, world: World) -> None:
        """The chore takes the SHA-1 of what running jobs send, and then has nothing to do."""
        await world.job()
        assert await world.digesting.step()
        assert await until_known(world, SHA256) == SHA1
        await asyncio.sleep(0)
        assert not await world.digesting.step()
        assert await known(world, SHA256, "e" * 64) == {SHA256: SHA1}

    async def test_of_all_jobs(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """Jobs are looked at a page at a time, and those of the later pages too."""
        monkeypatch.setattr(object_digests, "JOBS_PER_STEP", 1)
        other = CONTENT[::-1]
        stored = await world.files.put(_one(other))
        await world.job(sha256="d" * 64, module_name="lost", multi_module_mode=True)
        await world.job(multi_module_mode=True)
        await world.job(sha256=stored.sha256, module_name="mcu", multi_module_mode=True)
        world.engine.take_on(world.digesting)
        async with asyncio.timeout(10):
            while not await known(world, stored.sha256):
                await world.engine.settle()
        assert await known(world, SHA256) == {SHA256: SHA1}
        assert await until_known(world, stored.sha256) == hashlib.sha1(other, usedforsecurity=False).hexdigest()

    async def test_I8_the_engine_does_not_wait(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """However long an object takes, the engine goes on; who asks meanwhile waits for the same reading."""
        may_read, opened = asyncio.Event(), world.files.open
        readings = 0

        async def open_slowly(sha256: str) -> DiskFirmwareObject:
            nonlocal readings
            readings += 1
            await may_read.wait()
            return await opened(sha256)

        monkeypatch.setattr(world.files, "open", open_slowly)
        await world.job()
        world.engine.take_on(world.digesting)
        async with asyncio.timeout(10):
            await world.engine.settle()
            asked = [asyncio.create_task(world.digesting.of([SHA256])) for _ in range(100)]
            await asyncio.sleep(0.05)
            may_read.set()
            assert await asyncio.gather(*asked) == [{SHA256: SHA1}] * 100
        assert readings == 1

    async def test_I19_an_object_that_cannot_be_read(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """It keeps neither the engine nor other objects back, and is taken once it is asked for and can be read."""
        opened = world.files.open

        async def fail(sha256: str) -> DiskFirmwareObject:
            if sha256 == SHA256:
                raise StoreUnavailableError("the firmware disk failed: Input/output error")
            return await opened(sha256)

        monkeypatch.setattr(world.files, "open", fail)
        stored = await world.files.put(_one(CONTENT[::-1]))
        await world.job()
        await world.job(sha256=stored.sha256, module_name="mcu", multi_module_mode=True)
        world.engine.take_on(world.digesting)
        await world.engine.settle()
        await until_known(world, stored.sha256)
        assert await known(world, SHA256) == {}
        monkeypatch.setattr(world.files, "open", opened)
        assert await world.digesting.of([SHA256]) == {SHA256: SHA1}

    async def test_close(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is being hashed when the server ends is left; nothing of it runs on."""
        begun = asyncio.Event()

        async def open_for_ever(sha256: str) -> DiskFirmwareObject:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

        monkeypatch.setattr(world.files, "open", open_for_ever)
        await world.job()
        assert await world.digesting.step()
        async with asyncio.timeout(10):
            await begun.wait()
            await world.digesting.close()
        assert await known(world, SHA256) == {}


async def _one(block: bytes) -> AsyncIterator[bytes]:
    yield block
