"""A vendor's device whose account moved: the SDK connects to the new address as it is, and is upgraded there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.story.conftest import STORES, store_options
from tests.story.sdk_processes import DeviceProcess, JsonObject, python_driver
from tests.story.servers import WHIMBREL, WhimbrelServer
from tests.story.signed_client import SignedClient
from tests.story.steps import watch

MOVES_WITHIN_S = 60


@pytest.fixture(params=STORES)
def new(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WhimbrelServer]:
    """The server that the account moves to, on either store."""
    running = WhimbrelServer(tmp_path / "new", *store_options(request.param))
    try:
        running.start()
        yield running
    finally:
        running.end()


@pytest.fixture
def old(tmp_path: Path) -> Iterator[WhimbrelServer]:
    """The vendor's service."""
    running = WhimbrelServer(tmp_path / "old")
    try:
        running.start()
        yield running
    finally:
        running.end()


def move(old: WhimbrelServer, new: WhimbrelServer, folder: Path) -> None:
    """`whimbrel import aliyun`, which must find nothing wrong."""
    key = str(old.data / "root-access-key.json")
    from_ = ("--from", f"http://{old.endpoint}", "--from-key", key, "--region", "cn-shanghai", "--pace", "50")
    to = ("--server", f"http://{new.endpoint}", "--data", str(new.data))
    ended = subprocess.run(
        [WHIMBREL, "import", "aliyun", *from_, *to],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("WHIMBREL_")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=MOVES_WITHIN_S,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def ok(client: SignedClient, action: str, **parameters: str) -> JsonObject:
    """The answer of a call that must succeed."""
    answer = client.call(action, **parameters)
    assert answer.body.get("success") is True, (action, answer.body)
    return answer.body


def test_a_device_goes_on_at_the_new_address(old: WhimbrelServer, new: WhimbrelServer, tmp_path: Path) -> None:
    """Its ProductKey, name and secret are all it has, and all that is the same; the firmware that moved reaches it."""
    before, after = SignedClient(old), SignedClient(new)
    key = str(ok(before, "CreateProduct", ProductName="lamp", NodeType="0")["data"]["productKey"])
    device = ok(before, "RegisterDevice", ProductKey=key, DeviceName="dev-1")["data"]
    configuration = {
        "host": "127.0.0.1",
        "product_key": key,
        "device_name": "dev-1",
        "device_secret": device["deviceSecret"],
        "version": "1.0.0",
        "folder": str(tmp_path),
        "hold": False,
        "steps": [],
    }
    url = before.upload(b"the new firmware" * 5_000)
    assert url is not None
    firmware = {"FirmwareName": "lamp_2", "ProductKey": key, "DestVersion": "2.0.0", "FirmwareUrl": url}
    ok(before, "CreateOTAFirmware", **firmware, NeedToVerify="false")
    at_old = DeviceProcess(
        python_driver("linkkit_device.py"), {**configuration, "port": old.mqtt_port}, tmp_path / "old.stderr"
    )
    at_old.wait_for("reported", version="1.0.0")
    move(old, new, tmp_path)
    at_old.end()
    old.end()

    at_new = DeviceProcess(
        python_driver("linkkit_device.py"), {**configuration, "port": new.mqtt_port}, tmp_path / "new.stderr"
    )
    try:
        at_new.wait_for("reported", version="1.0.0")
        [moved] = ok(after, "ListOTAFirmware", CurrentPage="1", PageSize="10")["firmwareInfo"]["simpleFirmwareInfo"]
        job = {"FirmwareId": moved["firmwareId"], "ProductKey": key, "TargetSelection": "ALL"}
        job_id = str(ok(after, "CreateOTAStaticUpgradeJob", **job)["data"]["jobId"])
        assert at_new.wait_for("downloaded")["size_bytes"] == 5_000 * len(b"the new firmware")

        def seen() -> list[str]:
            rows = ok(after, "ListOTATaskByJob", JobId=job_id, CurrentPage="1", PageSize="10")["data"]
            return [task["taskStatus"] for task in rows["simpleOTATaskInfo"]]

        watch("success", seen, lambda found: found == ["SUCCEEDED"])
    finally:
        at_new.end()
