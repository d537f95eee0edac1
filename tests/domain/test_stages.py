"""Which devices belong to a stage, and when the next one follows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.jobs import JOB as SAMPLE
from whimbrel.domain.claims import Standing
from whimbrel.domain.job import SelectionType
from whimbrel.domain.rollout import Gate, Hold, Rollout, Stage
from whimbrel.domain.stages import (
    MINUTE_MS,
    StageMove,
    devices_until,
    needed_successes,
    soaks_until_ms,
    stage_devices,
    stage_move,
)

NOW_MS = SAMPLE.created_ms
CANARY, HALF = Stage("1", None, 60, 90), Stage("50", None, 0, 50)
JOB = SAMPLE._replace(rollout=Rollout(gate=Gate(), stages=(CANARY, HALF)), stage_until=0)
FIRST = JOB._replace(stage_until=10)
SECOND = JOB._replace(stage=1, stage_until=500)
FLEET = Standing(tasks=1_000)


@pytest.mark.parametrize(
    ("stage", "tasks", "devices"),
    [
        (Stage("1"), 1_000, 10),
        (Stage("1"), 1_001, 11),
        (Stage("0.01"), 1, 1),
        (Stage("0.01"), 10_000, 1),
        (Stage("0.01"), 10_001, 2),
        (Stage("33.33"), 10_000, 3_333),
        (Stage("100"), 7, 7),
        (Stage(devices=5), 1_000, 5),
        (Stage(devices=5), 2, 5),
    ],
)
def test_how_many_devices(stage: Stage, tasks: int, devices: int) -> None:
    """A share is rounded up, and a stage has at least one device."""
    assert stage_devices(stage, tasks) == devices


@pytest.mark.parametrize(
    ("stage", "tasks", "needed"),
    [
        (Stage(devices=10, succeeded_percent=50), 1_000, 5),
        (Stage(devices=11, succeeded_percent=50), 1_000, 6),
        (Stage(devices=10, succeeded_percent=100), 4, 4),
        (Stage(devices=10, succeeded_percent=0), 1_000, 0),
        (Stage("1", succeeded_percent=99), 1_000, 10),
    ],
)
def test_how_many_successes(stage: Stage, tasks: int, needed: int) -> None:
    """Of the devices that there are, rounded up."""
    assert needed_successes((stage,), 0, tasks) == needed


@given(st.integers(1, 100_000), st.integers(1, 10_000), st.integers(0, 100))
def test_a_stage_can_always_be_left(tasks: int, hundredths: int, percent: int) -> None:
    """It never wants more successes than it has devices."""
    stage = Stage(f"{hundredths // 100}.{hundredths % 100:02}", None, 0, percent)
    assert 1 <= stage_devices(stage, tasks) <= tasks
    assert 0 <= needed_successes((stage,), 0, tasks) <= stage_devices(stage, tasks)


@pytest.mark.parametrize(("tasks", "devices"), [(100, [5, 5, 20]), (1_000, [5, 100, 100])])
def test_a_later_stage_is_never_smaller(tasks: int, devices: list[int]) -> None:
    """Numbers and shares may take turns: whoever may begin in a stage may in the next one."""
    stages = (Stage(devices=5), Stage("10" if tasks > 500 else "1"), Stage(devices=20))
    assert [devices_until(stages, number, tasks) for number in range(3)] == devices


class TestMoves:
    def test_the_first_begins_when_the_job_is_filled(self) -> None:
        """Only then a share of it is known; an empty job has none."""
        assert stage_move(JOB._replace(is_filled=False), FLEET, 0, NOW_MS) is None
        assert stage_move(JOB, Standing(), 0, NOW_MS) is None
        assert stage_move(JOB, FLEET, 0, NOW_MS) == StageMove(0, 10)

    @pytest.mark.parametrize(("proved", "soaks"), [(8, False), (9, True), (10, True)])
    def test_it_soaks_when_enough_succeeded(self, proved: int, soaks: bool) -> None:
        """A stage soaks from its share of successes on, not one earlier."""
        assert stage_move(FIRST, FLEET, proved, NOW_MS) == (StageMove(0, soaks=True) if soaks else None)

    @pytest.mark.parametrize(("late_ms", "follows"), [(-1, False), (0, True), (1, True)])
    def test_the_next_follows_after_the_soak(self, late_ms: int, follows: bool) -> None:
        """The next stage follows when the soak is over, not a millisecond earlier."""
        soaking = FIRST._replace(soaked_ms=NOW_MS)
        until_ms = NOW_MS + 60 * MINUTE_MS
        assert soaks_until_ms(soaking) == until_ms
        assert stage_move(soaking, FLEET, 9, until_ms + late_ms) == (StageMove(1, 500) if follows else None)

    def test_without_a_soak_it_follows_at_once(self) -> None:
        """After the last stage come all."""
        assert stage_move(SECOND, FLEET, 249, NOW_MS) is None
        assert stage_move(SECOND, FLEET, 250, NOW_MS) == StageMove(2, None)
        assert stage_move(SECOND._replace(stage=2), FLEET, 999, NOW_MS) is None

    @pytest.mark.parametrize("hold", [Hold.PAUSED, Hold.HALTED])
    def test_I8_a_held_job_stands_still(self, hold: Hold) -> None:
        """No stage begins, soaks or follows while the job is held."""
        for job in (JOB, FIRST._replace(soaked_ms=0), SECOND):
            assert stage_move(job._replace(hold=hold), FLEET, 1_000, NOW_MS) is None

    def test_a_job_without_stages_has_no_moves(self) -> None:
        """Without stages, and after the last one, nothing moves or soaks."""
        assert stage_move(SAMPLE, FLEET, 1_000, NOW_MS) is None
        assert soaks_until_ms(SAMPLE) is None
        assert soaks_until_ms(FIRST) is None
        assert soaks_until_ms(SECOND._replace(stage=2, soaked_ms=NOW_MS)) is None

    def test_a_dynamic_job_takes_in_who_comes(self) -> None:
        """Its stage grows with its devices, before it is filled too."""
        dynamic = FIRST._replace(selection_type=SelectionType.DYNAMIC, is_filled=False)
        assert stage_move(dynamic, FLEET, 0, NOW_MS) == StageMove(0, 10)
        assert stage_move(dynamic, FLEET._replace(tasks=2_000), 0, NOW_MS) == StageMove(0, 20)
