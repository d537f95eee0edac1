"""Poison firmware before the real engine: it does what the rehearsal does, and the devices see I6 hold (F21)."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.engine.rehearsed import OnTheWay, Sight, Template, make_template, run_engine
from whimbrel.adapters.store.repositories.fleet import LOOKED_AT_PER_CLAIM
from whimbrel.domain.rollout import Gate, Pace, Rollout, Stage
from whimbrel.engine.execute import ROWS_PER_STEP
from whimbrel.rehearsal import ledger
from whimbrel.rehearsal.fleet import HOUR_MS, Faults, Happening
from whimbrel.rehearsal.run import Outcome, Plan, rehearse

PACED = Rollout(gate=Gate(), pace=Pace())
FLEET = 20_000
FIRST = 100
BRICK = Plan(FLEET, PACED, Faults(silent=1.0))
SILENT_MS = 30 * 60_000


@pytest.fixture(scope="module")
def paced(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return asyncio.run(make_template(tmp_path_factory.mktemp("paced"), FLEET, PACED))


def agree(sight: Sight, outcome: Outcome, plan: Plan) -> None:
    """Both told these devices then, put so many at risk at once, and halted then and on that."""
    halted_ms = outcome.ended_ms if outcome.halted else None
    assert (sight.told_ms, sight.harmed, sight.halted_ms) == (outcome.told_ms, outcome.harmed, halted_ms)
    if plan.rollout.pace is not None:
        assert sight.exposed_max == outcome.exposed_max
    if outcome.halted:
        of = f"{outcome.halted.failing} of the first {outcome.halted.started} devices failed or went silent"
        assert sight.words == f"{of}; the limit is 3 %"


@pytest.mark.parametrize("seeds", [range(start, start + 20) for start in range(0, 200, 20)])
async def test_F21_a_silent_brick_harms_exactly_the_first(paced: Template, tmp_path: Path, seeds: range) -> None:
    """200 seeds: `first` devices, never one more, are told; after half an hour without a word the gate says why."""
    for seed in seeds:
        sight = await run_engine(paced, tmp_path, BRICK, seed)
        assert sorted(sight.told_ms) == list(range(FIRST)), "the first in the job's order"
        assert sight.harmed == sight.exposed_max == FIRST
        assert sight.halted_ms is not None
        assert SILENT_MS < sight.halted_ms <= SILENT_MS + 11_000, "from their first progress"
        assert sight.words == "100 of the first 100 devices failed or went silent; the limit is 3 %"


async def test_F21_devices_that_never_answer(paced: Template, tmp_path: Path) -> None:
    """Without even a first progress it takes 24 hours from the notice, and no device more."""
    never = Plan(FLEET, PACED, Faults(silent=1.0))
    sight = await run_engine(paced, tmp_path, never, 1, OnTheWay(mixed=lambda happenings: []))
    assert len(sight.told_ms) == FIRST
    assert sight.halted_ms == 24 * HOUR_MS


@pytest.mark.parametrize(
    ("faults", "seeds"),
    [
        (Faults(fails=0.10), 12),
        (Faults(fails=0.10, failure_speed=0.1), 4),
        (Faults(fails=0.05), 3),
        (Faults(silent=0.3), 4),
        (Faults(fails=0.05, silent=0.05), 4),
        (Faults(fails=0.10, away=0.4, comes_within_ms=HOUR_MS), 2),
        (Faults(fails=0.08, dies_late=0.3, away=0.9, comes_within_ms=HOUR_MS), 1),
    ],
)
async def test_the_engine_does_what_the_rehearsal_does(
    paced: Template, tmp_path: Path, faults: Faults, seeds: int
) -> None:
    """On the same seed the same devices are told and the same evidence halts the job at the same moment."""
    plan = Plan(FLEET, PACED, faults, look_every_ms=20_000 if faults.away else 1_000)
    for seed in range(seeds):
        agree(await run_engine(paced, tmp_path, plan, seed), rehearse(plan, seed), plan)


@pytest.mark.parametrize(
    "rollout",
    [
        Rollout(gate=Gate()),
        PACED._replace(stages=(Stage("1", None, 45, 90), Stage("10", None, 0, 95))),
        Rollout(gate=Gate(), stages=(Stage("2.5", None, 30, 80),)),
        Rollout(gate=Gate(), pace=Pace(first=3, growth=2)),
        Rollout(pace=Pace(first=50)),
    ],
)
@pytest.mark.parametrize("faults", [Faults(fails=0.02), Faults(fails=0.08, silent=0.02, away=0.2)])
async def test_so_does_every_policy(tmp_path: Path, rollout: Rollout, faults: Faults) -> None:
    """Without a pace, with stages, other paces, no gate; of a fleet that is healthy, and of one that is not."""
    (tmp_path / "template").mkdir()
    template = await make_template(tmp_path / "template", 1_000, rollout)
    plan = Plan(1_000, rollout, faults._replace(comes_within_ms=HOUR_MS), look_every_ms=5_000)
    agree(await run_engine(template, tmp_path, plan, 1), rehearse(plan, 1), plan)


async def test_I6_with_reports_that_come_twice_late_and_mixed(paced: Template, tmp_path: Path) -> None:
    """Seen by the devices, with an engine that is killed after every look: never one more than
    `first + growth x succeeded`.
    """
    dice = random.Random(5)
    late: list[Happening] = []

    def mixed(happenings: list[Happening]) -> list[Happening]:
        """Some come twice, some at the next look, in any order; the newest may come before the older ones."""
        nonlocal late
        come = late + [happening for happening in happenings if dice.random() < 0.7]
        late = [happening for happening in happenings if happening not in come]
        come += [happening for happening in come if dice.random() < 0.3]
        dice.shuffle(come)
        return come

    def watch(exposed: int, succeeded: int) -> None:
        assert exposed <= FIRST + 5 * succeeded

    plan = Plan(FLEET, PACED, Faults(fails=0.05, away=0.2, comes_within_ms=HOUR_MS))
    sight = await run_engine(paced, tmp_path, plan, 2, OnTheWay(mixed, watch, dies=True))
    assert sight.halted_ms is not None
    assert sight.harmed < 300


@pytest.mark.soak
async def test_F21_a_hundred_thousand(tmp_path: Path) -> None:
    """The figures of issue 5 through the engine: 100,000 devices, 200 seeds of each."""
    (tmp_path / "template").mkdir()
    template = await make_template(tmp_path / "template", 100_000, PACED)
    for faults in (Faults(silent=1.0), Faults(fails=0.10), Faults(fails=0.05)):
        plan = Plan(100_000, PACED, faults)
        for seed in range(200):
            agree(await run_engine(template, tmp_path, plan, seed), rehearse(plan, seed), plan)


def test_the_rehearsal_takes_steps_of_the_engines_size() -> None:
    """What it repeats of the engine and the store are their numbers."""
    assert ledger.TOLD_PER_STEP == ROWS_PER_STEP
    assert ledger.LOOKED_AT_PER_STEP == ROWS_PER_STEP * LOOKED_AT_PER_CLAIM
