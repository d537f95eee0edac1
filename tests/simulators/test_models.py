"""What each failure model does, seen from a scripted MQTT door."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.simulators.mqtt_door import Door, Visit, device_at_door, file_server, upgrade
from tests.simulators.sites import until
from whimbrel.simulator import course as course_module
from whimbrel.simulator import unit as unit_module
from whimbrel.simulator.course import UNSENT_VERSION
from whimbrel.simulator.fate import Fate, Model
from whimbrel.simulator.journal import DECIDED
from whimbrel.simulator.tally import DeviceState

CONTENT = bytes(range(256)) * 64
FILES = {"/f": CONTENT}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that a person watches are short here."""
    for module, name in ((course_module, "AFTERMATH_S"), (unit_module, "REBOOT_S"), (unit_module, "LATENCY_S")):
        monkeypatch.setattr(module, name, (0.0, 0.05))


@asynccontextmanager
async def upgraded(model: Model, failure_step: int | None = None) -> AsyncIterator[tuple[Door, Visit]]:
    """A device of this model that has booted and is told to upgrade."""
    async with device_at_door(Fate(model, failure_step=failure_step)) as door, file_server(FILES) as address:
        visit = await door.visit()
        for _ in range(door.device.copies()):
            await visit.take_report()
        visit.send(upgrade(f"{address}/f", CONTENT))
        yield door, visit


async def take(visit: Visit, reports: int) -> list[str]:
    """Steps and versions of so many reports, in order."""
    found = []
    for _ in range(reports):
        params = await visit.take_report()
        found.append(params.get("step") or params["version"])
    return found


async def test_a_good_device_does_as_it_is_told() -> None:
    """Quarters, then the version."""
    async with upgraded(Model.GOOD) as (door, visit):
        assert await take(visit, 5) == ["25", "50", "75", "100", "2.0.0"]
        await settled(door, DeviceState.SUCCEEDED)


@pytest.mark.parametrize(
    ("step", "reports"),
    [(-2, ["25", "50", "-2"]), (-3, ["25", "50", "75", "100", "-3"]), (-4, ["25", "50", "75", "100", "-4"])],
)
async def test_a_device_that_fails_says_how(step: int, reports: list[str]) -> None:
    """A download fails in its middle, checksum and burning after it; the version stays."""
    async with upgraded(Model.FAILS, step) as (door, visit):
        assert await take(visit, len(reports)) == reports
        await settled(door, DeviceState.FAILED)
        assert door.tally.by_version == {"1.0.0": 1}


async def test_a_silent_device_goes_after_its_first_progress() -> None:
    """The server knows that it had begun; then the connection breaks, and there is no other one."""
    async with upgraded(Model.SILENT) as (door, visit):
        assert await take(visit, 1) == ["25"]
        with pytest.raises(EOFError):
            await visit.next_report()
        assert door.tally.by_state[DeviceState.SILENT] == 1
        assert door.visits.empty()


async def test_a_device_that_boot_loops_tells_the_old_version_again_and_again() -> None:
    """After the download it comes back with the version it had, more than once, and obeys no notice any more."""
    async with upgraded(Model.BOOT_LOOPS) as (door, visit):
        told: list[str] = []
        while told.count("1.0.0") < 3:
            try:
                told += await take(visit, 1)
            except EOFError:
                visit = await door.visit()
                visit.send(upgrade("http://127.0.0.1:1/", CONTENT))
        assert list(dict.fromkeys(told)) == ["25", "50", "75", "100", "1.0.0"]
        assert door.tally.by_state[DeviceState.BOOT_LOOPING] == 1


async def test_a_liar_says_that_it_has_what_it_never_fetched() -> None:
    """The version is told without a byte of download; what it runs stays."""
    async with upgraded(Model.LIES) as (door, visit):
        assert await take(visit, 2) == ["100", "2.0.0"]
        await settled(door, DeviceState.SUCCEEDED)
        assert (door.tally.by_version, door.tally.by_told_version) == ({"1.0.0": 1}, {"1.0.0": 0, "2.0.0": 1})
        assert door.tally.downloaded_bytes == 0


async def test_a_wrong_version_is_one_that_nobody_sent() -> None:
    """After the download the device reports a version that is neither the old nor the new one."""
    async with upgraded(Model.WRONG_VERSION) as (door, visit):
        assert (await take(visit, 5))[-1] == UNSENT_VERSION
        await settled(door, DeviceState.FAILED)


