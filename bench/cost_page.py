"""Writes what was measured into `docs/explanation/cost-per-device.md`: a table, and a plot in SVG."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.cost_per_device import REPORTS_EACH, Cost

PAGE, PLOT = Path("docs/explanation/cost-per-device.md"), Path("docs/explanation/cost-per-device.svg")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
WIDTH, HEIGHT, MARGIN = 380, 300, 48


class Line(NamedTuple):
    """What of a `Cost` is drawn, in which colour, under which words."""

    field: str
    colour: str
    words: str


LINES = (
    Line("plain", "#888888", "one INSERT … SELECT, a device"),
    Line("made", "#1b6ca8", "a task made, a device"),
    Line("told", "#d9822b", "a device told"),
    Line("reported", "#2e8b57", "a report"),
)


def write_page(costs: Sequence[Cost], load: tuple[float, float]) -> None:
    """Puts the table into the page between its marks, and writes the plot. `load`: of the machine, before and after."""
    text = PAGE.read_text("utf-8")
    head, tail = text[: text.index(BEGIN)], text[text.index(END) :]
    PAGE.write_text(f"{head}{BEGIN}\n{table(costs, load)}\n{tail}", "utf-8")
    PLOT.write_text(plot(costs), "utf-8")


def table(costs: Sequence[Cost], load: tuple[float, float]) -> str:
    """Microseconds; `share` is how much of a plain INSERT … SELECT the making of a task reaches."""
    lines = [
        "| store | devices | plain INSERT … SELECT | a task made | share | a device told | a report |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for cost in costs:
        numbers = (f"{value:.1f} µs" for value in (cost.plain, cost.made))
        others = (f"{value:.0f} µs" for value in (cost.told, cost.reported))
        cells = (cost.store, f"{cost.devices:,}", *numbers, f"{cost.plain / cost.made:.2f}", *others)
        lines.append(f"| {' | '.join(cells)} |")
    where = f"{os.cpu_count()} cores, load {load[0]:.1f} before and {load[1]:.1f} after the run"
    return "\n".join((*lines, "", f"{where}; a tenth of the devices is online and reports {REPORTS_EACH} times."))


def plot(costs: Sequence[Cost]) -> str:
    """A panel for each store: the size of the fleet to the right (each step ten times more), microseconds upwards."""
    stores = list(dict.fromkeys(cost.store for cost in costs))
    total = len(stores) * WIDTH
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {HEIGHT + 24 * 2}" font-family="sans-serif" '
        'font-size="11">',
        f'<rect width="{total}" height="{HEIGHT + 24 * 2}" fill="white"/>',
    ]
    for number, store in enumerate(stores):
        of_store = [cost for cost in costs if cost.store == store]
        parts.append(f'<g transform="translate({number * WIDTH} 0)">')
        parts += _panel(store, of_store)
        parts.append("</g>")
    for number, line in enumerate(LINES):
        x, y = MARGIN + number % 2 * WIDTH, HEIGHT + 12 + number // 2 * 18
        parts.append(f'<line x1="{x}" y1="{y}" x2="{x + 24}" y2="{y}" stroke="{line.colour}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 30}" y="{y + 4}">{line.words}</text>')
    return "\n".join((*parts, "</svg>", ""))


def _panel(store: str, costs: Sequence[Cost]) -> Iterator[str]:
    top = max(getattr(cost, line.field) for cost in costs for line in LINES)
    step = 10 ** math.floor(math.log10(top))
    step = step if top / step >= 4 else step / 4
    sizes = [cost.devices for cost in costs]

    def x(devices: int) -> float:
        share = math.log10(devices / sizes[0]) / math.log10(sizes[-1] / sizes[0])
        return MARGIN + share * (WIDTH - 2 * MARGIN)

    def y(us: float) -> float:
        share: float = us / (step * math.ceil(top / step))
        return HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)

    yield f'<text x="{WIDTH / 2}" y="20" text-anchor="middle" font-size="13">{store}: µs each</text>'
    for number in range(math.ceil(top / step) + 1):
        height = y(number * step)
        yield f'<line x1="{MARGIN}" y1="{height:.1f}" x2="{WIDTH - MARGIN}" y2="{height:.1f}" stroke="#dddddd"/>'
        yield f'<text x="{MARGIN - 6}" y="{height + 4:.1f}" text-anchor="end">{number * step:g}</text>'
    for devices in sizes:
        yield f'<text x="{x(devices):.1f}" y="{HEIGHT - MARGIN + 16}" text-anchor="middle">{devices:,}</text>'
    for line in LINES:
        points = [(x(cost.devices), y(getattr(cost, line.field))) for cost in costs]
        path = " ".join(f"{left:.1f},{height:.1f}" for left, height in points)
        yield f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="2"/>'
        for left, height in points:
            yield f'<circle cx="{left:.1f}" cy="{height:.1f}" r="3" fill="{line.colour}"/>'
