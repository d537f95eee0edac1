"""Firmware to devices that speak MQTT alone, and to devices that speak HTTPS alone, from a real server."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulators.c_device import Account, CDevice, DownloadFailedError
from tests.simulators.c_http_client import CHttpClient
from tests.story.fleet import wait_until
from tests.story.sdk_processes import DriverProcess
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient
from tests.story.steps import (
    SEABIOS,
    create_firmware,
    create_job,
    create_product,
    watch_job,
    watch_tasks,
    watch_version,
)
from whimbrel.domain.https_auth import expected_sign, read_claim

IMAGE = SEABIOS / "bios-256k.bin"
NAME = "dev-1"


class World:
    """A product with one device, firmware for it, and a back end."""

    def __init__(self, server: WhimbrelServer) -> None:
        self.server = server
        self.client = SignedClient(server)
        self.content = IMAGE.read_bytes()
        self.product_key = str(self.ok("CreateProduct", ProductName="streams", NodeType="0")["productKey"])
        registered = self.ok("RegisterDevice", ProductKey=self.product_key, DeviceName=NAME)
        self.secret = str(registered["data"]["deviceSecret"])
        url = self.client.upload(self.content)
        assert url is not None
        self.firmware_id = str(
            self.ok(
                "CreateOTAFirmware",
                # A long name makes a long header, which not every device can read.
                FirmwareName="the-longest-name-of-any-firmware-is-this",
                DestVersion="2.0.0",
                ProductKey=self.product_key,
                FirmwareUrl=url,
                SignMethod="SHA256",
                NeedToVerify="false",
            )["data"]["firmwareId"]
        )

    def ok(self, action: str, **parameters: str) -> dict[str, Any]:
        answer = self.client.call(action, **parameters)
        assert answer.body["success"], answer
        return answer.body

    def job(self, **parameters: str) -> str:
        """A static job for all devices; its id."""
        given = {"FirmwareId": self.firmware_id, "ProductKey": self.product_key, "TargetSelection": "ALL", **parameters}
        return str(self.ok("CreateOTAStaticUpgradeJob", **given)["data"]["jobId"])

    def task(self, job_id: str) -> dict[str, Any]:
        [row] = self.ok("ListOTATaskByJob", JobId=job_id, PageSize="10")["data"]["simpleOTATaskInfo"]
        return dict(row)

    def wait_for(self, job_id: str, status: str) -> None:
        wait_until(lambda: self.task(job_id)["taskStatus"] == status, f"task {status}")

    def detail(self) -> dict[str, Any]:
        return dict(self.ok("QueryDeviceDetail", ProductKey=self.product_key, DeviceName=NAME)["data"])


@pytest.fixture
def world(lone_server: WhimbrelServer) -> World:
    return World(lone_server)


@pytest.fixture
def device(world: World) -> Iterator[CDevice]:
    account = Account(world.server.mqtt_port, world.product_key, NAME, world.secret)
    made = CDevice(account, answer_within_s=2.0)
    made.connect()
    made.report("1.0.0")
    yield made
    made.close()


def test_a_download_over_mqtt(world: World, device: CDevice) -> None:
    """Notice, blocks, digest, version: an upgrade without a byte over HTTP, with progress on the way."""
    job_id = world.job(DownloadProtocol="MQTT")
    notice = device.wait_for_notice()
    assert notice == {
        "size": len(world.content),
        "version": "2.0.0",
        "dProtocol": "mqtt",
        "streamId": int(world.task(job_id)["taskId"]),
        "streamFileId": 1,
        "signMethod": "SHA256",
        "sign": hashlib.sha256(world.content).hexdigest(),
    }
    assert device.ask_for_notice() == notice
    assert device.download(notice) == world.content
    wait_until(lambda: world.task(job_id)["progress"] == "100", "progress 100")
    assert world.task(job_id)["taskStatus"] == "IN_PROGRESS"
    device.report("2.0.0")
    world.wait_for(job_id, "SUCCEEDED")
    assert set(device.codes) == {200}


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_I1_a_download_over_mqtt_goes_on_after_a_restart(world: World, device: CDevice, end: str) -> None:
    """The server ends in the middle of the file; the device goes on where it was, and the bytes are right."""
    job_id = world.job(DownloadProtocol="MQTT")
    notice = device.wait_for_notice()
    restarts = []

    def restart_in_the_middle(taken_bytes: int) -> None:
        if taken_bytes > len(world.content) // 2 and not restarts:
            restarts.append(taken_bytes)
            getattr(world.server, end)()
            world.server.start()

    device.on_block = restart_in_the_middle
    assert device.download(notice) == world.content
    assert len(restarts) == 1
    device.report("2.0.0")
    world.wait_for(job_id, "SUCCEEDED")


def test_I8_a_cancel_ends_a_download_over_mqtt(world: World, device: CDevice) -> None:
    """A second after the cancel was answered no block comes any more, and the device gives up as the SDK does."""
    job_id = world.job(DownloadProtocol="MQTT")
    notice = device.wait_for_notice()
    taken = []

    def cancel_in_the_middle(taken_bytes: int) -> None:
        taken.append(taken_bytes)
        if len(taken) == 10:
            cancelled = {"CancelInProgressTask": "true", "CancelNotifiedTask": "true", "CancelQueuedTask": "true"}
            world.ok("CancelOTATaskByJob", JobId=job_id, **cancelled)
            time.sleep(1.0)

    device.on_block = cancel_in_the_middle
    with pytest.raises(DownloadFailedError):
        device.download(notice)
    assert len(taken) == 10
    assert device.codes == [200] * 10 + [404] * 4
    world.wait_for(job_id, "CANCELED")


def test_a_package_that_wants_a_url_drops_the_notice_and_lives_on(
    server: WhimbrelServer, open_back_end: Any, uploader: DriverProcess, start_device: Any
) -> None:
    """`aliyun-iot-linkkit` cannot read a notice without a link: nothing happens to it, and the next job over HTTPS is
    installed."""
    back_end = open_back_end("classic")
    product = create_product(back_end, NAME)
    firmware = create_firmware(back_end, uploader, product, (IMAGE, "2.0.0"), NeedToVerify=False)
    device = start_device(product, NAME, "1.0.0")
    watch_version(back_end, product, NAME, "1.0.0")
    target = {"TargetSelection": "ALL"}
    job_id = create_job(back_end, "CreateOTAStaticUpgradeJob", product, firmware, DownloadProtocol="MQTT", **target)
    watch_tasks(back_end, job_id, dev_1="NOTIFIED")
    device.send({"command": "pull"})
    device.send({"command": "report", "version": "1.0.0"})
    device.wait_for("reported")
    back_end.succeed("CancelOTATaskByJob", JobId=job_id, CancelNotifiedTask=True)
    watch_job(back_end, job_id, "CANCELED")
    second = create_job(back_end, "CreateOTAStaticUpgradeJob", product, firmware, **target)
    notified = device.wait_for("notified", version="2.0.0")
    assert notified["url"]
    device.wait_for("installed", version="2.0.0")
    watch_job(back_end, second, "COMPLETED")


# ---- HTTPS ----


class HttpsDevice:
    """A device that speaks HTTPS alone, with the SDK's client."""

    def __init__(self, world: World) -> None:
        self._client = CHttpClient(world.server.http_port)
        self._product_key, self._secret = world.product_key, world.secret
        self._token = ""

    def auth(self) -> None:
        members = {
            "productKey": self._product_key,
            "deviceName": NAME,
            "clientId": f"{self._product_key}.{NAME}",
            "signmethod": "hmacsha256",
            "sign": "",
        }
        claim = read_claim(members)
        assert claim is not None
        members["sign"] = expected_sign(claim, self._secret)
        headers = {"Content-Type": "application/json"}
        answer = self._client.request("POST", "/auth?_v=sdk-c-4.1.0&", headers, json.dumps(members).encode())
        body = json.loads(answer.body)
        assert (answer.status, body["code"]) == (200, 0), body
        self._token = body["info"]["token"]

    def say(self, template: str, message: dict[str, Any]) -> dict[str, Any]:
        topic = template.replace("*", f"{self._product_key}/{NAME}")
        headers = {"Content-Type": "application/octet-stream", "Password": self._token}
        answer = self._client.request("POST", f"/topic{topic}", headers, json.dumps(message).encode())
        assert answer.status == 200
        return dict(json.loads(answer.body))

    def download(self, url: str, size: int) -> bytes:
        """The file in two parts, the way the SDK resumes."""
        path = "/" + url.split("/", 3)[3]
        half = size // 2
        got = b""
        for wanted in (f"bytes=0-{half - 1}", f"bytes={half}-"):
            answer = self._client.request("GET", path, {"Accept": "text/html", "Range": wanted})
            assert answer.status == 206
            got += answer.body
        return got

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def https_device(world: World) -> Iterator[HttpsDevice]:
    made = HttpsDevice(world)
    yield made
    made.close()


