"""A server as it looks after some days in use: fleets, firmware, rollouts in many states, groups, keys, history.

Everything is made through the signed API and by virtual devices, so that pages show what a real server would.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.cli.terminal import start
from tests.story.fleet import wait_until
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

LAMPS, PUMPS = 40, 30
LAMP, PUMP, EMPTY = "lamp", "pump", "boiler"


class Populated(NamedTuple):
    """Ids of what was made, by what it shows."""

    client: SignedClient
    products: dict[str, str]
    firmware: dict[str, str]
    jobs: dict[str, str]
    group_id: str

    @property
    def routes(self) -> dict[str, str]:
        """A route for each page of the console, by the name of its picture."""
        lamp = self.products[LAMP]
        return {
            "overview": "/",
            "products": "/products",
            "product": f"/products/{lamp}",
            "product-empty": f"/products/{self.products[EMPTY]}",
            "devices": "/devices",
            "devices-found": f"/devices?product={lamp}&name=lamp-000&state=ONLINE",
            "device": f"/devices/{lamp}/lamp-0001",
            "device-failed": f"/devices/{self.products[PUMP]}/pump-0001",
            "firmware": "/firmware",
            "firmware-new": "/firmware/new",
            "firmware-one": f"/firmware/{self.firmware['1.1.0']}",
            "firmware-unverified": f"/firmware/{self.firmware['1.3.0']}",
            "rollouts": "/rollouts",
            "rollout-new": f"/rollouts/new?firmware={self.firmware['1.2.0']}",
            "rollout-completed": f"/rollouts/{self.jobs['completed']}",
            "rollout-halted": f"/rollouts/{self.jobs['halted']}",
            "rollout-paused": f"/rollouts/{self.jobs['paused']}",
            "groups": "/groups",
            "group": f"/groups/{self.group_id}",
            "keys": "/keys",
            "users": "/users",
            "audit": "/audit",
            "settings": "/settings",
            "me": "/me",
        }


class _Maker:
    """Calls that must succeed."""

    def __init__(self, client: SignedClient) -> None:
        self._client = client

    def call(self, action: str, **parameters: str) -> Any:
        answer = self._client.call(action, **parameters)
        assert answer.body.get("success"), f"{action}: {answer}"
        return answer.body.get("data", answer.body)

    def firmware(self, product: str, version: str, *, verified: bool = True, module: str = "default") -> str:
        url = self._client.upload(version.encode() * 20_000)
        made = self.call(
            "CreateOTAFirmware",
            FirmwareName=f"{product[:3]}-{module}-{version.replace('.', '-')}",
            ProductKey=product,
            DestVersion=version,
            FirmwareUrl=str(url),
            FirmwareDesc=f"What is new in {version}",
            NeedToVerify="false" if verified else "true",
            ModuleName=module,
        )
        return str(made["firmwareId"])

    def job(self, product: str, firmware: str, **more: str) -> str:
        made = self.call(
            "CreateOTAStaticUpgradeJob", ProductKey=product, FirmwareId=firmware, TargetSelection="ALL", **more
        )
        return str(made["jobId"])

    def state(self, job: str) -> str:
        return str(self.call("XQueryOTARollout", JobId=job)["state"])


@contextmanager
def populate(server: WhimbrelServer, folder: Path) -> Iterator[Populated]:
    """Make it all; devices stay connected until the block ends."""
    client = SignedClient(server)
    make = _Maker(client)
    products = {
        name: str(make.call("CreateProduct", ProductName=name, NodeType="0")["productKey"])
        for name in (LAMP, PUMP, EMPTY)
    }
    make.call("CreateOTAModule", ProductKey=products[LAMP], ModuleName="radio", AliasName="Radio_chip")
    fleets = [
        _fleet(server, folder, LAMP, LAMPS, "--module", "radio=0.9"),
        _fleet(server, folder, PUMP, PUMPS, "--model", "fails=1"),
    ]
    try:
        for name, devices in ((LAMP, LAMPS), (PUMP, PUMPS)):
            wait_until(lambda name=name, devices=devices: _online(make, products[name]) == devices, f"{name} online")
        yield _roll_out(make, client, products)
    finally:
        for fleet in fleets:
            fleet.terminate()
        for fleet in fleets:
            fleet.communicate(timeout=30)


def _roll_out(make: _Maker, client: SignedClient, products: dict[str, str]) -> Populated:
    lamp, pump = products[LAMP], products[PUMP]
    firmware = {version: make.firmware(lamp, version) for version in ("1.1.0", "1.2.0")}
    firmware["1.3.0"] = make.firmware(lamp, "1.3.0", verified=False)
    firmware["radio"] = make.firmware(lamp, "1.0.0", module="radio")
    firmware["pump"] = make.firmware(pump, "2.0.0")
    jobs = {"completed": make.job(lamp, firmware["1.1.0"])}
    wait_until(lambda: make.state(jobs["completed"]) == "ENDED", "the first rollout ends")
    jobs["halted"] = make.job(
        pump,
        firmware["pump"],
        XPace="EVIDENCE",
        XPaceFirst="5",
        **{"XStages.1.Percent": "10", "XStages.1.SoakMinutes": "30", "XStages.2.Percent": "50"},
    )
    wait_until(lambda: make.state(jobs["halted"]) == "HALTED", "the rollout of the pumps halts itself")
    jobs["paused"] = make.job(
        lamp,
        firmware["1.2.0"],
        XPace="EVIDENCE",
        XPaceFirst="1",
        **{"XStages.1.Count": "4", "XStages.1.SoakMinutes": "600"},
    )
    wait_until(lambda: make.state(jobs["paused"]) == "SOAKING", "the first stage of the lamps soaks")
    make.call("XPauseOTAJob", JobId=jobs["paused"], Reason="Wait for the night shift")
    group_id = _organise(make, lamp)
    return Populated(client, products, firmware, jobs, group_id)


def _organise(make: _Maker, lamp: str) -> str:
    """Groups, tags and keys."""
    group = make.call("CreateDeviceGroup", GroupName="hall_3", GroupDesc="Lamps of hall 3")
    members = {
        f"Device.{number}.{member}": text
        for number in range(1, 9)
        for member, text in (("ProductKey", lamp), ("DeviceName", f"lamp-{number:04}"))
    }
    make.call("BatchAddDeviceGroupRelations", GroupId=str(group["groupId"]), **members)
    make.call("SaveDeviceProp", ProductKey=lamp, DeviceName="lamp-0001", Props='{"site":"Hamburg","floor":"3"}')
    make.call("XCreateAccessKey", Name="ci pipeline", **{"Statement.1.Actions": "firmware:write,job:write"})
    return str(group["groupId"])


def _fleet(server: WhimbrelServer, folder: Path, product: str, devices: int, *more: str) -> subprocess.Popen[str]:
    words = ("--product", product, "--devices", str(devices), "--version", "1.0.0")
    return start(server, "simulate", *words, *more, "--record", str(folder / f"{product}.jsonl"))


def _online(make: _Maker, product: str) -> int:
    return int(make.call("QueryDeviceStatistics", ProductKey=product)["onlineCount"])
