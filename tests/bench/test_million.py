"""The rows that the benchmarks measure on are rows as the server's own repositories would have left them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from bench.million import Scale, fill_sqlite, product_key, tables
from whimbrel.adapters.sealing.aes_gcm import AesGcmSealer
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.domain.paging import Page
from whimbrel.ports.store import FirmwareFilter

NOW_MS = 1_800_000_000_000
#: More than one block of 4,096 ids, the last one partly filled.
SCALE = Scale(products=3, versions=2_000, devices=9_000)
FIRMWARE_LISTS = "SELECT list, block, n FROM list_count WHERE list LIKE 'firmware:%'"


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[tuple[SqliteStore, Path]]:
    path = tmp_path / "whimbrel.db"
    store = SqliteStore(path, AesGcmSealer(bytes(32)), pytest.fail, NOW_MS)
    async with store.transaction() as transaction:
        await transaction.accounts.add("default", NOW_MS)
    fill_sqlite(path, tables(SCALE, AesGcmSealer(bytes(32)), NOW_MS))
    yield store, path
    await store.close()


async def test_lists_are_counted_as_the_repository_counts_them(filled: tuple[SqliteStore, Path]) -> None:
    """Deleting every firmware through the repository brings each of its lists, block by block, to exactly zero."""
    store, path = filled
    async with store.transaction() as transaction:
        for _ in range(SCALE.firmware // 100):
            for firmware in (await transaction.firmware.page(1, FirmwareFilter(), Page(1, 100))).rows:
                await transaction.firmware.delete(firmware)
    connection = apsw.Connection(str(path))
    counts = connection.execute(FIRMWARE_LISTS).fetchall()
    connection.close()
    left = {(name, block): n for name, block, n in counts if n != 0}
    assert len(counts) > SCALE.firmware, "each product has a list for each version"
    assert not left


@pytest.mark.parametrize("product", [None, product_key(1), product_key(SCALE.products)])
@pytest.mark.parametrize("version", [None, "1.0.0", f"1.{SCALE.versions - 1}.0"])
async def test_pages_and_totals_agree(
    filled: tuple[SqliteStore, Path], product: str | None, version: str | None
) -> None:
    """Each list's total is what its pages hold, and its last page is where the total says."""
    store, _ = filled
    total = (SCALE.products if product is None else 1) * (SCALE.versions if version is None else 1)
    async with store.snapshot() as snapshot:
        listing = await snapshot.firmware.page(1, FirmwareFilter(product, version), Page(total, 1))
        beyond = await snapshot.firmware.page(1, FirmwareFilter(product, version), Page(total + 1, 1))
    assert listing.total == beyond.total == total
    assert len(listing.rows) == 1
    assert not beyond.rows


async def test_products_are_counted(filled: tuple[SqliteStore, Path]) -> None:
    """The products stand in the account's list and in that of their commodity code."""
    connection = apsw.Connection(str(filled[1]))
    counts = dict(connection.execute("SELECT list, n FROM list_count WHERE list LIKE 'products:%' AND block = -1"))
    connection.close()
    assert counts == {"products:1": SCALE.products, "products:1:iothub_senior": SCALE.products}
