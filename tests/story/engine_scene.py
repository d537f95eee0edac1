"""Several processes with the engine on one PostgreSQL, jobs of their fleets, and what happens to the processes."""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.story.fleet import wait_until
from tests.story.mqtt_fleet import Fleet, FleetDevice
from tests.story.servers import AccessKey, WhimbrelServer
from tests.story.signed_client import NoAnswerError, SignedClient
from tests.story.sites import Site

PAGE = 50
CONTENT = bytes(range(256)) * 16
VERSION = "2.0.0"
LEADS = re.compile(r"^whimbrel_engine_leads (\S+)$", re.MULTILINE)


class Rollout(NamedTuple):
    """A job over the fleet of a product of its own."""

    fleet: Fleet
    job_id: str
    firmware_id: str

    @property
    def devices(self) -> list[FleetDevice]:
        return self.fleet.devices

    def untold(self) -> int:
        return self.fleet.pushes(VERSION).count(0)

    def most_within(self, seconds: float) -> int:
        """The most devices that heard of it within any so many seconds, by the devices' clock."""
        told = sorted(device.told_s[0] for device in self.devices if device.told_s)
        return max((sum(begin <= at < begin + seconds for at in told) for begin in told), default=0)


class EngineScene:
    """A process with the API, two with gateways, and more by `start`."""

    def __init__(self, folder: Path, *roles: str) -> None:
        self.folder = folder
        self.site = Site(folder, "api", "gateway", "gateway", *roles)
        self.api, *rest = self.site.servers
        self.gateways, self.engines = rest[:2], rest[2:]
        self.rollouts: list[Rollout] = []

    def open(self) -> None:
        self.site.start()
        [self.client] = self.site.clients()

    def close(self) -> None:
        for rollout in self.rollouts:
            rollout.fleet.end()
        self.close_engines()
        self.site.end()

    def close_engines(self) -> None:
        for engine in self.engines:
            engine.end()

    def ask(self, action: str, **parameters: str) -> dict[str, Any]:
        answer = self.client.call(action, **parameters)
        assert answer.code == "", answer
        return answer.body

    def engine(self, name: str, database: str) -> WhimbrelServer:
        """One more process with the engine, which reaches the database in its own way; not started."""
        options = ("--database", database, *self.site.options[2:], "--role", "engine")
        self.engines.append(WhimbrelServer(self.folder / name, *options))
        return self.engines[-1]

    def roll_out(self, devices: int, spread_s: float = 0.0, **parameters: str) -> Rollout:
        """A product, its devices, and a job for all of them; they connect within so many seconds."""
        number = len(self.rollouts)
        product_key = str(self.ask("CreateProduct", ProductName=f"fleet_{number}", NodeType="0")["productKey"])
        fleet = Fleet(self.gateways, product_key, self._registered(product_key, devices))
        content = CONTENT + bytes([number])
        created = self.ask(
            "CreateOTAFirmware",
            FirmwareName=f"firmware-{number}",
            DestVersion=VERSION,
            ProductKey=product_key,
            FirmwareUrl=str(self.client.upload(content)),
            FirmwareSign=hashlib.md5(content).hexdigest(),
            FirmwareSize=str(len(content)),
            NeedToVerify="false",
        )
        target = {"FirmwareId": created["data"]["firmwareId"], "ProductKey": product_key, "TargetSelection": "ALL"}
        fleet.start(spread_s)
        job = self.ask("CreateOTAStaticUpgradeJob", **target, **parameters)
        self.rollouts.append(Rollout(fleet, str(job["data"]["jobId"]), target["FirmwareId"]))
        return self.rollouts[-1]

    def wait_until_told(self, *rollouts: Rollout, within_s: float) -> None:
        wait_until(lambda: not any(one.untold() for one in rollouts), "all devices were told", within_s)

    def leader(self) -> WhimbrelServer | None:
        return next((engine for engine in self.engines if leads(engine)), None)

    def wait_for_leader(self, within_s: float = 30.0) -> WhimbrelServer:
        wait_until(lambda: self.leader() is not None, "a process leads", within_s)
        found = self.leader()
        assert found is not None
        return found

    def terms(self) -> int:
        [(token,)] = self.site.rows("SELECT token FROM engine_lease")
        return int(token)

    def check_end(self) -> None:
        """All succeeded at the first attempt, nothing is left over, and `whimbrel check` finds nothing."""
        statuses = "SELECT DISTINCT status, attempt FROM task"
        wait_until(lambda: self.site.rows(statuses) == [(4, 1)], "all tasks have succeeded at the first attempt")
        for table in ("gateway_order", "job_ready"):
            wait_until(lambda table=table: not self.site.rows(f"SELECT 1 FROM {table}"), f"nothing waits in {table}")
        self.site.check()

    def _registered(self, product_key: str, devices: int) -> dict[str, str]:
        """Name to secret."""
        apply = self.ask("BatchRegisterDevice", ProductKey=product_key, Count=str(devices))["data"]["applyId"]

        def page(number: int) -> dict[str, Any]:
            return self.ask("QueryPageByApplyId", ApplyId=str(apply), CurrentPage=str(number), PageSize=str(PAGE))

        wait_until(lambda: int(page(1)["total"]) == devices, "all devices are registered")
        pages = [page(number)["applyDeviceList"]["applyDeviceInfo"] for number in range(1, devices // PAGE + 2)]
        return {row["deviceName"]: row["deviceSecret"] for rows in pages for row in rows}


def leads(engine: WhimbrelServer) -> bool:
    """Whether the process says of itself that it leads; one that is stopped or ended says nothing."""
    try:
        _, body = SignedClient(engine, AccessKey("", ""), answer_within_s=0.5).send("GET", "/metrics", b"", {})
    except NoAnswerError:
        return False
    found = LEADS.search(body.decode())
    return found is not None and float(found[1]) == 1.0


class Chaos:
    """Stops, resumes, kills, ends and starts processes again, by the dice of a seed; the leader oftener than others."""

    def __init__(self, scene: EngineScene, seed: int) -> None:
        self._scene = scene
        self._dice = random.Random(seed)
        self._later: list[tuple[float, WhimbrelServer, Callable[[], None]]] = []
        self.deeds: list[str] = []

    def rage(self, seconds: float) -> None:
        """All processes run again afterwards."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self._do_one()
            pause_until_s = time.monotonic() + self._dice.uniform(0.5, 5.0)
            while time.monotonic() < pause_until_s:
                self._repair(time.monotonic())
                time.sleep(0.05)
        self._repair(float("inf"))

    def _do_one(self) -> None:
        hurt = [server for _, server, _ in self._later]
        well = [engine for engine in self._scene.engines if engine not in hurt]
        leader = self._scene.leader()
        if self._dice.random() < 0.15:
            self._stop(self._dice.choice([one for one in self._scene.gateways if one not in hurt] or well), 5.0)
        elif well:
            victim = leader if leader in well and self._dice.random() < 0.8 else self._dice.choice(well)
            self._dice.choice((self._stop_shortly, self._stop_for_long, self._kill, self._end))(victim)

    def _stop_shortly(self, victim: WhimbrelServer) -> None:
        self._stop(victim, 4.0)

    def _stop_for_long(self, victim: WhimbrelServer) -> None:
        """So that another takes over meanwhile."""
        self._stop(victim, 10.0, 12.0)

    def _stop(self, victim: WhimbrelServer, more_s: float, at_least_s: float = 0.1) -> None:
        pid = victim.pid
        os.kill(pid, signal.SIGSTOP)
        self._note("stopped", victim, at_least_s + self._dice.random() * more_s, lambda: os.kill(pid, signal.SIGCONT))

    def _kill(self, victim: WhimbrelServer) -> None:
        victim.kill()
        self._note("killed", victim, self._dice.uniform(0.1, 4.0), victim.start)

    def _end(self, victim: WhimbrelServer) -> None:
        assert victim.stop() == 0
        self._note("ended", victim, self._dice.uniform(0.1, 2.0), victim.start)

    def _note(self, deed: str, victim: WhimbrelServer, seconds: float, repair: Callable[[], None]) -> None:
        self.deeds.append(f"{deed} {victim.data.name} for {seconds:.1f} s")
        self._later.append((time.monotonic() + seconds, victim, repair))

    def _repair(self, now_s: float) -> None:
        for due in [one for one in self._later if one[0] <= now_s]:
            self._later.remove(due)
            due[2]()
