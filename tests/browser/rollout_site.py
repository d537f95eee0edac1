"""A server with fleets for the rollouts' pages: one that is healthy, and one whose devices all fail."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.terminal import start
from tests.story.fleet import wait_until
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

LAMPS, PUMPS = 12, 30
LAMP, PUMP = "lamp", "pump"


class RolloutSite:
    """What the tests need of the server besides its pages: by the signed API, as any program would."""

    def __init__(self, server: WhimbrelServer, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._client = SignedClient(server)
        self.products = {
            name: str(self.call("CreateProduct", ProductName=name, NodeType="0")["productKey"]) for name in (LAMP, PUMP)
        }

    def call(self, action: str, **parameters: str) -> Any:
        """A call that must succeed; its data."""
        answer = self._client.call(action, **parameters)
        assert answer.body.get("success"), f"{action}: {answer}"
        return answer.body.get("data", answer.body)

    def firmware(self, product: str, version: str, *, verified: bool = True) -> str:
        """Its id."""
        url = self._client.upload(version.encode() * 5_000)
        made = self.call(
            "CreateOTAFirmware",
            FirmwareName=f"{product}-{version}".replace(".", "-"),
            ProductKey=self.products[product],
            DestVersion=version,
            FirmwareUrl=str(url),
            NeedToVerify="false" if verified else "true",
        )
        return str(made["firmwareId"])

    def job(self, product: str, firmware_id: str, **more: str) -> str:
        """The id of a job for all of the product."""
        made = self.call(
            "CreateOTAStaticUpgradeJob",
            ProductKey=self.products[product],
            FirmwareId=firmware_id,
            TargetSelection="ALL",
            **more,
        )
        return str(made["jobId"])

    def jobs_of(self, firmware_id: str) -> list[Any]:
        jobs: list[Any] = self.call("XListOTAJobs", FirmwareId=firmware_id)["jobs"]
        return jobs

    @contextmanager
    def fleet(self, product: str, devices: int, *more: str) -> Iterator[None]:
        """That many devices of the product, connected until the block ends."""
        journal = str(self._folder / f"{product}.jsonl")
        running = _simulate(self._server, product, devices, *more, "--record", journal)
        try:
            wait_until(lambda: self._online(product) == devices, f"{product} online")
            yield
        finally:
            running.terminate()
            running.communicate(timeout=30)

    def _online(self, product: str) -> int:
        return int(self.call("QueryDeviceStatistics", ProductKey=self.products[product])["onlineCount"])

    def wait_until_off(self, product: str) -> None:
        wait_until(lambda: self._online(product) == 0, f"{product} offline")


def _simulate(server: WhimbrelServer, product: str, devices: int, *more: str) -> subprocess.Popen[str]:
    words = ("--product", product, "--devices", str(devices), "--version", "1.0.0")
    return start(server, "simulate", *words, *more)
