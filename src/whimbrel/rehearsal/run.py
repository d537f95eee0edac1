"""One rehearsal from the first notice to the last word, and what came of it."""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.gate import Evidence
from whimbrel.domain.rollout import Rollout
from whimbrel.rehearsal.fleet import SECOND_MS, Faults, VirtualFleet
from whimbrel.rehearsal.ledger import PACED_KINDS, UNPACED_KINDS, Ledger

LOOK_EVERY_MS = SECOND_MS  # what devices say within it is looked at together, as the engine does when it is busy


class Plan(NamedTuple):
    """What to rehearse. `devices`: of the job, all of them its targets."""

    devices: int
    rollout: Rollout
    faults: Faults = Faults()
    look_every_ms: int = LOOK_EVERY_MS


class Outcome(NamedTuple):
    """How the rehearsal ended. `harmed`: devices that were told and failed, fell silent or died, after a halt too.

    `told_ms`: when each place was told. `succeeded` and `exposed_max`, how many were at risk at once, are counted only
    where a pace or stages ask for them. `ended_ms`: of the halt, else when nothing was left that could happen. `waves`:
    how many the gate counted.
    """

    told_ms: dict[int, int]
    harmed: int
    succeeded: int
    exposed_max: int
    waves: int
    ended_ms: int
    halted: Evidence | None

    @property
    def told(self) -> int:
        return len(self.told_ms)


def rehearse(plan: Plan, seed: int) -> Outcome:
    """The same outcome for the same plan and seed, always."""
    has_counts = plan.rollout.pace is not None or bool(plan.rollout.stages)
    fleet = VirtualFleet(plan.devices, plan.faults, seed, PACED_KINDS if has_counts else UNPACED_KINDS)
    ledger = Ledger(plan.devices, plan.rollout, fleet.away)
    now_ms: int | None = 0
    ended_ms = 0
    while now_ms is not None:
        ended_ms = now_ms
        for happening in fleet.until(now_ms):
            if ledger.take(happening):
                fleet.told(happening.place, happening.at_ms)
        for place in ledger.settle(now_ms):
            fleet.told(place, now_ms)
        now_ms = None if ledger.halted else next_look_ms(plan, fleet.next_ms, ledger.next_ms)
    told_ms = ledger.told_ms
    return Outcome(told_ms, fleet.harmed, ledger.succeeded, ledger.exposed_max, ledger.waves, ended_ms, ledger.halted)


def next_look_ms(plan: Plan, *times_ms: int | None) -> int | None:
    """When the server looks next, given when something happens next; None when nothing does."""
    next_ms = min((time_ms for time_ms in times_ms if time_ms is not None), default=None)
    return None if next_ms is None else -(-next_ms // plan.look_every_ms) * plan.look_every_ms
