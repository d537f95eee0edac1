"""The figures of how-a-rollout-stops-itself.md are what the script computes."""

from __future__ import annotations

import pytest

from scripts.rehearse_rollouts import (
    FAULTS,
    FLEETS,
    HEALTHY,
    PAGE,
    PLOTS,
    POLICIES,
    Axis,
    Line,
    harm_cell,
    healthy_cell,
    plot,
)
from whimbrel.domain.gate import failures_to_halt


def row_of(name: str) -> list[str]:
    """The cells of the page's only row of this name."""
    (found,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in found.strip("|").split("|")][1:]


@pytest.mark.parametrize("faults", ["10 % fail", "10 % fail, ten times quicker", "all fall silent", "30 % fall silent"])
def test_harm(faults: str) -> None:
    """A cell under evidence pacing is computed anew, and is what stands there."""
    policies = list(POLICIES)
    assert row_of(faults)[1] == harm_cell(faults, policies[1])
    assert len(row_of(faults)) == len(policies)


def test_healthy() -> None:
    """So is one of the releases that arrive."""
    assert row_of("0.5%")[0] == healthy_cell(HEALTHY[1], FLEETS[0])


def test_every_row_is_there() -> None:
    """No row of the script is missing from the page."""
    for name in (*FAULTS, *(f"{fails:.1%}" for fails in HEALTHY)):
        assert all(row_of(name))


def test_the_gates_table() -> None:
    """What the page says of how many failures halt."""
    head, fewest = row_of("of the first"), row_of("so many failing halt")
    assert [failures_to_halt(int(n.replace(",", "")), 300) for n in head] == [int(n.replace(",", "")) for n in fewest]


def test_plots_are_drawn() -> None:
    """Each plot is there, is shown by the page, and is an SVG that needs nothing else."""
    for name in PLOTS:
        assert f"({name})" in PAGE.read_text()
        svg = (PAGE.parent / name).read_text()
        assert svg.startswith("<svg ")
        assert "href" not in svg
    axis = Axis(1, 100, (1, 10, 100), "words")
    drawn = plot("title", axis, axis, [Line("line", "#000", [(1, 1), (10, 10), (100, 100)])])
    assert "M76.0 364.0L386.0 215.0L696.0 66.0" in drawn
