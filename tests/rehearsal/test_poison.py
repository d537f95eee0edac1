"""What a firmware may harm, in rehearsals whose seeds are fixed (F21; issue 5, what it must show)."""

from __future__ import annotations

import statistics

import pytest

from whimbrel.domain.rollout import Gate, Pace, Rollout, Stage
from whimbrel.rehearsal.fleet import HOUR_MS, Faults
from whimbrel.rehearsal.run import Outcome, Plan, rehearse

PACED = Rollout(gate=Gate(), pace=Pace())
GATED = Rollout(gate=Gate())
LIMIT = 0.03
FLEET = 100_000
SPEEDS = (0.1, 1.0, 2.0)  # failures ten times quicker than successes, as quick, and slower


def outcomes(plan: Plan, seeds: int) -> list[Outcome]:
    return [rehearse(plan, seed) for seed in range(seeds)]


def harmed(found: list[Outcome]) -> float:
    return statistics.median(outcome.harmed for outcome in found)


@pytest.mark.parametrize(("fails", "harmed_below"), [(0.10, 30), (0.05, 300)])
def test_F21_a_failing_firmware(fails: float, harmed_below: int) -> None:
    """Of 100,000 devices few are told before the gate halts it, and it always does: medians over 200 seeds."""
    found = outcomes(Plan(FLEET, PACED, Faults(fails=fails)), 200)
    assert harmed(found) < harmed_below
    assert all(outcome.halted for outcome in found)


@pytest.mark.parametrize(
    ("fails", "speed", "harmed_below"), [(0.10, 0.1, 20), (0.10, 2.0, 45), (0.05, 0.1, 100), (0.05, 2.0, 120)]
)
def test_F21_however_quick_its_failures_are(fails: float, speed: float, harmed_below: int) -> None:
    """Quick failures halt it earlier. Slow ones, which more devices precede, cost little more."""
    found = outcomes(Plan(FLEET, PACED, Faults(fails=fails, failure_speed=speed)), 40)
    assert harmed(found) < harmed_below
    assert all(outcome.halted for outcome in found)


@pytest.mark.parametrize("first", [1, 10, 100])
def test_F21_a_silent_brick_harms_exactly_the_first(first: int) -> None:
    """Whatever the seed: nothing is proved, so nobody else is told; and then the gate halts it."""
    for outcome in outcomes(Plan(20_000, Rollout(gate=Gate(), pace=Pace(first=first)), Faults(silent=1.0)), 200):
        assert outcome.harmed == outcome.told == first
        # One device alone is no evidence: with it the job waits for somebody.
        assert (outcome.halted is not None) is (first > 1)


@pytest.mark.parametrize(("silent", "harmed_below"), [(0.10, 250), (0.30, 150), (0.60, 110)])
def test_F21_a_firmware_that_kills_some_in_silence(silent: float, harmed_below: int) -> None:
    """Those it spares are quick, those it kills are noticed after 30 minutes: the job does not outgrow them."""
    found = outcomes(Plan(FLEET, PACED, Faults(silent=silent)), 50)
    assert harmed(found) < harmed_below
    assert all(outcome.halted for outcome in found)


@pytest.mark.parametrize("soak_minutes", [0, 60])
def test_F21_a_canary_bounds_what_is_rare(soak_minutes: int) -> None:
    """Of a firmware that kills 5 % in silence a stage of 1 % which soaks for longer than the silence shows enough."""
    stage = Stage("1", None, soak_minutes, 90)
    found = outcomes(Plan(FLEET, PACED._replace(stages=(stage,)), Faults(silent=0.05)), 20)
    assert harmed(found) < (100 if soak_minutes else 2_000)


@pytest.mark.parametrize("fails", [0.0, 0.005, 0.01, 0.02])
def test_healthy_firmware_arrives(fails: float) -> None:
    """Below the limit nothing is halted, everybody is told, and no more waves pass than the fleet has."""
    for outcome in outcomes(Plan(20_000, PACED, Faults(fails=fails)), 10):
        assert outcome.halted is None
        assert outcome.told == 20_000
        assert outcome.succeeded == 20_000 - outcome.harmed
        assert outcome.waves <= 50
        assert outcome.ended_ms < 3 * HOUR_MS


def at_the_limit(seed: int) -> Plan:
    """Firmware that fails exactly as often as it may, in each way in which it can go out."""
    speed, way = SPEEDS[seed % 3], seed // 3 % 3
    faults = Faults(fails=LIMIT, failure_speed=speed)
    if way == 0:
        return Plan(5_000, GATED, faults)  # told at once
    if way == 1:
        coming = faults._replace(away=1.0, comes_within_ms=HOUR_MS)
        return Plan(4_000, GATED, coming, look_every_ms=15_000)
    return Plan(2_000, Rollout(gate=Gate(), pace=Pace(first=100)), faults, look_every_ms=30_000)


def test_at_the_limit_false_halts_are_rare() -> None:
    """Of 2,000 releases that fail exactly at the limit at most 1 % are halted, whatever comes first."""
    halted = sum(rehearse(at_the_limit(seed), seed).halted is not None for seed in range(2_000))
    assert halted <= 20


@pytest.mark.soak
@pytest.mark.parametrize("way", range(9))
def test_at_the_limit_in_each_way(way: int) -> None:
    """2,000 for each speed and each way of going out."""
    halted = sum(rehearse(at_the_limit(way), seed * 9 + way).halted is not None for seed in range(2_000))
    assert halted <= 20


def test_I6_at_every_moment() -> None:
    """What is at risk never exceeds the most that the successes of the whole run allow."""
    for seed in range(20):
        outcome = rehearse(Plan(5_000, PACED, Faults(fails=0.01, away=0.3, comes_within_ms=HOUR_MS)), seed)
        assert outcome.exposed_max <= 50 + 5 * outcome.succeeded


def test_late_death_is_not_seen_by_the_gate() -> None:
    """Who succeeds and dies afterwards has succeeded: the gate lets it pass, which is what fleet health is for."""
    outcome = rehearse(Plan(5_000, PACED, Faults(dies_late=0.4)), 1)
    assert outcome.halted is None
    assert outcome.succeeded == outcome.told == 5_000
    assert 1_900 < outcome.harmed < 2_100


def test_the_same_seed_is_the_same_rehearsal() -> None:
    """A plan and a seed decide everything, and another seed decides otherwise."""
    plan = Plan(20_000, PACED, Faults(fails=0.05, silent=0.01, away=0.2))
    assert rehearse(plan, 3) == rehearse(plan, 3) != rehearse(plan, 4)
