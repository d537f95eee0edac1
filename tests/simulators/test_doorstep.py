"""The line at the door."""

import asyncio

import pytest

from tests.simulators.sites import come_true
from whimbrel.simulator.doorstep import Doorstep
from whimbrel.simulator.source import DEVICES_PER_ADDRESS, source_address


class Guest:
    """Notes when it knocked."""

    def __init__(self, name: int, came: list[int]) -> None:
        self._name, self._came = name, came

    async def knock(self) -> None:
        """Came in."""
        self._came.append(self._name)


async def test_first_come_first_served() -> None:
    """Whoever lines up first knocks first, with several ushers too."""
    doorstep, came = Doorstep(None, asyncio.get_running_loop().time), list[int]()
    for name in range(50):
        doorstep.line_up(Guest(name, came))
    ushers = [asyncio.create_task(doorstep.usher()) for _ in range(4)]
    await come_true(lambda: len(came) == 50)
    assert came == list(range(50))
    for usher in ushers:
        usher.cancel()


async def test_a_ramp_spaces_the_knocks() -> None:
    """At 100 a second, eleven knocks need a tenth of a second at least, however many ushers there are."""
    loop = asyncio.get_running_loop()
    doorstep, came = Doorstep(100, loop.time), list[int]()
    start_s = loop.time()
    for name in range(11):
        doorstep.line_up(Guest(name, came))
    ushers = [asyncio.create_task(doorstep.usher()) for _ in range(16)]
    await come_true(lambda: len(came) == 11)
    assert loop.time() - start_s >= 0.099
    assert came == list(range(11))
    for usher in ushers:
        usher.cancel()


@pytest.mark.parametrize(
    ("host", "number", "expected"),
    [
        ("127.0.0.1", DEVICES_PER_ADDRESS - 1, None),
        ("127.0.0.1", DEVICES_PER_ADDRESS, ("127.0.0.2", 0)),
        ("127.0.0.1", DEVICES_PER_ADDRESS + 1, ("127.0.0.2", 0)),
        ("localhost", 2 * DEVICES_PER_ADDRESS, ("127.0.0.3", 0)),
        ("ota.example", 2 * DEVICES_PER_ADDRESS, None),
    ],
)
def test_a_great_fleet_on_one_machine_has_several_addresses(
    host: str, number: int, expected: tuple[str, int] | None
) -> None:
    """One address has too few ports for more; over a network the machine's own address is taken."""
    assert source_address(host, number) == expected
