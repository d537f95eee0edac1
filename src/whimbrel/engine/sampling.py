"""Writes down how jobs stand, now and then, so that people see what happened over time (ADR 0058)."""

from __future__ import annotations

from whimbrel.ports.clock import Clock
from whimbrel.ports.store import Store

LOOK_EVERY_SECONDS = 10.0  # a job is sampled a minute after its last sample at first, so at most so much later
JOBS_PER_STEP = 50  # some ten look-ups by index each


class Sampling:
    """A chore of the engine. While no engine runs, nothing is sampled: a gap is all that it leaves."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._next_s = clock.monotonic_s()
        self._after_id = 0

    async def step(self) -> bool:
        """Look at the next running jobs, when it is time; whether more are to be looked at now."""
        if self._clock.monotonic_s() < self._next_s:
            return False
        async with self._store.snapshot() as snapshot:
            job_ids = await snapshot.rollout_history.next_jobs(self._after_id, JOBS_PER_STEP)
        if job_ids:
            async with self._store.transaction() as store:
                await store.rollout_history.sample(self._after_id, job_ids[-1], self._clock.now_ms())
        if len(job_ids) == JOBS_PER_STEP:
            self._after_id = job_ids[-1]
            return True
        self._after_id, self._next_s = 0, self._clock.monotonic_s() + LOOK_EVERY_SECONDS
        return False
