"""The power cut: kill -9 at random moments of uploads, verifications and rollouts (F01-F07)."""

import hashlib
import json
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.story.fleet import FLEET_DEVICES, SETTLE_WITHIN_S, first_device_name, online, wait_until
from tests.story.releaser import Releaser
from tests.story.servers import WHIMBREL, WhimbrelServer
from tests.story.signed_client import SignedClient

SEED = 20261123
KILLS = 50
KILLS_CHAOS = 500
BETWEEN_KILLS_S = (0.05, 1.2)
OPEN_STATUSES = {"CONFIRM", "QUEUED", "NOTIFIED", "IN_PROGRESS"}


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
    wait_until(lambda: online(client, product_key) == FLEET_DEVICES, "all devices online")
    releaser = Releaser(server, product_key, first_device_name(client, product_key))
    releaser.start()
    kill_again_and_again(server, kills)
    releaser.calm.set()
    wait_until(lambda: len(releaser.calm_jobs) > 1 or bool(releaser.error), "two jobs after the last kill")
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
        assert len(names) == len(tasks) == FLEET_DEVICES - 1, f"job {job_id} has {len(tasks)} tasks (I2)"
        assert not OPEN_STATUSES & {task["taskStatus"] for task in tasks}
        failed = {task["taskDesc"] for task in tasks if task["taskStatus"] != "SUCCEEDED"}
        # A device that met a dead server for minutes gives up and says so; in the calm none has a reason to.
        allowed = ("open task",) if job_id in releaser.calm_jobs else ("open task", "the download failed")
        assert all(any(words in said for words in allowed) for said in failed), failed


def check_store(server: WhimbrelServer) -> None:
    done = subprocess.run(
        [WHIMBREL, "check", "--data", str(server.data), *server.options], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def play(server: WhimbrelServer, product_key: str, kills: int) -> None:
    releaser = run_story(server, product_key, kills)
    assert len(releaser.jobs) >= 3, "the story moved on between the kills"
    check_nothing_is_lost(server, releaser)
    check_jobs_are_exact(releaser)
    check_store(server)


def test_I1_I2_I4_I7_fifty_kills_lose_nothing_acknowledged(
    lone_server: WhimbrelServer, fleet_product: str, fleet: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    """Killed 50 times during upload, verification and rollout: what was acknowledged is there, jobs end exactly."""
    play(lone_server, fleet_product, KILLS)
    fleet.send_signal(signal.SIGTERM)
    assert fleet.wait(30) == 0, (tmp_path / "fleet.err").read_text()
    assert json.loads((tmp_path / "fleet.json").read_text()), "the fleet's summary"


@pytest.mark.chaos
@pytest.mark.usefixtures("fleet")
def test_I1_I2_I4_I7_many_kills_lose_nothing_acknowledged(lone_server: WhimbrelServer, fleet_product: str) -> None:
    """The same for ten times as long."""
    play(lone_server, fleet_product, KILLS_CHAOS)
