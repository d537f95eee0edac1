"""What devices have in common that ask instead of being told: they wake, ask, report what is to be reported, and
sleep.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from whimbrel.simulator.backoff import backoff_s
from whimbrel.simulator.download import Download, Way
from whimbrel.simulator.fate import Fate
from whimbrel.simulator.files import FileTransfer
from whimbrel.simulator.http_client import Answer, Request
from whimbrel.simulator.site import Site
from whimbrel.simulator.tally import DeviceState
from whimbrel.simulator.unit import Badge, Unit
from whimbrel.simulator.witness import Violation

FIRST_POLL_WITHIN_S: Final = 5.0
"""A fleet that is switched on at once asks over so many seconds, or over one polling interval if that is shorter."""

BUSY: Final = frozenset((409, 429, 500, 502, 503, 504))
"""Try the same again later."""

BUSY_PAUSE_S: Final = 1.0
"""As rauc-hawkbit-updater waits after 409 and 429 (ddi-protocol 11)."""


class PollingUnit(Unit):
    """See the module. Families say how to ask."""

    __slots__ = ("_failures", "_is_asleep", "_next_poll_s", "_polling")

    def __init__(self, badge: Badge, number: int, fate: Fate, site: Site) -> None:
        super().__init__(badge, number, fate, site)
        self._failures = 0
        self._is_asleep = True
        self._next_poll_s = 0.0
        self._polling: asyncio.Task[None] | None = None

    @abstractmethod
    async def poll(self) -> float:
        """Ask once, and do what is to be done; how many seconds to sleep. Raises OSError, TimeoutError."""

    @property
    @abstractmethod
    def file_headers(self) -> Mapping[str, str]:
        """What proves the device to whoever serves its files."""

    # ---- Unit ----

    def begin(self) -> None:
        """Ask for the first time, somewhere in the first seconds."""
        within_s = min(FIRST_POLL_WITHIN_S, self.site.poll_s or FIRST_POLL_WITHIN_S)
        self.sleep(within_s * self.dice.fraction("first poll"))

    def switch_off(self) -> None:
        """There is nobody to say goodbye to."""

    def drop_connection(self) -> None:
        """Wake at once: a device that starts again asks first of all."""
        if not self.is_silent:
            self.sleep(0)

    def transfer(self, place: int) -> FileTransfer:
        """Over HTTP."""
        way = Way(self.site.http.tls, self.file_headers, self.bandwidth_bytes_per_s())
        return Download(lambda: self.notice.files[place], self.site.dice, way)

    # ---- asking ----

    def sleep(self, seconds: float) -> None:
        """Ask again after so long, or earlier if that was agreed before."""
        now_s = asyncio.get_running_loop().time()
        if self._is_asleep and now_s < self._next_poll_s <= now_s + seconds:
            return
        self._is_asleep = True
        self._next_poll_s = now_s + seconds
        self.site.wheel.after(seconds, self._wake)

    def _wake(self) -> None:
        is_early = asyncio.get_running_loop().time() < self._next_poll_s - 0.001
        if is_early or not self._is_asleep or self._polling is not None or self.is_silent or self.site.is_over:
            return
        self._is_asleep = False
        self._polling = self.site.spawn(self._poll())

    async def _poll(self) -> None:
        try:
            seconds = await self.poll()
        except (OSError, TimeoutError):
            self._failures += 1
            self.site.tally.retries += 1
            seconds = backoff_s(self._failures, self.site.dice)
            self._enter(DeviceState.OFFLINE)
        else:
            self._failures = 0
        self._polling = None
        if not self.is_silent:
            self.sleep(seconds)

    def came_through(self) -> None:
        """The server knows that the device is there."""
        self._enter(DeviceState.ONLINE)

    def _enter(self, state: DeviceState) -> None:
        if self.state in (DeviceState.ONLINE, DeviceState.OFFLINE):
            self.become(state)

    # ---- reporting ----

    async def insist(self, request: Request) -> Answer | None:
        """Send until there is an answer that is final; None when the device fell silent over it."""
        failures = 0
        while not self.is_silent and not self.site.is_over:
            with suppress(OSError, TimeoutError):
                answer = await self.site.http.send(request)
                if answer.status not in BUSY:
                    return answer
            failures += 1
            self.site.tally.retries += 1
            await asyncio.sleep(BUSY_PAUSE_S + backoff_s(failures, self.site.dice))
        return None

    def bad_answer(self, words: str) -> None:
        """The server said what real clients do not bear."""
        self.site.witness.saw(Violation.BAD_ANSWER, self.badge.device_name, words)
