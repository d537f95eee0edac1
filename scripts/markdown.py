"""The pieces of generated pages: tables and code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, or a word that there is nothing to show."""
    found = list(rows)
    if not found:
        return "None.\n"
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in found)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def code(language: str, text: str) -> str:
    """A block of code."""
    return f"```{language}\n{text}\n```\n"


def pretty(body: bytes) -> str:
    """JSON as people read it."""
    return msgspec.json.format(body, indent=2).decode()
