"""The server's side of a rehearsal: one job's counts, and whom it tells. What it may do the domain says; in which order
it looks at devices is the engine's (engine/plan.py), so that both tell the same devices at the same time.
"""

from __future__ import annotations

import heapq

from whimbrel.domain.claims import Standing, current_wave, evidence_to_halt, free_claims
from whimbrel.domain.gate import Evidence, Wave
from whimbrel.domain.job import NO_TASK_ABOVE, Job, JobStatus, JobType
from whimbrel.domain.rollout import Hold, Rollout
from whimbrel.domain.silence import silent_from_ms
from whimbrel.domain.stages import soaks_until_ms, stage_move
from whimbrel.domain.task import TaskStatus
from whimbrel.rehearsal.fleet import Happening, Kind

TOLD_PER_STEP = 500  # as the engine's ROWS_PER_STEP; a job without a pace begins a wave with each step
LOOKED_AT_PER_STEP = 20 * TOLD_PER_STEP  # as the store's LOOKED_AT_PER_CLAIM
QUEUED, TOLD, ENDED = range(3)

#: What moves a job with a pace or with stages, and what moves any other.
PACED_KINDS = frozenset({Kind.CONNECTS, Kind.FAILED, Kind.SUCCEEDED})
UNPACED_KINDS = frozenset({Kind.CONNECTS, Kind.FAILED})


