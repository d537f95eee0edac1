"""The HTTPS door over a real store and a real ingest, and devices that speak to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.engine.world import LINKS, Place, SteeredClock, add_devices, add_place, open_store, secret_of
from tests.transfer.asgi_driver import Exchange, Peer, exchange
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.device import Device
from whimbrel.domain.https_auth import expected_sign, read_claim
from whimbrel.gateway.admission import Admission
from whimbrel.gateway.https import HttpsDoor, HttpsDoorway
from whimbrel.gateway.ingest import Ingest
from whimbrel.reports.registry import load_reports

KEY = b"k" * 32
NAME = "dev-0000"
INFORM, PROGRESS = "/ota/device/inform/*", "/ota/device/progress/*"
GET, OLDER_GET = "/sys/*/thing/ota/firmware/get", "/ota/device/request/*"
VERSION = {"id": "1", "params": {"version": "1.0.0"}}


class Rig(NamedTuple):
    """The door, and what stands behind it."""

    door: HttpsDoor
    doorway: HttpsDoorway
    store: SqliteStore
    place: Place
    clock: SteeredClock

    def members(self, name: str = NAME, secret: str | None = None, **changes: str) -> dict[str, str]:
        """A device's `/auth` body, signed; a change with an empty value takes a member away."""
        given = {"clientId": "c", "productKey": self.place.product_key, "deviceName": name, "signmethod": "hmacsha256"}
        given = {key: value for key, value in {**given, "sign": "x", **changes}.items() if value}
        claim = read_claim(given)
        if claim is not None and "sign" not in changes:
            given["sign"] = expected_sign(claim, secret or secret_of(name))
        return given

    async def auth(self, members: Mapping[str, Any] | bytes, **peer: Any) -> dict[str, Any]:
        body = members if isinstance(members, bytes) else json.dumps(members).encode()
        return read(await exchange(self.door, Peer("POST", "/auth", blocks=(body,), **peer)))

    async def token(self, name: str = NAME) -> str:
        answer = await self.auth(self.members(name))
        assert answer["code"] == 0, answer
        return str(answer["info"]["token"])

    def path(self, topic: str, name: str = NAME) -> str:
        return "/topic" + topic.replace("*", f"{self.place.product_key}/{name}")

    async def say(self, topic: str, message: Any, token: str | None = None, **peer: Any) -> dict[str, Any]:
        token = await self.token() if token is None else token
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        headers = (("password", token), ("content-type", "application/octet-stream"))
        given = {"path": self.path(topic), "headers": headers, "blocks": (body,), **peer}
        return read(await exchange(self.door, Peer("POST", **given)))

    async def row(self, name: str = NAME) -> Device:
        async with self.store.snapshot() as store:
            row = await store.devices.by_name(self.place.account_id, self.place.product_key, name)
        assert row is not None
        return row


def read(answer: Exchange) -> dict[str, Any]:
    """The answer of a door that answers 200 in JSON, with its length."""
    assert answer.is_complete
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json"), answer
    assert int(answer.headers["content-length"]) == len(answer.body)
    content: dict[str, Any] = json.loads(answer.body)
    assert set(content) == {"code", "message", "info"}
    return content


@asynccontextmanager
async def open_rig(folder: Path) -> AsyncIterator[Rig]:
    """A door over a store in the folder, with a product and two devices."""
    store, clock = open_store(folder), SteeredClock()
    place = await add_place(store)
    await add_devices(store, place, 2)
    ingest = Ingest(store, clock, InProcessWakeup(), LINKS)
    numbers = iter(range(1, 1_000_000))
    doorway = HttpsDoorway(KEY, store, ingest, clock, load_reports(), Admission(), lambda: next(numbers))
    ingesting = asyncio.create_task(ingest.run())
    yield Rig(HttpsDoor(doorway), doorway, store, place, clock)
    ingesting.cancel()
    await asyncio.gather(ingesting, return_exceptions=True)
    await store.close()
