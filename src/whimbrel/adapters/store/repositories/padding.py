"""Many values as one parameter that each engine can cut: entries of equal width, filled up with blanks."""

from __future__ import annotations

from collections.abc import Iterable

ID_WIDTH = 20  # as the statements cut them


def padded(texts: Iterable[str], width: int) -> str:
    """Texts without blanks at their ends, none longer than `width`."""
    entries = [text.ljust(width) for text in texts]
    assert all(len(entry) == width for entry in entries), "the caller has checked the lengths"
    return "".join(entries)


def given(ids: Iterable[int]) -> dict[str, object]:
    """The parameters of `given_ids` in queries/gateways.sql; there must be an id."""
    texts = [str(number) for number in ids]
    return {"entries": len(texts), "ids": padded(texts, ID_WIDTH)}
