"""The HTTPS door over a real store and a real ingest (device-protocol 10; I1, I17, A04, A17, A19, A21)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.engine.world import (
    LINKS,
    Place,
    SteeredClock,
    add_devices,
    add_job,
    add_place,
    device_draft,
    fill,
    open_store,
    secret_of,
)
from tests.engine.world import statuses_of as job_statuses
from tests.transfer.asgi_driver import Exchange, Peer, exchange
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.device import Device, DeviceStatus
from whimbrel.domain.device_credential import DeviceIdentity
from whimbrel.domain.https_auth import expected_sign, read_claim
from whimbrel.domain.https_token import TOKEN_SECONDS_MAX, TokenHolder, make_token
from whimbrel.domain.job import DownloadProtocol
from whimbrel.domain.task import TaskStatus
from whimbrel.errors import StoreUnavailableError
from whimbrel.gateway import https
from whimbrel.gateway.https import (
    AUTH_BYTES_MAX,
    AUTHS_PER_SECOND_MAX,
    CALLS_PER_SECOND_MAX,
    TOPIC_BYTES_MAX,
    HttpsDoor,
    HttpsDoorway,
)
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


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    store, clock = open_store(tmp_path), SteeredClock()
    place = await add_place(store)
    await add_devices(store, place, 2)
    ingest = Ingest(store, clock, InProcessWakeup(), LINKS)
    numbers = iter(range(1, 1_000_000))
    doorway = HttpsDoorway(KEY, store, ingest, clock, load_reports(), lambda: next(numbers))
    ingesting = asyncio.create_task(ingest.run())
    yield Rig(HttpsDoor(doorway), doorway, store, place, clock)
    ingesting.cancel()
    await asyncio.gather(ingesting, return_exceptions=True)
    await store.close()


# ---- /auth ----


async def test_auth(rig: Rig) -> None:
    """A device that proves its secret gets a token and is active, seen, and OFFLINE: it keeps no session."""
    answer = await rig.auth(rig.members())
    assert (answer["code"], answer["message"], set(answer["info"])) == (0, "success", {"token"})
    row = await rig.row()
    assert (row.status, row.activated_ms, row.ip_address) == (DeviceStatus.OFFLINE, rig.clock.ms, "192.0.2.9")


@pytest.mark.parametrize("method", ["", "hmacmd5", "hmacsha1", "hmacsha256"])
async def test_sign_methods(rig: Rig, method: str) -> None:
    """Those of the vendor, and the one that its C SDK sends; MD5 when none is named."""
    assert (await rig.auth(rig.members(signmethod=method)))["code"] == 0


async def test_the_c_sdk_has_a_query(rig: Rig) -> None:
    """It puts its version behind the path of /auth, and a number may be one."""
    assert (await rig.auth(rig.members(), query=b"_v=sdk-c-4.1.0&"))["code"] == 0
    members: dict[str, Any] = rig.members(timestamp=str(rig.clock.ms))
    assert (await rig.auth(members | {"timestamp": rig.clock.ms}))["code"] == 0


@pytest.mark.parametrize(
    ("name", "secret", "changes"),
    [
        (NAME, "wrong", {}),
        (NAME, secret_of("dev-0001"), {}),
        ("nobody", "wrong", {}),
        ("nobody", https._UNKNOWN_DEVICE_SECRET, {}),
        (NAME, None, {"sign": "00"}),
    ],
)
async def test_A04_who_is_not_let_in(rig: Rig, name: str, secret: str | None, changes: dict[str, str]) -> None:
    """A wrong secret and an unknown device look alike."""
    answer = await rig.auth(rig.members(name, secret, **changes))
    known = {"code": 20000, "message": "the device is unknown or disabled, or its sign is wrong", "info": {}}
    assert answer == known
    assert (await rig.row()).status is DeviceStatus.UNACTIVE


@pytest.mark.parametrize(("off_ms", "code"), [(-900_001, 20000), (-900_000, 0), (900_000, 0), (900_001, 20000)])
async def test_the_window_of_a_timestamp(rig: Rig, off_ms: int, code: int) -> None:
    """15 minutes, for a device that gives a timestamp."""
    assert (await rig.auth(rig.members(timestamp=str(rig.clock.ms + off_ms))))["code"] == code


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"x"', b'{"productKey":["x"]}', b'{"productKey":null}', b"\xff", b"[" * 3_000, b"{}"],
)
async def test_what_is_no_login(rig: Rig, body: bytes) -> None:
    """Anything but an object of texts with the members that are needed is a parameter error."""
    assert (await rig.auth(body))["code"] == 10001


@pytest.mark.parametrize("missing", ["clientId", "productKey", "deviceName", "sign"])
async def test_members_that_are_needed(rig: Rig, missing: str) -> None:
    """Without one of them it is a parameter error."""
    members = rig.members()
    del members[missing]
    assert (await rig.auth(members))["code"] == 10001


@pytest.mark.parametrize("more_bytes", [-1, 0, 1])
async def test_I17_the_body_of_a_login(rig: Rig, more_bytes: int) -> None:
    """It is short."""
    body = json.dumps(rig.members()).encode()
    body += b" " * (AUTH_BYTES_MAX - len(body) + more_bytes)
    assert (await rig.auth(body))["code"] == (10001 if more_bytes > 0 else 0)


@pytest.mark.parametrize("path", ["/auth", "/topic/ota/device/inform/x/y"])
@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE"])
async def test_only_post(rig: Rig, path: str, method: str) -> None:
    """Another method is a parameter error."""
    assert read(await exchange(rig.door, Peer(method, path)))["code"] == 10001


@pytest.mark.parametrize("more", [-1, 0, 1])
async def test_I17_logins_of_one_address(rig: Rig, more: int) -> None:
    """So many in a second are served, and the next second as many again."""
    codes = [(await rig.auth(b"{}"))["code"] for _ in range(AUTHS_PER_SECOND_MAX + more)]
    assert codes == [10001] * min(len(codes), AUTHS_PER_SECOND_MAX) + [40000] * max(0, more)
    rig.clock.pass_ms(1_000)
    assert (await rig.auth(rig.members()))["code"] == 0


# ---- tokens ----


async def test_a_token_is_missing_or_not_good(rig: Rig) -> None:
    """Each case has its code, whatever the topic."""
    path = rig.path(INFORM)
    assert read(await exchange(rig.door, Peer("POST", path)))["code"] == 20002
    twice = (("password", "a"), ("password", "b"))
    assert read(await exchange(rig.door, Peer("POST", path, headers=twice)))["code"] == 20002
    token = await rig.token()
    renamed = [token.replace(NAME, name) for name in ("dev-0001", "nobody")]
    for wrong in ("", "x", token[:-1], token[:-1] + "x", *renamed):
        assert (await rig.say(INFORM, VERSION, wrong))["code"] == 20003, wrong


@pytest.mark.parametrize("more_ms", [-1_000, 0, 1_000])
async def test_a_token_lives_seven_days(rig: Rig, more_ms: int) -> None:
    """Then the device is told that it is expired, and logs in anew."""
    token = await rig.token()
    rig.clock.pass_ms(TOKEN_SECONDS_MAX * 1000 + more_ms)
    assert (await rig.say(INFORM, VERSION, token))["code"] == (0 if more_ms < 0 else 20001)
    assert (await rig.say(INFORM, VERSION))["code"] == 0


async def test_a_forged_token_does_not_learn_that_it_is_old(rig: Rig) -> None:
    """Expiry is told to the device alone."""
    old = make_token(b"x" * 32, DeviceIdentity(rig.place.product_key, NAME), TokenHolder(1, secret_of(NAME)), 1)
    assert (await rig.say(INFORM, VERSION, old))["code"] == 20003


async def test_A21_a_disabled_device(rig: Rig) -> None:
    """Its token is worth nothing from the next request on, and neither is its secret; enabled, both are good again."""
    token = await rig.token()
    async with rig.store.transaction() as store:
        await store.device_changes.disable(await rig.row(), rig.clock.ms)
    assert (await rig.say(INFORM, VERSION, token))["code"] == 20000
    assert (await rig.auth(rig.members()))["code"] == 20000
    async with rig.store.transaction() as store:
        await store.device_changes.enable(await rig.row(), rig.clock.ms)
    assert (await rig.say(INFORM, VERSION, token))["code"] == 0


async def test_A21_a_deleted_device(rig: Rig) -> None:
    """Its token is worth nothing, also to a new device of its name."""
    token = await rig.token()
    async with rig.store.transaction() as store:
        await store.device_changes.delete(await rig.row(), rig.clock.ms)
    assert (await rig.say(INFORM, VERSION, token))["code"] == 20003
    async with rig.store.transaction() as store:
        await store.devices.add(device_draft(rig.place, NAME)._replace(iot_id="another"))
    assert (await rig.say(INFORM, VERSION, token))["code"] == 20003
    assert (await rig.say(INFORM, VERSION))["code"] == 0


async def test_A21_a_device_disabled_on_the_way(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was decided after the token was looked at holds for the report."""
    token, submit = await rig.token(), rig.doorway.ingest.submit

    def late(item: Any) -> None:
        rig.store._writer.execute("UPDATE device SET state = 8 WHERE device_name = ?", (NAME,))
        submit(item)

    monkeypatch.setattr(rig.doorway.ingest, "submit", late)
    assert (await rig.say(INFORM, VERSION, token))["code"] == 20000
    async with rig.store.snapshot() as store:
        assert await store.module_versions.get(1, "default") is None


