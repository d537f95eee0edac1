"""Takes the planned steps, again and again, until nothing is left to do; then sleeps until woken.

Each step is one transaction that reads the job anew, so a step planned on old news does nothing wrong, and a kill
anywhere only repeats work. Notices leave after the commit that recorded them: a crash in between loses none, because
a device that was not reached gets its task again when it reconnects (F05). Those of devices that another process holds
are written down in the same transaction, as orders to that process. Where several processes have the engine, the store
is one that takes changes only while this one leads (`fenced_store.py`).
"""

from __future__ import annotations

import asyncio
import logging

from whimbrel.crash_points import crash_here
from whimbrel.domain.claims import evidence_to_halt
from whimbrel.domain.firmware import FirmwareStatus
from whimbrel.domain.gate import Evidence
from whimbrel.domain.job import Job
from whimbrel.domain.notice import LinkMaker
from whimbrel.domain.rollout import Hold
from whimbrel.domain.stages import StageMove
from whimbrel.domain.task import Task
from whimbrel.engine.chore import Chore
from whimbrel.engine.pace_window import PaceWindow
from whimbrel.engine.plan import Step, StepKind, due_ms, plan
from whimbrel.engine.step_size import StepSize
from whimbrel.engine.sweep import Sweep
from whimbrel.engine.telling import Telling
from whimbrel.errors import WhimbrelError
from whimbrel.ports.clock import Clock
from whimbrel.ports.device_channel import DeviceChannel
from whimbrel.ports.store import Because, JobState, Store, Transaction, job_turn
from whimbrel.ports.wakeup import Wakeup

log = logging.getLogger(__name__)

ROWS_PER_STEP = 500  # measured: a step of 1,000 rows holds the event loop for up to 14 ms, and 10 are allowed
JOBS_PER_LOOK = 100
IDLE_SECONDS_MAX = 5.0  # a lost wake-up delays by this at most
WAKE_PAUSE_SECONDS = 0.02  # wake-ups within this time share one look at the jobs
FAULT_PAUSE_SECONDS = 1.0
GATES_EVERY_SECONDS = 0.3  # with the longest step, of some 0.3 s, a gate halts within a second of the report
CLOCK_JUMP_MS_MIN = 30_000  # below it are a slow look at a busy machine and the usual slewing of a clock


