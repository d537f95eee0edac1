"""How many devices a job may tell now: the one answer that its push, its pulls and its polls all ask (I5, I6, I8)."""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.evidence_pace import exposure_max
from whimbrel.domain.gate import Evidence, Wave, settled, tripping, wave_after, wave_end
from whimbrel.domain.job import Job
from whimbrel.domain.rollout import Hold


class Standing(NamedTuple):
    """What a job has come to: how many tasks it has, how many devices it told within the minute of MaximumPerMinute.

    Since it was last resumed: how many devices are at risk, how many of these are silent, how many are proof; its
    waves.
    """

    tasks: int = 0
    told: int = 0
    exposed: int = 0
    silent: int = 0
    proved: int = 0
    waves: tuple[Wave, ...] = ()

    @property
    def started(self) -> int:
        return sum(wave.started for wave in self.waves)

    @property
    def failing(self) -> int:
        return sum(wave.failing for wave in self.waves)


def evidence_to_halt(job: Job, standing: Standing) -> Evidence | None:
    """Why the job has to halt now; None while it need not. One that is paused may have to: devices go on in it."""
    gate = job.rollout.gate
    may_halt = job.hold in (Hold.NONE, Hold.PAUSED)
    return None if gate is None or not may_halt else tripping(standing.waves, gate.limit_basis_points)


def current_wave(job: Job, standing: Standing) -> int:
    """The wave of the next device that starts."""
    return job.gate_wave + wave_after(standing.started)


def risk_max(job: Job, standing: Standing) -> int | None:
    """How many devices may be at risk at once; None for any number."""
    pace = job.rollout.pace
    if pace is None:
        return None
    gate, proved = job.rollout.gate, standing.proved
    if gate is not None:
        proved = min(proved, settled(standing.waves, gate.limit_basis_points))
    return exposure_max(pace, gate, standing.tasks, proved, standing.failing)


def free_claims(job: Job, standing: Standing) -> int | None:
    """How many more devices may be told now; None for any number.

    Of a job with a pace never more than its wave still takes: so the gate can tell early devices from later ones.
    """
    if job.is_held or evidence_to_halt(job, standing) is not None:
        return 0
    bounds = []
    if job.maximum_per_minute is not None:
        bounds.append(job.maximum_per_minute - standing.told)
    at_risk_max = risk_max(job, standing)
    if at_risk_max is not None:
        bounds.append(at_risk_max - standing.exposed)
        started = standing.started
        bounds.append(wave_end(wave_after(started)) - started)
    return max(0, min(bounds)) if bounds else None