# ---- messages ----


async def test_I1_inform(rig: Rig) -> None:
    """When the answer comes, the version is stored; each answer has a number of its own."""
    answers = [await rig.say(INFORM, {"id": n, "params": {"version": f"1.0.{n}"}}) for n in range(2)]
    assert [set(answer["info"]) for answer in answers] == [{"messageId"}] * 2
    assert answers[0]["info"] != answers[1]["info"]
    async with rig.store.snapshot() as store:
        assert await store.module_versions.get(1, "default") == "1.0.1"


async def test_an_upgrade(rig: Rig) -> None:
    """Ask, report progress, report the version: the task goes the way it goes over MQTT, and nothing is pushed."""
    await rig.say(INFORM, VERSION)
    job = await fill(rig.store, await add_job(rig.store, rig.place, sign_method="SHA256"))
    await rig.say(INFORM, VERSION)
    assert (await job_statuses(rig.store, job))[1] is TaskStatus.QUEUED
    answer = await rig.say(GET, {"id": 5, "params": {}})
    told = answer["info"]["data"]
    assert (answer["code"], told["id"], told["code"]) == (0, 5, 200)
    assert told["data"]["url"].startswith("https://ota.example/f/")
    assert (told["data"]["version"], told["data"]["signMethod"]) == ("2.0.0", "SHA256")
    assert (await job_statuses(rig.store, job))[1] is TaskStatus.NOTIFIED
    await rig.say(PROGRESS, {"id": "2", "params": {"step": "50"}})
    assert (await job_statuses(rig.store, job))[1] is TaskStatus.IN_PROGRESS
    await rig.say(INFORM, {"id": "3", "params": {"version": "2.0.0"}})
    assert (await job_statuses(rig.store, job))[1] is TaskStatus.SUCCEEDED
    nothing = await rig.say(GET, {"id": "6"})
    assert nothing["info"]["data"] == {"id": "6", "code": 200, "data": {}}


