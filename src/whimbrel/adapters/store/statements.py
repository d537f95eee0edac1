"""Reads `queries/*.sql`: statements by name, with the shared column lists put in. So no SQL hides in Python."""

from __future__ import annotations

import re
from importlib.resources import files

_ENTRY = re.compile(r"^-- (name|columns): ([a-z_]+)$", re.MULTILINE)
_COMMENT = re.compile(r"^--.*\n?", re.MULTILINE)
_COLUMNS = re.compile(r"\{([a-z_]+)\}")


def is_change(statement: str) -> bool:
    """Of a statement whose rows are asked for: whether it also changes some. Only then has it RETURNING."""
    return "RETURNING" in statement


def load_statements(text: str | None = None, *, columns_of: str = "", in_place: str = "") -> dict[str, str]:
    """Name to statement, of all files of `queries/` or of the given text, which may use the column lists of another.
    The column lists of `in_place` take the place of any that have their names.

    Raises ValueError for a name given twice or column lists that do not exist, so that a slip stops the start.
    """
    parts = _ENTRY.split(text if text is not None else read_queries())[1:]
    columns: dict[str, str] = {}
    statements: dict[str, str] = {}
    for kind, name, body in zip(parts[0::3], parts[1::3], parts[2::3], strict=True):
        found = columns if kind == "columns" else statements
        if name in found:
            raise ValueError(f"the queries have {name} twice")
        found[name] = _COMMENT.sub("", body).strip()
    columns = _columns_of(columns_of) | columns | _columns_of(in_place)
    return {name: _with_columns(body, columns) for name, body in statements.items()}


def _columns_of(text: str) -> dict[str, str]:
    parts = _ENTRY.split(text)[1:]
    entries = zip(parts[0::3], parts[1::3], parts[2::3], strict=True)
    return {name: _COMMENT.sub("", body).strip() for kind, name, body in entries if kind == "columns"}


def read_queries() -> str:
    """All files of `queries/`, one after the other."""
    folder = files(__package__).joinpath("queries")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return "\n".join(folder.joinpath(name).read_text("utf-8") for name in names)


def _with_columns(body: str, columns: dict[str, str], inside: tuple[str, ...] = ()) -> str:
    """The body with its column lists; a list may use others, wherever they stand, but not itself."""

    def put_in(match: re.Match[str]) -> str:
        name = match[1]
        if name not in columns or name in inside:
            raise ValueError(f"the queries use the column list {name}, which does not exist or uses itself")
        return _with_columns(columns[name], columns, (*inside, name))

    return _COLUMNS.sub(put_in, body)
