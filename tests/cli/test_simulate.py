"""`whimbrel simulate` end to end: virtual devices against a running server, and a server that dies meanwhile."""

import json
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cli.terminal import call, start, whimbrel
from tests.story.servers import WhimbrelServer, free_port

UNTIL_DONE = ("--until-done", "--seconds", "90", "--json")
GOOD_WITHIN_S = 60


class Release(NamedTuple):
    """Firmware that needs no verification."""

    product_key: str
    firmware_id: str


def release(server: WhimbrelServer, folder: Path, product_name: str, size_bytes: int) -> Release:
    """A product and firmware of so many bytes for version 2.0.0."""
    file = folder / f"{product_name}.bin"
    file.write_bytes(random.Random(size_bytes).randbytes(size_bytes))
    url = whimbrel(server, "upload", str(file)).stdout.strip()
    key = call(server, "CreateProduct", ProductName=product_name, NodeType=0)["productKey"]
    parameters = {"ProductKey": key, "DestVersion": "2.0.0", "FirmwareUrl": url, "NeedToVerify": "false"}
    created = call(server, "CreateOTAFirmware", FirmwareName=product_name, **parameters)
    return Release(key, created["data"]["firmwareId"])


def roll_out(server: WhimbrelServer, released: Release) -> str:
    """A job for all devices of the product, without a gate: simulated fleets misbehave far beyond its limit."""
    target = {"FirmwareId": released.firmware_id, "ProductKey": released.product_key, "TargetSelection": "ALL"}
    target["XGate"] = "OFF"
    job_id: str = call(server, "CreateOTAStaticUpgradeJob", **target)["data"]["jobId"]
    return job_id


def tasks_of(server: WhimbrelServer, job_id: str) -> list[dict[str, Any]]:
    """All tasks of a job."""
    page = call(server, "ListOTATaskByJob", JobId=job_id, CurrentPage=1, PageSize=100)
    tasks: list[dict[str, Any]] = page["data"]["simpleOTATaskInfo"]
    return tasks


def wait_for(simulation: "subprocess.Popen[str]", words: str) -> None:
    """Read the simulation's lines until one begins with these words."""
    assert simulation.stderr is not None
    line = ""
    while not line.startswith(words):
        line = simulation.stderr.readline()
        assert line, f"the simulation ended before {words}"


def end_of(simulation: "subprocess.Popen[str]", status: int = 0) -> Any:
    """The summary of a simulation that ends with this status."""
    shown, errors = simulation.communicate(timeout=120)
    assert simulation.returncode == status, errors
    return json.loads(shown)


def test_a_fleet_is_upgraded_as_the_shares_say(server: WhimbrelServer, tmp_path: Path) -> None:
    """Of 50 devices 5 fail and 3 fall silent, as asked; the server has a task for each that says the same."""
    released = release(server, tmp_path, "lamp_shares", 300_000)
    shares = ("--fail-share", "0.1", "--silent-share", "0.06")
    simulation = start(server, "simulate", "--product", "lamp_shares", "--devices", "50", *shares, *UNTIL_DONE)
    wait_for(simulation, "50 connected: 50 online")
    job_id = roll_out(server, released)
    summary = end_of(simulation)
    assert summary["is_done"] is True
    assert {state: n for state, n in summary["states"].items() if n} == {"succeeded": 42, "failed": 5, "silent": 3}
    assert summary["versions"] == {"1.0.0": 8, "2.0.0": 42}
    tasks = tasks_of(server, job_id)
    assert Counter(task["taskStatus"] for task in tasks) == {"SUCCEEDED": 42, "FAILED": 5, "IN_PROGRESS": 3}
    assert {task["progress"] for task in tasks if task["taskStatus"] == "IN_PROGRESS"} == {"25"}
    failures = {task["taskDesc"].partition(":")[0] for task in tasks if task["taskStatus"] == "FAILED"}
    assert failures <= {"step -2", "step -3", "step -4"}


def test_a_later_run_goes_on_where_the_devices_are(server: WhimbrelServer) -> None:
    """Devices that exist already run the version that they reported last; those that were silent are pushed again."""
    simulation = start(server, "simulate", "--product", "lamp_shares", "--devices", "50", "--json")
    wait_for(simulation, "50 connected: 47 online, 3 succeeded")
    simulation.terminate()
    assert end_of(simulation)["versions"] == {"1.0.0": 5, "2.0.0": 45}