async def test_a_job_over_mqtt_gives_its_link(rig: Rig) -> None:
    """A device that asks over HTTPS cannot ask for blocks, so it is told where the file is."""
    await fill(rig.store, await add_job(rig.store, rig.place, download_protocol=DownloadProtocol.MQTT))
    told = (await rig.say(GET, {"id": 5}))["info"]["data"]["data"]
    assert "url" in told
    assert "dProtocol" not in told


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        ("/ota/device/inform/a1product01/dev-0001", 30001),
        ("/ota/device/inform/other/dev-0000", 30001),
        ("/ota/device/upgrade/*", 30001),
        ("/sys/*/thing/ota/firmware/get_reply", 30001),
        ("/sys/*/thing/file/download", 30001),
        ("/sys/*/thing/event/property/post", 30001),
        (OLDER_GET, 30001),
        ("/ota/device/inform/+/dev-0000", 30001),
        ("/ota/device/inform/#", 30001),
        ("/$SYS/x", 30001),
        ("/" + INFORM, 30001),
        (INFORM + "/", 30001),
        (INFORM, 0),
    ],
)
async def test_A17_topics(rig: Rig, topic: str, code: int) -> None:
    """A device says what it has to say on its own three topics, spelt exactly; elsewhere nothing happens."""
    assert (await rig.say(topic, VERSION))["code"] == code
    async with rig.store.snapshot() as store:
        assert [await store.module_versions.get(number, "default") for number in (1, 2)] == (
            ["1.0.0", None] if code == 0 else [None, None]
        )


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"{",
        b"[]",
        b'{"params":{}}',
        b"\xff",
        {"params": {"version": ""}},
        {"params": {"version": "v" * 65}},
        {"params": {"version": "1", "module": "a b"}},
    ],
)
async def test_messages_that_are_none(rig: Rig, message: Any) -> None:
    """What cannot be read, and what no version is, is a parameter error."""
    answer = await rig.say(INFORM, message)
    assert answer["code"] == 10001
    assert answer["info"] == {}


