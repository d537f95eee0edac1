"""The real side of `test_model.py`: the signed door, the engine and the ingest over a store, driven without a loop."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tests.engine.model import Device, Firmware, Job
from tests.engine.world import EVERYTHING
from tests.operations.fleet import REPORTS, find_device, make_firmware, make_group, make_module, make_product
from tests.operations.signed_door import NODE, open_signed_door
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.domain.task import Task
from whimbrel.engine.execute import Engine
from whimbrel.gateway.ingest import Ingest, Item
from whimbrel.ports.store import JobState, Presence
from whimbrel.reports.declaration import Outcome, ReportContext
from whimbrel.reports.presence import connected, disconnected

T = TypeVar("T")
PREFIX = "lamp"

#: What there is to roll out: module, version, the version that a difference starts from, whether it must be verified.
FIRMWARE = (
    ("default", "2.0.0", "", False),
    ("default", "1.5.0", "", False),
    ("default", "2.0.0", "1.0.0", False),
    ("MCU", "2.0.0", "", False),
    ("MCU", "1.5.0", "", False),
    ("default", "3.0.0", "", True),
)


class Saying(NamedTuple):
    """One thing that a device says: `kind` is version, progress, pull, connect or disconnect.

    `is_online`: it has a session when it says so; else it speaks over HTTPS, where nothing is pushed.
    """

    device: Device
    kind: str
    module: str = ""
    text: str = ""
    session: int = 0
    is_online: bool = False


class Session:
    """A device's session: notices come here."""

    def __init__(self, told: list[tuple[int, int]], session_id: int) -> None:
        self._told = told
        self.session_id = session_id

    def notify(self, notice: UpgradeNotice) -> None:
        self._told.append((notice.task_id, notice.attempt))

    def take_over(self) -> None:
        """The older session ends."""

    def revoke(self) -> None:
        """The device was deleted."""

    def done(self, packet_id: int | None, outcome: Outcome) -> None:
        for notice in outcome.notices:
            self.notify(notice)
        if outcome.pull is not None and outcome.pull.notice is not None:
            self.notify(outcome.pull.notice)

    def failed(self) -> None:
        raise AssertionError("the store takes every report")


