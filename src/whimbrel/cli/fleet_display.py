"""What a person sees of a simulated fleet: the counts while it runs, and a table at its end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping

import click

from whimbrel.simulator.enrolment import EnrolledProduct
from whimbrel.simulator.summary import Summary
from whimbrel.simulator.tally import DeviceState, Tally

BAR_WIDTH = 24
LINE_EVERY_SECONDS = 1.0


class FleetDisplay:
    """On a terminal one line that is written again and again; else a line a second while the counts change."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._shown = ""
        self._latest = ""
        self._shown_s = 0.0

    def found(self, product: EnrolledProduct) -> None:
        """The fleet has its product."""
        made = "a new product" if product.is_new else "the product"
        click.echo(f"Simulating devices of {made}, {product.name} ({product.key}); Ctrl-C ends it", err=True)

    def moved(self, tally: Tally) -> None:
        """The counts may have changed."""
        self._latest = f"{_bar(tally)} {_counts(tally)}" if self._is_terminal else _counts(tally)
        if self._is_terminal or time.monotonic() >= self._shown_s + LINE_EVERY_SECONDS:
            self._show()

    def close(self) -> None:
        """Nothing more will be shown."""
        self._show()
        if self._is_terminal and self._shown:
            click.echo("", err=True)

    def _show(self) -> None:
        if self._latest == self._shown:
            return
        self._shown, self._shown_s = self._latest, time.monotonic()
        if self._is_terminal:
            width = max(20, os.get_terminal_size(sys.stderr.fileno()).columns - 1)
            click.echo(f"\r\x1b[K{self._latest[:width]}", nl=False, err=True)
        else:
            click.echo(self._latest, err=True)


def _bar(tally: Tally) -> str:
    filled = BAR_WIDTH * tally.ended // tally.devices
    return f"[{'#' * filled}{'-' * (BAR_WIDTH - filled)}] {100 * tally.ended // tally.devices:3d}%"


def _counts(tally: Tally) -> str:
    states = ", ".join(f"{tally.by_state[state]} {state}" for state in DeviceState if tally.by_state[state])
    return f"{tally.connected} connected: {states}"


def table(summary: Summary) -> str:
    """The summary for people: what there is none of is left out."""
    tally, document = summary.tally, summary.as_json()
    out = click.HelpFormatter()
    out.write(f"{tally.devices} devices of {summary.product.name} ({summary.product.key}), {summary.seconds:.1f} s\n")
    _section(out, "By state", {state.value: tally.by_state[state] for state in DeviceState})
    _section(out, "By version", document["versions"])
    if document["told_versions"] != document["versions"]:
        _section(out, "By version, as devices say", document["told_versions"])
    for title, groups in (("By family", document["families"]), ("By model", document["models"])):
        if len(groups) > 1:
            _section(out, title, {name: _list(states) for name, states in groups.items()})
    counted = ("reports", "requests", "retries", "reconnects", "notices", "repeated_notices", "downloaded_bytes")
    _section(out, "Traffic", {name.replace("_", " "): document[name] for name in counted})
    if any(document["violations"].values()):
        _section(out, "Seen, and never to be seen", document["violations"])
        out.write("".join(f"  {example}\n" for example in document["violation_examples"]))
    return out.getvalue()


def _list(states: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in states.items())


def _section(out: click.HelpFormatter, title: str, rows: Mapping[str, object]) -> None:
    shown = [(name, str(content)) for name, content in rows.items() if content]
    if shown:
        with out.section(title):
            out.write_dl(shown)