async def test_a_topic_has_no_query(rig: Rig) -> None:
    """A parameter error."""
    assert (await rig.say(INFORM, VERSION, query=b"x=1"))["code"] == 10001


@pytest.mark.parametrize("more_bytes", [-1, 0, 1])
async def test_I17_the_body_of_a_message(rig: Rig, more_bytes: int) -> None:
    """128 KiB are taken."""
    body = json.dumps(VERSION).encode()
    body += b" " * (TOPIC_BYTES_MAX - len(body) + more_bytes)
    assert (await rig.say(INFORM, body))["code"] == (10001 if more_bytes > 0 else 0)
    assert TOPIC_BYTES_MAX == 131_072


@pytest.mark.parametrize("more", [-1, 0, 1])
async def test_I17_messages_of_one_device(rig: Rig, more: int) -> None:
    """So many in a second; other devices are not concerned, and the next second is another."""
    token, other = await rig.token(), await rig.token("dev-0001")
    codes = [(await rig.say(INFORM, VERSION, token))["code"] for _ in range(CALLS_PER_SECOND_MAX + more)]
    assert codes == [0] * min(len(codes), CALLS_PER_SECOND_MAX) + [40000] * max(0, more)
    assert (await rig.say(INFORM, VERSION, other, path=rig.path(INFORM, "dev-0001")))["code"] == 0
    rig.clock.pass_ms(1_000)
    assert (await rig.say(INFORM, VERSION, token))["code"] == 0


async def test_I17_too_much_waits(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the ingest is full, devices are told to wait."""
    token = await rig.token()
    monkeypatch.setattr(Ingest, "is_full", True)
    assert (await rig.say(INFORM, VERSION, token))["code"] == 40000


# ---- faults ----


@pytest.mark.parametrize("part", ["snapshot", "transaction"])
async def test_F08_store_down(rig: Rig, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """While the store is down a device hears 503, never that its credential is wrong; afterwards it is served."""
    token = await rig.token()

    def down() -> object:
        raise StoreUnavailableError("the test says so")

    headers = (("password", token),)
    message, login = json.dumps(VERSION).encode(), json.dumps(rig.members()).encode()
    with monkeypatch.context() as fault:
        fault.setattr(rig.store, part, down)
        for peer in (
            Peer("POST", rig.path(INFORM), headers=headers, blocks=(message,)),
            Peer("POST", "/auth", blocks=(login,)),
        ):
            answer = await exchange(rig.door, peer)
            assert (answer.status, json.loads(answer.body)["code"]) == (503, 10000)
            assert answer.headers["retry-after"] == "2"
    assert (await rig.say(INFORM, VERSION, token))["code"] == 0


async def test_a_device_that_leaves_in_the_middle(rig: Rig) -> None:
    """Nothing is answered and nothing happened."""
    peer = Peer("POST", "/auth", blocks=(b'{"pro',), leaves_after_blocks=True)
    assert (await exchange(rig.door, peer)).status == 0


async def test_header_lines_are_short(rig: Rig) -> None:
    """The C SDK reads lines of 126 bytes."""
    body = json.dumps(rig.members()).encode()
    answer = await exchange(rig.door, Peer("POST", "/auth", blocks=(body,)))
    assert all(len(name) + len(value) + 2 <= 126 for name, value in answer.headers.items())
