"""How carefully a job goes out: gate, pace, stages and windows that it pins, and how it is held (design.md part 4)."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import Enum, StrEnum
from typing import NamedTuple

BASIS_POINTS = 10_000  # of one: 1 % is 100
LIMIT_BASIS_POINTS_MIN, LIMIT_BASIS_POINTS_MAX = 1, 5_000
SILENT_MINUTES_MIN, SILENT_MINUTES_MAX = 1, 1_440
SILENT_HOURS_MIN, SILENT_HOURS_MAX = 1, 720
FIRST_DEVICES_MIN, FIRST_DEVICES_MAX = 1, 1_000_000
GROWTH_MIN, GROWTH_MAX = 1, 100
REASON_LENGTH_MAX = 256
STAGE_DEVICES_MIN, STAGE_DEVICES_MAX = 1, 10_000_000
SUCCEEDED_PERCENT_MIN, SUCCEEDED_PERCENT_MAX = 1, 100
SEED_MIN, SEED_MAX = 1, (1 << 31) - 1  # a whole number in every client's language

_LIMIT = re.compile(r"[0-9]{1,2}(\.[0-9]{1,2})?")


class GateChoice(StrEnum):
    """Whether a job has a gate, as callers say it."""

    ON = "ON"
    OFF = "OFF"


class PaceChoice(StrEnum):
    """How many devices may be at risk at once, as callers say it."""

    EVIDENCE = "EVIDENCE"
    NONE = "NONE"


class Hold(Enum):
    """Whether notices of a job may leave, and who said that they may not. The value is the code that rows carry."""

    NONE = 0
    PAUSED = 1  # by somebody: what devices have begun goes on
    HALTED = 2  # by its gate: nobody gets another byte of the firmware either
    AWAITING_APPROVAL = 3  # nobody has been told yet, and nobody is until somebody else approves it
    REJECTED = 4  # for good: who was asked to approve it did not, and it is being cancelled


class Gate(NamedTuple):
    """Halts the job when the evidence says that more than the limit of its devices fail or go silent.

    `silent_minutes`: without a word after the first progress; `silent_hours`: without progress after the notice.
    """

    limit_basis_points: int = 300
    silent_minutes: int = 30
    silent_hours: int = 24


class Pace(NamedTuple):
    """How many devices may be at risk at once: `first`, and `growth` more for each that succeeded.

    `first` None: the smaller of 100 devices and 1 %, at least one.
    """

    first: int | None = None
    growth: int = 5


class Stage(NamedTuple):
    """The first devices of a job, up to a share or a number of them, which go before all others.

    One of `percent` and `devices` is given; both count from the job's first device, so that stages grow. The next stage
    begins `soak_minutes` after `succeeded_percent` of the devices up to the stage's end have succeeded.
    """

    percent: str = ""
    devices: int | None = None
    soak_minutes: int = 0
    succeeded_percent: int = 50


class Window(NamedTuple):
    """A time of the week in which devices may be told. `days` are bits, Monday the lowest; minutes are of the day.

    It begins on these days; when it ends before it begins, it ends on the day after.
    """

    days: int
    start_minute: int
    end_minute: int


class Rollout(NamedTuple):
    """All of it. `time_zone` is an IANA name, of the windows. `seed` orders the devices; None: the job's own."""

    gate: Gate | None = None
    pace: Pace | None = None
    stages: tuple[Stage, ...] = ()
    windows: tuple[Window, ...] = ()
    time_zone: str = ""
    seed: int | None = None

    @property
    def is_ordered(self) -> bool:
        """Whether its devices go out in the order of the seed: else the oldest devices would always be first."""
        return bool(self.stages) or self.pace is not None or self.seed is not None


UNGUARDED = Rollout()  # verify jobs, and jobs that were made before there were gates
GUARDED = Rollout(gate=Gate())  # what a job of the vendor's API carries


def basis_points_of(percent: str) -> int | None:
    """A gate's limit as callers write it, `3` or `0.25`; None where it is no such limit."""
    points = int(Decimal(percent) * 100) if _LIMIT.fullmatch(percent) else 0
    return points if LIMIT_BASIS_POINTS_MIN <= points <= LIMIT_BASIS_POINTS_MAX else None


def percent_text(basis_points: int) -> str:
    """As callers write it."""
    return f"{basis_points / 100:g}"
