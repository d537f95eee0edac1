"""A virtual hawkBit device against a scripted DDI server (ddi-protocol 3-9)."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.simulators.http_door import Asked, Reply, file_reply, http_door, json_reply
from tests.simulators.sites import BADGE, Yard, come_true, switch_on, until, yard
from whimbrel.simulator import course as course_module
from whimbrel.simulator import polling_unit as polling_module
from whimbrel.simulator import unit as unit_module
from whimbrel.simulator.ddi_device import DdiDevice
from whimbrel.simulator.family import Family
from whimbrel.simulator.fate import Fate, Model
from whimbrel.simulator.tally import DeviceState
from whimbrel.simulator.witness import Violation

BASE = "/kabcdefgh01/controller/v1/lamp-0001"
CONTENT = bytes(range(256)) * 16


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that a person watches are short here."""
    for module, name in ((course_module, "AFTERMATH_S"), (unit_module, "REBOOT_S"), (unit_module, "LATENCY_S")):
        monkeypatch.setattr(module, name, (0.0, 0.05))
    monkeypatch.setattr(polling_module, "BUSY_PAUSE_S", 0.0)


class Hawkbit:
    """A server with at most one action; `sees` is asked about each request before it is served."""

    def __init__(self) -> None:
        self.address = ""
        self.action: str | None = None
        self.link = "deploymentBase"
        self.version = "2.0.0"
        self.wants_attributes = False
        self.sleep = "00:00:01"
        self.digest = hashlib.sha256(CONTENT).hexdigest()
        self.asked: list[Asked] = []
        self.busy = 0
        self.etag = ""

    @property
    def feedback(self) -> list[tuple[str, str, int | None]]:
        """Execution, finished and percent of every feedback on an action."""
        found = []
        for asked in self.asked:
            if asked.path.endswith("/feedback") and "confirmation" not in asked.path:
                status = asked.document["status"]
                result = status["result"]
                found.append((status["execution"], result["finished"], result.get("progress", {}).get("cnt")))
        return found

    def answer(self, asked: Asked) -> Reply:
        """One answer."""
        assert asked.headers["authorization"] == BADGE.token
        self.asked.append(asked)
        if self.busy and asked.method == "POST":
            self.busy -= 1
            return Reply(429)
        match asked.method, asked.path.removeprefix(BASE).split("/"):
            case "GET", [""]:
                return self._poll(asked)
            case "PUT", ["", "configData"]:
                self.wants_attributes = False
                return Reply()
            case "GET", ["", "softwaremodules", *_]:
                return file_reply(asked, CONTENT)
            case "GET", ["", ("deploymentBase" | "confirmationBase") as link, action]:
                name = "deployment" if link == "deploymentBase" else "confirmation"
                return json_reply({"id": action, name: self._deployment()}) if action == self.action else Reply(404)
            case "GET", ["", "cancelAction", action]:
                return json_reply({"id": action, "cancelAction": {"stopId": action}})
            case "POST", ["", link, action, "feedback"]:
                return self._take_feedback(asked, link, action)
        return Reply(404)

    def _poll(self, asked: Asked) -> Reply:
        links: dict[str, Any] = {}
        if self.wants_attributes:
            links["configData"] = {"href": f"{self.address}{BASE}/configData"}
        if self.action is not None:
            query = "" if self.link == "cancelAction" else "?c=1"
            links[self.link] = {"href": f"{self.address}{BASE}/{self.link}/{self.action}{query}"}
        if self.etag and asked.headers.get("if-none-match") == self.etag:
            return Reply(304)
        polled = json_reply({"config": {"polling": {"sleep": self.sleep}}, "_links": links})
        return polled._replace(headers=(f"ETag: {self.etag}",)) if self.etag else polled

    def _deployment(self) -> dict[str, Any]:
        href = {"href": f"{self.address}{BASE}/softwaremodules/1/artifacts/lamp.swu"}
        md5, sha1 = hashlib.md5(CONTENT).hexdigest(), hashlib.sha1(CONTENT).hexdigest()
        file = {
            "filename": "lamp.swu",
            "size": len(CONTENT),
            "hashes": {"sha1": sha1, "md5": md5, "sha256": self.digest},
            "_links": {"download": href, "download-http": href},
        }
        chunk = {"part": "bApp", "version": self.version, "name": "lamp", "artifacts": [file]}
        return {"download": "forced", "update": "forced", "chunks": [chunk]}

    def _take_feedback(self, asked: Asked, link: str, action: str) -> Reply:
        if action != self.action:
            return Reply(410)
        if link == "confirmationBase":
            assert asked.document["confirmation"] == "confirmed"
            self.link = "deploymentBase"
        elif asked.document["status"]["execution"] == "closed":
            self.action = None
        return Reply()


