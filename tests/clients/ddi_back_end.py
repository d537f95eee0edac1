"""A back end that sets up DDI devices and releases firmware to them, and the device's side of plain HTTP."""

import http.client
import itertools
import json
import time
import urllib.parse
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

SEEN_WITHIN_S = 60
_serial = itertools.count(1)


class DdiDevice(NamedTuple):
    """A device that may poll."""

    product_key: str
    name: str
    token: str

    @property
    def path(self) -> str:
        return f"/{self.product_key}/controller/v1/{self.name}"

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"TargetToken {self.token}"}


class Answer(NamedTuple):
    """A device's answer over HTTP; header names are lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class DdiBackEnd:
    """Calls the management API of one server."""

    def __init__(self, server: WhimbrelServer) -> None:
        self.server = server
        self.client = SignedClient(server)

    def succeed(self, action: str, **parameters: str) -> Any:
        """The `data` of a call that has to succeed."""
        answer = self.client.call(action, **parameters)
        assert answer.body.get("success"), f"{action}: {answer}"
        return answer.body.get("data")

    def create_product(self, **settings: str) -> str:
        """A product for DDI devices; its key."""
        created = self.succeed("CreateProduct", ProductName=f"gateway_{next(_serial)}", NodeType="0")
        product_key = str(created["productKey"])
        self.succeed("XUpdateProductDdi", ProductKey=product_key, **settings)
        return product_key

    def register(self, product_key: str, name: str) -> DdiDevice:
        self.succeed("RegisterDevice", ProductKey=product_key, DeviceName=name)
        made = self.succeed("XRotateDeviceToken", ProductKey=product_key, DeviceName=name)
        return DdiDevice(product_key, name, made["deviceToken"])

    def release(self, device: DdiDevice, version: str, files: dict[str, bytes], **more: str) -> str:
        """A firmware of the files, and a job that brings it to the device; the job's id."""
        firmware_id = self.create_firmware(device.product_key, version, files)
        target = {"TargetSelection": "SPECIFIC", "TargetDeviceName.1": device.name}
        return self._create_job(device.product_key, firmware_id, **target, **more)

    def release_to_all(self, product_key: str, version: str, files: dict[str, bytes]) -> str:
        """The same for all of the product's devices."""
        return self._create_job(product_key, self.create_firmware(product_key, version, files), TargetSelection="ALL")

    def create_firmware(self, product_key: str, version: str, files: dict[str, bytes]) -> str:
        """Upload the files as one firmware that needs no verification; its id.

        A lone file is known to devices by the firmware's name and its own ending, several by their own names.
        """
        described: dict[str, str] = {}
        for number, (name, content) in enumerate(files.items(), start=1):
            url = self.client.upload(content, name.rpartition(".")[2])
            assert url is not None, "the upload was refused"
            member = f"MultiFiles.{number}."
            described |= {f"{member}Name": name, f"{member}Url": url} if len(files) > 1 else {"FirmwareUrl": url}
        firmware = self.succeed(
            "CreateOTAFirmware",
            FirmwareName=f"os-{next(_serial)}",
            ProductKey=product_key,
            DestVersion=version,
            NeedToVerify="false",
            **described,
        )
        return str(firmware["firmwareId"])

    def _create_job(self, product_key: str, firmware_id: str, **more: str) -> str:
        job = self.succeed("CreateOTAStaticUpgradeJob", FirmwareId=firmware_id, ProductKey=product_key, **more)
        return str(job["jobId"])

    def task(self, job_id: str) -> dict[str, Any]:
        """The job's only task."""
        answer = self.client.call("ListOTATaskByJob", JobId=job_id, CurrentPage="1", PageSize="10")
        [task] = answer.body["data"]["simpleOTATaskInfo"]
        return dict(task)

    def watch_task(self, job_id: str, status: str) -> dict[str, Any]:
        """Wait until the job's only task has the status."""
        reached = watch(
            f"{status} of job {job_id}", lambda: self.task(job_id), lambda seen: seen["taskStatus"] == status
        )
        return dict(reached)

    def device(self, device: DdiDevice) -> dict[str, Any]:
        """QueryDeviceDetail's data."""
        found = self.succeed("QueryDeviceDetail", ProductKey=device.product_key, DeviceName=device.name)
        return dict(found)

    def attributes(self, device: DdiDevice) -> dict[str, str]:
        """What the device said of itself."""
        data = self.succeed("XQueryDeviceAttributes", ProductKey=device.product_key, DeviceName=device.name)
        return {entry["name"]: entry["content"] for entry in data["attributes"]["attribute"]}


def watch(what: str, probe: Callable[[], Any], is_reached: Callable[[Any], bool]) -> Any:
    """Ask again until the answer is the one hoped for; AssertionError with the last answer when it never is."""
    deadline = time.monotonic() + SEEN_WITHIN_S
    while True:
        seen = probe()
        if is_reached(seen):
            return seen
        assert time.monotonic() < deadline, f"{what} not reached within {SEEN_WITHIN_S} s: {seen}"
        time.sleep(0.05)


def ask(
    device: DdiDevice, url: str, *, method: str = "GET", body: Any = None, headers: dict[str, str] | None = None
) -> Answer:
    """One request of the device, as it is."""
    target = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=SEEN_WITHIN_S)
    sent = {**device.authorization, **(headers or {})}
    encoded = None
    if body is not None:
        encoded = json.dumps(body).encode()
        sent["Content-Type"] = "application/json;charset=UTF-8"
    try:
        connection.request(method, target.path + (f"?{target.query}" if target.query else ""), encoded, sent)
        response = connection.getresponse()
        named = {name.lower(): text for name, text in response.getheaders()}
        return Answer(response.status, named, response.read())
    finally:
        connection.close()
