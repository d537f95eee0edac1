"""Fleets of every family against the doors of a running server: one seed, one set of fates, whichever door they come
to.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.fleets import fleet_of, states_after, task_status_after
from tests.story.servers import WhimbrelServer
from whimbrel.simulator.family import Family
from whimbrel.simulator.fate import Mix, Model, draw_fates
from whimbrel.simulator.fleet import FleetPlan

DEVICES = 300
EVERY_MODEL = {model: 0.05 for model in Model if model is not Model.GOOD}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhimbrelServer]:
    """One running server for this file."""
    running = WhimbrelServer(tmp_path_factory.mktemp("families") / "var")
    try:
        running.start()
        yield running
    finally:
        running.end()


@pytest.mark.parametrize(("family", "level"), [(Family.DDI, 4), (Family.HTTPS, 5)])
async def test_a_mixed_fleet_ends_as_the_seed_has_it(
    family: Family, level: int, server: WhimbrelServer, tmp_path: Path
) -> None:
    """Half of a fleet comes to another door than MQTT, of either version: every count is exact, the server's and the
    fleet's, and no device saw anything that it may not see (I3, I4, I7, I12, I15).
    """
    mix = Mix({Family.MQTT: 0.5, family: 0.5}, EVERY_MODEL)
    fates = draw_fates(DEVICES, mix, 8)
    plan = FleetPlan(f"fleet_{family}", DEVICES, "unit-", mix, seed=8, until_done=True, poll_s=1.0)
    async with fleet_of(server, plan, level=level) as fleet:
        await fleet.all_online()
        job_id = await fleet.roll_out(await fleet.release(tmp_path, 8_192))
        summary = await fleet.summary()
        tasks = await fleet.task_counts(job_id)
    assert {state: count for state, count in summary.as_json()["states"].items() if count} == states_after(fates)
    assert tasks == dict(Counter(task_status_after(fate.model) for fate in fates))
    assert not summary.witness.counts, summary.witness.examples


async def test_firmware_comes_over_mqtt(server: WhimbrelServer, tmp_path: Path) -> None:
    """A job that downloads over MQTT: slow and flapping devices get every byte in blocks too, and no file over HTTP."""
    mix = Mix(models={Model.SLOW: 0.1, Model.FLAPS: 0.2})
    plan = FleetPlan("fleet_blocks", 40, "unit-", mix, seed=9, until_done=True)
    async with fleet_of(server, plan) as fleet:
        await fleet.all_online()
        job_id = await fleet.roll_out(await fleet.release(tmp_path, 50_000), DownloadProtocol="MQTT")
        summary = await fleet.summary()
        assert await fleet.task_counts(job_id) == {"SUCCEEDED": 40}
    assert summary.tally.downloaded_bytes == 40 * 50_000
    assert summary.tally.requests >= 40 * 10
    assert not summary.witness.counts, summary.witness.examples
