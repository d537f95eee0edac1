"""Takes what devices say into the store: many reports share one transaction, and each is acknowledged after its commit.

Reports of one device are taken in the order they came. Memory is bounded by the sessions: each stops being read while
it has too many reports unacknowledged, and all do while `is_full` (I17). Nobody is cut off for that: a door that finds
the ingest full keeps what it has read, reads no more, and asks to be told `when_roomy`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

from prometheus_client import Counter

from whimbrel.crash_points import crash_here
from whimbrel.domain.notice import LinkMaker
from whimbrel.errors import ReportError, StoreConflictError, StoreFullError, StoreUnavailableError, WhimbrelError
from whimbrel.gateway.node import Node
from whimbrel.ports.clock import Clock
from whimbrel.ports.store import Store
from whimbrel.ports.wakeup import Wakeup
from whimbrel.reports.declaration import Outcome, ReportContext
from whimbrel.reports.overlooked import look_again

log = logging.getLogger(__name__)

T = TypeVar("T")

BATCH_REPORTS_MAX = (
    500  # one commit's fsync shared by so many; at some 30 us a report the loop is held for 15 ms at most
)
SLICE_REPORTS = 50  # after so many within a batch, other work of the loop gets its turn
AHEAD_REPORTS_MIN = 4  # for fewer, reading ahead costs more statements than it saves
WAITING_REPORTS_MAX = 20_000
ROOMY_REPORTS_MAX = 5_000  # as many batches as keep the store busy while the doors are read again
DOORS_PER_TURN = 10  # go on reading, some 10 us each but 5 ms for a flooded one; then other work gets its turn
LOOK_RETRY_SECONDS = 1.0
TRIES_MAX = 5  # for a batch that another process stood in the way of

#: Reports that change tasks alone; all others may change presence or versions.
_ONLY_TASKS = frozenset({"report_progress", "get_firmware", "request_firmware"})

#: Reports that may be answered with a task that is queued.
_CLAIMS = frozenset({"get_firmware", "request_firmware", "ddi_poll"})

reports_total = Counter("whimbrel_reports_total", "Reports of devices taken in", ["report", "result"])


class ReportSink(Protocol):
    """The session a report came from."""

    def done(self, packet_id: int | None, outcome: Outcome) -> None:
        """The report's effect is durable."""
        ...

    def failed(self) -> None:
        """The store cannot take reports now; nothing was acknowledged."""
        ...


class Item(NamedTuple):
    """One thing a device said: `apply` does it inside a transaction."""

    name: str
    device_id: int
    apply: Callable[[ReportContext], Awaitable[Outcome]]
    sink: ReportSink
    packet_id: int | None = None


class _ToLookAt:
    """Devices that came or reported, and the tasks that they are told of anyway; bounded by the sessions (I17)."""

    def __init__(self) -> None:
        self.sets: tuple[set[int], set[int], set[int]] = (set(), set(), set())

    def __bool__(self) -> bool:
        return any(self.sets)

    def add(self, batch: list[Item], outcomes: list[Outcome]) -> None:
        came, reported, told = self.sets
        came.update(item.device_id for item in batch if item.name == "connected")
        quiet = {*_ONLY_TASKS, "disconnected"}
        reported.update(item.device_id for item in batch if item.name not in quiet)
        told.update(notice.task_id for outcome in outcomes for notice in outcome.notices)

    def join(self, other: _ToLookAt) -> None:
        for mine, others in zip(self.sets, other.sets, strict=True):
            mine.update(others)


