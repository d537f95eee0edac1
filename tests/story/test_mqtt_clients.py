"""Devices on MQTT libraries that people use, paho-mqtt and gmqtt, in MQTT 3.1.1 and 5, against a server as operated."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.story.sdk_processes import DeviceProcess, python_driver
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient
from tests.story.steps import watch
from whimbrel.domain.device_credential import connect_fields

DRIVERS = {"paho": "paho_device.py", "gmqtt": "gmqtt_device.py"}

_serial = itertools.count(1)

StartClient = Callable[..., DeviceProcess]


class Place(NamedTuple):
    """A product with one device, for one test."""

    back_end: SignedClient
    key: str
    secret: str

    def topic(self, template: str) -> str:
        return template.replace("*", f"{self.key}/dev-1")

    def version(self) -> Any:
        answer = self.back_end.call("QueryDeviceDetail", ProductKey=self.key, DeviceName="dev-1")
        return answer.body["data"].get("firmwareVersion")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhimbrelServer]:
    """On the embedded store: which store it is makes no difference to a client."""
    running = WhimbrelServer(tmp_path_factory.mktemp("operator") / "var")
    try:
        running.start()
        yield running
        assert running.stop() == 0
    finally:
        running.end()


@pytest.fixture
def place(server: WhimbrelServer) -> Place:
    back_end = SignedClient(server)
    key = back_end.call("CreateProduct", ProductName=f"lamp_{next(_serial)}", NodeType="0").body["productKey"]
    device = back_end.call("RegisterDevice", ProductKey=key, DeviceName="dev-1").body["data"]
    return Place(back_end, key, device["deviceSecret"])


@pytest.fixture(params=sorted(DRIVERS))
def library(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[4, 5], ids=["3.1.1", "5"])
def level(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def start_client(
    server: WhimbrelServer, place: Place, library: str, level: int, tmp_path: Path
) -> Iterator[StartClient]:
    """`start_client()` is the device on the library; with another secret it is an impostor."""
    processes: list[DeviceProcess] = []

    def start_one(secret: str = place.secret) -> DeviceProcess:
        fields = connect_fields(place.key, "dev-1", secret)._asdict()
        configuration = {"host": "127.0.0.1", "port": server.mqtt_port, "level": level, **fields}
        log = tmp_path / f"{library}-{len(processes)}.stderr"
        processes.append(DeviceProcess(python_driver(DRIVERS[library]), configuration, log))
        return processes[-1]

    yield start_one
    for process in processes:
        process.end()


def publish(device: DeviceProcess, topic: str, message: Any, *, waits: bool = True) -> None:
    """With QoS 1; `waits` for the acknowledgement, and skips what comes before it."""
    device.send({"command": "publish", "topic": topic, "payload": json.dumps(message)})
    if waits:
        device.wait_for("acknowledged")


def create_job(place: Place) -> str:
    """A job that upgrades the device from whatever it runs to 2.0.0."""
    url = place.back_end.upload(b"firmware")
    assert url is not None
    names = {
        "FirmwareName": f"fw_{place.key}",
        "ProductKey": place.key,
        "DestVersion": "2.0.0",
        "NeedToVerify": "false",
    }
    firmware = place.back_end.call("CreateOTAFirmware", FirmwareUrl=url, **names).body["data"]["firmwareId"]
    created = place.back_end.call(
        "CreateOTAStaticUpgradeJob", FirmwareId=firmware, ProductKey=place.key, TargetSelection="ALL"
    )
    return str(created.body["data"]["jobId"])


def status_of_task(place: Place, job_id: str) -> str:
    page = place.back_end.call("ListOTATaskByJob", JobId=job_id, CurrentPage="1", PageSize="10").body
    [task] = page["data"]["simpleOTATaskInfo"]
    return str(task["taskStatus"])


def test_an_upgrade(place: Place, start_client: StartClient) -> None:
    """Report, push without a subscription, subscribe, pull, push again at the reconnect, success: each message once."""
    device = start_client()
    assert device.wait_for("connected")["reason"] == 0
    publish(device, place.topic("/ota/device/inform/*"), {"id": "1", "params": {"version": "1.0.0"}})
    assert place.version() == "1.0.0"
    job_id = create_job(place)
    push = device.wait_for("message")
    assert push["topic"] == place.topic("/ota/device/upgrade/*")
    assert json.loads(push["payload"])["data"]["version"] == "2.0.0"

    for _ in range(2):
        device.send({"command": "subscribe", "filter": place.topic("/ota/device/upgrade/*"), "qos": 1})
        assert device.wait_for("subscribed")["reasons"] == [1]
    device.send({"command": "subscribe", "filter": place.topic("/sys/*/thing/ota/firmware/get_reply"), "qos": 0})
    assert device.wait_for("subscribed")["reasons"] == [0]
    publish(device, place.topic("/sys/*/thing/ota/firmware/get"), {"id": "5", "params": {}}, waits=False)
    # gmqtt says that a message was acknowledged after what came behind the acknowledgement.
    reply = max(device.receive(), device.receive(), key=lambda seen: seen["event"] == "message")
    assert reply["topic"] == place.topic("/sys/*/thing/ota/firmware/get_reply")
    assert json.loads(reply["payload"])["id"] == "5"

    again = start_client()
    assert again.wait_for("message")["topic"] == place.topic("/ota/device/upgrade/*")
    publish(again, place.topic("/ota/device/progress/*"), {"id": "6", "params": {"step": "50"}})
    publish(again, place.topic("/ota/device/inform/*"), {"id": "7", "params": {"version": "2.0.0"}})
    watch("success", lambda: status_of_task(place, job_id), lambda status: status == "SUCCEEDED")
    # Everything that was sent has been acknowledged, so what would have come twice has come.
    assert [line for line in device.received() + again.received() if line["event"] == "message"] == []


def test_the_newer_connection_ends_the_older(place: Place, start_client: StartClient, level: int) -> None:
    """In MQTT 5 the older one reads why."""
    first = start_client()
    assert first.wait_for("connected")["reason"] == 0
    second = start_client()
    assert second.wait_for("connected")["reason"] == 0
    left = first.wait_for("disconnected")
    if level == 5:
        assert left["reason"] == 0x8E
    publish(second, place.topic("/ota/device/inform/*"), {"id": "1", "params": {"version": "1.0.0"}})
    assert place.version() == "1.0.0"


@pytest.mark.parametrize(
    ("topic_filter", "reason"),
    [("#", 0xA2), ("/ota/device/upgrade/+/+", 0xA2), ("$share/g//ota/device/upgrade/*", 0x9E), ("$SYS/x", 0x87)],
    ids=["all", "wildcard", "shared", "system"],
)
def test_A17_refused_subscriptions(
    place: Place, start_client: StartClient, level: int, topic_filter: str, reason: int
) -> None:
    """The library hears the refusal, with its reason in MQTT 5, and the device goes on."""
    device = start_client()
    assert device.wait_for("connected")["reason"] == 0
    device.send({"command": "subscribe", "filter": place.topic(topic_filter), "qos": 1})
    assert device.wait_for("subscribed")["reasons"] == [reason if level == 5 else 0x80]
    publish(device, place.topic("/ota/device/inform/*"), {"id": "1", "params": {"version": "1.0.0"}})


def test_a_wrong_password(place: Place, start_client: StartClient, level: int) -> None:
    """The library hears "bad user name or password" of its version."""
    device = start_client("0123456789abcdef0123456789abcdef")
    assert device.wait_for("connected")["reason"] == (0x86 if level == 5 else 4)


def test_A17_a_foreign_topic(place: Place, start_client: StartClient, level: int) -> None:
    """In MQTT 5 the device is told and lives on; in 3.1.1 the end is the only refusal. No report comes of either."""
    device = start_client()
    assert device.wait_for("connected")["reason"] == 0
    topic = place.topic("/ota/device/inform/*").replace("dev-1", "dev-2")
    device.send({"command": "publish", "topic": topic, "payload": json.dumps({"params": {"version": "6.6.6"}})})
    if level == 5:
        device.wait_for("acknowledged")
        publish(device, place.topic("/ota/device/inform/*"), {"id": "1", "params": {"version": "1.0.0"}})
    else:
        device.wait_for("disconnected")
    assert place.version() == ("1.0.0" if level == 5 else "")
