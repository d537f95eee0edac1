"""A rollout policy as answers show it; what stands there may be given to a new job as it is."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.rollout import Gate, GateChoice, Pace, PaceChoice, Rollout, percent_text
from whimbrel.domain.window import days_text, minute_text
from whimbrel.operations.fields import Field


class StageInfo(msgspec.Struct, frozen=True, kw_only=True):
    percent: Annotated[str | None, Field("Up to which share of the devices.")]
    count: Annotated[int | None, Field("Or up to how many.")]
    soak_minutes: Annotated[int, Field("From enough successes to the next stage.")]
    succeeded_percent: Annotated[int, Field("How many of the devices so far must have succeeded.")]


class StageList(msgspec.Struct, frozen=True, kw_only=True):
    stage: Annotated[list[StageInfo], Field("As given; all other devices come last.")]


class WindowInfo(msgspec.Struct, frozen=True, kw_only=True):
    days: Annotated[str, Field("Days on which it begins.")]
    start: Annotated[str, Field("HH:MM.")]
    end: Annotated[str, Field("HH:MM.")]


class WindowList(msgspec.Struct, frozen=True, kw_only=True):
    window: Annotated[list[WindowInfo], Field("As given.")]


class GatePaceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Gate and pace, under the names of the parameters."""

    x_gate: Annotated[str, Field("ON or OFF.")]
    x_gate_limit: Annotated[str | None, Field("Percent; absent without a gate.")]
    x_gate_silent_minutes: Annotated[int | None, Field("Silence after progress; absent without a gate.")]
    x_gate_silent_hours: Annotated[int | None, Field("Silence after the notice; absent without a gate.")]
    x_pace: Annotated[str, Field("EVIDENCE or NONE.")]
    x_pace_first: Annotated[int | None, Field("Absent without a pace, and for the smaller of 100 and 1 %.")]
    x_pace_growth: Annotated[int | None, Field("Absent without a pace.")]


class PolicyInfo(GatePaceInfo, msgspec.Struct, frozen=True, kw_only=True):
    """All of a job's policy."""

    x_stages: Annotated[StageList, Field("Wrapper; empty without stages.")]
    x_windows: Annotated[WindowList, Field("Wrapper; empty when devices may always be told.")]
    x_time_zone: Annotated[str | None, Field("Of the windows; absent without any.")]
    x_seed: Annotated[int | None, Field("What the devices are ordered by; absent where they are not.")]


EXAMPLE_POLICY = PolicyInfo(
    x_gate="ON",
    x_gate_limit="3",
    x_gate_silent_minutes=30,
    x_gate_silent_hours=24,
    x_pace="EVIDENCE",
    x_pace_first=None,
    x_pace_growth=5,
    x_stages=StageList(stage=[StageInfo(percent="1", count=None, soak_minutes=60, succeeded_percent=50)]),
    x_windows=WindowList(window=[WindowInfo(days="MON,TUE,WED,THU", start="22:00", end="05:00")]),
    x_time_zone="Europe/Berlin",
    x_seed=712_043_991,
)


def gate_pace_members(gate: Gate | None, pace: Pace | None) -> dict[str, str | int | None]:
    """The members of GatePaceInfo."""
    return {
        "x_gate": GateChoice.OFF if gate is None else GateChoice.ON,
        "x_gate_limit": None if gate is None else percent_text(gate.limit_basis_points),
        "x_gate_silent_minutes": None if gate is None else gate.silent_minutes,
        "x_gate_silent_hours": None if gate is None else gate.silent_hours,
        "x_pace": PaceChoice.NONE if pace is None else PaceChoice.EVIDENCE,
        "x_pace_first": None if pace is None else pace.first,
        "x_pace_growth": None if pace is None else pace.growth,
    }


def policy_info(rollout: Rollout) -> PolicyInfo:
    """The policy of a job."""
    return msgspec.convert(
        {
            **gate_pace_members(rollout.gate, rollout.pace),
            "x_stages": StageList(
                stage=[
                    StageInfo(
                        percent=stage.percent or None,
                        count=stage.devices,
                        soak_minutes=stage.soak_minutes,
                        succeeded_percent=stage.succeeded_percent,
                    )
                    for stage in rollout.stages
                ]
            ),
            "x_windows": WindowList(
                window=[
                    WindowInfo(
                        days=days_text(window.days),
                        start=minute_text(window.start_minute),
                        end=minute_text(window.end_minute),
                    )
                    for window in rollout.windows
                ]
            ),
            "x_time_zone": rollout.time_zone or None,
            "x_seed": rollout.seed,
        },
        PolicyInfo,
    )
