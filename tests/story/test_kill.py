"""The power cut: kill -9 at random moments of uploads, verifications and rollouts (F01-F07)."""

import hashlib
import json
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.story.servers import WHIMBREL, WhimbrelServer
from tests.story.signed_client import Answered, NoAnswerError, SignedClient

SEED = 20261123
DEVICES = 30
KILLS = 50
KILLS_CHAOS = 500
BETWEEN_KILLS_S = (0.05, 1.2)
SETTLE_WITHIN_S = 90.0
IMAGE = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")
OPEN_STATUSES = {"CONFIRM", "QUEUED", "NOTIFIED", "IN_PROGRESS"}


class Releaser(threading.Thread):
    """A back end that releases version after version, and writes down what was acknowledged to it.

    It behaves as a real one must: a call without an answer may have had its effect or not; what is unique is looked up
    again, and a job whose creation got no answer is left alone, because repeating it could make a second one.
    """

    def __init__(self, server: WhimbrelServer, product_key: str, verifier: str) -> None:
        super().__init__(daemon=True)
        self.client = SignedClient(server)
        self.product_key = product_key
        self.verifier = verifier
        self.stopping = threading.Event()
        self.error: BaseException | None = None
        self.firmware: dict[str, str] = {}  # id to the SHA-256 of the bytes uploaded, once acknowledged
        self.verified: set[str] = set()
        self.jobs: list[str] = []
        self.server_faults: list[Answered] = []

    def run(self) -> None:
        number = 0
        try:
            while not self.stopping.is_set():
                number += 1
                self.release(f"1.{number}.0", number)
        except BaseException as error:
            self.error = error

    def release(self, version: str, number: int) -> None:
        # Every image differs, so that no two firmware share an object.
        content = IMAGE.read_bytes() + number.to_bytes(4, "big")
        firmware_id = self.create(version, content)
        if firmware_id is None or not self.verify(firmware_id):
            return
        job_id = self.create_job(firmware_id)
        while job_id is not None and not self.stopping.is_set():
            if self.ask("QueryOTAJob", JobId=job_id).body["data"]["jobStatus"] != "IN_PROGRESS":
                return
            time.sleep(0.05)

    def create(self, version: str, content: bytes) -> str | None:
        while not self.stopping.is_set():
            try:
                url = self.client.upload(content)
            except NoAnswerError:
                time.sleep(0.05)
                continue
            if url is None:
                continue
            answer = self.ask(
                "CreateOTAFirmware",
                FirmwareName="fw-" + version.replace(".", "-"),
                DestVersion=version,
                ProductKey=self.product_key,
                FirmwareUrl=url,
                FirmwareSign=hashlib.md5(content).hexdigest(),
                FirmwareSize=str(len(content)),
            )
            if answer.code == "iot.ota.FirmwareAlreadyExist":
                listed = self.ask("ListOTAFirmware", CurrentPage="1", PageSize="10", DestVersion=version)
                firmware_id = listed.body["firmwareInfo"]["simpleFirmwareInfo"][0]["firmwareId"]
            else:
                assert answer.body["success"], answer
                firmware_id = answer.body["data"]["firmwareId"]
            self.firmware[firmware_id] = hashlib.sha256(content).hexdigest()
            return str(firmware_id)
        return None

    def verify(self, firmware_id: str) -> bool:
        """Whether the verification was seen to succeed."""
        target = {"ProductKey": self.product_key, "TargetDeviceName.1": self.verifier}
        answer = self.ask("CreateOTAVerifyJob", FirmwareId=firmware_id, **target)
        known = ("", "iot.ota.FirmwareVerifying", "iot.ota.FirmwareAlreadyVerified")
        assert answer.code in known, answer
        while not self.stopping.is_set():
            status = self.ask("QueryOTAFirmware", FirmwareId=firmware_id).body["firmwareInfo"]["status"]
            if status == 1:
                self.verified.add(firmware_id)
                return True
            assert status == 2, f"firmware {firmware_id} went from verifying to {status}"
            time.sleep(0.05)
        return False

    def create_job(self, firmware_id: str) -> str | None:
        parameters = {"FirmwareId": firmware_id, "ProductKey": self.product_key, "TargetSelection": "ALL"}
        try:
            answer = self.client.call("CreateOTAStaticUpgradeJob", **parameters)
        except NoAnswerError:
            return None
        assert answer.body["success"], answer
        self.jobs.append(answer.body["data"]["jobId"])
        return self.jobs[-1]

    def ask(self, action: str, **parameters: str) -> Answered:
        """The call, repeated until an answer comes. A 5xx is no answer to anything that was asked here."""
        while True:
            try:
                answer = self.client.call(action, **parameters)
            except NoAnswerError:
                time.sleep(0.05)
                continue
            if answer.status >= 500:
                self.server_faults.append(answer)
            assert answer.status == 200, answer
            return answer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WhimbrelServer]:
    running = WhimbrelServer(tmp_path / "var")
    running.start()
    try:
        yield running
    finally:
        running.end()


@pytest.fixture
def product_key(server: WhimbrelServer) -> str:
    answer = SignedClient(server).call("CreateProduct", ProductName="killed", NodeType="0")
    return str(answer.body["productKey"])


