"""`queries/*.sql`: every statement is whole, and none hides or is unknown to the schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import apsw.ext
import pytest

from tests.postgresql import shared_server
from whimbrel.adapters.store.consistency_rules import load_rules
from whimbrel.adapters.store.migrate_sqlite import migrate
from whimbrel.adapters.store.postgresql_connection import connect
from whimbrel.adapters.store.postgresql_session import numbered, own_statements
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


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A migrated PostgreSQL database."""
    url = shared_server().new_database()
    yield url
    shared_server().drop(url)


@pytest.mark.parametrize("name", sorted(own_statements()))
async def test_statement_prepares_on_postgresql(database: str, name: str) -> None:
    """Each statement runs on PostgreSQL too, and answers in SQLite's types: integers, text and bytes."""
    connection = await connect(database)
    try:
        prepared = await connection.prepare(own_statements()[name].sql)
        kinds = {attribute.type.name for attribute in prepared.get_attributes()}
    finally:
        await connection.close()
    assert kinds <= ({"void"} if name.startswith("lock") else {"int4", "int8", "text", "bytea"})


@pytest.mark.parametrize("name", [rule.name for rule in load_rules("postgresql")[0]] + ["referenced_objects"])
async def test_rule_prepares_on_postgresql(database: str, name: str) -> None:
    """Each rule of the check runs on PostgreSQL too, and names offenders as JSON can show them."""
    rules, lists = load_rules("postgresql")
    statement = {rule.name: sql for rule, sql in rules.items()} | lists
    connection = await connect(database)
    try:
        prepared = await connection.prepare(numbered(statement[name]).sql)
        kinds = {attribute.type.name for attribute in prepared.get_attributes()}
    finally:
        await connection.close()
    assert kinds <= {"int4", "int8", "text"}


@pytest.mark.parametrize(
    ("statement", "sql", "names"),
    [
        ("SELECT :a, :b, :a", "SELECT $1, $2, $1", ("a", "b")),
        ("SELECT :a::text, x::int", "SELECT $1::text, x::int", ("a",)),
        ("SELECT ':a', 'it''s :a', :b", "SELECT ':a', 'it''s :a', $1", ("b",)),
        (
            'SELECT ":a" -- :b\nFROM t /* :c\n:d */ WHERE x = :e',
            'SELECT ":a" -- :b\nFROM t /* :c\n:d */ WHERE x = $1',
            ("e",),
        ),
        ("SELECT 'a:' || :ab || ':' || :a", "SELECT 'a:' || $1 || ':' || $2", ("ab", "a")),
        ("SELECT 1 << :n", "SELECT 1 << $1", ("n",)),
    ],
)
def test_parameters_are_numbered(statement: str, sql: str, names: tuple[str, ...]) -> None:
    """Parameters become $1, $2, ...; literals, quoted names, comments and casts stay as they are."""
    assert numbered(statement)[:2] == (sql, names)


@pytest.mark.parametrize(
    ("statement", "is_refusable"),
    [
        ("INSERT INTO t (a) VALUES (:a)", True),
        ("INSERT INTO t (a) VALUES (:a) RETURNING id", True),
        ("INSERT INTO t (a) VALUES (:a) ON CONFLICT DO NOTHING", False),
        ("INSERT INTO t (a) SELECT a FROM u", False),
        ("UPDATE t SET a = :a", False),
    ],
)
def test_which_statements_need_a_savepoint(statement: str, is_refusable: bool) -> None:
    """A savepoint costs a round trip: only the row that an index may refuse by an error has one."""
    assert numbered(statement).is_refusable is is_refusable
