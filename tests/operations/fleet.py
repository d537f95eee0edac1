"""What operations' tests are furnished with: products, devices that connect and report, firmware and jobs.

All of it is made through the signed door, except thousands of devices at once and what comes from devices.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tests.operations.signed_door import (
    LINK_KEY,
    NODE,
    OPERATIONS,
    PUBLIC_URL,
    UPLOAD_KEY_ID,
    UPLOAD_SECRET,
    SignedDoor,
)
from whimbrel.domain.device import DeviceDraft
from whimbrel.domain.device_list import DeviceListReader
from whimbrel.domain.firmware import UploadedFile
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.errors import DeviceListFileError
from whimbrel.operations.declaration import Quotas, Services
from whimbrel.ports.store import DeviceList, Presence
from whimbrel.reports import presence
from whimbrel.reports.declaration import Outcome, ReportContext
from whimbrel.reports.registry import load_reports
from whimbrel.rpc.hall import Ambience, Hall
from whimbrel.rpc.server import RpcDoor
from whimbrel.rpc.signing_caller import Credentials

REPORTS = load_reports()
CONTENT = b"the bytes of a firmware file"


class FieldDevice:
    """A device as the device door sees it: it connects, reports, and keeps the notices it was sent."""

    session_id = 1

    def __init__(self, door: SignedDoor, device_id: int, name: str) -> None:
        self._door = door
        self.id = device_id
        self.name = name
        self.notices: list[UpgradeNotice] = []
        self.is_revoked = False

    def notify(self, notice: UpgradeNotice) -> None:
        self.notices.append(notice)

    def take_over(self) -> None:
        raise AssertionError("a device of these tests has one session")

    def revoke(self) -> None:
        self.is_revoked = True
        self._door.ports.channel.leave(self.id, self)

    async def connect(self, ip_address: str = "192.0.2.7") -> Outcome:
        self._door.ports.channel.enter(self.id, self)
        async with self._door.store.transaction() as store:
            outcome = await presence.connected(
                Presence(self.id, NODE, self.session_id, ip_address), self._context(store)
            )
        self._hear(outcome)
        return outcome

    async def disconnect(self) -> None:
        self._door.ports.channel.leave(self.id, self)
        async with self._door.store.transaction() as store:
            await presence.disconnected(Presence(self.id, NODE, self.session_id, ""), self._context(store))

    async def report_version(self, version: str, module: str = "default") -> None:
        await self._say("inform_version", version=version, module=module)

    async def report_progress(self, step: int, desc: str = "", module: str = "default") -> None:
        await self._say("report_progress", step=str(step), desc=desc, module=module)

    async def ask(self, module: str = "") -> UpgradeNotice | None:
        """A pull; what the device is answered."""
        report = REPORTS["get_firmware"]
        message: Any = report.read(json.dumps({"id": "1", "params": {"module": module} if module else {}}).encode())
        async with self._door.store.transaction() as store:
            outcome = await report.handle(message, self._context(store))
        assert outcome.pull is not None
        return outcome.pull.notice

    async def _say(self, report_name: str, **params: str) -> None:
        report = REPORTS[report_name]
        message: Any = report.read(json.dumps({"id": "1", "params": params}).encode())
        async with self._door.store.transaction() as store:
            self._hear(await report.handle(message, self._context(store)))

    def _context(self, store: Any) -> ReportContext:
        return ReportContext(self.id, self._door.clock.at_ms, store, self._door.ports.links)

    def _hear(self, outcome: Outcome) -> None:
        self.notices += outcome.notices


def set_quotas(door: SignedDoor, *actions: str, **quotas: int) -> None:
    """From now on the door serves these actions alone, and holds the vendors' quotas of the given numbers."""
    ports = door.ports
    services = Services(ports.randomness, PUBLIC_URL, UPLOAD_KEY_ID, UPLOAD_SECRET, LINK_KEY, Quotas(**quotas))
    served = {action: OPERATIONS[action] for action in actions}
    hall = Hall(served, ports.store, Ambience(ports.clock, ports.wakeup, services))
    door.rpc = RpcDoor(hall, ports.nonces)


async def make_product(door: SignedDoor, name: str = "lamp", *, by: Credentials | None = None) -> str:
    """A basic product; its key."""
    key: str = (await door.ok("CreateProduct", by=by, ProductName=name, NodeType=0))["ProductKey"]
    return key


async def make_device(door: SignedDoor, product_key: str, name: str, version: str | None = None) -> FieldDevice:
    """A registered device of account `default`; with a version it has reported that for the module `default`."""
    await door.ok("RegisterDevice", ProductKey=product_key, DeviceName=name)
    device = await find_device(door, product_key, name)
    if version is not None:
        await device.report_version(version)
    return device


async def find_device(door: SignedDoor, product_key: str, name: str) -> FieldDevice:
    """A device that is registered."""
    account_id = await door.account_id()
    async with door.store.snapshot() as store:
        row = await store.devices.by_name(account_id, product_key, name)
    assert row is not None
    return FieldDevice(door, row.id, name)


async def make_devices(door: SignedDoor, product_key: str, count: int) -> list[str]:
    """Thousands of devices, `device-00001` and on, in one transaction; their names, oldest first."""
    names = [f"device-{number:05d}" for number in range(1, count + 1)]
    random = door.ports.randomness
    account_id = await door.account_id()
    async with door.store.transaction() as store:
        product = await store.products.by_key(account_id, product_key)
        assert product is not None
        for name in names:
            draft = DeviceDraft(account_id, product.id, name, random.hex(24), random.text(32), "", door.clock.at_ms)
            await store.devices.add(draft)
    return names


