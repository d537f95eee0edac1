"""What the migrators of all engines share: this release's numbered files, and which of them a database lacks (F24).

Each engine applies a file once, in order, all or nothing, and keeps its number and digest in the table
`schema_migration`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple

from whimbrel.errors import StoreUnavailableError


class Migration(NamedTuple):
    number: int
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations_for(engine: str) -> list[Migration]:
    """Those of this release, in order. A file is `0007_some_words.sql`."""
    folder = files(__package__).joinpath("migrations", engine)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [Migration(int(name[:4]), folder.joinpath(name).read_text("utf-8")) for name in names]


def missing(known: Sequence[Migration], applied: Mapping[int, str]) -> list[Migration]:
    """Those that the database, whose ledger is `applied` (number to digest), lacks.

    Raises StoreUnavailableError for a schema newer than this release, or a changed past.
    """
    newest = known[-1].number if known else 0
    if applied and max(applied) > newest:
        raise StoreUnavailableError(
            f"the database has schema {max(applied)}, this release knows {newest}; run the newer release"
        )
    for migration in known:
        if applied.get(migration.number, migration.sha256) != migration.sha256:
            raise StoreUnavailableError(f"migration {migration.number} is not the one that made this database")
    return [migration for migration in known if migration.number not in applied]
