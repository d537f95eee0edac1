"""The contract of the port FirmwareStore, held by every adapter (I1, I11, F01)."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from whimbrel.adapters.firmware_store.disk import SMALL_READ_BYTES, DiskFirmwareStore
from whimbrel.errors import (
    FirmwareObjectCorruptError,
    FirmwareObjectMissingError,
)
from whimbrel.ports.firmware_store import FirmwareStore

MIB = 1_048_576
ABSENT = "0" * 64


class Clock:
    """Epoch seconds that tests move."""

    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


class Rig(NamedTuple):
    """A store, and a way to reach behind it."""

    store: FirmwareStore
    clock: Clock
    damage: Callable[[str, bytes], None]
    """Make the object's stored bytes these."""
    leftovers: Callable[[], list[str]]
    """What of unfinished uploads the store holds."""


def names() -> Callable[[], str]:
    counter = itertools.count()
    return lambda: f"{os.getpid()}-{next(counter)}"


def object_path(folder: Path, sha256: str) -> Path:
    return folder / "objects" / sha256[:2] / sha256[2:4] / sha256


@pytest.fixture(params=["disk"])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    assert request.param == "disk"
    clock = Clock()
    store = DiskFirmwareStore(tmp_path, names(), clock)
    await store.start()

    def damage(sha256: str, content: bytes) -> None:
        object_path(tmp_path, sha256).write_bytes(content)

    yield Rig(store, clock, damage, lambda: os.listdir(tmp_path / "incoming"))
    await store.close()


async def blocks_of(*blocks: bytes, error: BaseException | None = None) -> AsyncIterator[bytes]:
    for block in blocks:
        await asyncio.sleep(0)
        yield block
    if error is not None:
        raise error


async def content_of(store: FirmwareStore, sha256: str) -> bytes:
    opened = await store.open(sha256)
    try:
        return await opened.read(0, opened.size_bytes)
    finally:
        opened.close()


async def listed(store: FirmwareStore, age_s: float) -> list[str]:
    return [sha256 async for sha256 in store.list_older_than(age_s)]


@pytest.mark.parametrize(
    "blocks",
    [(b"a",), (b"a", b"", b"bc"), (b"x" * (MIB - 1),), (b"x" * MIB,), (b"x" * (MIB + 1),), (b"y" * 60_000,) * 40],
    ids=["1 byte", "3 bytes", "1 MiB-1", "1 MiB", "1 MiB+1", "2.3 MiB in small blocks"],
)
async def test_put_stores_what_was_streamed(rig: Rig, blocks: tuple[bytes, ...]) -> None:
    """However the bytes arrive, the digests and the length are theirs, and they read back."""
    content = b"".join(blocks)
    stored = await rig.store.put(blocks_of(*blocks))
    assert stored == (hashlib.sha256(content).hexdigest(), hashlib.md5(content).hexdigest(), len(content))
    assert await content_of(rig.store, stored.sha256) == content
    assert rig.leftovers() == []


@pytest.mark.parametrize("length", [1, SMALL_READ_BYTES - 1, SMALL_READ_BYTES, SMALL_READ_BYTES + 1, MIB])
async def test_reads_anywhere(rig: Rig, length: int) -> None:
    """A read gives the bytes at its offset, and fewer only at the end."""
    content = os.urandom(MIB + 3)
    opened = await rig.store.open((await rig.store.put(blocks_of(content))).sha256)
    assert opened.size_bytes == len(content)
    for offset in (0, 1, 2, MIB, MIB + 2):
        assert await opened.read(offset, length) == content[offset : offset + length]
    assert await opened.read(len(content), length) == b""
    assert await opened.read(len(content) + 1, length) == b""
    opened.close()
    opened.close()


@pytest.mark.parametrize("name", [ABSENT, "", "A" * 64, "../" + "0" * 61, "0" * 63, "0" * 65, "0" * 64 + "\n"])
async def test_I11_open_of_what_is_no_object(rig: Rig, name: str) -> None:
    """An absent object, or a text that is no SHA-256, is missing; nothing else is ever opened."""
    with pytest.raises(FirmwareObjectMissingError):
        await rig.store.open(name)


@pytest.mark.parametrize(
    "content", [b"good byteX", b"good byte", b"good bytes!", b""], ids=["changed", "short", "long", "empty"]
)
async def test_I11_corrupt_objects_are_not_served(rig: Rig, content: bytes) -> None:
    """Stored bytes that do not hash to their name are refused, again and again, and another put heals them."""
    sha256 = (await rig.store.put(blocks_of(b"good bytes"))).sha256
    rig.damage(sha256, content)
    for _ in range(2):
        with pytest.raises(FirmwareObjectCorruptError):
            await rig.store.open(sha256)
    await rig.store.put(blocks_of(b"good bytes"))
    assert await content_of(rig.store, sha256) == b"good bytes"


