"""The DDI door over a store and a folder of firmware, and devices that speak to it in HTTP's terms."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.engine.world import (
    LINKS,
    Place,
    RecordingChannel,
    SteeredClock,
    add_job,
    add_place,
    cancel,
    device_draft,
    fill,
    firmware_draft,
    rows_of,
)
from tests.gateway.ddi import zephyr
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.adapters.randomness import SystemRandomness
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.ddi_access import DdiSettings, target_token_digest
from whimbrel.domain.ddi_controller_id import device_name_of
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task, TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.engine.object_digests import ObjectDigesting
from whimbrel.engine.silent_devices import SilentDevices
from whimbrel.gateway.ddi.door import DdiDoor, Entrance
from whimbrel.gateway.ddi.doorkeeper import Doorkeeper
from whimbrel.gateway.ddi.exchange import Connection, Desk, ServedFile
from whimbrel.gateway.ddi.last_seen import LastSeen
from whimbrel.gateway.ddi.proxies import TrustedProxies
from whimbrel.gateway.ddi.recognition import Recognition
from whimbrel.gateway.ddi.throttle import DdiThrottle
from whimbrel.gateway.ingest import Ingest
from whimbrel.ports.store import Store
from whimbrel.transfer.cancel_watch import CancelWatch
from whimbrel.transfer.desk import cancelled_of
from whimbrel.transfer.download import DownloadDoor, DownloadGrant, DownloadRefusal

PUBLIC_URL = LINKS.public_url
PROXIES = (ip_network("10.0.0.0/8"),)
CONTENT = bytes(range(256)) * 1024
SECONDS_PER_REQUEST = 0.03
SHA1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


@dataclass
class Got:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class World:
    """One product in a store, a door, and what steers them."""

    store: Store
    place: Place
    clock: SteeredClock
    files: DiskFirmwareStore
    ingest: Ingest
    digesting: ObjectDigesting
    watch: CancelWatch
    last_seen: LastSeen
    door: DdiDoor
    engine: Engine

    async def device(self, name: str = "lamp-0001", tenant: str = "DEFAULT") -> DdiDevice:
        """A device with a token of its own; `name` is its controller id."""
        stored = device_name_of(name)
        token = f"token-of-{stored}"
        async with self.store.transaction() as store:
            device_id = await store.devices.add(device_draft(self.place, stored))
            await store.ddi_access.put_target_token(device_id, target_token_digest(stored, token))
        return DdiDevice(self, device_id, name, tenant, f"TargetToken {token}")

    async def job(self, *, object_key: str = "ota/firmware/x.swu", **changes: Any) -> Job:
        """A job for all devices there are, of firmware that is really there; its tasks are made."""
        draft = firmware_draft(
            self.place,
            changes.get("dest_version", "2.0.0"),
            sha256=SHA256,
            md5=MD5,
            size_bytes=len(CONTENT),
            object_key=object_key,
            module_name=changes.get("module_name", "default"),
            name=f"firmware-{changes.get('dest_version', '2.0.0')}-{changes.get('module_name', 'default')}",
        )
        async with self.store.transaction() as store:
            firmware_id = await store.firmware.add(draft)
        pinned = {"sha256": SHA256, "md5": MD5, "size_bytes": len(CONTENT), "firmware_id": firmware_id}
        return await fill(self.store, await add_job(self.store, self.place, **{**pinned, **changes}))

    async def set_up(self, **changes: Any) -> None:
        """As XUpdateProductDdi does; DEFAULT stands for the product."""
        wanted = DdiSettings(is_default=True)._replace(**changes)
        async with self.store.transaction() as store:
            await store.ddi_access.put_settings(self.place.account_id, self.place.product_id, wanted, self.clock.ms)

    async def cancel(self, job: Job, *statuses: TaskStatus) -> None:
        """As CancelOTATaskByJob does; the engine has not come to it yet."""
        await cancel(self.store, job, *(statuses or tuple(TaskStatus)[:4]))

    async def task(self, job: Job) -> Task:
        """The job's only task."""
        [row] = await rows_of(self.store, job)
        return row.task


