"""What a measurement found, and how it is printed: a Markdown table with medians and the noise around them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Series(NamedTuple):
    """One quantity, measured several times; printed as `median (least..most)`."""

    values: tuple[float, ...]
    digits: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        texts = [f"{value:,.{self.digits}f}" for value in (self.median, min(self.values), max(self.values))]
        return f"{texts[0]} ({texts[1]}..{texts[2]})"


class Row(NamedTuple):
    """One budget. `share` is how much of the limit was reached, 1 being all of it."""

    what: str
    unit: str
    measured: Series
    limit: Series
    limit_is: str
    share: Series
    budget: str
    is_kept: bool


def series(values: Iterable[float], digits: int = 0) -> Series:
    return Series(tuple(values), digits)


def shares(parts: Series, wholes: Series) -> Series:
    """Round by round, so that a slow moment of the machine, which slows both, does not count."""
    return series((part / whole for part, whole in zip(parts.values, wholes.values, strict=True)), 2)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of 100 of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def markdown(rows: Iterable[Row]) -> str:
    lines = [
        "| path | measured | limit | share of the limit | budget | kept |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        kept = "yes" if row.is_kept else "**no**"
        limit = f"{row.limit} {row.unit}: {row.limit_is}"
        lines.append(f"| {row.what} | {row.measured} {row.unit} | {limit} | {row.share} | {row.budget} | {kept} |")
    return "\n".join(lines)