def test_several_files_for_a_module(server: WhimbrelServer, tmp_path: Path) -> None:
    """Devices download every file of firmware for a module, and succeed by telling that module's version."""
    key = call(server, "CreateProduct", ProductName="lamp_files", NodeType=0)["productKey"]
    call(server, "CreateOTAModule", ProductKey=key, ModuleName="mcu")
    parameters = {"ProductKey": key, "DestVersion": "2.0.0", "NeedToVerify": "false", "ModuleName": "mcu"}
    for number in (1, 2, 3):
        file = tmp_path / f"{number}.bin"
        file.write_bytes(random.Random(number).randbytes(100_000 * number))
        url = whimbrel(server, "upload", str(file)).stdout.strip()
        parameters |= {f"MultiFiles.{number}.Name": file.name, f"MultiFiles.{number}.Url": url}
    created = call(server, "CreateOTAFirmware", FirmwareName="lamp_files", **parameters)
    simulation = start(server, "simulate", "--product", "lamp_files", "--devices", "3", *UNTIL_DONE)
    wait_for(simulation, "3 connected: 3 online")
    job_id = roll_out(server, Release(key, created["data"]["firmwareId"]))
    summary = end_of(simulation)
    assert (summary["downloaded_bytes"], summary["versions"]) == (3 * 600_000, {"1.0.0": 3})
    assert {task["taskStatus"] for task in tasks_of(server, job_id)} == {"SUCCEEDED"}
    named = {"ProductKey": key, "DeviceName": "lamp_files-0001", "CurrentPage": 1, "PageSize": 10}
    rows = call(server, "ListOTAModuleVersionsByDevice", **named)["data"]["simpleOTAModuleInfo"]
    assert {row["moduleName"]: row["moduleVersion"] for row in rows} == {"default": "1.0.0", "mcu": "2.0.0"}


def test_the_seed_decides_who_fails(server: WhimbrelServer, tmp_path: Path) -> None:
    """Two products simulated with one seed lose the same devices, with the same failures."""
    outcomes = []
    for name in ("lamp_seed_a", "lamp_seed_b"):
        released = release(server, tmp_path, name, 1_000)
        options = ("--devices", "20", "--prefix", "unit-", "--fail-share", "0.3", "--seed", "7")
        simulation = start(server, "simulate", "--product", name, *options, *UNTIL_DONE)
        wait_for(simulation, "20 connected: 20 online")
        job_id = roll_out(server, released)
        end_of(simulation)
        outcomes.append({task["deviceName"]: task["taskDesc"] for task in tasks_of(server, job_id)})
    assert outcomes[0] == outcomes[1]
    assert len([words for words in outcomes[0].values() if words]) == 6


def test_devices_come_back_to_a_server_that_was_killed(server: WhimbrelServer, tmp_path: Path) -> None:
    """The server is killed during a rollout and started again: every device goes on by itself, none is lost (I19)."""
    released = release(server, tmp_path, "lamp_killed", 2_000_000)
    simulation = start(server, "simulate", "--product", "lamp_killed", "--devices", "60", *UNTIL_DONE)
    wait_for(simulation, "60 connected: 60 online")
    job_id = roll_out(server, released)
    server.kill()
    server.start()
    summary = end_of(simulation)
    assert summary["states"]["succeeded"] == 60
    assert summary["reconnects"] >= 1
    assert {task["taskStatus"] for task in tasks_of(server, job_id)} == {"SUCCEEDED"}


def test_a_missing_product_is_made_with_a_notice(server: WhimbrelServer) -> None:
    """A newcomer needs no product first: it is made, and stderr says so."""
    ended = whimbrel(server, "simulate", "--product", "lamp_absent", "--devices", "1", "--seconds", "1")
    assert ended.returncode == 0, ended.stderr
    assert "a new product, lamp_absent" in ended.stderr
    assert "1 devices of lamp_absent" in ended.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_with_the_summary(server: WhimbrelServer, number: int) -> None:
    """Ctrl-C and SIGTERM end the simulation with its summary and status 0, and the devices say goodbye."""
    simulation = start(server, "simulate", "--product", "lamp_signal", "--devices", "3", "--json")
    wait_for(simulation, "3 connected: 3 online")
    simulation.send_signal(number)
    assert end_of(simulation)["versions"] == {"1.0.0": 3}
    key = call(server, "QueryProductList", CurrentPage=1, PageSize=1)["data"]["list"]["productInfo"][0]["productKey"]
    deadline = time.monotonic() + GOOD_WITHIN_S
    while "ONLINE" in statuses(server, key):
        assert time.monotonic() < deadline


def statuses(server: WhimbrelServer, product_key: str) -> set[str]:
    """The presence of a product's devices."""
    page = call(server, "QueryDevice", ProductKey=product_key)
    return {device["deviceStatus"] for device in page["data"]["deviceInfo"]}


def test_time_that_ends_first_exits_1(server: WhimbrelServer) -> None:
    """With --until-done a run that the clock ends has not done what it was for: status 1, and the summary."""
    simulation = start(
        server, "simulate", "--product", "lamp_idle", "--devices", "2", "--until-done", "--seconds", "2", "--json"
    )
    assert end_of(simulation, status=1)["is_done"] is False


def test_a_refused_enrolment_exits_1(server: WhimbrelServer) -> None:
    """A product name that the server refuses is told with its code."""
    ended = whimbrel(server, "simulate", "--product", "x!", "--devices", "1")
    assert ended.returncode == 1
    assert "CreateProduct was refused: iot.prod.InvalidFormattedProductName" in ended.stderr


def test_a_server_that_is_away_exits_1(server: WhimbrelServer) -> None:
    """Without a server there is nothing to simulate against."""
    ended = whimbrel(server, "simulate", "--product", "lamp_x", WHIMBREL_SERVER=f"http://127.0.0.1:{free_port()}")
    assert ended.returncode == 1
    assert "does not answer" in ended.stderr