@asynccontextmanager
async def device_of(
    model: Model = Model.GOOD, failure_step: int | None = None, **state: object
) -> AsyncIterator[tuple[Hawkbit, DdiDevice, Yard]]:
    """A device of this model at a server in this state."""
    hawkbit = Hawkbit()
    for name, content in state.items():
        setattr(hawkbit, name, content)
    fate = Fate(model, Family.DDI, failure_step)
    door = http_door(hawkbit.answer)
    async with door as hawkbit.address, yard(server=hawkbit.address, fates=[fate], poll_s=0.1) as one:
        device = DdiDevice(BADGE, 0, fate, one.site)
        switch_on(device)
        yield hawkbit, device, one


QUARTERS = [("proceeding", "none", percent) for percent in (25, 50, 75, 100)]
GOOD_END = ("closed", "success", None)


async def test_a_device_installs_what_is_linked() -> None:
    """Poll, deployment, file by range with the device's credentials, progress, closed with success."""
    async with device_of(action="42") as (hawkbit, device, one):
        await until(device, DeviceState.SUCCEEDED)
        assert hawkbit.feedback == [*QUARTERS, GOOD_END]
        assert one.site.tally.by_version == {"1.0.0": 0, "2.0.0": 1}
        assert not one.site.witness.counts


async def test_attributes_are_put_while_they_are_asked_for() -> None:
    """The link configData is followed; it names the version, and is not followed again once it is gone."""
    async with device_of(wants_attributes=True) as (hawkbit, device, _):
        await until(device, DeviceState.ONLINE)
        await come_true(lambda: len(hawkbit.asked) >= 4)
        puts = [asked.document for asked in hawkbit.asked if asked.method == "PUT"]
        assert puts == [{"mode": "merge", "data": {"sw_version": "1.0.0", "model": "good"}}]


async def test_consent_is_given() -> None:
    """An action that waits for confirmation is confirmed, and then installed."""
    async with device_of(action="42", link="confirmationBase") as (hawkbit, device, _):
        await until(device, DeviceState.SUCCEEDED)
        assert GOOD_END in hawkbit.feedback


@pytest.mark.parametrize(
    ("model", "step", "feedback", "state"),
    [
        (Model.FAILS, -2, [*QUARTERS[:2], ("closed", "failure", None)], DeviceState.FAILED),
        (Model.FAILS, -4, [*QUARTERS, ("closed", "failure", None)], DeviceState.FAILED),
        (Model.WRONG_VERSION, None, [*QUARTERS, ("closed", "failure", None)], DeviceState.FAILED),
        (Model.SILENT, None, QUARTERS[:1], DeviceState.SILENT),
        (Model.BOOT_LOOPS, None, QUARTERS, DeviceState.BOOT_LOOPING),
        (Model.LIES, None, [QUARTERS[3], GOOD_END], DeviceState.SUCCEEDED),
        (Model.SLOW, None, [*QUARTERS, GOOD_END], DeviceState.SUCCEEDED),
        (Model.FLAPS, None, [*QUARTERS, GOOD_END], DeviceState.SUCCEEDED),
        (Model.DIES_LATE, None, [*QUARTERS, GOOD_END], DeviceState.SILENT),
        (Model.ROLLS_BACK, None, [*QUARTERS, GOOD_END], DeviceState.ROLLED_BACK),
        (
            Model.REORDERS,
            None,
            [QUARTERS[1], QUARTERS[0], QUARTERS[2], GOOD_END, QUARTERS[3]],
            DeviceState.SUCCEEDED,
        ),
    ],
)
async def test_models_give_feedback_as_devices_do(
    model: Model, step: int | None, feedback: list[object], state: DeviceState
) -> None:
    """Each model shows in the feedback, and ends where it should."""
    async with device_of(model, step, action="42") as (hawkbit, device, one):
        await until(device, state)
        assert hawkbit.feedback == feedback
        assert not one.site.witness.counts