@dataclass
class DdiDevice:
    """A device as it is seen from outside; every answer is one that Zephyr can read."""

    world: World
    id: int
    name: str
    tenant: str
    authorization: str | None

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Got:
        """`path`: behind the device's base, or a whole URL that was given out. `body`: bytes, or what becomes JSON."""
        if path.startswith("http"):
            assert path.startswith(PUBLIC_URL), "links are built from --public-url"
            parts = urlsplit(path)
            path, query = parts.path, parts.query
        else:
            path, _, query = f"/{self.tenant}/controller/v1/{self.name}{path}".partition("?")
        # Nobody here asks oftener than a device may; what time it is by the wall stays the test's business.
        self.world.clock.s += SECONDS_PER_REQUEST
        sent = {"authorization": self.authorization, **headers}
        given = [(n.replace("_", "-").encode(), v.encode("latin-1")) for n, v in sent.items() if v is not None]
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            given.append((b"content-type", b"application/json;charset=UTF-8"))
        return await call(self.world.door, method, (path, query), given, body or b"")

    async def poll(self, **headers: str) -> Got:
        return await self.ask("GET", "", **headers)

    async def links(self) -> dict[str, str]:
        got = await self.poll()
        assert got.status == 200, got
        return {name: link["href"] for name, link in got.json["_links"].items()}

    async def offered(self) -> str:
        """The deployment's link. It must be offered."""
        return (await self.links())["deploymentBase"]

    async def say(self, number: int | str, execution: str, finished: str = "none", **status: Any) -> int:
        """A feedback on a deployment; its status."""
        return (
            await self.ask("POST", f"/deploymentBase/{number}/feedback", feedback(execution, finished, **status))
        ).status

    async def answer_cancel(self, number: int | str, execution: str, finished: str = "none") -> int:
        return (await self.ask("POST", f"/cancelAction/{number}/feedback", feedback(execution, finished))).status


def feedback(execution: str, finished: str = "none", progress: tuple[int, int] | None = None, **status: Any) -> Any:
    result: dict[str, Any] = {"finished": finished}
    if progress is not None:
        result["progress"] = {"cnt": progress[0], "of": progress[1]}
    return {"id": "1", "time": "20261123T014938", "status": {"execution": execution, "result": result, **status}}


def number_in(href: str) -> int:
    """The action that a link is about."""
    return int(urlsplit(href).path.split("/")[6])


async def call(app: Any, method: str, target: tuple[str, str], headers: list[tuple[bytes, bytes]], body: bytes) -> Got:
    """One request, as a server hands it to an application; a header `peer` says where it comes from."""
    peer = dict(headers).get(b"peer", b"127.0.0.1").decode()
    started: dict[str, Any] = {}
    parts: list[bytes] = []
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            parts.append(bytes(message.get("body", b"")))

    path, query = target
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "client": (peer, 40_000),
        "extensions": {},
    }
    await app(scope, receive, send)
    answered = {name.decode(): value.decode("latin-1") for name, value in started["headers"]}
    got = Got(started["status"], answered, b"".join(parts))
    if method != "HEAD":
        zephyr.accept(got.status, got.headers, got.body)
    return got


async def open_world(store: Store, folder: Path) -> AsyncIterator[World]:
    clock, numbers = SteeredClock(), itertools.count()
    files = DiskFirmwareStore(folder, lambda: str(next(numbers)))
    await files.start()
    await files.put(_one(CONTENT))
    place = await add_place(store)
    ingest = Ingest(store, clock, InProcessWakeup(), LINKS)
    running = asyncio.get_running_loop().create_task(ingest.run())
    digesting, last_seen = ObjectDigesting(store, files), LastSeen(store)
    watch = CancelWatch(cancelled_of(store))
    download = DownloadDoor(files, _nothing, watch, lambda: "boundary-of-the-test")

    async def serve(file: ServedFile, connection: Connection) -> None:
        grant = DownloadGrant(file.sha256, file.size_bytes, file.name, tag=file.sha1, task_id=file.task_id)
        await download.answer(grant, connection)

    desk = Desk(store, ingest, clock, digesting, serve, last_seen)
    proxies = TrustedProxies(PROXIES)
    recognition = Recognition(store, Doorkeeper(store, clock, SystemRandomness()))
    door = DdiDoor(desk, recognition, Entrance(proxies, DdiThrottle(proxies)), PUBLIC_URL)
    engine = Engine(store, RecordingChannel(), InProcessWakeup(), clock, LINKS)
    engine.take_on(SilentDevices(store, clock))
    made = World(store, place, clock, files, ingest, digesting, watch, last_seen, door, engine)
    await made.set_up()
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await digesting.close()
    await files.close()


async def _nothing(token: str) -> DownloadGrant | DownloadRefusal:
    return DownloadRefusal.NOT_FOUND


async def _one(block: bytes) -> AsyncIterator[bytes]:
    yield block
