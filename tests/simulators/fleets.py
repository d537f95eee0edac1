"""Runs a simulated fleet inside a test, beside a server that was started as an operator starts it."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from tests.cli.terminal import whimbrel
from tests.story.servers import WhimbrelServer
from whimbrel.cli.api import Api
from whimbrel.rpc.signing_caller import Credentials
from whimbrel.simulator.fate import Fate, Model
from whimbrel.simulator.fleet import Doors, FleetPlan, Simulation, Watch
from whimbrel.simulator.site import MqttDoor
from whimbrel.simulator.summary import Summary
from whimbrel.simulator.tally import DeviceState

GONE_QUIET = (Model.SILENT, Model.BOOT_LOOPS)
"""Models whose task stays IN_PROGRESS: nobody hears how it ended."""

STATE_AFTER = {
    Model.FAILS: DeviceState.FAILED,
    Model.SILENT: DeviceState.SILENT,
    Model.BOOT_LOOPS: DeviceState.BOOT_LOOPING,
    Model.WRONG_VERSION: DeviceState.FAILED,
    Model.DIES_LATE: DeviceState.SILENT,
    Model.ROLLS_BACK: DeviceState.ROLLED_BACK,
}
"""Where a device of a model ends; every other model succeeds."""


class Release(NamedTuple):
    """Firmware that needs no verification."""

    product_key: str
    firmware_id: str


def task_status_after(model: Model) -> str:
    """What the server believes of a device of this model in the end."""
    if model in GONE_QUIET:
        return "IN_PROGRESS"
    return "FAILED" if model in (Model.FAILS, Model.WRONG_VERSION) else "SUCCEEDED"


def states_after(fates: Iterable[Fate]) -> dict[str, int]:
    """How many devices end in each state."""
    counts: dict[str, int] = {}
    for fate in fates:
        state = STATE_AFTER.get(fate.model, DeviceState.SUCCEEDED).value
        counts[state] = counts.get(state, 0) + 1
    return counts


class Fleet:
    """A running simulation."""

    def __init__(self, server: WhimbrelServer, plan: FleetPlan, record: TextIO | None, level: int) -> None:
        self.server = server
        self.plan = plan
        self.stop = asyncio.Event()
        self.simulation = Simulation(
            plan,
            Doors(MqttDoor("127.0.0.1", server.mqtt_port, None, level), f"http://{server.endpoint}"),
            self._open_api,
            Watch(record=record),
        )
        self.run = asyncio.create_task(self.simulation.run(self.stop))

    async def all_online(self) -> None:
        """Every device has come through its door."""
        while self.simulation.tally.by_state[DeviceState.ONLINE] < self.plan.devices:
            done, _ = await asyncio.wait([self.run], timeout=0.05)
            if done:
                raise AssertionError(f"the simulation ended early: {self.run.result()}")

    async def release(self, folder: Path, size_bytes: int, version: str = "2.0.0") -> Release:
        """Firmware of so many bytes for the fleet's product."""
        file = folder / f"{self.plan.product}-{version}.bin"
        file.write_bytes(random.Random(size_bytes).randbytes(size_bytes))
        url = (await asyncio.to_thread(whimbrel, self.server, "upload", str(file))).stdout.strip()
        page = await self.call("QueryProductList", CurrentPage=1, PageSize=200)
        rows = page["list"]["productInfo"]
        key = next(row["productKey"] for row in rows if row["productName"] == self.plan.product)
        parameters = {"ProductKey": key, "DestVersion": version, "FirmwareUrl": url, "NeedToVerify": "false"}
        created = await self.call("CreateOTAFirmware", FirmwareName=f"{self.plan.product}-{version[0]}", **parameters)
        return Release(key, created["firmwareId"])

    async def roll_out(self, released: Release, **more: object) -> str:
        """A job for all devices of the product; its id."""
        target = {"FirmwareId": released.firmware_id, "ProductKey": released.product_key, "TargetSelection": "ALL"}
        # These fleets misbehave far beyond what a gate would let go on.
        target["XGate"] = "OFF"
        created = await self.call("CreateOTAStaticUpgradeJob", **target, **more)
        job_id: str = created["jobId"]
        return job_id

    async def task_counts(self, job_id: str) -> dict[str, int]:
        """The job's tasks by status, as the server counts them."""
        counts = {}
        for status in ("SUCCEEDED", "FAILED", "IN_PROGRESS", "NOTIFIED", "QUEUED", "CANCELED"):
            asked = {"JobId": job_id, "TaskStatus": status, "CurrentPage": 1, "PageSize": 1}
            counts[status] = (await self.answer("ListOTATaskByJob", **asked))["total"]
        return {status: count for status, count in counts.items() if count}

    async def call(self, action: str, **parameters: object) -> Any:
        """The `data` of an answer."""
        return (await self.answer(action, **parameters))["data"]

    async def answer(self, action: str, **parameters: object) -> Any:
        """The answer to a call that succeeds."""
        with closing(self._open_api()) as api:
            texts = {name: str(content) for name, content in parameters.items()}
            body = await asyncio.to_thread(api.call, action, texts)
        assert body["success"] is True, body
        return body

    def _open_api(self) -> Api:
        return Api(f"http://{self.server.endpoint}", Credentials(*self.server.access_key))

    async def summary(self) -> Summary:
        """How the simulation ends by itself."""
        return await self.run


@asynccontextmanager
async def fleet_of(
    server: WhimbrelServer, plan: FleetPlan, record: TextIO | None = None, level: int = 4
) -> AsyncIterator[Fleet]:
    """A fleet that lives while the block runs; `level` is that of MQTT, 5 for MQTT 5."""
    fleet = Fleet(server, plan, record, level)
    try:
        yield fleet
    finally:
        fleet.stop.set()
        await asyncio.wait([fleet.run])
