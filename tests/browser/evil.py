"""A server into which every field that takes free text was given all two hundred hostile strings.

What a field refuses is refused with a sentence; what it takes, it takes as text.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import httpx

from tests.browser.hostile import HOSTILE
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient
from whimbrel.domain.https_auth import expected_sign, read_claim

NUMBERED = tuple(enumerate(HOSTILE, 1))
DESCRIPTION_LENGTH = 100
TAG_LENGTH = 120
TAGS_OF_DEVICE = 100
AGENTS = 15  # a user has at most 20 sessions


class Evil(NamedTuple):
    """Where the strings are."""

    product: str
    job: str
    firmware: str
    group: str
    refused: dict[str, int]

    @property
    def routes(self) -> list[str]:
        """Pages that show them; lists are paged through."""
        lists = ["/", "/products", "/devices", "/firmware", "/rollouts", "/groups", "/keys", "/users", "/audit", "/me"]
        one = [f"/products/{self.product}", f"/firmware/{self.firmware}", f"/groups/{self.group}"]
        devices = [f"/devices/{self.product}/{name}" for name in ("evil-0001", "evil-0002", "evil-0151", "evil-ddi")]
        job = f"/rollouts/{self.job}"
        return [*lists, *one, *devices, job, f"{job}?status=FAILED", f"/rollouts/new?firmware={self.firmware}"]


class _Giver:
    """Calls that may be refused, and must never break."""

    def __init__(self, server: WhimbrelServer) -> None:
        self._server = server
        self._client = SignedClient(server)
        self.refused: dict[str, int] = {}

    def call(self, action: str, **parameters: str) -> dict[str, Any]:
        answer = self._client.call(action, **parameters)
        assert answer.status < 500, f"{action} {parameters}: {answer}"
        if not answer.body.get("success"):
            assert answer.body.get("errorMessage") or answer.body.get("message") or answer.body.get("Message"), answer
            self.refused[action] = self.refused.get(action, 0) + 1
        return answer.body

    def data(self, action: str, **parameters: str) -> Any:
        body = self.call(action, **parameters)
        assert body.get("success"), f"{action}: {body}"
        return body.get("data", body)

    def firmware(self, product: str, version: str, description: str) -> str | None:
        url = self._client.upload(version.encode())
        made = self.call(
            "CreateOTAFirmware",
            FirmwareName=f"evil-{version.replace('.', '-')}",
            ProductKey=product,
            DestVersion=version,
            FirmwareUrl=str(url),
            NeedToVerify="false",
            FirmwareDesc=description[:DESCRIPTION_LENGTH],
            Udi=description,
        )
        return str(made["data"]["firmwareId"]) if made.get("success") else None


def curse(server: WhimbrelServer, console_url: str) -> Evil:
    """Give them all."""
    give = _Giver(server)
    product = str(give.data("CreateProduct", ProductName="evil", NodeType="0")["productKey"])
    firmware = [give.firmware(product, f"2.0.{number}", text) for number, text in NUMBERED]
    group = str(give.data("CreateDeviceGroup", GroupName="evil", GroupDesc=HOSTILE[0])["groupId"])
    for number, text in NUMBERED:
        short = text[:DESCRIPTION_LENGTH]
        give.call("CreateProduct", ProductName=f"evil_{number}", NodeType="0", Description=short)
        give.call("CreateDeviceGroup", GroupName=f"evil_{number}", GroupDesc=short)
        give.call("CreateDeviceGroup", GroupName=text)
        give.call("XCreateAccessKey", Name=text, **{"Statement.1.Actions": "job:read"})
        give.call("XInviteConsoleUser", Name=text, Role="VIEWER")
        give.call("CreateOTAModule", ProductKey=product, ModuleName=f"m{number}", AliasName=text, Desc=short)
        give.call("XExplainOTADevice", ProductKey=product, DeviceName=text)
    secrets = _devices(give, product)
    good = next(found for found in firmware if found is not None)
    job = str(
        give.data(
            "CreateOTAStaticUpgradeJob",
            ProductKey=product,
            FirmwareId=good,
            TargetSelection="ALL",
            XGate="OFF",
            XPace="NONE",
        )["jobId"]
    )
    for _, text in NUMBERED:
        give.call("XPauseOTAJob", JobId=job, Reason=text)
        give.call("XResumeOTAJob", JobId=job, Reason=text)
    _complain(server, product, secrets)
    _ddi(server, give, product)
    _agents(give, console_url)
    return Evil(product, job, good, group, give.refused)


def _devices(give: _Giver, product: str) -> dict[str, str]:
    """A device for each string, which is one of its tags; the first two have them all. Their secrets."""
    secrets: dict[str, str] = {}
    for number, text in NUMBERED:
        name = f"evil-{number:04}"
        secrets[name] = str(give.data("RegisterDevice", ProductKey=product, DeviceName=name)["deviceSecret"])
        give.call(
            "BatchUpdateDeviceNickname",
            **{
                "DeviceNicknameInfo.1.ProductKey": product,
                "DeviceNicknameInfo.1.DeviceName": name,
                "DeviceNicknameInfo.1.Nickname": text,
            },
        )
        owner = f"evil-{1 + (number - 1) // TAGS_OF_DEVICE:04}"
        for holder, key in ((name, "evil"), (owner, f"evil{number}")):
            props = json.dumps({key: text[:TAG_LENGTH]})
            give.call("SaveDeviceProp", ProductKey=product, DeviceName=holder, Props=props)
    return secrets


def _complain(server: WhimbrelServer, product: str, secrets: dict[str, str]) -> None:
    """Each device reports a version, is told of its task, and fails with one of the strings as its reason."""
    with httpx.Client(base_url=f"http://{server.endpoint}") as http:
        for (name, secret), (_, text) in zip(secrets.items(), NUMBERED, strict=True):
            members = {"clientId": "c", "productKey": product, "deviceName": name, "signmethod": "hmacsha256"}
            claim = read_claim({**members, "sign": "x"})
            assert claim is not None
            answer = http.post("/auth", json={**members, "sign": expected_sign(claim, secret)}).json()
            headers = {"password": answer["info"]["token"], "content-type": "application/octet-stream"}
            for topic, params in (
                ("ota/device/inform", {"version": "1.0.0"}),
                ("ota/device/progress", {"step": "-2", "desc": text, "module": "default"}),
            ):
                body = json.dumps({"id": "1", "params": params}).encode()
                said = http.post(f"/topic/{topic}/{product}/{name}", content=body, headers=headers)
                assert said.status_code == 200, said.text


def _ddi(server: WhimbrelServer, give: _Giver, product: str) -> None:
    """A DDI device whose attributes are the strings, by name and by value."""
    give.data("RegisterDevice", ProductKey=product, DeviceName="evil-ddi")
    token = str(give.data("XRotateDeviceToken", ProductKey=product, DeviceName="evil-ddi")["deviceToken"])
    headers = {"Authorization": f"TargetToken {token}"}
    with httpx.Client(base_url=f"http://{server.endpoint}/{product}/controller/v1/evil-ddi", headers=headers) as http:
        for start in range(0, len(HOSTILE), 40):
            data = {text[:TAG_LENGTH]: text[:TAG_LENGTH] for text in HOSTILE[start : start + 40]}
            assert http.put("/configData", json={"mode": "merge", "data": data}).status_code < 500


def _agents(give: _Giver, console_url: str) -> None:
    """Sessions of browsers that call themselves so."""
    password = "correct horse battery staple 7"
    link = str(give.data("XInviteConsoleUser", Name="eve", Role="ADMIN")["link"])
    with httpx.Client(base_url=console_url, headers={"sec-fetch-site": "same-origin"}) as http:
        body = {"token": link.partition("token=")[2], "password": password}
        http.post("api/welcome", json=body).raise_for_status()
        agents = [text for text in HOSTILE if text.isascii() and text.isprintable()]
        for text in agents[:AGENTS]:
            http.post("api/sign-in", json={"name": "eve", "password": password}, headers={"user-agent": text})
        for text in HOSTILE[:AGENTS]:
            http.post("api/sign-in", json={"name": text, "password": text})
