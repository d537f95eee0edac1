"""Calls that are made again and again for those who look on: once for all who look at the same (I17).

Whoever has the same account and rights sees the same, so a watch is performed for nobody in particular, as `user:*`: a
call that answers according to who calls finds nobody. What all watches take together is bounded by their rests.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from contextlib import suppress
from typing import NamedTuple, Protocol

from whimbrel.asgi import Answer
from whimbrel.domain.access import ANY, USER_PREFIX, Identity, Policy
from whimbrel.errors import ServiceUnavailableError
from whimbrel.rpc.hall import Hall

WATCHES_MAX = 1_000  # in a process, different ones
WATCHES_OF_ACCOUNT_MAX = WATCHES_MAX // 2  # nobody's pages keep those of others away (I15)
PAUSE_SECONDS_MIN = 1.0  # between two rounds of one watch
PAUSES_PER_ROUND = 20  # a pause is so many times as long as what came before took
AT_WORK_MAX = 4
RESTS_PER_ROUND = 3  # a place at work rests so many times as long: on average one read is at work, however many watch
FORBIDDEN = 403


class Watched(NamedTuple):
    """What is looked at: an Action with its parameters in order, by someone with these rights."""

    account_id: int
    policy: Policy
    action: str
    parameters: tuple[tuple[str, str], ...]

    @property
    def identity(self) -> Identity:
        return Identity(self.account_id, USER_PREFIX + ANY, self.policy, sees_secrets=False)


class Listener(Protocol):
    """Who looks on."""

    def hear(self, index: int, answer: Answer) -> None:
        """The first answer, and each that is another than the one before. `index` is of the listener's own list."""
        ...


class _Watch:
    def __init__(self) -> None:
        self.listeners: set[tuple[Listener, int]] = set()
        self.is_left = asyncio.Event()
        self.last: Answer | None = None


class Watches:
    """Of one process."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._watches: dict[Watched, _Watch] = {}
        self._of_account: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_WORK_MAX)

    def __len__(self) -> int:
        return len(self._watches)

    def join(self, watched: Watched, listener: Listener, index: int) -> None:
        """Raises ServiceUnavailableError when too many different things are looked at."""
        watch = self._watches.get(watched)
        if watch is None:
            of_account = self._of_account[watched.account_id]
            if len(self._watches) >= WATCHES_MAX or of_account >= WATCHES_OF_ACCOUNT_MAX:
                raise ServiceUnavailableError("too much is looked at through this server; look again later")
            watch = self._watches[watched] = _Watch()
            self._of_account[watched.account_id] += 1
            task = asyncio.create_task(self._follow(watched, watch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        watch.listeners.add((listener, index))
        if watch.last is not None:
            listener.hear(index, watch.last)

    def leave(self, watched: Watched, listener: Listener, index: int) -> None:
        """Who never joined may leave. The last one ends the watch, once it has its answer."""
        watch = self._watches.get(watched)
        if watch is None:
            return
        watch.listeners.discard((listener, index))
        if not watch.listeners:
            del self._watches[watched]
            self._of_account[watched.account_id] -= 1
            watch.is_left.set()

    async def close(self) -> None:
        """Returns when nothing is read any more; nobody joins after it."""
        for watch in self._watches.values():
            watch.is_left.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, watched: Watched, watch: _Watch) -> None:
        # One for all rounds: answers that differ in nothing else are the same.
        request_id = str(uuid.uuid4())
        while not watch.is_left.is_set():
            took_s, answer = await self._perform(watched, watch, request_id)
            if watch.last is None or (watch.last.status, watch.last.body) != (answer.status, answer.body):
                watch.last = answer
                for listener, index in watch.listeners:
                    listener.hear(index, answer)
            if answer.status == FORBIDDEN:
                await watch.is_left.wait()  # it stays so until the rights change, and who then looks on comes anew
            await _pause(watch, max(PAUSE_SECONDS_MIN, PAUSES_PER_ROUND * took_s))

    async def _perform(self, watched: Watched, watch: _Watch, request_id: str) -> tuple[float, Answer]:
        async with self._places:
            loop = asyncio.get_running_loop()
            started_s = loop.time()
            answer = await self._hall.answer(watched.identity, watched.action, dict(watched.parameters), request_id)
            took_s = loop.time() - started_s
            await _pause(watch, RESTS_PER_ROUND * took_s)
        return took_s, answer


async def _pause(watch: _Watch, seconds: float) -> None:
    """Not cut off by a cancel, for a read that is cut off costs a connection: whoever leaves says so."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await watch.is_left.wait()
