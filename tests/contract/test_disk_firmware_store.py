"""What only the disk can suffer: kills, lost and full writes, wrong bytes, other processes (F01, F10, F13, F14)."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.test_firmware_store import MIB, blocks_of, content_of, listed, names, object_path
from whimbrel import crash_points
from whimbrel.adapters.firmware_store.disk import VERDICTS_MAX, DiskFirmwareStore
from whimbrel.adapters.firmware_store.disk_files import BLOCK_BYTES
from whimbrel.errors import FirmwareObjectCorruptError, StoreFullError, StoreUnavailableError


async def test_F10_every_check_is_bounded(tmp_path: Path) -> None:
    """The remembered verdicts never exceed their limit."""
    assert VERDICTS_MAX * 200 < MIB  # what they can cost, at about 200 bytes each
    store = DiskFirmwareStore(tmp_path, names())
    await store.start()
    sha256 = (await store.put(blocks_of(b"abc"))).sha256
    for modified_s in range(VERDICTS_MAX + 5):
        os.utime(object_path(tmp_path, sha256), (modified_s, modified_s))
        (await store.open(sha256)).close()
    assert len(store._verdicts) == VERDICTS_MAX
    await store.close()


async def test_F10_same_length_damage_is_found(tmp_path: Path) -> None:
    """A changed file is checked anew although its length stayed, because its time of change did not."""
    store = DiskFirmwareStore(tmp_path, names())
    await store.start()
    sha256 = (await store.put(blocks_of(b"abc"))).sha256
    (await store.open(sha256)).close()
    object_path(tmp_path, sha256).write_bytes(b"abd")
    with pytest.raises(FirmwareObjectCorruptError):
        await store.open(sha256)
    await store.close()


async def test_F14_lost_sync_stops_puts_until_restart(tmp_path: Path) -> None:
    """After a failed fsync no put succeeds and ping fails; objects stay readable; a new start works again."""
    failing = [False]

    def fsync(descriptor: int) -> None:
        if failing[0]:
            failing[0] = False  # the kernel reports a lost write once, then success
            raise OSError(5, "Input/output error")
        os.fsync(descriptor)

    store = DiskFirmwareStore(tmp_path, names(), fsync=fsync)
    await store.start()
    kept = await store.put(blocks_of(b"kept"))
    failing[0] = True
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            await store.put(blocks_of(b"lost"))
    with pytest.raises(StoreUnavailableError):
        await store.ping()
    assert os.listdir(tmp_path / "incoming") == []
    assert await listed(store, -1) == [kept.sha256]
    assert await content_of(store, kept.sha256) == b"kept"
    await store.close()
    again = DiskFirmwareStore(tmp_path, names())
    await again.start()
    assert (await again.put(blocks_of(b"lost"))).size_bytes == 4
    await again.close()


async def test_F13_wrong_bytes_on_the_disk_are_not_published(tmp_path: Path) -> None:
    """Bytes that read back differently are refused, and nothing is left of them."""

    def fsync(descriptor: int) -> None:
        os.fsync(descriptor)
        if os.path.isfile(f"/proc/self/fd/{descriptor}"):
            os.pwrite(descriptor, b"X", 1)

    store = DiskFirmwareStore(tmp_path, names(), fsync=fsync)
    await store.start()
    with pytest.raises(StoreUnavailableError, match="other bytes"):
        await store.put(blocks_of(b"abc"))
    assert (os.listdir(tmp_path / "incoming"), await listed(store, -1)) == ([], [])
    await store.close()


async def test_F14_full_disk(tmp_path: Path) -> None:
    """A write that finds no room is StoreFullError, leaves nothing, and smaller files still go in afterwards."""
    store = DiskFirmwareStore(tmp_path, names())
    await store.start()
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, unlimited[1]))
    try:
        with pytest.raises(StoreFullError):
            await store.put(blocks_of(b"x" * MIB, b"x"))
        assert os.listdir(tmp_path / "incoming") == []
        assert (await store.put(blocks_of(b"small"))).size_bytes == 5
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    await store.close()


async def test_F01_start_spares_uploads_of_other_processes(tmp_path: Path) -> None:
    """A start removes what a crash left, but not what another running store is writing."""
    first, second = DiskFirmwareStore(tmp_path, names()), DiskFirmwareStore(tmp_path, lambda: "second")
    await first.start()
    (tmp_path / "incoming" / "leftover").write_bytes(b"x")
    may_end = asyncio.Event()

    async def slow_blocks() -> AsyncIterator[bytes]:
        yield b"x" * MIB
        await second.start()
        may_end.set()
        yield b"y"

    stored = await first.put(slow_blocks())
    assert may_end.is_set()
    assert await content_of(second, stored.sha256) == b"x" * MIB + b"y"
    assert os.listdir(tmp_path / "incoming") == []
    await first.close()
    await second.close()


CHILD = """
import asyncio, sys
from pathlib import Path
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.crash_points import arm

