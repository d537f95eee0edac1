"""Reads `queries.sql`: the statements by name, with the shared column lists put in. One job: no SQL hides in Python."""

from __future__ import annotations

import re
from importlib.resources import files

_ENTRY = re.compile(r"^-- (name|columns): ([a-z_]+)$", re.MULTILINE)
_COMMENT = re.compile(r"^--.*\n?", re.MULTILINE)
_COLUMNS = re.compile(r"\{([a-z_]+)\}")


def load_statements(text: str | None = None) -> dict[str, str]:
    """Name to statement, of `queries.sql` or of the given text.

    Raises ValueError for a name given twice or column lists that do not exist, so that a slip stops the start.
    """
    source = text if text is not None else files(__package__).joinpath("queries.sql").read_text("utf-8")
    parts = _ENTRY.split(source)[1:]
    columns: dict[str, str] = {}
    statements: dict[str, str] = {}
    for kind, name, body in zip(parts[0::3], parts[1::3], parts[2::3], strict=True):
        found = columns if kind == "columns" else statements
        if name in found:
            raise ValueError(f"queries.sql has {name} twice")
        found[name] = _with_columns(_COMMENT.sub("", body).strip(), columns)
    return statements


def _with_columns(body: str, columns: dict[str, str]) -> str:
    missing = [name for name in _COLUMNS.findall(body) if name not in columns]
    if missing:
        raise ValueError(f"queries.sql uses column lists that do not stand before their use: {', '.join(missing)}")
    return _COLUMNS.sub(lambda match: columns[match[1]], body)