class Ingest:
    """With a `node`, nothing is taken in but during its life (I18)."""

    def __init__(self, store: Store, clock: Clock, wakeup: Wakeup, links: LinkMaker, node: Node | None = None) -> None:
        self._store = store
        self._clock = clock
        self._wakeup = wakeup
        self._links = links
        self._node = node
        self._waiting: deque[Item] = deque()
        self._has_work = asyncio.Event()
        self._paused: deque[Callable[[], None]] = deque()
        self._to_look_at = _ToLookAt()
        self._turn = asyncio.Lock()

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= WAITING_REPORTS_MAX

    def when_roomy(self, go_on: Callable[[], None]) -> None:
        """Call `go_on` once when there is room again: in the order of asking, and no more than there is room for."""
        self._paused.append(go_on)

    def submit(self, item: Item) -> None:
        self._waiting.append(item)
        self._has_work.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            await self.drain()

    async def drain(self) -> None:
        """Take in all that waits; what is being taken in already is, too, when this returns."""
        async with self._turn:
            if self._to_look_at:
                await self._look_again()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH_REPORTS_MAX, len(self._waiting)))]
                await self._take(batch)
                if len(self._waiting) <= ROOMY_REPORTS_MAX:
                    await self._let_go_on()

    async def _let_go_on(self) -> None:
        number = 0
        while self._paused and not self.is_full:
            try:
                self._paused.popleft()()
            except Exception:
                log.exception("a door that waited for room cannot go on")
            number += 1
            if number % DOORS_PER_TURN == 0:
                await asyncio.sleep(0)

    async def _take(self, batch: list[Item]) -> None:
        try:
            outcomes = await self._in_spite_of_others(partial(self._commit, batch))
        except (StoreUnavailableError, StoreFullError) as error:
            log.warning("the store takes no reports now: %s", error)
            for item in batch:
                _tell(item, None)
            return
        except Exception:
            if len(batch) == 1:
                # A fault of ours in one report: its session ends unacknowledged, all others go on.
                log.exception("a report %s of device %d failed", batch[0].name, batch[0].device_id)
                reports_total.labels(batch[0].name, "failed").inc()
                _tell(batch[0], None)
                return
            for item in batch:
                await self._take([item])
            return
        self._to_look_at.add(batch, outcomes)
        await self._look_again()
        self._wakeup.notify()
        crash_here("ingest.committed")
        for number, (item, outcome) in enumerate(zip(batch, outcomes, strict=True), 1):
            _tell(item, outcome)
            if number % SLICE_REPORTS == 0:
                await asyncio.sleep(0)

    async def _in_spite_of_others(self, work: Callable[[], Awaitable[T]]) -> T:
        """A batch that stood in another process's way is taken in again: its devices have done nothing wrong."""
        for _ in range(TRIES_MAX - 1):
            try:
                return await work()
            except StoreConflictError as error:
                log.info("reports are taken in again: %s", error)
        return await work()

    async def _look_again(self) -> None:
        """For tasks that came to be while reports were taken in. What was committed is acknowledged whatever becomes of
        this: it is tried again soon, and who has left meanwhile is looked at when it comes back.
        """
        looked_at, self._to_look_at = self._to_look_at, _ToLookAt()
        try:
            await self._in_spite_of_others(partial(look_again, self._store, *looked_at.sets))
        except WhimbrelError as error:
            log.warning("tasks that came to be meanwhile are looked for later: %s", error)
            self._to_look_at.join(looked_at)
            asyncio.get_running_loop().call_later(LOOK_RETRY_SECONDS, self._has_work.set)

    async def _commit(self, batch: list[Item]) -> list[Outcome]:
        outcomes = []
        async with self._store.transaction() as store:
            node_id = await self._node.hold(store) if self._node is not None else ""
            await store.pacing.hold_turns({item.device_id for item in batch if item.name in _CLAIMS})
            if len(batch) >= AHEAD_REPORTS_MIN:
                await store.read_ahead(*_devices_of(batch))
            for number, item in enumerate(batch, 1):
                context = ReportContext(item.device_id, self._clock.now_ms(), store, self._links, node_id)
                outcomes.append(await self._apply(item, context))
                if number % SLICE_REPORTS == 0:
                    await asyncio.sleep(0)
            crash_here("ingest.applied")
        return outcomes

    async def _apply(self, item: Item, context: ReportContext) -> Outcome:
        try:
            outcome = await item.apply(context)
        except ReportError as error:
            log.debug("device %d: %s", item.device_id, error)
            reports_total.labels(item.name, "dropped").inc()
            return Outcome()
        reports_total.labels(item.name, "taken").inc()
        return outcome


def _devices_of(batch: list[Item]) -> tuple[set[int], set[int]]:
    """The devices, and those among them that may change their presence or versions."""
    return {item.device_id for item in batch}, {item.device_id for item in batch if item.name not in _ONLY_TASKS}


def _tell(item: Item, outcome: Outcome | None) -> None:
    """Tell the session what became of its report, None for nothing. A session that cannot take it harms no other."""
    try:
        if outcome is None:
            item.sink.failed()
        else:
            item.sink.done(item.packet_id, outcome)
    except Exception:
        log.exception("a session of device %d cannot take the outcome of its report %s", item.device_id, item.name)
