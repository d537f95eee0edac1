"""The parameters that say how carefully a job goes out, on the wire and as the policy they make (design.md part 4).

Gate and pace stand in new jobs and in the account's defaults alike. What a call leaves out is the account's default.
"""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec

from whimbrel.domain.gray import is_percent
from whimbrel.domain.rollout import (
    FIRST_DEVICES_MAX,
    FIRST_DEVICES_MIN,
    GROWTH_MAX,
    GROWTH_MIN,
    SEED_MAX,
    SEED_MIN,
    SILENT_HOURS_MAX,
    SILENT_HOURS_MIN,
    SILENT_MINUTES_MAX,
    SILENT_MINUTES_MIN,
    STAGE_DEVICES_MAX,
    STAGE_DEVICES_MIN,
    SUCCEEDED_PERCENT_MAX,
    SUCCEEDED_PERCENT_MIN,
    Gate,
    GateChoice,
    Pace,
    PaceChoice,
    Rollout,
    Stage,
    Window,
    basis_points_of,
)
from whimbrel.domain.stages import SOAK_MINUTES_MAX, STAGES_MAX, stages_fault
from whimbrel.domain.window import TIME_ZONE_LENGTH_MAX, WINDOWS_MAX, days_of, is_time_zone, minute_of
from whimbrel.errors import OtaInvalidParameterError, OtaMissingParameterError
from whimbrel.operations.fields import Field, wire_name

PERCENT_LENGTH_MAX = 16
DAYS_LENGTH_MAX = 32
TIME_LENGTH_MAX = 5

GateSwitch = Annotated[
    GateChoice | None, Field("Whether the job halts itself when too many devices fail or go silent: ON or OFF.")
]
GateLimit = Annotated[
    str | None,
    Field(
        "Percent of devices that may fail or go silent: 0.01 to 50, at most 2 decimals.", length_max=PERCENT_LENGTH_MAX
    ),
]
SilentMinutes = Annotated[
    int | None,
    Field(
        "A device is silent so long after its last word, once it reported progress.",
        minimum=SILENT_MINUTES_MIN,
        maximum=SILENT_MINUTES_MAX,
    ),
]
SilentHours = Annotated[
    int | None,
    Field(
        "A device that reports no progress is silent so long after its notice.",
        minimum=SILENT_HOURS_MIN,
        maximum=SILENT_HOURS_MAX,
    ),
]
PaceSwitch = Annotated[
    PaceChoice | None,
    Field("EVIDENCE: no more devices at risk at once than the successes so far allow; NONE: any number."),
]
PaceFirst = Annotated[
    int | None,
    Field(
        "Devices at risk at first; absent is the smaller of 100 and 1 %, at least 1.",
        minimum=FIRST_DEVICES_MIN,
        maximum=FIRST_DEVICES_MAX,
    ),
]
PaceGrowth = Annotated[int | None, Field("More devices for each success.", minimum=GROWTH_MIN, maximum=GROWTH_MAX)]
Seed = Annotated[
    int | None,
    Field(
        "Orders the devices: the same seed, the same order. One from XPreviewOTAJob.",
        minimum=SEED_MIN,
        maximum=SEED_MAX,
    ),
]


class StageParameter(msgspec.Struct, frozen=True, kw_only=True):
    percent: Annotated[
        str | None,
        Field(
            "Up to which share of the devices: above 0 and up to 100, at most 3 decimals.",
            length_max=PERCENT_LENGTH_MAX,
        ),
    ] = None
    count: Annotated[
        int | None,
        Field("Up to how many devices, instead of a share.", minimum=STAGE_DEVICES_MIN, maximum=STAGE_DEVICES_MAX),
    ] = None
    soak_minutes: Annotated[
        int,
        Field(
            "From enough successes to the next stage; nothing is waited for with 0.",
            minimum=0,
            maximum=SOAK_MINUTES_MAX,
        ),
    ] = 0
    succeeded_percent: Annotated[
        int,
        Field(
            "How many of the devices so far must have succeeded before the next stage.",
            minimum=SUCCEEDED_PERCENT_MIN,
            maximum=SUCCEEDED_PERCENT_MAX,
        ),
    ] = 50


class WindowParameter(msgspec.Struct, frozen=True, kw_only=True):
    days: Annotated[str, Field("Days on which it begins: `MON,TUE` and so on, or `ALL`.", length_max=DAYS_LENGTH_MAX)]
    start: Annotated[str, Field("`HH:MM` in XTimeZone.", length_max=TIME_LENGTH_MAX)]
    end: Annotated[str, Field("`HH:MM`; not after the start, it is the day after's.", length_max=TIME_LENGTH_MAX)]


Stages = Annotated[
    tuple[StageParameter, ...],
    Field("Which devices go first, and when the next ones follow; all others are last.", items_max=STAGES_MAX),
]
Windows = Annotated[
    tuple[WindowParameter, ...], Field("When devices may be told; always without any.", items_max=WINDOWS_MAX)
]
TimeZone = Annotated[str | None, Field("Of XWindows: an IANA name, `Europe/Berlin`.", length_max=TIME_ZONE_LENGTH_MAX)]


class GatePaceRequest(Protocol):
    """A request that has the parameters of gate and pace."""

    @property
    def x_gate(self) -> GateChoice | None: ...
    @property
    def x_gate_limit(self) -> str | None: ...
    @property
    def x_gate_silent_minutes(self) -> int | None: ...
    @property
    def x_gate_silent_hours(self) -> int | None: ...
    @property
    def x_pace(self) -> PaceChoice | None: ...
    @property
    def x_pace_first(self) -> int | None: ...
    @property
    def x_pace_growth(self) -> int | None: ...