class Engine:
    def __init__(self, store: Store, channel: DeviceChannel, wakeup: Wakeup, clock: Clock, links: LinkMaker) -> None:
        self._store = store
        self._channel = channel
        self._wakeup = wakeup
        self._clock = clock
        self._telling = Telling(store, channel, clock, links)
        self._seen_ms, self._seen_s = clock.now_ms(), clock.monotonic_s()
        self._window = PaceWindow(store, clock)
        self._chores: list[Chore] = []
        self._sizes = {StepKind.FILL: StepSize(), StepKind.CANCEL: StepSize()}
        self._gates_s = -GATES_EVERY_SECONDS
        self._due_ms: int | None = None  # when time alone lets a running job go on

    def take_on(self, *chores: Chore) -> None:
        """Work besides jobs, done in turn with them."""
        self._chores += chores

    def tell_by(self, telling: Telling) -> None:
        """Where the engine's store is fenced: what tells devices has one that is not."""
        self._telling = telling

    async def run(self, sweep: Sweep) -> None:
        """Until cancelled. A fault of the store pauses the engine; when the fault ends, it goes on by itself (I19)."""
        while True:
            try:
                await self.settle()
                await sweep.when_due()
                await self._wait()
            except WhimbrelError as error:
                log.warning("the engine pauses: %s", error)
                await asyncio.sleep(FAULT_PAUSE_SECONDS)

    async def settle(self) -> None:
        """Take steps until none is left."""
        await self._follow_clock()
        while await self._round():
            pass

    async def _round(self) -> bool:
        """One step of each kind of work, so that none waits for another to be finished; whether anything was done."""
        has_acted = await self._time_out()
        has_acted |= await self._start_due()
        has_acted |= await self._look()
        for chore in (*self._chores, self._window):
            has_acted |= await chore.step()
        return has_acted

    async def _wait(self) -> None:
        async with self._store.snapshot() as store:
            due = (
                await store.fleet.next_due_ms(),
                await store.job_moves.next_due_ms(),
                await store.silence.next_due_ms(),
                self._due_ms,
            )
        waits_s = [max(0.0, (due_ms - self._clock.now_ms()) / 1000) for due_ms in due if due_ms is not None]
        frees_in_s = self._window.frees_in_s()
        if frees_in_s is not None:
            waits_s.append(frees_in_s)
        wait_s = min(waits_s, default=IDLE_SECONDS_MAX) + WAKE_PAUSE_SECONDS
        if await self._wakeup.wait(min(wait_s, IDLE_SECONDS_MAX)):
            await asyncio.sleep(WAKE_PAUSE_SECONDS)

    async def _follow_clock(self) -> None:
        """When the wall clock jumps, due times move with it: no mass time-out because somebody set a clock (F16).

        ScheduleTime and ScheduleFinishTime do not: people gave them as times of the wall clock, so they follow it.
        """
        now_ms, now_s = self._clock.now_ms(), self._clock.monotonic_s()
        jump_ms = (now_ms - self._seen_ms) - int((now_s - self._seen_s) * 1000)
        if abs(jump_ms) >= CLOCK_JUMP_MS_MIN:
            log.warning("the clock jumped by %d s; due times are moved with it", jump_ms // 1000)
            async with self._store.transaction() as store:
                await store.fleet.postpone_due(jump_ms, now_ms)
        # Only now: if the store could not take it, the next look sees the jump again.
        self._seen_ms, self._seen_s = now_ms, now_s

    async def _time_out(self) -> bool:
        now_ms = self._clock.now_ms()
        async with self._store.snapshot() as store:
            due_ms = await store.fleet.next_due_ms()
        if due_ms is None or due_ms > now_ms:
            return False
        async with self._store.transaction() as store:
            await store.fleet.time_out(ROWS_PER_STEP, now_ms)
        return True

    async def _start_due(self) -> bool:
        """Planned jobs whose time has come begin; no other planned job is looked at."""
        async with self._store.snapshot() as store:
            jobs = await store.job_moves.due(self._clock.now_ms(), JOBS_PER_LOOK)
        has_acted = False
        for job in jobs:
            has_acted |= await self._take(StepKind.START, job)
        return has_acted

    async def _look(self) -> bool:
        """One step of each kind for each running job; whether anything was done."""
        after_id, has_acted = 0, False
        due: list[int | None] = []
        while True:
            async with self._store.snapshot() as store:
                states = await store.jobs.running(after_id, JOBS_PER_LOOK)
            for state in states:
                due.append(due_ms(state, self._clock.now_ms()))
                for step in plan(state, self._clock.now_ms()):
                    if self._clock.monotonic_s() - self._gates_s >= GATES_EVERY_SECONDS:
                        await self._look_at_gates()
                    has_acted |= await self._take(step.kind, state.job)
            if len(states) < JOBS_PER_LOOK:
                self._due_ms = min((time_ms for time_ms in due if time_ms is not None), default=None)
                return has_acted
            after_id = states[-1].job.id

    async def _look_at_gates(self) -> None:
        """Halt what has to halt: within a second also while many other jobs are being filled (I8)."""
        self._gates_s = self._clock.monotonic_s()
        after_id, states = 0, list[JobState]()
        while after_id == 0 or len(states) == JOBS_PER_LOOK:
            async with self._store.snapshot() as store:
                states = await store.jobs.running(after_id, JOBS_PER_LOOK)
            for state in states:
                if evidence_to_halt(state.job, state.standing) is not None:
                    await self._take(StepKind.HALT, state.job)
            after_id = states[-1].job.id if states else -1

    async def _take(self, kind: StepKind, seen: Job) -> bool:
        """Take the step if the job, read anew, still needs it; whether it moved anything."""
        notified: list[Task] = []
        now_ms, begun_s = self._clock.now_ms(), self._clock.monotonic_s()
        async with self._store.transaction() as store:
            await store.hold(job_turn(seen.id))
            begun_s = self._clock.monotonic_s()
            state = await store.jobs.state(seen.account_id, seen.id)
            step = next((step for step in plan(state, now_ms) if step.kind is kind), None) if state else None
            if state is None or step is None:
                return False
            job = state.job
            notified = await self._channel.post(store, await self._execute(store, job, step, now_ms))
            moved = await store.jobs.by_id(job.account_id, job.id)
        if kind in self._sizes:
            self._sizes[kind].took(self._clock.monotonic_s() - begun_s)
        crash_here("engine.committed")
        await self._telling.tell_claimed(notified, job, begun_s)
        return moved != job or kind in (StepKind.AGAIN, StepKind.DELIVER)

    async def _execute(self, store: Transaction, job: Job, step: Step, now_ms: int) -> list[Task]:
        match step.kind:
            case StepKind.START:
                await store.job_moves.start(job, now_ms)
            case StepKind.END_SCHEDULE:
                await store.job_moves.end_schedule(job.id, now_ms)
            case StepKind.CANCEL:
                await store.fleet.cancel(job, self._sizes[step.kind].tasks, now_ms)
            case StepKind.FILL:
                await store.fleet.fill(job, self._sizes[step.kind].tasks, now_ms)
            case StepKind.HALT:
                assert step.evidence is not None
                await store.rollouts.hold(job.id, Hold.HALTED, Because(_words(step.evidence, job)), now_ms)
            case StepKind.STAGE:
                assert step.move is not None
                await store.rollouts.move(job, step.move, Because(_stage_words(step.move, job)), now_ms)
            case StepKind.WAVE:
                await store.rollouts.move_wave(job.id, step.wave)
            case StepKind.AGAIN:
                return await store.rollouts.again(job, ROWS_PER_STEP)
            case StepKind.DELIVER:
                return await store.pacing.deliver(job, ROWS_PER_STEP, now_ms)
            case StepKind.DISPATCH:
                return await store.fleet.dispatch(job, ROWS_PER_STEP, now_ms)
            case StepKind.END:
                assert step.status is not None
                await store.jobs.end(job.id, step.status, now_ms)
                if step.verdict is not None:
                    await store.firmware.move(job.firmware_id, FirmwareStatus.VERIFYING, step.verdict, now_ms)
        crash_here("engine.stepped")
        return []


def _words(evidence: Evidence, job: Job) -> str:
    gate = job.rollout.gate
    assert gate is not None, "only a gate halts"
    return (
        f"{evidence.failing} of the first {evidence.started} devices failed or went silent; the limit is "
        f"{gate.limit_basis_points / 100:g} %"
    )


def _stage_words(move: StageMove, job: Job) -> str:
    of = f"of {len(job.rollout.stages) + 1}"  # the last one is of all other devices, as everywhere
    if move.soaks:
        return f"stage {move.stage + 1} {of} is healthy and soaks"
    if move.devices is None:
        return f"stage {move.stage + 1} {of} begins, with all other devices"
    return f"stage {move.stage + 1} {of} begins, up to device {move.devices}"
