"""A device connects, leaves or calls: presence, and the tasks that wait for it (device-protocol 1, 9.2, 10).

No topic carries these: the door reports them for the session. A task already notified or running is pushed again at
every connect, with a fresh link; its status and its timeout stay. A device that was disabled or deleted between its
login and this report is sent away, and so is one that logged in during a life that this process has lost since (I18).
One that only calls, over HTTPS, is activated and seen, but never ONLINE: there is no session that a notice could go to.
"""

from __future__ import annotations

from whimbrel.ports.store import Presence
from whimbrel.reports.declaration import Outcome, ReportContext
from whimbrel.reports.open_tasks import push


async def connected(presence: Presence, context: ReportContext) -> Outcome:
    if context.node_id not in ("", presence.node_id):
        return Outcome(ends_session=True)
    if not await context.store.presences.connected(presence, context.now_ms):
        return Outcome(ends_session=True)
    return Outcome(notices=await push(context, again=True))


async def disconnected(presence: Presence, context: ReportContext) -> Outcome:
    await context.store.presences.disconnected(presence, context.now_ms)
    return Outcome()


async def called(ip_address: str, context: ReportContext) -> bool:
    """A device without a session has called; False when it may not."""
    return await context.store.presences.called(context.device_id, ip_address, context.now_ms)
