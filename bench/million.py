"""A server's data with a million firmware, a million devices and a job with a million tasks, on either store.

The embedded one is filled once and kept in the system's temporary folder for the next run; PostgreSQL each time anew.
The counts of the lists are those that `whimbrel check` holds against the rows, by the very statement that it uses.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import asyncpg

from bench.servers import whimbrel
from whimbrel.adapters.sealing.aes_gcm import AesGcmSealer
from whimbrel.adapters.store.migrate_sqlite import migrations
from whimbrel.adapters.store.session import BLOCK_BITS

ROWS_AT_ONCE = 20_000
RARE_VERSION, RARE_EACH = "0.9.0", 100_001
NAME_OF_DEVICE = "device-{:07d}"
_SORTING_KIB = 1_000_000  # indexes are filled in memory; with less the fill takes minutes
_STEP_MS = 31_557  # so that the oldest of a million is a year old

Values = tuple[Any, ...]


class Scale(NamedTuple):
    """Every product has firmware for each version; the first product has all devices, each with a task of one job."""

    products: int
    versions: int
    devices: int

    @property
    def firmware(self) -> int:
        return self.products * self.versions


MILLION = Scale(1_000, 1_000, 1_000_000)


class Table(NamedTuple):
    name: str
    columns: tuple[str, ...]
    rows: Iterator[Values]


def data_folder(scale: Scale = MILLION) -> Path:
    """A data folder on which servers can be started, its nonces forgotten. Takes about a minute the first time.

    Only the newest is kept; it is filled again when the schema or the rows have changed.
    """
    home = _own_folder()
    folder = home / f"{scale.firmware}-{_fingerprint(scale)}"
    if not folder.exists():
        for older in home.iterdir():
            shutil.rmtree(older)
        unfinished = Path(tempfile.mkdtemp(dir=home))
        with whimbrel(unfinished):
            pass  # a first start makes the schema, the account and its root key
        fill_sqlite(unfinished / "whimbrel.db", tables(scale, sealer_of(unfinished), time.time_ns() // 1_000_000))
        unfinished.rename(folder)
    for nonces in folder.glob("nonces.db*"):
        nonces.unlink()
    return folder


def fill_postgresql(url: str, data: Path, scale: Scale = MILLION) -> None:
    """Fill a database on which a server with this data folder was started once."""
    asyncio.run(copy_tables(url, tables(scale, sealer_of(data), time.time_ns() // 1_000_000)))


def fill_sqlite(database: Path, content: list[Table]) -> None:
    """Put the rows into a database that has the schema and one account."""
    connection = apsw.Connection(str(database))
    # A power cut costs no more than another fill.
    connection.execute(f"PRAGMA synchronous=OFF; PRAGMA cache_size=-{_SORTING_KIB}; PRAGMA wal_autocheckpoint=0")
    with connection:
        for table in content:
            marks = ", ".join("?" * len(table.columns))
            statement = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"  # noqa: S608  ours
            connection.executemany(statement, table.rows)
        connection.execute("DELETE FROM list_count")
        connection.execute(recount_statement(), {"block_bits": BLOCK_BITS})
    connection.close()


async def copy_tables(url: str, content: list[Table]) -> None:
    """As `fill_sqlite`, into a database that has the schema and one account."""
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        for table in content:
            while rows := list(islice(table.rows, ROWS_AT_ONCE)):
                await connection.copy_records_to_table(table.name, records=rows, columns=table.columns)
            if "id" in table.columns:
                newest = f"(SELECT max(id) FROM {table.name})"  # noqa: S608  ours
                await connection.execute(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {newest})")
        await connection.execute("DELETE FROM list_count")
        await connection.execute(recount_statement().replace(":block_bits", str(BLOCK_BITS)))
    await connection.execute("ANALYZE")
    await connection.close()


def recount_statement() -> str:
    """Fills list_count from the rows, by the rule `counters_count_their_rows` of `whimbrel check`."""
    text = files("whimbrel.adapters.store").joinpath("consistency.sql").read_text("utf-8")
    rule = text[text.index("counters_count_their_rows") :]
    after = rule.index("SELECT list, block, n AS counted")
    counted = rule[rule.index("WITH ") : rule.rindex(",", 0, after)]
    return (
        f"INSERT INTO list_count (list, block, n) {counted} "  # noqa: S608  ours
        "SELECT list, block, sum(n) FROM counted GROUP BY list, block "
        "UNION ALL SELECT list, -1, sum(n) FROM counted GROUP BY list"
    )


def product_key(number: int) -> str:
    """The key of a product, which are numbered from 1."""
    return f"k{number:010d}"


def tables(scale: Scale, sealer: AesGcmSealer, now_ms: int) -> list[Table]:
    """What is put in, in the order of the references. The account is the one that the first start made: 1."""
    return [
        _products(scale, sealer, now_ms),
        _firmware(scale, now_ms),
        _devices(scale, sealer, now_ms),
        _versions(scale, now_ms),
        _job(scale, now_ms),
        _tasks(scale, now_ms),
    ]


def _products(scale: Scale, sealer: AesGcmSealer, now_ms: int) -> Table:
    columns = (
        "id account_id product_key secret_sealed name node_type data_format net_type auth_type protocol_type "
        "commodity_code description category_key validate_type created_ms"
    )

    def row(i: int) -> Values:
        key = product_key(i)
        sealed = sealer.seal(f"{i:016d}", f"product:{key}")
        return (i, 1, key, sealed, f"lamp {i}", 0, 1, "WIFI", "secret", "", "iothub_senior", "", "", 1, now_ms)

    return Table("product", tuple(columns.split()), (row(i) for i in range(1, scale.products + 1)))


def _firmware(scale: Scale, now_ms: int) -> Table:
    """Ids take turns over the products, as if every product had a release on the same day."""
    columns = (
        "id account_id product_id module_name name dest_version src_version type status sign_method sha256 md5 "
        "size_bytes description udi object_key created_ms modified_ms"
    )
    total, constant = scale.firmware, "Lights up faster after a power cut."

    def row(i: int) -> Values:
        versions = ("default", f"firmware-{i:07d}", f"1.{i // scale.products}.0", "")
        content = (0, 1, "MD5", f"{i:064x}", f"{i:032x}", 1_048_576 + i, constant, "", f"ota/{i:07d}.bin")
        made_ms = now_ms - (total - i) * _STEP_MS
        return (i + 1, 1, i % scale.products + 1, *versions, *content, made_ms, made_ms + 1)

    return Table("firmware", tuple(columns.split()), (row(i) for i in range(total)))


def _devices(scale: Scale, sealer: AesGcmSealer, now_ms: int) -> Table:
    columns = (
        "id account_id product_id device_name iot_id secret_sealed nickname created_ms modified_ms "
        "state state_ms gray_key"
    )

    def row(i: int) -> Values:
        iot_id = f"{i:024d}"
        identity = (i, 1, 1, NAME_OF_DEVICE.format(i), iot_id, sealer.seal(f"{i:032d}", f"device:{iot_id}"), "")
        return (*identity, now_ms, now_ms, (0, 3)[i % 2], now_ms, i * 2_654_435_761 % 2_147_483_647)

    return Table("device", tuple(columns.split()), (row(i) for i in range(1, scale.devices + 1)))


def _versions(scale: Scale, now_ms: int) -> Table:
    """Every second device, those that are offline, has reported; a few still run what nobody else does."""
    columns = ("device_id", "module_name", "version", "reported_ms")
    rows = (
        (i, "default", RARE_VERSION if i % RARE_EACH == 0 else "1.0.0", now_ms) for i in range(1, scale.devices + 1, 2)
    )
    return Table("module_version", columns, rows)


def _job(scale: Scale, now_ms: int) -> Table:
    columns = (
        "id account_id product_id firmware_id firmware_name module_name dest_version required_version sha256 md5 "
        "size_bytes sign_method firmware_type udi job_type status target_selection need_push need_confirm tags "
        "fill_after fill_until is_filled created_ms modified_ms ended_ms"
    )
    job = (1, 1, 1, 1, "firmware-0000000", "default", "1.0.0", "", f"{0:064x}", f"{0:032x}", 1_048_576, "MD5", 0, "")
    state = ("UPGRADE_FIRMWARE", "COMPLETED", "ALL", 1, 0, "[]", scale.devices, scale.devices, 1)
    return Table("job", tuple(columns.split()), iter([(*job, *state, now_ms, now_ms, now_ms)]))


def _tasks(scale: Scale, now_ms: int) -> Table:
    """All have ended: two of three failed, so that the engine leaves them alone and one status has most of them."""
    columns = "id job_id device_id status attempt progress src_version created_ms modified_ms"
    rows = ((i, 1, i, (5, 5, 6)[i % 3], 1, 0, "0.9.0", now_ms, now_ms) for i in range(1, scale.devices + 1))
    return Table("task", tuple(columns.split()), rows)


def sealer_of(data: Path) -> AesGcmSealer:
    """What the first start on the folder seals secrets with."""
    return AesGcmSealer(bytes.fromhex((data / "master.key").read_text("ascii").strip()))


def _own_folder() -> Path:
    home = Path(tempfile.gettempdir()) / f"whimbrel-bench-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.getuid():
        raise SystemExit(f"{home} belongs to somebody else; remove it or set TMPDIR")
    return home


def _fingerprint(scale: Scale) -> str:
    own = Path(__file__).read_text("utf-8")
    parts = (own, recount_statement(), repr(scale), *(migration.sha256 for migration in migrations()))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
