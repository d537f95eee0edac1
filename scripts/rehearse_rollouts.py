"""Writes the figures of docs/explanation/how-a-rollout-stops-itself.md: its tables, and its plots as SVG.

`python -m scripts.rehearse_rollouts` (`src` on the path) takes some minutes and writes the same files everywhere.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from whimbrel.domain.rollout import Gate, Pace, Rollout, Stage
from whimbrel.rehearsal.fleet import MINUTE_MS, Faults
from whimbrel.rehearsal.run import Outcome, Plan, rehearse

PAGE = Path(__file__).resolve().parents[1] / "docs" / "explanation" / "how-a-rollout-stops-itself.md"
FLEET, SEEDS = 100_000, 40
PACED = Rollout(gate=Gate(), pace=Pace())
CANARY = PACED._replace(stages=(Stage("1", None, 60, 90),))
POLICIES = {"gate alone": Rollout(gate=Gate()), "evidence pacing": PACED, "and a canary of 1 %, 60 min": CANARY}
FAULTS = {
    "20 % fail": Faults(fails=0.20),
    "10 % fail": Faults(fails=0.10),
    "10 % fail, ten times quicker": Faults(fails=0.10, failure_speed=0.1),
    "10 % fail, twice as slowly": Faults(fails=0.10, failure_speed=2.0),
    "5 % fail": Faults(fails=0.05),
    "5 % fail, twice as slowly": Faults(fails=0.05, failure_speed=2.0),
    "all fall silent": Faults(silent=1.0),
    "30 % fall silent": Faults(silent=0.30),
    "10 % fall silent": Faults(silent=0.10),
    "5 % fall silent": Faults(silent=0.05),
}
RATES = (0.04, 0.05, 0.06, 0.08, 0.10, 0.15, 0.20, 0.30, 0.50, 1.0)
HEALTHY = (0.0, 0.005, 0.01, 0.02)
FLEETS = (1_000, 20_000, 100_000)
UNPACED_SEEDS, HEALTHY_SEEDS = 3, 5


class Harm(NamedTuple):
    """Devices harmed: the median over the seeds, and the most of nine in ten."""

    median: int
    ninth: int


def harm_of(plan: Plan, seeds: int) -> Harm:
    harmed = sorted(rehearse(plan, seed).harmed for seed in range(seeds))
    return Harm(round(statistics.median(harmed)), harmed[math.ceil(0.9 * seeds) - 1])


def harm_cell(faults: str, policy: str) -> str:
    """One cell of the table of harm."""
    rollout = POLICIES[policy]
    seeds = UNPACED_SEEDS if rollout.pace is None else SEEDS
    harm = harm_of(Plan(FLEET, rollout, FAULTS[faults]), seeds)
    return f"{harm.median:,} ({harm.ninth:,})"


def healthy_cell(fails: float, devices: int) -> str:
    """One cell of the table of healthy releases: minutes until everybody is through, and waves."""
    found = healthy_outcomes(fails, devices)
    assert not any(outcome.halted for outcome in found), "a healthy release was halted"
    minutes = round(statistics.median(outcome.ended_ms for outcome in found) / MINUTE_MS)
    return f"{minutes} min, {found[0].waves} waves"


def healthy_outcomes(fails: float, devices: int) -> list[Outcome]:
    return [rehearse(Plan(devices, PACED, Faults(fails=fails)), seed) for seed in range(HEALTHY_SEEDS)]


def table(corner: str, columns: Iterable[str], rows: Iterable[tuple[str, list[str]]]) -> str:
    head = [corner, *columns]
    lines = [head, ["---"] * len(head), *([name, *cells] for name, cells in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def harm_table() -> str:
    rows = ((faults, [harm_cell(faults, policy) for policy in POLICIES]) for faults in FAULTS)
    return table("firmware", POLICIES, rows)


def healthy_table() -> str:
    rows = ((f"{fails:.1%}", [healthy_cell(fails, devices) for devices in FLEETS]) for fails in HEALTHY)
    return table("fails", [f"{devices:,} devices" for devices in FLEETS], rows)


# ---- plots ----

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 420, 76, 24, 66, 56
STYLE = "font-family='sans-serif' font-size='13' fill='#222'"


class Axis(NamedTuple):
    """A logarithmic axis between two values, with these marks."""

    low: float
    high: float
    marks: tuple[float, ...]
    words: str
    unit: str = ""

    def share(self, value: float) -> float:
        return math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)

    def label(self, mark: float) -> str:
        return f"{mark:,g}{self.unit}"


class Line(NamedTuple):
    """Points joined by a line; its name stands at its last point."""

    name: str
    colour: str
    points: list[tuple[float, float]]


def plot(title: str, across: Axis, up: Axis, lines: list[Line]) -> str:
    """An SVG. Numbers are rounded, so that it is the same everywhere."""

    def x(value: float) -> float:
        return round(LEFT + across.share(value) * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - up.share(value) * (HEIGHT - TOP - BOTTOM), 1)

    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' {STYLE}>",
        f"<title>{title}</title>",
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='#fff'/>",
        f"<text x='{LEFT}' y='26' font-size='15' font-weight='bold'>{title}</text>",
    ]
    for mark in up.marks:
        parts.append(f"<path d='M{LEFT} {y(mark)}H{WIDTH - RIGHT}' stroke='#ddd'/>")
        parts.append(f"<text x='{LEFT - 8}' y='{y(mark) + 4:.1f}' text-anchor='end'>{up.label(mark)}</text>")
    for mark in across.marks:
        parts.append(f"<path d='M{x(mark)} {TOP}V{HEIGHT - BOTTOM}' stroke='#eee'/>")
        parts.append(f"<text x='{x(mark)}' y='{HEIGHT - BOTTOM + 18}' text-anchor='middle'>{across.label(mark)}</text>")
    parts.append(f"<text x='{WIDTH / 2:.0f}' y='{HEIGHT - 12}' text-anchor='middle'>{across.words}</text>")
    parts.append(f"<text transform='translate(16 {HEIGHT / 2:.0f}) rotate(-90)' text-anchor='middle'>{up.words}</text>")
    for number, line in enumerate(lines):
        path = "L".join(f"{x(at)} {y(value)}" for at, value in line.points)
        parts.append(f"<path d='M{path}' fill='none' stroke='{line.colour}' stroke-width='2.5'/>")
        at = LEFT + 190 * number
        parts.append(f"<path d='M{at} 46h24' stroke='{line.colour}' stroke-width='2.5'/>")
        parts.append(f"<text x='{at + 30}' y='50'>{line.name}</text>")
    return "\n".join([*parts, "</svg>", ""])


def harm_plot() -> str:
    """Harm by the share of devices that a firmware fails on, reported or in silence."""
    fails = [(100 * rate, _median(Faults(fails=rate))) for rate in RATES]
    silent = [(100 * rate, _median(Faults(silent=rate))) for rate in RATES]
    lines = [Line("fails, and says so", "#1f6fb4", fails), Line("falls silent", "#b4461f", silent)]
    lines.append(Line("told all at once", "#888", [(100 * rate, FLEET * rate) for rate in RATES]))
    across = Axis(4, 100, (4, 5, 10, 20, 50, 100), "of the devices that are told fail", " %")
    up = Axis(10, 100_000, (10, 100, 1_000, 10_000, 100_000), "devices harmed, of 100,000")
    return plot("Devices that a bad firmware harms", across, up, lines)


def _median(faults: Faults) -> float:
    return float(max(1, harm_of(Plan(FLEET, PACED, faults), SEEDS).median))


def growth_plot() -> str:
    """How many devices are told by when, of healthy releases."""
    lines = []
    for fails, colour in ((0.0, "#1f8a4c"), (0.01, "#1f6fb4"), (0.02, "#b4461f")):
        told = sorted(rehearse(Plan(FLEET, PACED, Faults(fails=fails)), 1).told_ms.values())
        last_minute = told[-1] // MINUTE_MS
        counts = [sum(at_ms <= minute * MINUTE_MS for at_ms in told) for minute in range(last_minute + 2)]
        lines.append(
            Line(f"{100 * fails:.0f} % fail", colour, [(float(minute), float(n)) for minute, n in enumerate(counts, 1)])
        )
    across = Axis(1, 120, (1, 2, 5, 10, 20, 60, 120), "minutes since the start, upgrades of 5 minutes", "")
    up = Axis(100, 100_000, (100, 1_000, 10_000, 100_000), "devices told, of 100,000")
    return plot("A healthy release grows by what it has proved", across, up, lines)


TABLES = {"harm": harm_table, "healthy": healthy_table}
PLOTS = {"rollout-harm.svg": harm_plot, "rollout-growth.svg": growth_plot}


def with_table(page: str, name: str, text: str) -> str:
    """The page with the table between its two marks replaced."""
    begin, end = f"<!-- {name}: by scripts/rehearse_rollouts.py -->", f"<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{text}\n{end}{after}"


def main() -> None:
    page = PAGE.read_text()
    for name, make in TABLES.items():
        page = with_table(page, name, make())
    PAGE.write_text(page)
    for name, draw in PLOTS.items():
        (PAGE.parent / name).write_text(draw())


if __name__ == "__main__":
    main()