@pytest.mark.parametrize("protocol", ["HTTPS", "MQTT"])
def test_an_upgrade_over_https_alone(world: World, https_device: HttpsDevice, protocol: str) -> None:
    """Log in, report, ask, download in parts, report progress and the new version; no session at any time."""
    https_device.auth()
    assert world.detail()["status"] == "OFFLINE"
    assert https_device.say("/ota/device/inform/*", {"id": 1, "params": {"version": "1.0.0"}})["code"] == 0
    assert world.detail()["firmwareVersion"] == "1.0.0"
    job_id = world.job(DownloadProtocol=protocol)
    asked = https_device.say("/sys/*/thing/ota/firmware/get", {"id": "2", "params": {}})
    told = asked["info"]["data"]
    assert (told["id"], told["code"]) == ("2", 200)
    assert world.task(job_id)["taskStatus"] == "NOTIFIED"
    content = https_device.download(told["data"]["url"], told["data"]["size"])
    assert hashlib.sha256(content).hexdigest() == told["data"]["sign"]
    assert https_device.say("/ota/device/progress/*", {"id": 3, "params": {"step": "60"}})["code"] == 0
    assert world.task(job_id)["taskStatus"] == "IN_PROGRESS"
    assert https_device.say("/ota/device/inform/*", {"id": 4, "params": {"version": "2.0.0"}})["code"] == 0
    world.wait_for(job_id, "SUCCEEDED")


