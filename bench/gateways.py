"""`python -m bench.gateways`: how fast a job tells devices that another process holds, through PostgreSQL.

One process has the engine, another the gateway, and this one is the devices. Measured from the call that makes the job
to the last device's notice; every state on the way is committed, with fsync.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.postgresql import PostgresqlServer
from tests.story.mqtt_fleet import Fleet, FleetDevice
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

CONTENT = os.urandom(100_000)
LOOK_SECONDS = 0.02
PAGE = 50


class SilentDevice(FleetDevice):
    """It only counts: what it is told is not answered, so that telling alone is measured."""

    def install(self, version: str) -> None:
        return


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.gateways", description=__doc__)
    parser.add_argument("--devices", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--together", action="store_true", help="engine and gateway in one process, to compare")
    given = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with ExitStack() as stack:
        database = PostgresqlServer(fsync=True)
        stack.callback(database.end)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _measure(database.empty_database(), folder, given, stack)


def _measure(url: str, folder: Path, given: argparse.Namespace, stack: ExitStack) -> None:
    options = (
        "--database",
        url,
        "--master-key",
        str(folder / "master.key"),
        "--firmware",
        f"file:{folder / 'firmware'}",
    )
    roles = ["api,engine,gateway"] if given.together else ["api,engine", "gateway"]
    servers = [
        WhimbrelServer(folder / f"process-{number}", *options, "--role", role) for number, role in enumerate(roles)
    ]
    for server in servers:
        stack.callback(server.end)
        server.start()
    client = SignedClient(servers[0])
    product_key = str(client.call("CreateProduct", ProductName="fleet", NodeType="0").body["productKey"])
    fleet = Fleet(servers[-1:], product_key, _registered(client, product_key, given.devices))
    fleet.may_install.clear()
    begun = time.perf_counter()
    fleet.start()
    stack.callback(fleet.end)
    while _online(client, product_key) < given.devices:
        time.sleep(0.2)
    print(f"connects, with presence committed: {given.devices / (time.perf_counter() - begun):,.0f}/s")
    for number in range(1, given.rounds + 1):
        before = [_cpu_s(server.pid) for server in servers]
        _round(client, fleet, product_key, number)
        used = [_cpu_s(server.pid) - cpu_s for server, cpu_s in zip(servers, before, strict=True)]
        print("CPU of each process:", ", ".join(f"{1e6 * cpu_s / given.devices:.0f} us a device" for cpu_s in used))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _round(client: SignedClient, fleet: Fleet, product_key: str, number: int) -> None:
    version, content = f"2.{number}.0", CONTENT + bytes([number])
    firmware = client.call(
        "CreateOTAFirmware",
        FirmwareName=f"firmware-{number}",
        DestVersion=version,
        ProductKey=product_key,
        FirmwareUrl=str(client.upload(content)),
        FirmwareSign=hashlib.md5(content).hexdigest(),  # noqa: S324  the vendors' check sum
        FirmwareSize=str(len(content)),
        NeedToVerify="false",
    )
    begun = time.perf_counter()
    target = {"FirmwareId": firmware.body["data"]["firmwareId"], "ProductKey": product_key}
    job = client.call("CreateOTAStaticUpgradeJob", TargetSelection="ALL", **target)
    while 0 in fleet.pushes(version):
        time.sleep(LOOK_SECONDS)
    took_s = time.perf_counter() - begun
    repeats = sum(fleet.pushes(version)) - len(fleet.devices)
    print(f"notified: {len(fleet.devices) / took_s:,.0f} devices/s ({took_s:.2f} s, {repeats} repeats)")
    client.call("CancelOTATaskByJob", JobId=str(job.body["data"]["jobId"]), CancelNotifiedTask="true")
    time.sleep(2)


def _registered(client: SignedClient, product_key: str, devices: int) -> dict[str, str]:
    apply_id = str(
        client.call("BatchRegisterDevice", ProductKey=product_key, Count=str(devices)).body["data"]["applyId"]
    )

    def page(number: int) -> dict[str, Any]:
        asked = {"ApplyId": apply_id, "CurrentPage": str(number), "PageSize": str(PAGE)}
        return client.call("QueryPageByApplyId", **asked).body

    while page(1).get("total", 0) < devices:
        time.sleep(0.2)
    pages = [page(number)["applyDeviceList"]["applyDeviceInfo"] for number in range(1, -(-devices // PAGE) + 1)]
    return {row["deviceName"]: row["deviceSecret"] for rows in pages for row in rows}


def _online(client: SignedClient, product_key: str) -> int:
    return int(client.call("QueryDeviceStatistics", ProductKey=product_key).body["data"]["onlineCount"])


if __name__ == "__main__":
    main()
