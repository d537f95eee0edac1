"""How fast jobs tell devices, and which devices are ready behind the dispatch cursor. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Protocol

from whimbrel.domain.job import Job
from whimbrel.domain.task import Task


class Notices(NamedTuple):
    """So many devices of a job were told around that time; they count for its pace as long as the row is there."""

    job_id: int
    at_ms: int
    n: int


class Pacing(Protocol):
    """MaximumPerMinute (api-contract 7.8, I5). No wall clock decides: the engine forgets what it knew long enough."""

    async def ready(self, task: Task) -> None:
        """The queued task may leave as soon as its job allows, and a notified one once more; again changes nothing."""
        ...

    async def overlooked(self, device_ids: Collection[int]) -> list[Task]:
        """Queued and notified tasks of those devices that are connected and could be told of them now.

        Only where several processes share the store may there be tasks that neither saw: the device, which looked for
        some before they were made, nor the engine, which looked before the device was there.
        """
        ...

    async def deliver(self, job: Job, tasks_max: int, now_ms: int) -> list[Task]:
        """Take the next ready tasks of devices that are online: claim the queued ones as NOTIFIED, as `Fleet.dispatch`
        does; those that were told before are told again, and count no more.
        """
        ...

    async def hold_turns(self, device_ids: Collection[int]) -> None:
        """The turns of all jobs that `claim` could need for these devices: asked for before anything else is held, so
        that who claims and who dispatches never wait for each other.
        """
        ...

    async def claim(self, task: Task, job: Job, now_ms: int) -> Task | None:
        """The queued task as told from now on; None, and nothing done, when its job allows no more now (I5, I6), is
        held (I8), or the row moved on.
        """
        ...

    async def count(self, job_id: int, n: int, now_ms: int) -> None:
        """So many devices of the job leave now: claims count themselves, what left late is counted once more."""
        ...

    async def notices(self) -> list[Notices]:
        """All that count now; a job has a bounded number of rows."""
        ...

    async def forget(self, notices: list[Notices]) -> None:
        """They left the window; a row that grew since it was read stays."""
        ...
