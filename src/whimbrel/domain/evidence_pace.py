"""How many devices a job may put at risk: no more than the evidence of those before them allows (design.md part 4, I6).

At risk is a device from its notice until it succeeds, fails, or is excused: its task is cancelled, or the job is
resumed after a halt. A silent device stays at risk, so a firmware that kills in silence ends with the first devices.

A failure takes back the evidence of as many successes as there are for each failure at the gate's limit. Without that a
firmware that fails a little above the limit outgrows the gate: of 100,000 devices, 5 % failing harmed 5,000 in
simulation, and 56 with it (`docs/explanation/how-a-rollout-stops-itself.md`).
"""

from __future__ import annotations

from whimbrel.domain.rollout import BASIS_POINTS, Gate, Pace

FIRST_DEVICES_DEFAULT = 100
_FIRST_SHARE = 100  # one in so many


def first_devices(pace: Pace, tasks: int) -> int:
    """How many go first in a job of so many tasks."""
    return pace.first if pace.first is not None else max(1, min(FIRST_DEVICES_DEFAULT, tasks // _FIRST_SHARE))


def exposure_max(pace: Pace, gate: Gate | None, tasks: int, succeeded: int, failing: int) -> int:
    """How many devices may be at risk at once, after so many have succeeded and so many are failing."""
    taken_back = 0
    if gate is not None:
        healthy = BASIS_POINTS - gate.limit_basis_points
        taken_back = -(-failing * healthy // gate.limit_basis_points)
    return first_devices(pace, tasks) + pace.growth * max(0, succeeded - taken_back)
