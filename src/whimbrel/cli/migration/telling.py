"""What a move says while it goes on: a line for each object on a terminal, a JSON line for each in a pipe."""

from __future__ import annotations

import contextlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import click

from whimbrel.cli.plain_text import plain

LINES_PER_OUTCOME_MAX = 1_000  # of devices that differ; a fleet that differs as a whole is one fact


class Kind(StrEnum):
    PRODUCT = "product"
    MODULE = "module"
    DEVICE = "device"
    TAGS = "tags"
    FIRMWARE = "firmware"
    GROUP = "group"
    MEMBER = "member"


class Outcome(StrEnum):
    """What became of an object. Of those that are `is_open` a person must think."""

    ADDED = "added"
    EQUAL = "equal"
    UPDATED = "updated"
    WRITTEN = "written"
    DIFFERS = "differs"
    REFUSED = "refused"
    MISSING = "missing"

    @property
    def is_open(self) -> bool:
        return self in (Outcome.DIFFERS, Outcome.REFUSED, Outcome.MISSING)


class Bar:
    """How far the devices of a product are."""

    def __init__(self, product_key: str, bar: Any, tells: bool) -> None:
        self._product_key = product_key
        self._bar = bar
        self._tells = tells
        self._done = 0

    def move(self, devices: int, total: int) -> None:
        self._done += devices
        self._bar.length = max(total, self._done)
        self._bar.update(devices)
        if self._tells:
            click.echo(
                json.dumps({"event": "devices", "productKey": self._product_key, "done": self._done, "total": total})
            )


class Telling:
    """Counts, and says. `is_dry`: nothing is done, so that what is said is what would be."""

    def __init__(self, *, is_dry: bool = False) -> None:
        self.tally: Counter[tuple[Kind, Outcome]] = Counter()
        self._is_dry = is_dry
        #: An earlier part of this move left something open.
        self.was_open = False
        self._in_lines = not sys.stdout.isatty()

    @property
    def is_complete(self) -> bool:
        """Nothing differs, was refused, or is missing, also in the part that an earlier run has done."""
        return not self.was_open and not any(outcome.is_open and n for (_, outcome), n in self.tally.items())

    def count(self, kind: Kind, outcome: Outcome, n: int) -> None:
        """Count without a word, as for devices by the page."""
        self.tally[kind, outcome] += n

    def tell(self, kind: Kind, outcome: Outcome, name: str, details: str = "") -> None:
        """Count one object and say what became of it."""
        self.tally[kind, outcome] += 1
        if self.tally[kind, outcome] > LINES_PER_OUTCOME_MAX:
            return
        if self._in_lines:
            line = {"event": kind, "outcome": outcome, "name": name, "details": details, "isDryRun": self._is_dry}
            click.echo(plain(json.dumps(line, ensure_ascii=False)))
        elif outcome is not Outcome.EQUAL:
            said = f"would be {outcome}" if self._is_dry else outcome
            click.echo(plain(f"{kind} {name}: {said}{details and f' ({details})'}"))

    @contextlib.contextmanager
    def devices(self, product_key: str) -> Iterator[Bar]:
        """A progress bar for a product's devices, on a terminal."""
        with click.progressbar(
            length=0, label=f"Devices of {product_key}", file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as bar:
            yield Bar(product_key, bar, self._in_lines)

    def summary(self) -> None:
        """Everything in numbers."""
        counts = {
            str(kind): {str(outcome): self.tally[kind, outcome] for outcome in Outcome if self.tally[kind, outcome]}
            for kind in Kind
        }
        if self._in_lines:
            done = {"event": "summary", "isComplete": self.is_complete, "isDryRun": self._is_dry, **counts}
            click.echo(json.dumps(done))
            return
        if self.was_open:
            click.echo("The part that was done before left something open; run it once more to see what.")
        for name, found in counts.items():
            if found:
                click.echo(f"{name:10}" + ", ".join(f"{n} {outcome}" for outcome, n in found.items()))