async def upload_file(door: SignedDoor, content: bytes = CONTENT, *, by: Credentials | None = None) -> str:
    """A file that went through the form upload just now; its FirmwareUrl."""
    url: str = (await door.ok("GenerateOTAUploadURL", by=by))["Data"]["FirmwareUrl"]
    key = url.removeprefix(f"{PUBLIC_URL}/")
    sha256, md5 = hashlib.sha256(content).hexdigest(), hashlib.md5(content).hexdigest()
    file = UploadedFile(key, sha256, md5, len(content), door.clock.at_ms, is_used=False)
    async with door.store.transaction() as store:
        assert await store.uploads.begin(key, door.clock.at_ms)
        assert await store.uploads.finish(key, file)
    return url


async def make_firmware(door: SignedDoor, product_key: str, version: str = "1.1.0", **parameters: Any) -> str:
    """Firmware named after its version that needs no verification, unless `parameters` say otherwise; its id."""
    given = {
        "FirmwareName": f"fw-{version.replace('.', '_')}",
        "DestVersion": version,
        "ProductKey": product_key,
        "FirmwareUrl": "" if "MultiFiles" in parameters else await upload_file(door, by=parameters.get("by")),
        "NeedToVerify": False,
        **parameters,
    }
    firmware_id: str = (await door.ok("CreateOTAFirmware", **given))["Data"]["FirmwareId"]
    return firmware_id


async def make_multi_firmware(
    door: SignedDoor, product_key: str, contents: Mapping[str, bytes], version: str = "1.1.0", **parameters: Any
) -> str:
    """Firmware of several files, by name, made as `make_firmware` does; its id."""
    files = [
        {"Name": name, "Url": await upload_file(door, content, by=parameters.get("by"))}
        for name, content in contents.items()
    ]
    return await make_firmware(door, product_key, version, FirmwareUrl=None, MultiFiles=files, **parameters)


async def make_module(door: SignedDoor, product_key: str, name: str = "mcu", **parameters: Any) -> None:
    """A module of the product."""
    await door.ok("CreateOTAModule", ProductKey=product_key, ModuleName=name, **parameters)


async def make_group(door: SignedDoor, product_key: str, name: str, *device_names: str) -> str:
    """A static group that holds the named devices of the product; its id."""
    group_id: str = (await door.ok("CreateDeviceGroup", GroupName=name))["Data"]["GroupId"]
    if device_names:
        devices = [{"ProductKey": product_key, "DeviceName": device_name} for device_name in device_names]
        await door.ok("BatchAddDeviceGroupRelations", GroupId=group_id, Device=devices)
    return group_id


async def upload_list(door: SignedDoor, content: bytes, *, by: Credentials | None = None) -> str:
    """A list of devices that went through the form upload just now; its FileUrl."""
    url: str = (await door.ok("GenerateDeviceNameListURL", by=by))["Data"]["FileUrl"]
    key = url.removeprefix(f"{PUBLIC_URL}/")
    reader, parts, fault = DeviceListReader(), [], ""
    try:
        parts = [*reader.take(content), *reader.finish()]
    except DeviceListFileError as error:
        fault = error.message
    sha256 = hashlib.sha256(content).hexdigest()
    file = UploadedFile(key, sha256, "0" * 32, len(content), door.clock.at_ms, is_used=False)
    async with door.store.transaction() as store:
        assert await store.uploads.begin(key, door.clock.at_ms)
        for part in parts:
            await store.device_lists.put_part(key, part)
        await store.device_lists.finish(key, DeviceList(reader.names, fault), door.clock.at_ms)
        assert await store.uploads.finish(key, file)
    return url


async def make_job(door: SignedDoor, product_key: str, firmware_id: str, *names: str, **parameters: Any) -> str:
    """A static job for the named devices, or for all; its id. The engine has not looked at it yet."""
    target: dict[str, Any] = {"TargetSelection": "SPECIFIC", "TargetDeviceName": names}
    if not names:
        target = {"TargetSelection": "ALL"}
    given = {"FirmwareId": firmware_id, "ProductKey": product_key, **target, **parameters}
    job_id: str = (await door.ok("CreateOTAStaticUpgradeJob", **given))["Data"]["JobId"]
    return job_id


async def make_verify_job(door: SignedDoor, product_key: str, firmware_id: str, *names: str, **more: Any) -> str:
    """A verify job for the named devices; its id."""
    given = {"FirmwareId": firmware_id, "ProductKey": product_key, "TargetDeviceName": names, **more}
    job_id: str = (await door.ok("CreateOTAVerifyJob", **given))["Data"]["JobId"]
    return job_id


async def tasks_of(door: SignedDoor, job_id: str, **filters: Any) -> dict[str, dict[str, Any]]:
    """Device name to task as ListOTATaskByJob shows it, of a job with at most 100."""
    body = await door.ok("ListOTATaskByJob", JobId=job_id, CurrentPage=1, PageSize=100, **filters)
    assert body["Total"] <= 100
    return {task["DeviceName"]: task for task in body["Data"]["SimpleOTATaskInfo"]}


async def statuses_of(door: SignedDoor, job_id: str) -> dict[str, str]:
    """Device name to TaskStatus."""
    return {name: task["TaskStatus"] for name, task in (await tasks_of(door, job_id)).items()}


async def job_status(door: SignedDoor, job_id: str) -> str:
    status: str = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]["JobStatus"]
    return status


async def firmware_status(door: SignedDoor, firmware_id: str) -> int:
    status: int = (await door.ok("QueryOTAFirmware", FirmwareId=firmware_id))["FirmwareInfo"]["Status"]
    return status