async def test_a_device_that_repeats_bears_that_its_action_is_closed() -> None:
    """Copies of the last feedback are answered with 410, which is as good."""
    async with device_of(Model.REPEATS, action="42") as (hawkbit, device, one):
        await until(device, DeviceState.SUCCEEDED)
        assert list(dict.fromkeys(hawkbit.feedback)) == [*QUARTERS, GOOD_END]
        assert all(2 <= hawkbit.feedback.count(told) <= 3 for told in hawkbit.feedback)
        assert not one.site.witness.counts


async def test_feedback_is_sent_until_it_is_taken() -> None:
    """A server that is busy is asked again; nothing is lost (I1)."""
    async with device_of(action="42", busy=3) as (hawkbit, device, one):
        await until(device, DeviceState.SUCCEEDED)
        assert one.site.tally.retries == 3
        assert hawkbit.feedback == [*QUARTERS[:1] * 3, *QUARTERS, GOOD_END]


async def test_a_cancel_stops_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow device is told to stop: it accepts, says no more of the action, and takes the next one."""
    monkeypatch.setattr(unit_module, "BANDWIDTH_BYTES_PER_S", (2_000.0, 2_000.0))
    async with device_of(Model.SLOW, action="42") as (hawkbit, device, _):
        await come_true(lambda: bool(hawkbit.feedback))
        hawkbit.link = "cancelAction"
        await until(device, DeviceState.CANCELED)
        assert hawkbit.feedback[-1] == GOOD_END
        assert [asked.path for asked in hawkbit.asked if asked.path.endswith("feedback")][-1].startswith(
            f"{BASE}/cancelAction/42"
        )
        hawkbit.link, hawkbit.action = "deploymentBase", "43"
        await until(device, DeviceState.SUCCEEDED)


async def test_a_cancel_of_what_is_not_under_way_is_accepted() -> None:
    """An action that the device does not work on is stopped at once."""
    async with device_of(action="42", link="cancelAction") as (hawkbit, device, _):
        await until(device, DeviceState.ONLINE)
        await come_true(lambda: hawkbit.action is None)
        assert hawkbit.feedback == [GOOD_END]


async def test_I12_an_action_for_what_runs_already_is_closed() -> None:
    """Another action for the version that the device has is closed with success, without a download."""
    async with device_of(action="42", version="1.0.0") as (hawkbit, device, one):
        await until(device, DeviceState.ONLINE)
        await come_true(lambda: hawkbit.action is None)
        assert hawkbit.feedback == [GOOD_END]
        assert one.site.tally.downloaded_bytes == 0


async def test_I11_a_file_that_is_not_what_was_announced() -> None:
    """The digest decides: the action is closed with failure, and the witness counts it."""
    async with device_of(action="42", digest="0" * 64) as (hawkbit, device, one):
        await until(device, DeviceState.FAILED)
        assert hawkbit.feedback[-1] == ("closed", "failure", None)
        assert one.site.witness.counts == {Violation.WRONG_CONTENT: 1}


async def test_a_closed_action_that_is_offered_again_is_witnessed() -> None:
    """The same number after its end is a violation, and is not installed again."""
    async with device_of(action="42") as (hawkbit, device, one):
        await until(device, DeviceState.SUCCEEDED)
        hawkbit.action = "42"
        await come_true(lambda: bool(one.site.witness.counts))
        assert set(one.site.witness.counts) == {Violation.CLOSED_AGAIN}
        assert hawkbit.feedback.count(GOOD_END) == 1


async def test_an_unchanged_answer_is_not_sent_again() -> None:
    """A device that has nothing to do remembers the ETag; new work has another one."""
    async with device_of(etag='"1"') as (hawkbit, device, _):
        await come_true(lambda: any("if-none-match" in asked.headers for asked in hawkbit.asked))
        hawkbit.action, hawkbit.etag = "42", '"2"'
        await until(device, DeviceState.SUCCEEDED)


@pytest.mark.parametrize("sleep", ["5:00", "00:05:0", "24:00:00", "00:60:00", "", "00:05:00 "])
async def test_a_poll_that_real_clients_do_not_bear_is_witnessed(sleep: str) -> None:
    """A sleep that Zephyr or SWUpdate cannot read is a violation; the device tries again and does nothing else."""
    async with device_of(action="42", sleep=sleep) as (hawkbit, device, one):
        await come_true(lambda: bool(one.site.witness.counts))
        assert set(one.site.witness.counts) == {Violation.BAD_ANSWER}
        assert not hawkbit.feedback
        assert device.state is DeviceState.OFFLINE
