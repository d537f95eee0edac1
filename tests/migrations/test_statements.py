"""`queries/*.sql`: every statement is whole, and none hides or is unknown to the schema."""

from __future__ import annotations

from pathlib import Path

import apsw
import apsw.ext
import pytest

from whimbrel.adapters.store.migrate_sqlite import migrate
from whimbrel.adapters.store.sqlite import open_connection
from whimbrel.adapters.store.statements import load_statements


@pytest.mark.parametrize("name", sorted(load_statements()))
def test_statement_compiles(tmp_path: Path, name: str) -> None:
    """Each statement compiles on this release's schema, as one statement."""
    connection = open_connection(tmp_path / "x.db")
    migrate(connection, 1)
    statement = load_statements()[name]
    assert apsw.complete(statement + ";")
    query = apsw.ext.query_info(connection, statement)
    connection.close()
    assert query.query_remaining is None


def test_columns_are_put_in() -> None:
    """Shared column lists are put into the statements that name them, also into other lists."""
    columns = "-- columns: a\nx, y\n-- columns: b\n{a}, z\n"
    text = columns + "-- name: s\n-- What it is.\nSELECT {b} FROM t\n-- name: u\nSELECT 1\n"
    assert load_statements(text) == {"s": "SELECT x, y, z FROM t", "u": "SELECT 1"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("-- name: s\nSELECT 1\n-- name: s\nSELECT 2\n", "s twice"),
        ("-- name: s\nSELECT {a}\n", "a"),
        ("-- name: s\nSELECT {a}\n-- columns: a\n{b}\n-- columns: b\n{a}\n", "a"),
    ],
)
def test_slips_stop_the_start(text: str, word: str) -> None:
    """A name given twice, and a column list that does not exist or uses itself, are errors."""
    with pytest.raises(ValueError, match=word):
        load_statements(text)