async def blocks():
    for _ in range(3):
        yield b"x" * 1048576

async def main():
    store = DiskFirmwareStore(Path(sys.argv[1]), lambda: "incoming-1")
    await store.start()
    arm(sys.argv[2])
    await store.put(blocks())

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("crash_point", "is_whole"),
    [
        ("firmware_store.created", False),
        ("firmware_store.written", False),
        ("firmware_store.written:3", False),
        ("firmware_store.synced", False),
        ("firmware_store.compared", False),
        ("firmware_store.renamed", True),
        ("firmware_store.folders_synced", True),
    ],
)
async def test_F01_kill_leaves_only_orphans(tmp_path: Path, crash_point: str, is_whole: bool) -> None:
    """Killed at any step, a put leaves no object or a whole one; the next start clears up, a repeat works."""
    command = [sys.executable, "-c", CHILD, str(tmp_path), crash_point]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    child = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False, env=environment)
    assert (child.returncode, child.stderr) == (-signal.SIGKILL, b"")
    content = b"x" * 3 * BLOCK_BYTES
    sha256 = hashlib.sha256(content).hexdigest()
    assert os.listdir(tmp_path / "incoming") == ([] if is_whole else ["incoming-1"])
    store = DiskFirmwareStore(tmp_path, names())
    await store.start()
    assert os.listdir(tmp_path / "incoming") == []
    assert await listed(store, -1) == ([sha256] if is_whole else [])
    assert (await store.put(blocks_of(content))).sha256 == sha256
    assert await content_of(store, sha256) == content
    await store.close()


@pytest.mark.parametrize("text", [":1", "a:0", "a:", "a:-1", "A", "a b", "a:1\n", "a:١", "a=", "a=kill", "=stop"])
def test_crash_points_are_spelled_exactly(text: str) -> None:
    """A crash point that cannot be read is an error at once: a kill test that kills nothing proves nothing."""
    with pytest.raises(ValueError, match="crash point"):
        crash_points.arm(text)


@pytest.mark.parametrize("text", [None, ""])
def test_unarmed_crash_points_do_nothing(text: str | None) -> None:
    """Without a name nothing is armed, and passing a point has no effect."""
    crash_points.arm("some.point:2")
    crash_points.arm(text)
    crash_points.crash_here("some.point")
    crash_points.crash_here("some.point")


async def test_F01_cancelled_put_waits_for_its_thread(tmp_path: Path) -> None:
    """A put cancelled, twice even, while a thread uses its file ends only after that thread, and leaves nothing."""
    has_begun, may_end = threading.Event(), threading.Event()
    was_open: list[bool] = []

    def fsync(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            has_begun.set()
            may_end.wait()
            was_open.append(os.fstat(descriptor).st_size == 3)

    store = DiskFirmwareStore(tmp_path, names(), fsync=fsync)
    await store.start()
    putting = asyncio.create_task(store.put(blocks_of(b"abc")))
    await asyncio.to_thread(has_begun.wait)
    for _ in range(2):
        putting.cancel()
        await asyncio.wait([putting], timeout=0.02)
        assert not putting.done()
    may_end.set()
    await asyncio.wait([putting])
    assert putting.cancelled()
    assert was_open == [True]
    assert os.listdir(tmp_path / "incoming") == []
    await store.close()
