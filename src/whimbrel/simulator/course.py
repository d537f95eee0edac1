"""One upgrade of one device, from the notice to what becomes of it; its fate decides where it leaves the straight
way.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from whimbrel.simulator.fate import FAILURE_STEPS, Model
from whimbrel.simulator.files import DownloadFailedError, FileTransfer
from whimbrel.simulator.journal import Happening
from whimbrel.simulator.tally import DeviceState
from whimbrel.simulator.witness import Violation

if TYPE_CHECKING:
    from whimbrel.simulator.unit import Unit

FATAL_PERCENT: Final = 50
"""Where a download that is fated to fail does."""

DOWNLOAD_FAILED, CHECKSUM_FAILED, BURNING_FAILED = FAILURE_STEPS
FAILURE_WORDS = {
    DOWNLOAD_FAILED: "the download failed",
    CHECKSUM_FAILED: "the checksum did not match",
    BURNING_FAILED: "burning the firmware failed",
}
DOWNLOADING: Final = "downloading"

UNSENT_VERSION: Final = "0.0.0-unsent"
"""What a device of the wrong version reports. Nobody releases it."""

AFTERMATH_S: Final = (2.0, 5.0)
"""How long after its success a device dies or rolls back."""

FLAP_CHANCE: Final = 0.5
"""How likely a device that flaps loses its connection at each quarter of a download."""


class AbandonedError(Exception):
    """The command was taken back while it was obeyed. Internal to the simulator."""


class Course:
    """What `unit` makes of the notice that it has now."""

    __slots__ = ("_held", "_late", "_unit", "_was")

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._was = unit.told_version(unit.notice.module)
        self._held: int | None = None
        self._late: int | None = None

    async def run(self) -> None:
        """To the end: the last report is acknowledged before the next notice is looked at."""
        unit = self._unit
        unit.become(DeviceState.NOTIFIED)
        try:
            if unit.fate.model is Model.LIES:
                await self._lie()
                return
            failure_step = await self._fetch()
            if unit.is_silent:
                return
            if failure_step is not None:
                await self._fail(failure_step)
                return
            await self._finish()
        except AbandonedError:
            unit.become(DeviceState.CANCELED)

    # ---- ends ----

    async def _lie(self) -> None:
        await self._tell(100)
        await self._tell_version(self._unit.notice.version)
        self._unit.become(DeviceState.SUCCEEDED)

    async def _fail(self, step: int) -> None:
        self._unit.note(Happening.TOLD, step=step)
        await self._unit.tell_failure(step, FAILURE_WORDS[step])
        self._unit.become(DeviceState.FAILED)

    async def _finish(self) -> None:
        unit, model = self._unit, self._unit.fate.model
        if model is Model.BOOT_LOOPS:
            unit.become(DeviceState.BOOT_LOOPING)
            unit.boot_loop()
            return
        version = UNSENT_VERSION if model is Model.WRONG_VERSION else unit.notice.version
        unit.install(unit.notice.module, version)
        await self._tell_version(version)
        if self._late is not None:
            await self._tell(self._late)
        if model is Model.WRONG_VERSION:
            unit.become(DeviceState.FAILED)
        elif model is Model.DIES_LATE or (model is Model.ROLLS_BACK and self._was is not None):
            self._settle(unit.notice.module)
        else:
            unit.become(DeviceState.SUCCEEDED)

    def _settle(self, module: str) -> None:
        unit, was = self._unit, self._was
        unit.become(DeviceState.SETTLING)

        def roll_back() -> None:
            assert was is not None, "only a device that had a version rolls back"
            unit.site.spawn(_roll_back(unit, module, was))

        ends = roll_back if unit.fate.model is Model.ROLLS_BACK else unit.fall_silent
        unit.site.wheel.after(unit.dice.between(AFTERMATH_S, "aftermath"), ends)

    # ---- the download ----

    async def _fetch(self) -> int | None:
        """Download and verify every file; the step of a failure, whether it is fate's or a true one."""
        unit = self._unit
        site = unit.site
        async with site.downloading_slowly if unit.fate.model is Model.SLOW else site.downloading:
            unit.become(DeviceState.DOWNLOADING)
            for place in range(len(unit.notice.files)):
                failure_step = await self._fetch_file(place)
                if unit.is_silent or failure_step is not None:
                    return failure_step
        return unit.fate.failure_step

    async def _fetch_file(self, place: int) -> int | None:
        """One file of the notice; None when it is intact, and when the device fell silent over it."""
        unit, files = self._unit, len(self._unit.notice.files)
        transfer = unit.transfer(place)
        try:
            async with aclosing(transfer.percents()) as percents:
                async for percent in percents:
                    reached = (100 * place + percent) // files
                    await self._reach(reached, transfer)
                    if unit.is_silent:
                        return None
                    if unit.fate.failure_step == DOWNLOAD_FAILED and reached >= FATAL_PERCENT:
                        return DOWNLOAD_FAILED
        except DownloadFailedError:
            return DOWNLOAD_FAILED
        finally:
            unit.site.tally.downloaded_bytes += transfer.received_bytes
        if transfer.is_intact:
            return None
        unit.site.witness.saw(Violation.WRONG_CONTENT, unit.badge.device_name, unit.notice.files[place].digest)
        return CHECKSUM_FAILED

    async def _reach(self, percent: int, transfer: FileTransfer) -> None:
        unit, model = self._unit, self._unit.fate.model
        if model is Model.REORDERS:
            await self._tell_out_of_order(percent)
            return
        await self._tell(percent, is_awaited=model is Model.SILENT)
        if model is Model.SILENT:
            unit.fall_silent()
        elif model is Model.FLAPS and unit.dice.fraction("flap", percent) < FLAP_CHANCE:
            unit.drop_connection()
            transfer.break_off()

    async def _tell_out_of_order(self, percent: int) -> None:
        """Every second report before the first of its pair; the last one is kept until the version is told."""
        if percent == 100:
            self._late = percent
        if self._held is None and percent < 100:
            self._held = percent
            return
        if percent < 100:
            await self._tell(percent)
        if self._held is not None:
            await self._tell(self._held)
            self._held = None

    async def _tell(self, percent: int, *, is_awaited: bool = False) -> None:
        self._unit.note(Happening.TOLD, step=percent)
        await self._unit.tell_percent(percent, DOWNLOADING, is_awaited=is_awaited)

    async def _tell_version(self, version: str) -> None:
        await _tell_version(self._unit, self._unit.notice.module, version)


async def _tell_version(unit: Unit, module: str, version: str, *, is_outcome: bool = True) -> None:
    unit.note(Happening.TOLD, version=version, module=module)
    unit.will_tell(module, version)
    await unit.tell_version(module, version, is_outcome=is_outcome)


async def _roll_back(unit: Unit, module: str, version: str) -> None:
    unit.install(module, version)
    await _tell_version(unit, module, version, is_outcome=False)
    unit.become(DeviceState.ROLLED_BACK)
