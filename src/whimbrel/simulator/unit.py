"""One virtual device, of whichever family: what it runs, what it was told, and what its fate makes of an upgrade.

Invariants: a repeated notice is the same command (I12), so it only brings a fresh link; a silent device says nothing
more and never comes back; the newest notice for each module waits while another is obeyed.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Any, Final, NamedTuple

from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.simulator.course import Course
from whimbrel.simulator.dice import Dice
from whimbrel.simulator.fate import Fate, Model
from whimbrel.simulator.files import FileTransfer
from whimbrel.simulator.journal import Happening
from whimbrel.simulator.messages import Notice
from whimbrel.simulator.site import Site
from whimbrel.simulator.tally import DeviceState
from whimbrel.simulator.witness import Violation

COPIES: Final = (2, 3)
"""How often a device that repeats sends a report."""

LATENCY_S: Final = (0.1, 0.5)
"""How late a slow device's reports are."""

BANDWIDTH_BYTES_PER_S: Final = (16_384.0, 65_536.0)
"""What a slow device's line carries."""

REBOOT_S: Final = (2.0, 6.0)
"""How long a boot of a device that boot-loops lasts."""


class Badge(NamedTuple):
    """What the server gave the device when it was registered; `token` is for DDI."""

    product_key: str
    device_name: str
    device_secret: str
    token: str = ""


class Installed(NamedTuple):
    """A module's version, and the version that the device says it has."""

    module: str
    version: str
    told: str