class RolloutRequest(GatePaceRequest, Protocol):
    """A request that has the parameters of stages and windows besides."""

    @property
    def x_stages(self) -> tuple[StageParameter, ...]: ...
    @property
    def x_windows(self) -> tuple[WindowParameter, ...]: ...
    @property
    def x_time_zone(self) -> str | None: ...


def check_rollout(request: RolloutRequest) -> None:
    """What can be refused without knowing the account's defaults. Raises as `rollout_of` does."""
    stages_of(request)
    windows_of(request)
    basis_points = request.x_gate_limit and basis_points_of(request.x_gate_limit)
    if request.x_gate_limit and basis_points is None:
        raise OtaInvalidParameterError("XGateLimit must be 0.01 to 50 percent, with at most 2 decimals")


def rollout_of(request: RolloutRequest, default: Rollout) -> Rollout:
    """The policy that a new job pins, without a seed. Raises OtaInvalidParameterError, OtaMissingParameterError."""
    return Rollout(
        gate=gate_of(request, default.gate),
        pace=pace_of(request, default.pace),
        stages=stages_of(request),
        windows=windows_of(request),
        time_zone=request.x_time_zone or "",
    )


def gate_of(request: GatePaceRequest, default: Gate | None) -> Gate | None:
    """Raises OtaInvalidParameterError, also where a limit is given to a gate that is off."""
    is_on = default is not None if request.x_gate is None else request.x_gate is GateChoice.ON
    if not is_on:
        _refuse_given(request, ("x_gate_limit", "x_gate_silent_minutes", "x_gate_silent_hours"), "XGate ON")
        return None
    gate = default or Gate()
    if request.x_gate_limit is not None:
        basis_points = basis_points_of(request.x_gate_limit)
        if basis_points is None:
            raise OtaInvalidParameterError("XGateLimit must be 0.01 to 50 percent, with at most 2 decimals")
        gate = gate._replace(limit_basis_points=basis_points)
    return gate._replace(
        silent_minutes=request.x_gate_silent_minutes or gate.silent_minutes,
        silent_hours=request.x_gate_silent_hours or gate.silent_hours,
    )


def pace_of(request: GatePaceRequest, default: Pace | None) -> Pace | None:
    """Raises OtaInvalidParameterError where a job without a pace is given one's numbers."""
    is_paced = default is not None if request.x_pace is None else request.x_pace is PaceChoice.EVIDENCE
    if not is_paced:
        _refuse_given(request, ("x_pace_first", "x_pace_growth"), "XPace EVIDENCE")
        return None
    pace = default or Pace()
    return Pace(request.x_pace_first or pace.first, request.x_pace_growth or pace.growth)


def stages_of(request: RolloutRequest) -> tuple[Stage, ...]:
    """Raises OtaInvalidParameterError, OtaMissingParameterError."""
    stages = tuple(_stage(number, given) for number, given in enumerate(request.x_stages, 1))
    fault = stages_fault(stages)
    if fault:
        raise OtaInvalidParameterError(f"XStages: {fault}")
    return stages


def windows_of(request: RolloutRequest) -> tuple[Window, ...]:
    """Raises OtaInvalidParameterError, OtaMissingParameterError."""
    if request.x_windows and request.x_time_zone is None:
        raise OtaMissingParameterError("XTimeZone is needed with XWindows, an IANA name as Europe/Berlin")
    if request.x_time_zone is not None and not request.x_windows:
        raise OtaInvalidParameterError("XTimeZone goes with XWindows only")
    if request.x_time_zone is not None and not is_time_zone(request.x_time_zone):
        raise OtaInvalidParameterError("XTimeZone is no time zone known here; it must be an IANA name as Europe/Berlin")
    return tuple(_window(number, given) for number, given in enumerate(request.x_windows, 1))


def _stage(number: int, given: StageParameter) -> Stage:
    if given.percent is None and given.count is None:
        raise OtaMissingParameterError(f"Percent or Count is needed in the {_ordinal(number)} of XStages")
    if given.percent is not None and given.count is not None:
        raise OtaInvalidParameterError(f"give only one of Percent and Count in the {_ordinal(number)} of XStages")
    if given.percent is not None and not is_percent(given.percent):
        raise OtaInvalidParameterError(
            f"Percent must be above 0 and up to 100, with at most 3 decimals, in the {_ordinal(number)} of XStages"
        )
    return Stage(given.percent or "", given.count, given.soak_minutes, given.succeeded_percent)


def _window(number: int, given: WindowParameter) -> Window:
    days, start, end = days_of(given.days), minute_of(given.start), minute_of(given.end)
    if days is None:
        raise OtaInvalidParameterError(
            f"Days must be ALL, or some of MON, TUE, WED, THU, FRI, SAT, SUN with commas, in the {_ordinal(number)} of "
            "XWindows"
        )
    if start is None or end is None:
        raise OtaInvalidParameterError(f"Start and End must be HH:MM in the {_ordinal(number)} of XWindows")
    return Window(days, start, end)


def _ordinal(number: int) -> str:
    return f"entry number {number}"


def _refuse_given(request: GatePaceRequest, names: tuple[str, ...], needed: str) -> None:
    for name in names:
        if getattr(request, name) is not None:
            raise OtaInvalidParameterError(f"{wire_name(name)} goes with {needed} only")