class ModelDoor:
    """`told`: task id and attempt of each notice that left. `kind` is the store's: sqlite or postgresql."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.told: list[tuple[int, int]] = []
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._folder = tempfile.TemporaryDirectory()
        self.door = self.run(self._stack.enter_async_context(open_signed_door(Path(self._folder.name), kind)))
        if isinstance(self.door.store, SqliteStore):
            self.door.store._writer.pragma("synchronous", "OFF")  # no power cut is tried here
        self.ingest = self._new_ingest()
        self._account_id = self.run(self.door.account_id())
        self.product_key = self.run(make_product(self.door))
        self.run(make_module(self.door, self.product_key, "MCU"))
        self.firmware = [self._make_firmware(number, *what) for number, what in enumerate(FIRMWARE)]
        self.group_id = self.run(make_group(self.door, self.product_key, "static"))
        rule = f'product_key = "{self.product_key}" and name LIKE "{PREFIX}%"'
        made = self.ok("CreateDeviceDynamicGroup", GroupName="dynamic", DynamicGroupExpression=rule)
        self.dynamic_group_id = str(made["Data"]["GroupId"])

    def close(self) -> None:
        """Also proves that the store is consistent."""
        try:
            self.run(self._stack.aclose())
        finally:
            self._runner.close()
            self._folder.cleanup()

    def run(self, work: Awaitable[T]) -> T:
        return self._runner.run(work)  # type: ignore[arg-type]

    # ---- calls ----

    def ok(self, action: str, **parameters: Any) -> dict[str, Any]:
        return self.run(self.door.ok(action, **parameters))

    def code(self, action: str, **parameters: Any) -> str:
        """What the call answers, '' for success."""
        return self.run(self.door.call(action, **parameters)).code

    def create(self, action: str, **parameters: Any) -> tuple[str, str]:
        """The code and the new job's id."""
        answer = self.run(self.door.call(action, ProductKey=self.product_key, **parameters))
        return answer.code, "" if answer.code else str(answer.json()["Data"]["JobId"])

    def add_device(self, name: str) -> Device:
        self.ok("RegisterDevice", ProductKey=self.product_key, DeviceName=name)
        iot_id = self.ok("QueryDeviceInfo", ProductKey=self.product_key, DeviceName=name)["Data"]["IotId"]
        return Device(self.run(find_device(self.door, self.product_key, name)).id, name, iot_id)

    def unguard(self, job_id: str, per_minute: int | None) -> None:
        """Take the gate off, which would halt a job of a handful of devices soon; and set a pace below the contract's
        least, so that a handful feels it.
        """
        pace = "" if per_minute is None else f", maximum_per_minute = {per_minute}"
        self.door.ports.database.execute(f"UPDATE job SET rollout = '{{}}'{pace} WHERE id = {job_id}")

    def _make_firmware(self, number: int, module: str, version: str, source: str, needs_verification: bool) -> Firmware:
        more = {"Type": 1, "SrcVersion": source} if source else {}
        made = make_firmware(
            self.door,
            self.product_key,
            version,
            FirmwareName=f"firmware-{number}",
            ModuleName=module,
            NeedToVerify=needs_verification,
            **more,
        )
        return Firmware(self.run(made), module, version, source, 0 if needs_verification else -1)

    # ---- devices and time ----

    def say(self, sayings: Sequence[Saying]) -> None:
        """All of it in one batch of the ingest, in this order."""
        for saying in sayings:
            session = Session(self.told, saying.session)
            if saying.kind == "connect":
                self.door.ports.channel.enter(saying.device.id, session)
            self.ingest.submit(Item(_NAMES[saying.kind], saying.device.id, _applier(saying), session))
        self.run(self.ingest.drain())

    def settle(self) -> None:
        self.run(self.door.engine.settle())

    def restart(self) -> None:
        """Another engine that remembers nothing, and nobody is connected."""
        ports = self.door.ports
        self.run(self._clear_node())
        self.door.engine = Engine(ports.store, ports.channel, ports.wakeup, ports.clock, ports.links)
        self.ingest = self._new_ingest()

    async def _clear_node(self) -> None:
        async with self.door.store.transaction() as store:
            await store.presences.clear_node(NODE, self.door.clock.at_ms)

    def _new_ingest(self) -> Ingest:
        ports = self.door.ports
        return Ingest(ports.store, ports.clock, ports.wakeup, ports.links)

    # ---- what is there ----

    def states(self, jobs: Sequence[Job]) -> list[tuple[JobState, list[Task]]]:
        """Each job with its counts, and its tasks in the order they were made; all of one moment."""
        return self.run(self._states([int(job.id) for job in jobs]))

    async def _states(self, job_ids: list[int]) -> list[tuple[JobState, list[Task]]]:
        states = []
        async with self.door.store.snapshot() as store:
            for job_id in job_ids:
                state = await store.jobs.state(self._account_id, job_id)
                listing = await store.tasks.page(job_id, None, EVERYTHING)
                assert state is not None
                assert listing.total == len(listing.rows)
                states.append((state, [row.task for row in listing.rows][::-1]))
        return states

    def firmware_status(self, firmware: Firmware) -> int:
        return int(self.ok("QueryOTAFirmware", FirmwareId=firmware.id)["FirmwareInfo"]["Status"])

    def check(self) -> None:
        """Every rule of `whimbrel check`; on PostgreSQL, where that takes a while, only when it is closed."""
        if self.kind == "sqlite":
            self.run(self.door.check_consistency())


_NAMES = {
    "version": "inform_version",
    "progress": "report_progress",
    "pull": "get_firmware",
    "connect": "connected",
    "disconnect": "disconnected",
}


def _applier(saying: Saying) -> Any:
    """What the ingest does in its transaction."""
    device = saying.device

    async def apply(context: ReportContext) -> Outcome:
        presence = Presence(device.id, NODE, saying.session, "192.0.2.7")
        if saying.kind == "connect":
            return await connected(presence, context)
        if saying.kind == "disconnect":
            return await disconnected(presence, context)
        params = {"module": saying.module} if saying.module else {}
        if saying.kind != "pull":
            params["version" if saying.kind == "version" else "step"] = saying.text
        report = REPORTS[_NAMES[saying.kind]]
        message = report.read(json.dumps({"id": "1", "params": params}).encode())
        return await report.handle(message, context._replace(takes_notices=saying.is_online))

    return apply
