"""What HTTPS devices say, and what they are told (device-protocol 10.2, 10.3; I1, I17, A17, A21, F08)."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import add_job, fill
from tests.engine.world import statuses_of as job_statuses
from tests.gateway.https_rig import GET, INFORM, OLDER_GET, PROGRESS, VERSION, Rig, open_rig
from tests.transfer.asgi_driver import Peer, exchange
from whimbrel.domain.job import DownloadProtocol
from whimbrel.domain.task import TaskStatus
from whimbrel.errors import StoreUnavailableError
from whimbrel.gateway.https import CALLS_PER_SECOND_MAX, TOPIC_BYTES_MAX
from whimbrel.gateway.ingest import Ingest

SEED = 20261126


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_rig(tmp_path) as made:
        yield made


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


async def test_modules(rig: Rig) -> None:
    """Each module has its own task, asked for by name, and ends by its own report."""
    jobs = {}
    for module in ("mcu", "default"):
        changes = {"module_name": module, "multi_module_mode": True}
        jobs[module] = await fill(rig.store, await add_job(rig.store, rig.place, **changes))
    mcu = (await rig.say(GET, {"id": 1, "params": {"module": "mcu"}}))["info"]["data"]["data"]
    whole = (await rig.say(GET, {"id": 1}))["info"]["data"]["data"]
    assert (mcu["module"], whole.get("module")) == ("mcu", None)
    await rig.say(PROGRESS, {"id": 2, "params": {"step": 10, "module": "mcu"}})
    await rig.say(INFORM, {"id": 3, "params": {"version": "2.0.0"}})
    assert (await job_statuses(rig.store, jobs["mcu"]))[1] is TaskStatus.IN_PROGRESS
    assert (await job_statuses(rig.store, jobs["default"]))[1] is TaskStatus.SUCCEEDED


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


async def test_any_bytes(rig: Rig) -> None:
    """Whatever is sent to either path, the answer is one of the vendor's, and never a failure of the server."""
    dice = random.Random(SEED)
    token, login, message = await rig.token(), json.dumps(rig.members()).encode(), json.dumps(VERSION).encode()
    for number in range(400):
        rig.clock.pass_ms(1_000)
        auth, said = (spoilt(dice, body) for body in (login, message))
        assert (await rig.auth(auth))["code"] in (0, 10001, 20000), auth
        assert (await rig.say(INFORM, said, token if number % 2 else spoilt(dice, token.encode()).decode("latin-1")))[
            "code"
        ] in (0, 10001, 20002, 20003, 20001), said


def spoilt(dice: random.Random, body: bytes) -> bytes:
    """The bytes with a few of them changed, taken out or doubled."""
    changed = bytearray(body)
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(changed))
        changed[place : place + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 3))
    return bytes(changed)


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