class Ledger:
    """A job for all places of a fleet; devices that are `away` are told when they come.

    `told_ms`: when each place was told. `halted`: on which evidence the gate halted the job, and `halted_ms` when.
    """

    def __init__(self, devices: int, rollout: Rollout, away: frozenset[int]) -> None:
        self._devices = devices
        self._job = _job(rollout)
        self._away = set(away)
        self._status = bytearray(devices)
        self._wave_of: dict[int, int] = {}
        self._waves: list[Wave] = []
        self._is_suspect = False  # something failed since the gate looked: only that is new evidence
        self._exposed = self._succeeded = 0
        self._after = 0  # the dispatch has looked at so many places
        self._ready: list[int] = []
        self._silent_from: list[tuple[int, int]] = []
        self.told_ms: dict[int, int] = {}
        self.halted: Evidence | None = None
        self.halted_ms: int | None = None
        self.exposed_max = 0

    @property
    def succeeded(self) -> int:
        return self._succeeded

    @property
    def waves(self) -> int:
        """How many waves have begun."""
        return len(self._waves)

    @property
    def stage(self) -> int:
        return self._job.stage

    @property
    def next_ms(self) -> int | None:
        """When time alone moves the job next: a device falls silent, or a stage has soaked."""
        times = [self._silent_from[0][0]] if self._silent_from else []
        soaks_ms = soaks_until_ms(self._job)
        return min([*times, *([] if soaks_ms is None else [soaks_ms])], default=None)

    def take(self, happening: Happening) -> bool:
        """A device says something; whether it is told in the same breath, as it is by a job that counts nobody."""
        at_ms, place, kind = happening
        if kind is Kind.CONNECTS:
            return self._connects(place, at_ms)
        if kind is Kind.DISCONNECTS or self._status[place] == ENDED:
            return False
        if kind is Kind.PROGRESS:
            silent_ms = silent_from_ms(TaskStatus.IN_PROGRESS, self._job.rollout.gate, at_ms)
            if silent_ms is not None:
                heapq.heappush(self._silent_from, (silent_ms, place))
            return False
        self._status[place] = ENDED
        self._exposed -= 1
        if kind is Kind.SUCCEEDED:
            self._succeeded += 1
            self._change(self._wave_of[place], waiting=-1)
        else:
            self._fails(place)
        return False

    def settle(self, now_ms: int) -> list[int]:
        """The places told now: steps are taken until none is left, those of devices that fall silent among them."""
        told: list[int] = []
        while self.halted is None:
            before = (len(told), self._after, self._job.stage, self._job.soaked_ms)
            if self._halts(now_ms):
                break
            self._move_stage(now_ms)
            told += self._deliver(now_ms)
            told += self._dispatch(now_ms)
            if not self._fall_silent(now_ms) and before == (
                len(told),
                self._after,
                self._job.stage,
                self._job.soaked_ms,
            ):
                break
        self.exposed_max = max(self.exposed_max, self._exposed)
        return told

    # ---- what devices do ----

    def _connects(self, place: int, at_ms: int) -> bool:
        self._away.discard(place)
        if self._job.is_held or self._status[place] != QUEUED:
            return False
        if self._job.counts_claims or place >= self._until:
            heapq.heappush(self._ready, place)
            return False
        self._claim([place], at_ms)
        return True

    def _fails(self, place: int) -> None:
        self._change(self._wave_of[place], failing=1, waiting=-1)
        self._is_suspect = True

    def _change(self, number: int, started: int = 0, failing: int = 0, waiting: int = 0) -> None:
        wave = self._waves[number]
        self._waves[number] = Wave(wave.number, wave.started + started, wave.failing + failing, wave.waiting + waiting)

    def _fall_silent(self, now_ms: int) -> bool:
        has_any = False
        while self._silent_from and self._silent_from[0][0] <= now_ms:
            _, place = heapq.heappop(self._silent_from)
            if self._status[place] != ENDED:
                self._fails(place)
                has_any = True
        return has_any

    # ---- what the job does ----

    @property
    def _until(self) -> int:
        """The places that may be told in its stage."""
        return min(self._devices, self._job.stage_until)

    def _standing(self) -> Standing:
        return Standing(self._devices, 0, self._exposed, 0, self._succeeded, tuple(self._waves))

    def _halts(self, now_ms: int) -> bool:
        if self._is_suspect:
            self._is_suspect = False
            self.halted = evidence_to_halt(self._job, self._standing())
        if self.halted is None:
            return False
        self._job = self._job._replace(hold=Hold.HALTED)
        self.halted_ms = now_ms
        return True

    def _move_stage(self, now_ms: int) -> None:
        move = stage_move(self._job, self._standing(), self._succeeded, now_ms) if self._job.rollout.stages else None
        if move is None:
            return
        if move.soaks:
            self._job = self._job._replace(soaked_ms=now_ms)
            return
        until = NO_TASK_ABOVE if move.devices is None else move.devices
        self._job = self._job._replace(stage=move.stage, stage_until=until, soaked_ms=None)

    def _free(self) -> int:
        free = free_claims(self._job, self._standing())
        return TOLD_PER_STEP if free is None else min(TOLD_PER_STEP, free)

    def _deliver(self, now_ms: int) -> list[int]:
        if not self._ready or self._ready[0] >= self._until:
            return []
        taken: list[int] = []
        free = self._free()
        while self._ready and self._ready[0] < self._until and len(taken) < free:
            taken.append(heapq.heappop(self._ready))
        return self._claim([place for place in taken if self._status[place] == QUEUED], now_ms)

    def _dispatch(self, now_ms: int) -> list[int]:
        if self._after >= self._until:
            return []
        free = self._free()
        if free == 0:
            return []
        bound = min(self._until, self._after + LOOKED_AT_PER_STEP)
        found: list[int] = []
        for place in range(self._after, bound):
            if self._status[place] == QUEUED and place not in self._away:
                found.append(place)
                if len(found) == free:
                    bound = place + 1
                    break
        self._after = bound
        return self._claim(found, now_ms)

    def _claim(self, places: list[int], now_ms: int) -> list[int]:
        if not places:
            return places
        number = current_wave(self._job, self._standing()) - self._job.gate_wave
        while len(self._waves) <= number:
            self._waves.append(Wave(self._job.gate_wave + len(self._waves), 0, 0))
        self._change(number, started=len(places), waiting=len(places))
        self._exposed += len(places)
        for place in places:
            self._status[place] = TOLD
            self._wave_of[place] = number
            self.told_ms[place] = now_ms
        return places


def _job(rollout: Rollout) -> Job:
    """A job of which only the policy matters, filled, and under way."""
    return Job(
        id=1,
        account_id=1,
        product_id=1,
        product_key="",
        product_name="",
        firmware_id=1,
        firmware_name="",
        module_name="",
        dest_version="",
        required_version="",
        sha256="",
        md5="",
        size_bytes=0,
        sign_method="",
        firmware_type=0,
        udi="",
        job_type=JobType.UPGRADE,
        status=JobStatus.IN_PROGRESS,
        target_selection="",
        need_push=True,
        need_confirm=False,
        timeout_minutes=None,
        tags=(),
        fill_after=0,
        fill_until=0,
        is_filled=True,
        dispatch_after=0,
        cancelling=frozenset(),
        cancel_after=0,
        created_ms=0,
        modified_ms=0,
        ended_ms=None,
        rollout=rollout,
        stage_until=0 if rollout.stages else NO_TASK_ABOVE,
    )
