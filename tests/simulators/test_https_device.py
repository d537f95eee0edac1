"""A virtual device that speaks HTTPS only, against a scripted server (device-protocol 10)."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.simulators.http_door import Asked, Reply, file_reply, http_door, json_reply
from tests.simulators.sites import BADGE, Yard, come_true, switch_on, until, yard
from whimbrel.simulator import course as course_module
from whimbrel.simulator import polling_unit as polling_module
from whimbrel.simulator import unit as unit_module
from whimbrel.simulator.course import UNSENT_VERSION
from whimbrel.simulator.family import Family
from whimbrel.simulator.fate import Fate, Model
from whimbrel.simulator.https_device import HttpsDevice
from whimbrel.simulator.tally import DeviceState
from whimbrel.simulator.witness import Violation

CONTENT = bytes(range(256)) * 16
OTA = "/topic/ota/device"
GET = "/topic/sys/kabcdefgh01/lamp-0001/thing/ota/firmware/get"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that a person watches are short here."""
    for module, name in ((course_module, "AFTERMATH_S"), (unit_module, "REBOOT_S"), (unit_module, "LATENCY_S")):
        monkeypatch.setattr(module, name, (0.0, 0.05))
    import whimbrel.simulator.https_device as https_module

    monkeypatch.setattr(https_module, "BUSY_PAUSE_S", 0.0)
    monkeypatch.setattr(polling_module, "BUSY_PAUSE_S", 0.0)


class Platform:
    """A server with at most one upgrade on offer. `refused`: codes for reports by their place, once each."""

    def __init__(self) -> None:
        self.address = ""
        self.version: str | None = None
        self.refused: dict[int, int] = {}
        self.logins = 0
        self.reports: list[dict[str, Any]] = []
        self.garbage = b""

    @property
    def told(self) -> list[str]:
        """Steps and versions, in order."""
        return [report.get("step") or report["version"] for report in self.reports]

    def answer(self, asked: Asked) -> Reply:
        """One answer."""
        if asked.path == "/f":
            return file_reply(asked, CONTENT)
        assert asked.method == "POST"
        if asked.path == "/auth":
            return self._log_in(asked.document)
        assert asked.headers["password"] == f"t{self.logins}"
        assert asked.headers["content-type"] == "application/octet-stream"
        if asked.path == GET:
            return Reply(body=self.garbage) if self.garbage else self._succeed({"data": self._offer()})
        assert asked.path in {f"{OTA}/{kind}/kabcdefgh01/lamp-0001" for kind in ("inform", "progress")}
        if code := self.refused.pop(len(self.reports), 0):
            return json_reply({"code": code, "message": "no"})
        self.reports.append(asked.document["params"])
        if "version" in self.reports[-1]:
            self.version = None
        return self._succeed({"messageId": 1})

    def _log_in(self, claim: dict[str, str]) -> Reply:
        signed = {name: claim[name] for name in claim if name not in ("version", "sign", "signmethod")}
        content = "".join(f"{name}{signed[name]}" for name in sorted(signed))
        assert claim["sign"] == hmac.new(BADGE.device_secret.encode(), content.encode(), hashlib.sha256).hexdigest()
        self.logins += 1
        return self._succeed({"token": f"t{self.logins}"})

    def _offer(self) -> dict[str, Any]:
        data = {
            "size": len(CONTENT),
            "version": self.version,
            "url": f"{self.address}/f",
            "signMethod": "Md5",
            "sign": hashlib.md5(CONTENT).hexdigest(),
        }
        return {"id": "1", "code": 200, "data": data if self.version else {}}

    def _succeed(self, info: dict[str, Any]) -> Reply:
        return json_reply({"code": 0, "message": "success", "info": info})


@asynccontextmanager
async def device_of(
    model: Model = Model.GOOD, failure_step: int | None = None
) -> AsyncIterator[tuple[Platform, HttpsDevice, Yard]]:
    """A device of this model that has told its version; an upgrade may be offered to it."""
    platform = Platform()
    fate = Fate(model, Family.HTTPS, failure_step)
    async with http_door(platform.answer) as address, yard(server=address, fates=[fate], poll_s=0.1) as one:
        platform.address = address
        device = HttpsDevice(BADGE, 0, fate, one.site)
        switch_on(device)
        await come_true(lambda: bool(platform.reports))
        platform.version = "2.0.0"
        yield platform, device, one


QUARTERS = ["25", "50", "75", "100"]


async def test_a_device_logs_in_reports_and_asks() -> None:
    """One login; the version after the start; then the upgrade that is offered, told as over MQTT."""
    async with device_of() as (platform, device, one):
        await until(device, DeviceState.SUCCEEDED)
        assert platform.told == ["1.0.0", *QUARTERS, "2.0.0"]
        assert platform.logins == 1
        assert not one.site.witness.counts


@pytest.mark.parametrize(
    ("model", "step", "told", "state"),
    [
        (Model.FAILS, -3, [*QUARTERS, "-3"], DeviceState.FAILED),
        (Model.SILENT, None, QUARTERS[:1], DeviceState.SILENT),
        (Model.LIES, None, ["100", "2.0.0"], DeviceState.SUCCEEDED),
        (Model.WRONG_VERSION, None, [*QUARTERS, UNSENT_VERSION], DeviceState.FAILED),
        (Model.REORDERS, None, ["50", "25", "75", "2.0.0", "100"], DeviceState.SUCCEEDED),
        (Model.SLOW, None, [*QUARTERS, "2.0.0"], DeviceState.SUCCEEDED),
        (Model.ROLLS_BACK, None, [*QUARTERS, "2.0.0", "1.0.0"], DeviceState.ROLLED_BACK),
    ],
)
async def test_models_report_as_over_mqtt(model: Model, step: int | None, told: list[str], state: DeviceState) -> None:
    """Each model shows in the reports, and ends where it should."""
    async with device_of(model, step) as (platform, device, one):
        await until(device, state)
        assert platform.told[1:] == told
        assert not one.site.witness.counts


async def test_a_device_that_boot_loops_logs_in_again_and_again() -> None:
    """Each start forgets the token and tells the old version."""
    async with device_of(Model.BOOT_LOOPS) as (platform, device, _):
        await until(device, DeviceState.BOOT_LOOPING)
        await come_true(lambda: platform.told.count("1.0.0") >= 4)
        assert platform.logins >= 3


@pytest.mark.parametrize("code", [20001, 20002, 20003, 20004, 40000, 10000, 30001])
async def test_I1_a_report_that_was_refused_is_sent_again(code: int) -> None:
    """Whatever the code, the report comes again, after a new login where the token is to blame."""
    async with device_of() as (platform, device, one):
        platform.refused = {3: code}
        await until(device, DeviceState.SUCCEEDED)
        assert platform.told == ["1.0.0", *QUARTERS, "2.0.0"]
        assert platform.logins == (2 if 20001 <= code <= 20004 else 1)
        assert one.site.tally.retries == 1


@pytest.mark.parametrize(
    "garbage",
    [b"no", b'{"code":0}', b'{"code":7}', b'{"code":0,"info":{}}', b'{"code":0,"info":1}'],
)
async def test_an_answer_that_is_none_is_witnessed(garbage: bytes) -> None:
    """Answers without code, without info and without a reply where one is due are violations."""
    async with device_of() as (platform, _, one):
        platform.garbage = garbage
        await come_true(lambda: bool(one.site.witness.counts))
        assert set(one.site.witness.counts) == {Violation.BAD_ANSWER}
