"""Whole fleets against a running server: what the seed decided is what the server believes in the end, device by
device.
"""

import asyncio
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.fleets import fleet_of, states_after, task_status_after
from tests.story.servers import WhimbrelServer
from whimbrel.simulator import course as course_module
from whimbrel.simulator import unit as unit_module
from whimbrel.simulator.fate import Mix, Model, draw_fates
from whimbrel.simulator.fleet import FleetPlan
from whimbrel.simulator.journal import DECIDED

DEVICES = 2_000
EVERY_MODEL: dict[Model, float] = {model: 0.05 for model in Model if model is not Model.GOOD}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhimbrelServer]:
    """One running server for this file."""
    running = WhimbrelServer(tmp_path_factory.mktemp("fleet") / "var")
    try:
        running.start()
        yield running
    finally:
        running.end()


async def test_two_thousand_devices_end_as_the_seed_has_it(
    server: WhimbrelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A twentieth of the fleet misbehaves in each way there is: every count, the server's and the fleet's, is exact,
    and no device saw anything that it may not see (I3, I7, I12, I15).
    """
    monkeypatch.setattr(unit_module, "BANDWIDTH_BYTES_PER_S", (4_096.0, 16_384.0))
    mix = Mix(models=EVERY_MODEL)
    fates = draw_fates(DEVICES, mix, 4)
    plan = FleetPlan("fleet_mixed", DEVICES, "unit-", mix, seed=4, until_done=True, connects_per_s=2_000.0)
    async with fleet_of(server, plan) as fleet:
        await fleet.all_online()
        job_id = await fleet.roll_out(await fleet.release(tmp_path, 8_192))
        summary = await fleet.summary()
        tasks = await fleet.task_counts(job_id)
    document = summary.as_json()
    assert {state: count for state, count in document["states"].items() if count} == states_after(fates)
    assert tasks == dict(Counter(task_status_after(fate.model) for fate in fates))
    assert not summary.witness.counts, summary.witness.examples
    by_model = Counter(fate.model for fate in fates)
    not_installed = (Model.FAILS, Model.SILENT, Model.BOOT_LOOPS, Model.LIES, Model.ROLLS_BACK)
    assert document["versions"]["1.0.0"] == sum(by_model[model] for model in not_installed)
    assert document["told_versions"]["2.0.0"] == document["versions"]["2.0.0"] + by_model[Model.LIES]
    by_notices = summary.tally.by_notices
    assert sum(count * devices for count, devices in by_notices.items()) == summary.tally.notices
    assert (by_notices[0], by_notices.total()) == (0, DEVICES)


async def test_equal_seeds_give_equal_histories(server: WhimbrelServer, tmp_path: Path) -> None:
    """Two runs of one seed decide alike, device by device and in order."""
    histories = []
    for product, seed in (("fleet_once", 5), ("fleet_again", 5)):
        written = io.StringIO()
        models = dict.fromkeys(EVERY_MODEL, 0.08)
        plan = FleetPlan(product, 60, "unit-", Mix(models=models), seed=seed, until_done=True)
        async with fleet_of(server, plan, written) as fleet:
            await fleet.all_online()
            await fleet.roll_out(await fleet.release(tmp_path, 8_192))
            await fleet.summary()
        histories.append(decided(written.getvalue()))
    assert len(histories[0]) == 60
    assert histories[0] == histories[1]


def decided(journal: str) -> dict[str, list[dict[str, Any]]]:
    """What the seed decides, by device, without the times."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for text in journal.splitlines():
        line = json.loads(text)
        if line["event"] in DECIDED:
            found[line["device"]].append({name: line[name] for name in line if name not in ("time", "device")})
    return found


async def test_I8_a_cancel_is_the_end_of_pushes(server: WhimbrelServer, tmp_path: Path) -> None:
    """A paced job is cancelled while devices wait for their push: from a second after that, none sees its version."""
    plan = FleetPlan("fleet_cancel", 100, "unit-")
    async with fleet_of(server, plan) as fleet, asyncio.timeout(120):
        simulation = fleet.simulation
        await fleet.all_online()
        job_id = await fleet.roll_out(await fleet.release(tmp_path, 8_192), MaximumPerMinute=10)
        while not simulation.tally.notices:
            await fleet.call("QueryOTAJob", JobId=job_id)
        await fleet.answer("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask="true")
        simulation.witness.cancelled("2.0.0")
        await fleet.roll_out(await fleet.release(tmp_path, 8_192, "3.0.0"))
        while simulation.tally.by_version["3.0.0"] < plan.devices - 10:
            await fleet.call("QueryOTAJob", JobId=job_id)
        assert not simulation.witness.counts, simulation.witness.examples


def test_the_models_of_the_fleet_are_all_there_are() -> None:
    """A new model is in the mixed fleet without being named here."""
    assert sum(EVERY_MODEL.values()) < 1
    assert {fate.model for fate in draw_fates(DEVICES, Mix(models=EVERY_MODEL), 4)} == set(Model)
    assert course_module.UNSENT_VERSION not in ("1.0.0", "2.0.0")
