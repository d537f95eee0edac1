"""What people write and read of a policy: limits, days, times, states, and how long it takes (design.md part 4)."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.domain.jobs import JOB
from whimbrel.domain.claims import Standing
from whimbrel.domain.job import JobStatus
from whimbrel.domain.rollout import Hold, Pace, Rollout, Stage, Window, basis_points_of, percent_text
from whimbrel.domain.rollout_duration import HORIZON_MS, UPGRADE_MINUTES, Load, expected_end_ms
from whimbrel.domain.rollout_state import RolloutState, StageState, rollout_state, stage_standings
from whimbrel.domain.stages import MINUTE_MS, StageMove, advance_fault, devices_until, stage_move, stages_fault
from whimbrel.domain.window import (
    days_of,
    days_text,
    is_open,
    minute_of,
    minute_text,
    next_change_ms,
    next_opening_ms,
)

NOW_MS = 1_735_787_045_678  # Thursday, 03:04 UTC
HOUR_MS = 60 * MINUTE_MS
SATURDAY_MS = 1_806_148_800_000  # 27 March 2027, 12:00 UTC
EVERY_NIGHT = Window(0b1111111, 22 * 60, 5 * 60)


@given(st.integers(1, 5_000))
def test_limits_are_read_as_they_are_shown(points: int) -> None:
    """Each limit that a gate may have."""
    assert basis_points_of(percent_text(points)) == points


@pytest.mark.parametrize("text", ["", "0", "0.00", "50.01", "3.", ".5", "03.001", "+3", " 3", "3 ", "٣", "100"])
def test_other_texts_are_no_limit(text: str) -> None:
    """Beyond the limits, too many decimals, signs, blanks, digits of other scripts."""
    assert basis_points_of(text) is None


@given(st.integers(1, 127), st.integers(0, 1439))
def test_days_and_times_are_read_as_they_are_shown(days: int, minute: int) -> None:
    """Each window that a job may have."""
    assert (days_of(days_text(days)), minute_of(minute_text(minute))) == (days, minute)


@pytest.mark.parametrize("text", ["", "ALL,ALL", "MON,MON", "mon", "MON, TUE", "MONDAY", ","])
def test_other_texts_are_no_days(text: str) -> None:
    """Nothing, a day twice, other spellings."""
    assert days_of(text) is None


@pytest.mark.parametrize("text", ["", "24:00", "1:00", "01:60", "01:5", "01:05:00", "٠١:٠٥", "01:05\n"])
def test_other_texts_are_no_time(text: str) -> None:
    """Beyond the day, other spellings, digits of other scripts."""
    assert minute_of(text) is None


@given(
    st.lists(st.one_of(st.integers(1, 50).map(lambda n: Stage(devices=n)), st.integers(1, 100).map(str).map(Stage))),
    st.integers(0, 100),
)
def test_stages_never_shrink(stages: list[Stage], tasks: int) -> None:
    """Whatever shares and numbers take turns, a stage takes in no fewer devices than one before it."""
    ends = [devices_until(tuple(stages), number, tasks) for number in range(len(stages))]
    assert ends == sorted(ends)
    shown = stage_standings(JOB._replace(rollout=Rollout(stages=tuple(stages))), tasks, NOW_MS)
    assert sum(stage.devices for stage in shown) == (tasks if stages else 0)
    assert all(stage.devices >= 0 for stage in shown)


@pytest.mark.parametrize(
    ("sizes", "is_right"),
    [
        ((Stage(devices=1), Stage(devices=2)), True),
        ((Stage(devices=2), Stage(devices=2)), False),
        ((Stage("1"), Stage("1.001")), True),
        ((Stage("1"), Stage("1.0")), False),
        ((Stage(devices=500), Stage("1"), Stage(devices=501)), True),
        ((Stage(devices=500), Stage("1"), Stage(devices=499)), False),
    ],
)
def test_stages_have_to_grow(sizes: tuple[Stage, ...], is_right: bool) -> None:
    """Shares among themselves, and numbers among themselves."""
    assert (stages_fault(sizes) == "") is is_right


def test_states() -> None:
    """The first that holds (rule 1 of XQueryOTARollout)."""
    staged = Rollout(stages=(Stage(devices=1, soak_minutes=60),))
    running = JOB._replace(rollout=staged, soaked_ms=NOW_MS - HOUR_MS)
    closed = running._replace(rollout=staged._replace(windows=(Window(0b1111111, 720, 780),), time_zone="UTC"))
    cases = {
        RolloutState.RUNNING: running,
        RolloutState.SOAKING: running._replace(soaked_ms=NOW_MS - HOUR_MS + 1),
        RolloutState.WAITING_WINDOW: closed._replace(soaked_ms=NOW_MS),
        RolloutState.PLANNED: closed._replace(status=JobStatus.PLANNED),
        RolloutState.PAUSED: closed._replace(status=JobStatus.PLANNED, hold=Hold.PAUSED),
        RolloutState.HALTED: closed._replace(hold=Hold.HALTED),
        RolloutState.ENDED: closed._replace(hold=Hold.HALTED, status=JobStatus.CANCELED),
    }
    assert {state: rollout_state(found, NOW_MS) for state, found in cases.items()} == {state: state for state in cases}


def test_stages_show_where_they_are() -> None:
    """Done, soaking or under way, and waiting; before the job has begun all wait."""
    stages = (Stage(devices=2), Stage("50", soak_minutes=5, succeeded_percent=100))
    begun = JOB._replace(rollout=Rollout(stages=stages), stage=1, stage_until=5)
    shown = stage_standings(begun, 10, NOW_MS)
    assert [(stage.state, stage.devices, stage.until, stage.needed_successes) for stage in shown] == [
        (StageState.DONE, 2, 2, 1),
        (StageState.UNDER_WAY, 3, 5, 5),
        (StageState.WAITING, 5, 10, None),
    ]
    assert stage_standings(begun._replace(soaked_ms=NOW_MS), 10, NOW_MS)[1].state is StageState.SOAKING
    first = begun._replace(stage=0, stage_until=0)
    assert {stage.state for stage in stage_standings(first, 10, NOW_MS)} == {StageState.WAITING}
    assert advance_fault(first) != ""
    assert advance_fault(begun) == ""


def test_the_last_stage_moves_on_to_all_others() -> None:
    """After enough successes of the last stage, everybody may be told."""
    begun = JOB._replace(rollout=Rollout(stages=(Stage(devices=4),)), stage_until=4, is_filled=True)
    assert stage_move(begun, Standing(10), 1, NOW_MS) is None
    assert stage_move(begun, Standing(10), 2, NOW_MS) == StageMove(1, None)


@pytest.mark.parametrize(
    ("rollout", "load", "minutes"),
    [
        (Rollout(), Load(0, None), 0),
        (Rollout(), Load(1, None), UPGRADE_MINUTES),
        (Rollout(), Load(1_000_000, None), UPGRADE_MINUTES),
        (Rollout(), Load(30, 10), 2 + UPGRADE_MINUTES),
        (Rollout(), Load(31, 10), 3 + UPGRADE_MINUTES),
        # 2, then 2 + 1 x 2, then 2 + 1 x 6: of 14 devices all.
        (Rollout(pace=Pace(2, 1)), Load(14, None), 3 * UPGRADE_MINUTES),
        (Rollout(pace=Pace(2, 1)), Load(15, None), 4 * UPGRADE_MINUTES),
        (Rollout(stages=(Stage(devices=5, soak_minutes=7),)), Load(6, None), 2 * UPGRADE_MINUTES + 7),
        (Rollout(stages=(Stage(devices=5, soak_minutes=7),)), Load(5, None), UPGRADE_MINUTES),
    ],
)
def test_how_long_it_takes(rollout: Rollout, load: Load, minutes: int) -> None:
    """Waves of the pace, minutes of the rate, stages and their soaking."""
    assert expected_end_ms(rollout, load, NOW_MS) == NOW_MS + minutes * MINUTE_MS


def test_windows_take_nights() -> None:
    """600 minutes of telling fit into one night and three hours of the next; it is four minutes past three now."""
    rollout = Rollout(windows=(EVERY_NIGHT,), time_zone="UTC")
    end_ms = expected_end_ms(rollout, Load(6_001, 10), NOW_MS)
    left_tonight_ms = 5 * HOUR_MS - NOW_MS % (24 * HOUR_MS)
    missing_ms = 10 * HOUR_MS - left_tonight_ms - 7 * HOUR_MS
    midnight_ms = NOW_MS - NOW_MS % (24 * HOUR_MS)
    assert end_ms == midnight_ms + (24 + 22) * HOUR_MS + missing_ms + UPGRADE_MINUTES * MINUTE_MS


@given(
    st.integers(1, 3_000_000), st.integers(10, 10_000), st.integers(1, 127), st.integers(0, 1439), st.integers(0, 1439)
)
def test_years_of_windows_are_soon_counted(devices: int, rate: int, days: int, start: int, end: int) -> None:
    """The last devices are told while a window is open, and never earlier than without windows."""
    rollout = Rollout(windows=(Window(days, start, end),), time_zone="UTC")
    end_ms = expected_end_ms(rollout, Load(devices, rate), NOW_MS)
    assume(end_ms < NOW_MS + HORIZON_MS)
    at_ms = end_ms - UPGRADE_MINUTES * MINUTE_MS
    assert is_open(rollout.windows, "UTC", at_ms) or is_open(rollout.windows, "UTC", at_ms - 1)
    assert at_ms >= NOW_MS + (devices - 1) // rate * MINUTE_MS


def test_a_window_that_the_clocks_skip_is_no_opening() -> None:
    """In Berlin 02:30 to 03:00 is not there on 28 March 2027: what is told as the next opening is one."""
    night = (Window(1 << 6, 150, 180),)
    opening_ms = next_opening_ms(night, "Europe/Berlin", SATURDAY_MS)
    assert opening_ms == SATURDAY_MS + 7 * 24 * HOUR_MS + 12 * HOUR_MS + 30 * MINUTE_MS
    assert is_open(night, "Europe/Berlin", opening_ms)
    assert next_change_ms(night, "Europe/Berlin", SATURDAY_MS) == opening_ms


def test_a_rollout_of_centuries_ends_at_the_horizon() -> None:
    """Ten million devices in one minute a week would end in a year that no calendar has."""
    rollout = Rollout(windows=(Window(1, 0, 1),), time_zone="UTC")
    assert expected_end_ms(rollout, Load(10_000_000, 10), NOW_MS) == NOW_MS + HORIZON_MS
    assert expected_end_ms(rollout, Load(10, 10), NOW_MS) < NOW_MS + HORIZON_MS
