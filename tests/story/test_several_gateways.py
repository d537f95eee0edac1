"""Several gateway processes on one PostgreSQL, as real processes, with devices spread over them (design.md 2)."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.story.fleet import wait_until
from tests.story.mqtt_fleet import Fleet
from tests.story.servers import AccessKey, WhimbrelServer
from tests.story.signed_client import SignedClient
from tests.story.sites import Site
from whimbrel.gateway.packets import ConnackCode

GATEWAYS = 3
DEVICES = 240
IMAGE = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")
PAGE = 50


class Scene:
    """One process with the engine, one with the API, three with gateways, and the devices of one product."""

    def __init__(self, folder: Path) -> None:
        self.site = Site(folder, "engine", "api", *["gateway"] * GATEWAYS)
        self.engine, self.api, *self.gateways = self.site.servers
        self.versions = 1

    def open(self) -> None:
        self.site.start()
        [self.client] = self.site.clients()
        self.product_key = str(self.ask("CreateProduct", ProductName="fleet", NodeType="0")["productKey"])
        self.fleet = Fleet(self.gateways, self.product_key, self._registered())
        self.fleet.start()
        self.wait_for_online()

    def close(self) -> None:
        if hasattr(self, "fleet"):
            self.fleet.end()
        self.site.end()

    def ask(self, action: str, **parameters: str) -> dict[str, Any]:
        answer = self.client.call(action, **parameters)
        assert answer.code == "", answer
        return answer.body

    def release(self) -> tuple[str, str]:
        """A firmware of the next version, and a job for the whole product; the version and the job's id."""
        self.versions += 1
        version, content = f"{self.versions}.0.0", IMAGE.read_bytes() + bytes([self.versions])
        created = self.ask(
            "CreateOTAFirmware",
            FirmwareName=f"firmware-{self.versions}",
            DestVersion=version,
            ProductKey=self.product_key,
            FirmwareUrl=str(self.client.upload(content)),
            FirmwareSign=hashlib.md5(content).hexdigest(),
            FirmwareSize=str(len(content)),
            NeedToVerify="false",
        )
        target = {"FirmwareId": created["data"]["firmwareId"], "ProductKey": self.product_key}
        job = self.ask("CreateOTAStaticUpgradeJob", TargetSelection="ALL", **target)
        return version, str(job["data"]["jobId"])

    def online(self) -> int:
        return int(self.ask("QueryDeviceStatistics", ProductKey=self.product_key)["data"]["onlineCount"])

    def wait_for_online(self, devices: int = DEVICES) -> None:
        wait_until(lambda: self.online() == devices, f"{devices} devices are online")

    def succeeded(self, job_id: str) -> int:
        body = self.ask("ListOTATaskByJob", JobId=job_id, TaskStatus="SUCCEEDED", CurrentPage="1", PageSize="10")
        return int(body["total"])

    def wait_for_success(self, job_id: str, devices: int = DEVICES) -> None:
        wait_until(lambda: self.succeeded(job_id) >= devices, f"{devices} devices have succeeded")

    def holders(self) -> dict[str, int]:
        """Node id to how many devices it holds."""
        return dict(self.site.rows("SELECT node_id, count(*) FROM presence GROUP BY node_id"))

    def alive(self) -> set[str]:
        return {node_id for (node_id,) in self.site.rows("SELECT node_id FROM gateway_node")}

    def check_end(self) -> None:
        """Nothing is left over: no order, no node that is gone, no device at a node that does not live."""
        wait_until(lambda: not self.site.rows("SELECT 1 FROM gateway_gone"), "devices of dead nodes are offline")
        wait_until(lambda: set(self.holders()) <= self.alive(), "living nodes hold all devices")
        for table in ("gateway_order o JOIN gateway_node n ON n.node_id = o.node_id", "job_ready"):
            wait_until(lambda table=table: not self.site.rows(f"SELECT 1 FROM {table}"), f"nothing waits in {table}")
        self.site.check()

    def _registered(self) -> dict[str, str]:
        apply = self.ask("BatchRegisterDevice", ProductKey=self.product_key, Count=str(DEVICES))["data"]["applyId"]
        return registered(self, str(apply))