@pytest.fixture
def fleet(server: WhimbrelServer, product_key: str, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Virtual devices in a process of their own; they come back by themselves after each restart."""
    command = [WHIMBREL, "simulate", "--product", product_key, "--devices", str(DEVICES), "--prefix", "kill-"]
    command += ["--seed", str(SEED), "--server", f"http://{server.endpoint}", "--mqtt", f"127.0.0.1:{server.mqtt_port}"]
    command += ["--key-file", str(server.data / "root-access-key.json"), "--seconds", "3000", "--json"]
    with (tmp_path / "fleet.json").open("wb") as out, (tmp_path / "fleet.err").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(is_so: Callable[[], bool], what: str, within_s: float = SETTLE_WITHIN_S) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"after {within_s} s still not so: {what}"
        time.sleep(0.1)


def first_device_name(client: SignedClient, product_key: str) -> str:
    rows = client.call("QueryDevice", ProductKey=product_key, PageSize="50").body["data"]["deviceInfo"]
    return min(row["deviceName"] for row in rows)


def online(client: SignedClient, product_key: str) -> int:
    rows = client.call("QueryDevice", ProductKey=product_key, PageSize="50").body["data"]["deviceInfo"]
    return sum(row["deviceStatus"] == "ONLINE" for row in rows)


def tasks_of(client: SignedClient, job_id: str) -> list[dict[str, Any]]:
    answer = client.call("ListOTATaskByJob", JobId=job_id, PageSize="100").body
    rows: list[dict[str, Any]] = answer["data"]["simpleOTATaskInfo"]
    assert answer["total"] == len(rows)
    return rows


def kill_again_and_again(server: WhimbrelServer, kills: int) -> None:
    moments = random.Random(SEED)
    for _ in range(kills):
        time.sleep(moments.uniform(*BETWEEN_KILLS_S))
        server.kill()
        server.start()


def run_story(server: WhimbrelServer, product_key: str, kills: int) -> Releaser:
    """A releaser at work while the server is killed; then undisturbed until its last job has ended."""
    client = SignedClient(server)
    wait_until(lambda: online(client, product_key) == DEVICES, "all devices online")
    releaser = Releaser(server, product_key, first_device_name(client, product_key))
    releaser.start()
    kill_again_and_again(server, kills)
    jobs_before = len(releaser.jobs)
    wait_until(lambda: len(releaser.jobs) > jobs_before + 1 or bool(releaser.error), "two jobs after the last kill")
    releaser.stopping.set()
    releaser.join(SETTLE_WITHIN_S)
    assert releaser.error is None, releaser.error
    assert not releaser.server_faults
    return releaser


def check_nothing_is_lost(server: WhimbrelServer, releaser: Releaser) -> None:
    client = releaser.client
    for firmware_id, sha256 in releaser.firmware.items():
        info = client.call("QueryOTAFirmware", FirmwareId=firmware_id).body["firmwareInfo"]
        status, content = client.send("GET", info["firmwareUrl"].partition(server.endpoint)[2], b"", {})
        assert status == 200
        assert hashlib.sha256(content).hexdigest() == sha256, f"firmware {firmware_id} (I11)"
        if firmware_id in releaser.verified:
            assert info["status"] == 1, f"firmware {firmware_id} was verified and is {info['status']}"


def check_jobs_are_exact(releaser: Releaser) -> None:
    client = releaser.client
    for job_id in releaser.jobs:

        def has_ended(job_id: str = job_id) -> bool:
            return bool(client.call("QueryOTAJob", JobId=job_id).body["data"]["jobStatus"] == "COMPLETED")

        wait_until(has_ended, f"job {job_id} completed")
        tasks = tasks_of(client, job_id)
        names = {task["deviceName"] for task in tasks}
        # The verifying device had the version already, so it gets no task.
        assert len(names) == len(tasks) == DEVICES - 1, f"job {job_id} has {len(tasks)} tasks (I2)"
        assert not OPEN_STATUSES & {task["taskStatus"] for task in tasks}
        failed = [task for task in tasks if task["taskStatus"] != "SUCCEEDED"]
        assert all("open task" in task["taskDesc"] for task in failed), failed


def check_store(server: WhimbrelServer) -> None:
    done = subprocess.run([WHIMBREL, "check", "--data", str(server.data)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def play(server: WhimbrelServer, product_key: str, kills: int) -> None:
    releaser = run_story(server, product_key, kills)
    assert len(releaser.jobs) >= 3, "the story moved on between the kills"
    check_nothing_is_lost(server, releaser)
    check_jobs_are_exact(releaser)
    check_store(server)


def test_I1_I2_I4_I7_fifty_kills_lose_nothing_acknowledged(
    server: WhimbrelServer, product_key: str, fleet: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    """Killed 50 times during upload, verification and rollout: what was acknowledged is there, jobs end exactly."""
    play(server, product_key, KILLS)
    fleet.send_signal(signal.SIGTERM)
    assert fleet.wait(30) == 0, (tmp_path / "fleet.err").read_text()
    assert json.loads((tmp_path / "fleet.json").read_text()), "the fleet's summary"


@pytest.mark.chaos
@pytest.mark.usefixtures("fleet")
def test_I1_I2_I4_I7_many_kills_lose_nothing_acknowledged(server: WhimbrelServer, product_key: str) -> None:
    """The same for ten times as long."""
    play(server, product_key, KILLS_CHAOS)