async def test_a_device_that_repeats_says_everything_two_or_three_times() -> None:
    """Each report comes again at once, as a message of its own."""
    async with upgraded(Model.REPEATS) as (door, visit):
        found: list[str] = []
        while found.count("2.0.0") < 2:
            found += await take(visit, 1)
        assert list(dict.fromkeys(found)) == ["25", "50", "75", "100", "2.0.0"]
        assert all(2 <= found.count(told) <= 3 for told in found)
        await settled(door, DeviceState.SUCCEEDED, visit)


async def test_a_device_that_reorders_tells_its_progress_out_of_order() -> None:
    """Reports come swapped in pairs, and the last progress after the version."""
    async with upgraded(Model.REORDERS) as (door, visit):
        assert await take(visit, 5) == ["50", "25", "75", "2.0.0", "100"]
        await settled(door, DeviceState.SUCCEEDED)


async def test_a_slow_device_downloads_at_its_bandwidth() -> None:
    """It gets there in the end, on the line for slow ones: the bandwidth is between its bounds."""
    async with upgraded(Model.SLOW) as (door, visit):
        assert await take(visit, 5) == ["25", "50", "75", "100", "2.0.0"]
        await settled(door, DeviceState.SUCCEEDED)


async def test_a_device_that_flaps_loses_connection_and_download_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each quarter costs it both; unacknowledged reports come again, the rest of the file is asked for by range."""
    monkeypatch.setattr(course_module, "FLAP_CHANCE", 1.0)
    async with upgraded(Model.FLAPS) as (door, visit):
        told: list[str] = []
        while "2.0.0" not in told:
            try:
                told += await take(visit, 1)
            except EOFError:
                visit = await door.visit()
        assert [step for step in dict.fromkeys(told) if step != "1.0.0"] == ["25", "50", "75", "100", "2.0.0"]
        await settled(door, DeviceState.SUCCEEDED, visit)
        assert door.tally.reconnects >= 1
        assert door.tally.downloaded_bytes >= len(CONTENT)


async def test_a_device_may_die_late() -> None:
    """It succeeds; then its connection breaks for good."""
    async with upgraded(Model.DIES_LATE) as (door, visit):
        assert (await take(visit, 5))[-1] == "2.0.0"
        with pytest.raises(EOFError):
            await visit.next_report()
        assert door.tally.by_state[DeviceState.SILENT] == 1
        assert states(door) == ["notified", "downloading", "settling", "silent"]


async def test_a_device_may_roll_back() -> None:
    """It succeeds; then it reports the version that it had before."""
    async with upgraded(Model.ROLLS_BACK) as (door, visit):
        assert (await take(visit, 6))[-2:] == ["2.0.0", "1.0.0"]
        await settled(door, DeviceState.ROLLED_BACK)
        assert door.tally.by_version == {"1.0.0": 1, "2.0.0": 0}


async def test_the_journal_tells_what_was_decided() -> None:
    """Fate, notice, reports and states, in order: these lines are what two runs of one seed have in common."""
    async with upgraded(Model.GOOD) as (door, visit):
        await take(visit, 5)
        await settled(door, DeviceState.SUCCEEDED)
        lines: list[dict[str, Any]] = [line for line in door.yard.journal if line["event"] in DECIDED]
        assert [(line["event"], line.get("step") or line.get("state") or line.get("version")) for line in lines] == [
            ("made", None),
            ("notice", "2.0.0"),
            ("state", "notified"),
            ("state", "downloading"),
            ("told", 25),
            ("told", 50),
            ("told", 75),
            ("told", 100),
            ("told", "2.0.0"),
            ("state", "succeeded"),
        ]
        assert {line["device"] for line in lines} == {"lamp-0001"}


def states(door: Door) -> list[str]:
    """The states that the device went through."""
    return [line["state"] for line in door.yard.journal if line["event"] == "state"]


async def settled(door: Door, state: DeviceState, visit: Visit | None = None) -> None:
    """Wait until the device has taken its last acknowledgement; a visit takes what still comes meanwhile."""
    rest = asyncio.create_task(take_all(visit)) if visit is not None else None
    await until(door.device, state)
    if rest is not None:
        rest.cancel()


async def take_all(visit: Visit) -> None:
    """Acknowledge whatever comes."""
    while True:
        await visit.take_report()
