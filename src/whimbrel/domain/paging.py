"""Pages of a list, newest first (api-contract 1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

Row = TypeVar("Row")


class Page(NamedTuple):
    """Which rows are asked for: `number` counts from 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


class Listing(NamedTuple, Generic[Row]):
    """One page of rows and how many rows the whole list has."""

    rows: Sequence[Row]
    total: int


def page_count(total: int, page_size: int) -> int:
    """ceil(total / page_size); 0 pages for an empty list."""
    return -(-total // page_size)