class Unit(ABC):
    """See the module. Families say how reports leave, and how a file comes."""

    __slots__ = (
        "_current",
        "_notices",
        "_told",
        "_upgrading",
        "_waiting",
        "badge",
        "dice",
        "fate",
        "installed",
        "site",
        "state",
    )

    def __init__(self, badge: Badge, number: int, fate: Fate, site: Site) -> None:
        self.badge = badge
        self.fate = fate
        self.site = site
        self.dice = Dice(site.seed, number)
        self.state = DeviceState.OFFLINE
        self.installed: tuple[Installed, ...] = ()
        self._notices = 0
        self._told = 0
        self._current: Notice | None = None
        self._waiting: dict[str, Notice] | None = None
        self._upgrading: asyncio.Task[None] | None = None
        self.note(Happening.MADE, family=fate.family, model=fate.model)

    # ---- what a family says ----

    @abstractmethod
    def begin(self) -> None:
        """The device is switched on."""

    @abstractmethod
    def switch_off(self) -> None:
        """It is switched off, as politely as it can."""

    @abstractmethod
    def drop_connection(self) -> None:
        """Its connection breaks; it comes back by itself."""

    @abstractmethod
    async def tell_percent(self, percent: int, words: str, *, is_awaited: bool) -> None:
        """Progress of the current notice. When awaited, the server knows it at the end."""

    @abstractmethod
    async def tell_failure(self, step: int, words: str) -> None:
        """The current notice came to nothing; the server knows it at the end."""

    @abstractmethod
    async def tell_version(self, module: str, version: str, *, is_outcome: bool) -> None:
        """What the module runs; the server knows it at the end. `is_outcome`: it ends the current notice."""

    @abstractmethod
    def transfer(self, place: int) -> FileTransfer:
        """The download of one file of the current notice."""

    # ---- what it is told ----

    def take_notice(self, notice: Notice) -> None:
        """A command arrived."""
        tally = self.site.tally
        tally.notice(self._notices)
        self._notices += 1
        self.site.witness.sees_command(self.badge.device_name, notice.version)
        if self.is_deaf:
            return
        known = self._open_command(notice.module)
        if known is not None and notice.is_repetition_of(known):
            tally.repeated_notices += 1
            self.note(Happening.REPEATED, version=notice.version, module=notice.module)
            self._renew(known, notice)
        elif notice.version == self.told_version(notice.module):
            tally.needless_notices += 1
            self.say_version_again(notice.module)
        else:
            if known is not None:
                words = f"{known.version} and {notice.version}"
                self.site.witness.saw(Violation.TWO_COMMANDS, self.badge.device_name, words)
            self.note(Happening.NOTICE, version=notice.version, module=notice.module)
            self._await_turn(notice)

    def _open_command(self, module: str) -> Notice | None:
        """What the module is to become, of all that is obeyed or waits."""
        waiting = self._waiting.get(module) if self._waiting else None
        current = self._current
        return waiting or (current if current is not None and current.module == module else None)

    def _renew(self, known: Notice, notice: Notice) -> None:
        """The same command with a fresh link."""
        if known is self._current:
            self._current = notice
        elif self._waiting is not None:
            self._waiting[notice.module] = notice

    def say_version_again(self, module: str) -> None:
        """A notice asks for what the module runs: it is only confirmed."""
        version = self.told_version(module)
        assert version is not None, "a device tells the versions that it has"
        self.site.spawn(self.tell_version(module, version, is_outcome=False))

    def _await_turn(self, notice: Notice) -> None:
        if self._waiting is None:
            self._waiting = {}
        self._waiting[notice.module] = notice
        if self._upgrading is None:
            self._upgrading = self.site.spawn(self._obey())

    async def _obey(self) -> None:
        try:
            while self._waiting and not self.is_deaf:
                self._current = self._waiting.pop(next(iter(self._waiting)))
                await Course(self).run()
                self._current = None
        finally:
            self._upgrading = self._current = self._waiting = None

    @property
    def notice(self) -> Notice:
        """The command that is obeyed, with its newest links."""
        assert self._current is not None, "a device downloads for a notice"
        return self._current

    # ---- what it is ----

    @property
    def is_silent(self) -> bool:
        """Whether the device has said its last word."""
        return self.state is DeviceState.SILENT

    @property
    def is_deaf(self) -> bool:
        """Whether no command is obeyed any more."""
        return self.state in (DeviceState.SILENT, DeviceState.BOOT_LOOPING) or self.site.is_over

    @property
    def has_begun(self) -> bool:
        """Whether an upgrade is under way."""
        return self._current is not None

    def told_version(self, module: str) -> str | None:
        """What the device says the module runs; None: it has no such module."""
        return next((entry.told for entry in self.installed if entry.module == module), None)

    def install(self, module: str, version: str) -> None:
        """The module runs this version from now on; what the device says is another matter."""
        told = self.told_version(module)
        self._replace(Installed(module, version, version if told is None else told))

    def will_tell(self, module: str, version: str) -> None:
        """The device says from now on that the module runs this version."""
        running = next((entry.version for entry in self.installed if entry.module == module), version)
        self._replace(Installed(module, running, version))

    def _replace(self, entry: Installed) -> None:
        old = next((other for other in self.installed if other.module == entry.module), None)
        others = [other for other in self.installed if other.module != entry.module]
        self.installed = (entry, *others) if entry.module == DEFAULT_MODULE else (*others, entry)
        if entry.module == DEFAULT_MODULE:
            self.site.tally.change_version(old and old.version, entry.version)
            self.site.tally.change_told_version(old and old.told, entry.told)

    def become(self, state: DeviceState) -> None:
        """Enter a state. Whoever is silent stays so."""
        if state is self.state or self.is_silent:
            return
        self.site.tally.move(self.fate, self.state, state)
        self.state = state
        if state not in (DeviceState.ONLINE, DeviceState.OFFLINE):
            self.note(Happening.STATE, state=state)

    def fall_silent(self) -> None:
        """Never say a word again."""
        self.become(DeviceState.SILENT)
        self.drop_connection()

    def boot_loop(self) -> None:
        """Start again, and again after a while, for good."""
        if self.site.is_over:
            return
        self.drop_connection()
        self._told += 1
        self.site.wheel.after(self.dice.between(REBOOT_S, "reboot", self._told), self.boot_loop)

    def copies(self) -> int:
        """How often the next report is sent."""
        self._told += 1
        return self.dice.choose(COPIES, "copies", self._told) if self.fate.model is Model.REPEATS else 1

    def bandwidth_bytes_per_s(self) -> float | None:
        """What the device's line carries; None: it does not matter."""
        return self.dice.between(BANDWIDTH_BYTES_PER_S, "bandwidth") if self.fate.model is Model.SLOW else None

    async def dawdle(self) -> None:
        """A slow device's report is late."""
        if self.fate.model is Model.SLOW:
            await asyncio.sleep(self.dice.between(LATENCY_S, "latency", self._told))

    def note(self, event: Happening, **details: Any) -> None:
        """A line for the journal."""
        self.site.journal.note(self.badge.device_name, event, **details)