def registered(scene: Scene, apply_id: str) -> dict[str, str]:
    """Name to secret, once the apply is through."""

    def page(number: int) -> dict[str, Any]:
        return scene.ask("QueryPageByApplyId", ApplyId=apply_id, CurrentPage=str(number), PageSize=str(PAGE))

    wait_until(lambda: int(page(1)["total"]) == DEVICES, "all devices are registered")
    rows = [
        row for number in range(1, DEVICES // PAGE + 2) for row in page(number)["applyDeviceList"]["applyDeviceInfo"]
    ]
    return {row["deviceName"]: row["deviceSecret"] for row in rows}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    try:
        made.open()
        yield made
    finally:
        made.close()


def ready(server: WhimbrelServer) -> tuple[int, dict[str, str]]:
    status, body = SignedClient(server, AccessKey("", "")).send("GET", "/readyz", b"", {})
    return status, json.loads(body)


def test_F05_a_job_reaches_every_device_once(scene: Scene) -> None:
    """The engine's process holds no device, and each device of three others is told of the job once, and succeeds."""
    assert sorted(scene.holders().values()) == [DEVICES // GATEWAYS] * GATEWAYS
    states = {"store": "ok", "firmware_store": "ok", "gateway": "ok"}
    assert [ready(server) for server in scene.site.servers[1:3]] == [(200, states), (200, states | {"orders": "ok"})]
    version, job_id = scene.release()
    scene.wait_for_success(job_id)
    assert scene.fleet.pushes(version) == [1] * DEVICES
    assert [device.times_connected for device in scene.fleet.devices] == [1] * DEVICES
    scene.check_end()
    assert scene.gateways[0].stop() == 0
    scene.wait_for_online()
    assert len(scene.alive()) == GATEWAYS - 1
    scene.check_end()


def test_A21_kick_out_and_revocation_over_processes(scene: Scene) -> None:
    """A device that connects elsewhere is kicked out where it was; a disabled or deleted one wherever it is."""
    moving, disabled, deleted = scene.fleet.devices[:6], scene.fleet.devices[10], scene.fleet.devices[11]
    for reader in scene.fleet.move(moving, 2):
        wait_until(reader.at_eof, "the first session of each has ended")
    for action, device in (("DisableThing", disabled), ("DeleteDevice", deleted)):
        scene.ask(action, ProductKey=scene.product_key, DeviceName=device.name)
        wait_until(lambda device=device: bool(device.refusals), f"{device.name} was cut off and is refused")
    assert set(disabled.refusals) == {ConnackCode.NOT_AUTHORIZED}
    assert set(deleted.refusals) == {ConnackCode.BAD_CREDENTIAL}
    scene.wait_for_online(DEVICES - 2)
    assert [device.times_connected for device in moving] == [2] * len(moving)
    version, job_id = scene.release()
    scene.wait_for_success(job_id, DEVICES - 2)
    told = {device.name for device in scene.fleet.devices if device.pushes[version] != 1}
    assert told == {disabled.name, deleted.name}
    scene.check_end()


def test_I19_a_gateway_is_killed_in_the_middle(scene: Scene) -> None:
    """Its devices go offline, come back elsewhere, are told again, and finish the job; all is counted right."""
    scene.fleet.may_install.clear()
    version, job_id = scene.release()
    wait_until(lambda: 0 not in scene.fleet.pushes(version), "every device was told")
    victims = scene.fleet.devices[1::GATEWAYS]
    scene.gateways[1].kill()
    scene.fleet.let_install()
    scene.wait_for_success(job_id)
    wait_until(lambda: len(scene.alive()) == GATEWAYS - 1, "the killed process was noticed")
    scene.wait_for_online()
    assert [device.pushes[version] for device in scene.fleet.devices if device not in victims] == [1] * (
        2 * DEVICES // 3
    )
    scene.check_end()


def test_F05_a_gateway_is_killed_with_orders_waiting(scene: Scene) -> None:
    """What was claimed for a process that then died is told when its devices come back: nothing is forgotten."""
    os.kill(scene.gateways[0].pid, signal.SIGSTOP)
    version, job_id = scene.release()
    scene.wait_for_success(job_id, DEVICES * 2 // 3)
    wait_until(lambda: bool(scene.site.rows("SELECT 1 FROM gateway_order")), "orders wait for the stopped process")
    scene.gateways[0].kill()
    scene.wait_for_success(job_id)
    assert scene.fleet.pushes(version) == [1] * DEVICES
    scene.wait_for_online()
    scene.check_end()


def test_I8_nothing_leaves_after_a_cancel(scene: Scene) -> None:
    """What was claimed for a process that stood still does not leave when it goes on, if it was cancelled meanwhile."""
    os.kill(scene.gateways[0].pid, signal.SIGSTOP)
    try:
        version, job_id = scene.release()
        scene.wait_for_success(job_id, DEVICES * 2 // 3)
        scene.ask("CancelOTATaskByJob", JobId=job_id, CancelNotifiedTask="true", CancelQueuedTask="true")
    finally:
        os.kill(scene.gateways[0].pid, signal.SIGCONT)
    wait_until(lambda: not scene.site.rows("SELECT 1 FROM gateway_order"), "the orders were read")
    scene.wait_for_online()
    assert [device.pushes[version] for device in scene.fleet.devices[0::GATEWAYS]] == [0] * (DEVICES // GATEWAYS)
    scene.check_end()


def test_I8_nothing_leaves_after_a_pause(scene: Scene) -> None:
    """Nor does it after a pause; when the job goes on, those who were claimed and not told are told after all (F05)."""
    os.kill(scene.gateways[0].pid, signal.SIGSTOP)
    try:
        version, job_id = scene.release()
        scene.wait_for_success(job_id, DEVICES * 2 // 3)
        scene.ask("XPauseOTAJob", JobId=job_id, Reason="a gateway stands still")
    finally:
        os.kill(scene.gateways[0].pid, signal.SIGCONT)
    wait_until(lambda: not scene.site.rows("SELECT 1 FROM gateway_order"), "the orders were read")
    scene.wait_for_online()
    assert [device.pushes[version] for device in scene.fleet.devices[0::GATEWAYS]] == [0] * (DEVICES // GATEWAYS)
    scene.ask("XResumeOTAJob", JobId=job_id, Reason="it goes on")
    scene.wait_for_success(job_id)
    scene.check_end()


def test_I18_a_gateway_stands_still_beyond_its_lease(scene: Scene) -> None:
    """It is taken for dead and its devices for gone. When it goes on it writes nothing of that life: devices that went
    elsewhere stay there, the others come back, and each has one session and is told once."""
    stopped, devices = scene.gateways[0], scene.fleet.devices[0::GATEWAYS]
    os.kill(stopped.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: len(scene.alive()) == GATEWAYS - 1, "the silent process was noticed")
        scene.wait_for_online(DEVICES - len(devices))
        scene.fleet.move(devices[::2], 1)
        scene.wait_for_online(DEVICES - len(devices) // 2)
    finally:
        os.kill(stopped.pid, signal.SIGCONT)
    scene.wait_for_online()
    wait_until(lambda: len(scene.alive()) == GATEWAYS, "the process has begun anew")
    assert "taken for dead" in stopped.log
    wait_until(lambda: set(scene.holders()) <= scene.alive(), "living nodes hold all devices")
    version, job_id = scene.release()
    scene.wait_for_success(job_id)
    assert scene.fleet.pushes(version) == [1] * DEVICES
    scene.check_end()


def test_I19_listening_is_cut_in_the_middle(scene: Scene) -> None:
    """The connections on which processes hear of each other are cut, again and again: every device is told once."""
    version, job_id = scene.release()
    for _ in range(5):
        scene.site.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'whimbrel wakeup'"
        )
    scene.wait_for_success(job_id)
    assert scene.fleet.pushes(version) == [1] * DEVICES
    assert [device.times_connected for device in scene.fleet.devices] == [1] * DEVICES
    scene.check_end()


def test_F22_the_engine_is_killed_in_the_middle(scene: Scene) -> None:
    """Devices stay connected; the next engine goes on, and nobody is told twice or forgotten."""
    version, job_id = scene.release()
    scene.engine.kill()
    scene.engine.start()
    scene.wait_for_success(job_id)
    assert scene.fleet.pushes(version) == [1] * DEVICES
    assert [device.times_connected for device in scene.fleet.devices] == [1] * DEVICES
    scene.check_end()