async def test_I11_damage_after_opening_ends_the_read(rig: Rig) -> None:
    """Bytes that vanish under an open object are an error, never a shorter answer."""
    for size_bytes in (1000, 3 * MIB):
        sha256 = (await rig.store.put(blocks_of(b"x" * size_bytes))).sha256
        opened = await rig.store.open(sha256)
        rig.damage(sha256, b"x" * (size_bytes // 2))
        with pytest.raises(FirmwareObjectCorruptError):
            await opened.read(0, size_bytes)
        opened.close()


async def test_F19_many_openers_at_once(rig: Rig) -> None:
    """Openers that come together share one verdict, good or bad."""
    sha256 = (await rig.store.put(blocks_of(b"x" * MIB))).sha256
    rig.damage(sha256, b"x" * (MIB - 1))
    results = await asyncio.gather(*(rig.store.open(sha256) for _ in range(20)), return_exceptions=True)
    assert [type(result) for result in results] == [FirmwareObjectCorruptError] * 20


async def test_F01_failing_stream_leaves_nothing(rig: Rig) -> None:
    """An error of the sender comes out as it is and leaves no bytes."""
    for blocks in ((), (b"a",), (b"x" * MIB, b"y")):
        with pytest.raises(KeyError, match="mine"):
            await rig.store.put(blocks_of(*blocks, error=KeyError("mine")))
    assert rig.leftovers() == []
    assert await listed(rig.store, -1) == []


@pytest.mark.parametrize("turns", range(0, 60, 3))
async def test_F01_cancelled_put_leaves_nothing(rig: Rig, turns: int) -> None:
    """A put cancelled at any step leaves no bytes on their way in, and a repeat succeeds."""
    putting = asyncio.create_task(rig.store.put(blocks_of(*[b"x" * (MIB // 2)] * 5)))
    for _ in range(turns):
        await asyncio.sleep(0.0002)
    putting.cancel()
    await asyncio.wait([putting])
    assert rig.leftovers() == []
    assert (await rig.store.put(blocks_of(*[b"x" * (MIB // 2)] * 5))).size_bytes == 5 * MIB // 2


async def test_concurrent_puts_of_one_object(rig: Rig) -> None:
    """The same bytes put at the same time are one object."""
    stored = await asyncio.gather(*(rig.store.put(blocks_of(b"same")) for _ in range(10)))
    assert len(set(stored)) == 1
    assert await listed(rig.store, -1) == [stored[0].sha256]


@pytest.mark.parametrize(("age_s", "is_old"), [(99, False), (100, True), (101, True)])
async def test_age(rig: Rig, age_s: int, is_old: bool) -> None:
    """An object is listed, and may be deleted, once it was not put for that long."""
    sha256 = (await rig.store.put(blocks_of(b"abc"))).sha256
    rig.clock.now_s += age_s
    assert await listed(rig.store, 100) == ([sha256] if is_old else [])
    assert await rig.store.delete(sha256, 100) is is_old
    assert await listed(rig.store, -1) == ([] if is_old else [sha256])


async def test_put_makes_young(rig: Rig) -> None:
    """Storing existing bytes again protects them from the sweep."""
    sha256 = (await rig.store.put(blocks_of(b"abc"))).sha256
    rig.clock.now_s += 1000
    await rig.store.put(blocks_of(b"abc"))
    assert await listed(rig.store, 100) == []
    assert not await rig.store.delete(sha256, 100)
    assert await content_of(rig.store, sha256) == b"abc"


async def test_delete(rig: Rig) -> None:
    """A deleted object is missing, deleting it again is a success, and those who read it may finish."""
    sha256 = (await rig.store.put(blocks_of(b"abc"))).sha256
    opened = await rig.store.open(sha256)
    assert await rig.store.delete(sha256, 0)
    assert await rig.store.delete(sha256, 0)
    with pytest.raises(FirmwareObjectMissingError):
        await rig.store.open(sha256)
    assert await opened.read(0, 3) == b"abc"
    opened.close()


async def test_list_of_many(rig: Rig) -> None:
    """The list holds each object once."""
    stored = [(await rig.store.put(blocks_of(str(n).encode()))).sha256 for n in range(40)]
    assert sorted(await listed(rig.store, -1)) == sorted(stored)


async def test_ping(rig: Rig) -> None:
    """A working store answers, and keeps nothing of it."""
    await rig.store.ping()
    assert rig.leftovers() == []
