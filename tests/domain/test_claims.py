"""The one answer to how many devices may be told now (I5, I6, I8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.jobs import JOB as SAMPLE
from whimbrel.domain.claims import Standing, current_wave, evidence_to_halt, free_claims, risk_max
from whimbrel.domain.evidence_pace import first_devices
from whimbrel.domain.gate import Evidence, Wave, wave_after, wave_end
from whimbrel.domain.rollout import Gate, Hold, Pace, Rollout

GUARDED = SAMPLE._replace(rollout=Rollout(gate=Gate()))
PACED = SAMPLE._replace(rollout=Rollout(gate=Gate(), pace=Pace()))
FULL = Standing(tasks=20_000)
HALTING = (Wave(1, 100, 11, 89),)


def through(devices: int) -> Standing:
    """So many succeeded, nobody else was told."""
    return FULL._replace(proved=devices, waves=(Wave(1, devices, 0, 0),))


def test_without_pace_and_rate_any_number() -> None:
    """None is no bound at all."""
    assert free_claims(SAMPLE, FULL) is None
    assert free_claims(GUARDED, FULL) is None


@pytest.mark.parametrize(("told", "free"), [(0, 10), (9, 1), (10, 0), (11, 0)])
def test_I5_the_rate(told: int, free: int) -> None:
    """What MaximumPerMinute leaves, with a pace or without."""
    standing = FULL._replace(told=told)
    assert free_claims(GUARDED._replace(maximum_per_minute=10), standing) == free
    assert free_claims(PACED._replace(maximum_per_minute=10), standing) == min(free, 1)


@pytest.mark.parametrize("hold", [Hold.PAUSED, Hold.HALTED])
def test_I8_nobody_while_held(hold: Hold) -> None:
    """Whatever else the job allows. The gate goes on to watch who has begun in a pause; it does not halt twice."""
    held = GUARDED._replace(hold=hold)
    assert free_claims(held, FULL) == 0
    evidence = evidence_to_halt(held, FULL._replace(waves=HALTING))
    assert evidence == (Evidence(100, 11) if hold is Hold.PAUSED else None)


def test_I8_nobody_on_evidence_that_halts() -> None:
    """Before the halt is written nobody more is told."""
    standing = FULL._replace(waves=HALTING)
    assert free_claims(GUARDED, standing) == 0
    assert evidence_to_halt(GUARDED, standing) == Evidence(100, 11)
    assert evidence_to_halt(SAMPLE, standing) is None, "a job without a gate"


@pytest.mark.parametrize(("exposed", "free"), [(98, 2), (99, 1), (100, 0), (101, 0)])
def test_I6_the_first_devices(exposed: int, free: int) -> None:
    """At most `first` at risk before anything is proved."""
    waves = (Wave(wave_after(exposed) + 1, exposed, 0, exposed),)
    assert risk_max(PACED, FULL._replace(exposed=exposed, waves=waves)) == 100
    room = wave_end(wave_after(exposed)) - exposed
    assert free_claims(PACED, FULL._replace(exposed=exposed, waves=waves)) == min(free, room)


def test_I6_what_is_proved_lets_it_grow() -> None:
    """Five more for each that succeeded, one wave at a time."""
    assert risk_max(PACED, through(100)) == 600
    free = free_claims(PACED, through(100))
    assert free is not None
    assert 0 < free == wave_end(wave_after(100)) - 100


def test_F21_the_quick_prove_nothing_while_others_wait() -> None:
    """A firmware that kills some in silence does not grow on those that it spares: their wave has to be through."""
    spared = FULL._replace(exposed=30, proved=70, waves=(Wave(1, 100, 0, 30),))
    assert risk_max(PACED, spared) == 100
    assert risk_max(PACED, spared._replace(exposed=5, proved=95, waves=(Wave(1, 100, 0, 5),))) == 100 + 5 * 95
    ungated = PACED._replace(rollout=Rollout(pace=Pace()))
    assert risk_max(ungated, spared) == 100 + 5 * 70, "without a gate there is no limit to hold them against"


def test_a_resume_begins_anew() -> None:
    """Waves go on from where the gate looks."""
    resumed = PACED._replace(wave=40, gate_wave=40, era=2)
    assert current_wave(resumed, FULL) == 40
    assert free_claims(resumed, FULL) == 1
    assert current_wave(resumed, FULL._replace(waves=(Wave(40, 1, 0, 1),))) == 41


@given(
    st.builds(Pace, st.one_of(st.none(), st.integers(1, 500)), st.integers(1, 100)),
    st.one_of(st.none(), st.builds(Gate, st.integers(1, 5_000))),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 20), st.integers(0, 100)), max_size=8),
    st.integers(0, 100_000),
)
def test_I6_whatever_has_come_to_pass(
    pace: Pace, gate: Gate | None, counts: list[tuple[int, int, int]], tasks: int
) -> None:
    """What is at risk and what may be told never exceed `first + growth x succeeded` together, unless more was at risk
    before; nor does a job with room in its pace stand still.
    """
    waves = tuple(Wave(number, sum(n), n[1], n[2]) for number, n in enumerate(counts, 1))
    succeeded, waiting = sum(n[0] for n in counts), sum(n[2] for n in counts)
    standing = Standing(tasks, 0, waiting, 0, succeeded, waves)
    job = SAMPLE._replace(rollout=Rollout(gate=gate, pace=pace))
    free = free_claims(job, standing)
    assert free is not None
    if free:
        assert waiting + free <= first_devices(pace, tasks) + pace.growth * succeeded
    elif evidence_to_halt(job, standing) is None:
        at_risk_max = risk_max(job, standing)
        assert at_risk_max is not None
        assert waiting >= at_risk_max
