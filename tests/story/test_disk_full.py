"""A disk that is really full: reads and halts go on, all else is refused, and returns by itself (F14, I8, I19)."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.test_process import PASSWORD, Browser, first_token
from tests.story.fleet import wait_until
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

SIZE_MIB = 80  # the reserve takes 16, and needs as much again beside it before it is made anew
TRIES = 2_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, in memory."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=30)


class Site:
    """A server on the small disk, with a job whose device never comes."""

    def __init__(self, disk: Path) -> None:
        self.disk = disk
        self.server = WhimbrelServer(disk / "var")

    def open(self) -> None:
        self.server.start()
        self.client = SignedClient(self.server)
        self.product_key = str(self.ok("CreateProduct", ProductName="fleet", NodeType="0")["productKey"])
        for number in range(3):
            self.ok("RegisterDevice", ProductKey=self.product_key, DeviceName=f"lamp-{number}")
        content = os.urandom(10_000)
        firmware = self.ok(
            "CreateOTAFirmware",
            FirmwareName="firmware",
            DestVersion="2.0.0",
            ProductKey=self.product_key,
            FirmwareUrl=str(self.client.upload(content)),
            FirmwareSign=hashlib.md5(content).hexdigest(),
            FirmwareSize=str(len(content)),
            NeedToVerify="false",
        )
        self.firmware_id = str(firmware["data"]["firmwareId"])

    def ok(self, action: str, **parameters: str) -> dict[str, Any]:
        answer = self.client.call(action, **parameters)
        assert (answer.status, answer.code) == (200, ""), answer
        return answer.body

    def make_job(self, name: str) -> str:
        target = {"TargetSelection": "SPECIFIC", "TargetDeviceName.1": name}
        job = self.ok("CreateOTAStaticUpgradeJob", FirmwareId=self.firmware_id, ProductKey=self.product_key, **target)
        return str(job["data"]["jobId"])

    def fill(self) -> None:
        """Until not a byte more can be written."""
        with (self.disk / "filling").open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    def change(self) -> tuple[int, str]:
        answer = self.client.call("SaveDeviceProp", ProductKey=self.product_key, DeviceName="lamp-0", Props='{"a":"b"}')
        return answer.status, answer.code

    def halt(self, job_id: str) -> None:
        self.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask="true")
        assert self.ok("QueryOTAJob", JobId=job_id)["data"]["jobId"] == job_id
        tasks = self.ok("ListOTATaskByJob", JobId=job_id, CurrentPage="1", PageSize="10")
        assert [task["taskStatus"] for task in tasks["data"]["simpleOTATaskInfo"]] == ["CANCELED"]


def test_F14_I8_halts_on_a_full_disk(small_disk: Path) -> None:
    """A change is refused with 507, a read answered, a halt answered and done, also by a server that was killed and
    started anew; when there is room again changes are taken, without anybody's doing."""
    site = Site(small_disk)
    try:
        site.open()
        jobs = [site.make_job(f"lamp-{number}") for number in range(3)]
        site.fill()
        answers = [site.change()]
        while answers[-1][0] == 200 and len(answers) < TRIES:
            answers.append(site.change())
        assert answers[-1] == (507, "InsufficientStorage"), answers[-1]
        site.ok("QueryProductList", CurrentPage="1", PageSize="10")
        site.halt(jobs[0])
        assert (small_disk / "var" / "reserve-for-halts").stat().st_size == 0
        assert site.change() == (507, "InsufficientStorage")
        site.halt(jobs[1])
        site.server.kill()
        site.server.start()
        assert site.change() == (507, "InsufficientStorage")
        site.halt(jobs[2])
        (small_disk / "filling").unlink()
        wait_until(lambda: site.change()[0] == 200, "changes are taken again")
        assert (small_disk / "var" / "reserve-for-halts").stat().st_size == 16 * 1024 * 1024
        assert site.server.stop() == 0
    finally:
        site.server.end()


def test_F14_a_start_on_a_full_disk(small_disk: Path) -> None:
    """A server that was killed on a full disk before anybody halted anything starts again, and can be halted."""
    site = Site(small_disk)
    try:
        site.open()
        job_id = site.make_job("lamp-0")
        site.server.kill()
        site.fill()
        site.server.start()
        site.ok("QueryProductList", CurrentPage="1", PageSize="10")
        assert site.change() == (507, "InsufficientStorage")
        site.halt(job_id)
        (small_disk / "filling").unlink()
        wait_until(lambda: site.change()[0] == 200, "changes are taken again")
    finally:
        site.server.end()


def test_I8_somebody_signs_in_to_halt(small_disk: Path) -> None:
    """With nothing but a password, while every other change is refused."""
    site = Site(small_disk)
    ada, later = Browser(site.server), Browser(site.server)
    try:
        site.open()
        job_id = site.make_job("lamp-0")
        given = {"token": first_token(site.server), "password": PASSWORD, "name": "ada"}
        assert ada.ask("POST", "api/welcome", given)[0] == 200
        site.fill()
        answers = [site.change()]
        while answers[-1][0] == 200 and len(answers) < TRIES:
            answers.append(site.change())
        assert answers[-1] == (507, "InsufficientStorage"), answers[-1]
        status, said = later.ask("POST", "api/sign-in", {"name": "ada", "password": PASSWORD})
        assert status == 200, said
        later.csrf = later.ask("GET", "api/session")[1]["csrfToken"]
        halted = later.ask("POST", "api/call/CancelOTATaskByJob", {"JobId": job_id, "CancelQueuedTask": True})
        assert halted[1]["success"] is True
        assert site.change() == (507, "InsufficientStorage")
    finally:
        ada.close()
        later.close()
        site.server.end()
