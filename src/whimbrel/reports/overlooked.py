"""What connecting devices and the engine both missed, because each looked before the other had committed (F05).

A device that connects looks for its tasks in one transaction; the engine makes tasks in another, and tells connected
devices of them in a third. When these two lie between the device's look and its commit, nobody tells the device. So
those that came are looked at once more when all can see that they are there.
"""

from __future__ import annotations

from collections.abc import Collection

from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store import Store


async def look_again(store: Store, came: Collection[int], reported: Collection[int], told: Collection[int]) -> None:
    """After the commit of their reports, and before the engine is woken.

    `came`: devices that connected; `reported`: those that said what decides whether they are told. `told`: the tasks
    that they are told of anyway. One that was notified meanwhile may have been told to the device's older session.
    """
    looked_at = {*came, *reported}
    if not looked_at:
        return
    async with store.snapshot() as snapshot:
        found = await snapshot.pacing.overlooked(looked_at)
    queued = [task for task in found if task.status is TaskStatus.QUEUED]
    notified = [task.id for task in found if task.status is TaskStatus.NOTIFIED and task.device_id in came]
    missed = [task_id for task_id in notified if task_id not in told]
    if not queued and not missed:
        return
    async with store.transaction() as transaction:
        for task in sorted(queued, key=lambda task: (task.job_id, task.id)):
            await transaction.pacing.ready(task)
        await transaction.orders.notices(missed, "")