def test_I1_what_was_answered_over_https_outlives_the_server(world: World, https_device: HttpsDevice) -> None:
    """A report that was answered is there after a power cut, and the token is good at the next start."""
    https_device.auth()
    assert https_device.say("/ota/device/inform/*", {"id": 1, "params": {"version": "1.5.0"}})["code"] == 0
    world.server.kill()
    world.server.start()
    https_device.close()
    assert world.detail()["firmwareVersion"] == "1.5.0"
    assert https_device.say("/ota/device/inform/*", {"id": 1, "params": {"version": "1.6.0"}})["code"] == 0
    assert world.detail()["firmwareVersion"] == "1.6.0"


def test_A21_a_disabled_https_device(world: World, https_device: HttpsDevice) -> None:
    """From the answer of DisableThing on, its token opens nothing, and it gets no new one."""
    https_device.auth()
    world.ok("DisableThing", ProductKey=world.product_key, DeviceName=NAME)
    assert https_device.say("/ota/device/inform/*", {"id": 1, "params": {"version": "1.0.0"}})["code"] == 20000
    with pytest.raises(AssertionError, match="20000"):
        https_device.auth()
    world.ok("EnableThing", ProductKey=world.product_key, DeviceName=NAME)
    assert https_device.say("/ota/device/inform/*", {"id": 1, "params": {"version": "1.0.0"}})["code"] == 0
