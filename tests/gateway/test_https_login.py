"""Who gets in at the HTTPS door, and what a token is worth (device-protocol 10.1; I17, A04, A21)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import device_draft, secret_of
from tests.gateway.https_rig import INFORM, NAME, VERSION, Rig, open_rig, read
from tests.transfer.asgi_driver import Peer, exchange
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.device_credential import DeviceIdentity
from whimbrel.domain.https_token import TOKEN_SECONDS_MAX, TokenHolder, make_token
from whimbrel.gateway import https
from whimbrel.gateway.admission import BURST_SECONDS, Admission, Limits
from whimbrel.gateway.https import AUTH_BYTES_MAX, HttpsDoor


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_rig(tmp_path) as made:
        yield made


# ---- /auth ----


async def test_auth(rig: Rig) -> None:
    """A device that proves its secret gets a token and is active, seen, and OFFLINE: it keeps no session."""
    answer = await rig.auth(rig.members())
    assert (answer["code"], answer["message"], set(answer["info"])) == (0, "success", {"token"})
    row = await rig.row()
    assert (row.status, row.activated_ms, row.ip_address) == (DeviceStatus.OFFLINE, rig.clock.ms, "192.0.2.9")


@pytest.mark.parametrize("method", ["", "hmacmd5", "hmacsha1", "hmacsha256"])
async def test_sign_methods(rig: Rig, method: str) -> None:
    """Those of the vendor, and the one that its C SDK sends; MD5 when none is named."""
    assert (await rig.auth(rig.members(signmethod=method)))["code"] == 0


async def test_the_c_sdk_has_a_query(rig: Rig) -> None:
    """It puts its version behind the path of /auth, and a number may be one."""
    assert (await rig.auth(rig.members(), query=b"_v=sdk-c-4.1.0&"))["code"] == 0
    members: dict[str, Any] = rig.members(timestamp=str(rig.clock.ms))
    assert (await rig.auth(members | {"timestamp": rig.clock.ms}))["code"] == 0


@pytest.mark.parametrize(
    ("name", "secret", "changes"),
    [
        (NAME, "wrong", {}),
        (NAME, secret_of("dev-0001"), {}),
        ("nobody", "wrong", {}),
        ("nobody", https._UNKNOWN_DEVICE_SECRET, {}),
        (NAME, None, {"sign": "00"}),
    ],
)
async def test_A04_who_is_not_let_in(rig: Rig, name: str, secret: str | None, changes: dict[str, str]) -> None:
    """A wrong secret and an unknown device look alike."""
    answer = await rig.auth(rig.members(name, secret, **changes))
    known = {"code": 20000, "message": "the device is unknown or disabled, or its sign is wrong", "info": {}}
    assert answer == known
    assert (await rig.row()).status is DeviceStatus.UNACTIVE


@pytest.mark.parametrize(("off_ms", "code"), [(-900_001, 20000), (-900_000, 0), (900_000, 0), (900_001, 20000)])
async def test_the_window_of_a_timestamp(rig: Rig, off_ms: int, code: int) -> None:
    """15 minutes, for a device that gives a timestamp."""
    assert (await rig.auth(rig.members(timestamp=str(rig.clock.ms + off_ms))))["code"] == code


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"x"', b'{"productKey":["x"]}', b'{"productKey":null}', b"\xff", b"[" * 3_000, b"{}"],
)
async def test_what_is_no_login(rig: Rig, body: bytes) -> None:
    """Anything but an object of texts with the members that are needed is a parameter error."""
    assert (await rig.auth(body))["code"] == 10001


@pytest.mark.parametrize("missing", ["clientId", "productKey", "deviceName", "sign"])
async def test_members_that_are_needed(rig: Rig, missing: str) -> None:
    """Without one of them it is a parameter error."""
    members = rig.members()
    del members[missing]
    assert (await rig.auth(members))["code"] == 10001


@pytest.mark.parametrize("more_bytes", [-1, 0, 1])
async def test_I17_the_body_of_a_login(rig: Rig, more_bytes: int) -> None:
    """It is short."""
    body = json.dumps(rig.members()).encode()
    body += b" " * (AUTH_BYTES_MAX - len(body) + more_bytes)
    assert (await rig.auth(body))["code"] == (10001 if more_bytes > 0 else 0)


@pytest.mark.parametrize("path", ["/auth", "/topic/ota/device/inform/x/y"])
@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE"])
async def test_only_post(rig: Rig, path: str, method: str) -> None:
    """Another method is a parameter error."""
    assert read(await exchange(rig.door, Peer(method, path)))["code"] == 10001


@pytest.mark.parametrize("more", [-1, 0, 1])
async def test_I17_logins_of_one_address(rig: Rig, more: int) -> None:
    """What the admission lets one address do holds here too; later it may go on."""
    limited = rig._replace(door=HttpsDoor(rig.doorway._replace(admission=Admission(Limits(address_connects_s=1)))))
    codes = [(await limited.auth(b"{}"))["code"] for _ in range(BURST_SECONDS + more)]
    assert codes == [10001] * min(len(codes), BURST_SECONDS) + [40000] * max(0, more)
    rig.clock.pass_ms(1_000)
    assert (await limited.auth(limited.members()))["code"] == 0


# ---- tokens ----


async def test_a_token_is_missing_or_not_good(rig: Rig) -> None:
    """Each case has its code, whatever the topic."""
    path = rig.path(INFORM)
    assert read(await exchange(rig.door, Peer("POST", path)))["code"] == 20002
    twice = (("password", "a"), ("password", "b"))
    assert read(await exchange(rig.door, Peer("POST", path, headers=twice)))["code"] == 20002
    token = await rig.token()
    renamed = [token.replace(NAME, name) for name in ("dev-0001", "nobody")]
    for wrong in ("", "x", token[:-1], token[:-1] + "x", *renamed):
        assert (await rig.say(INFORM, VERSION, wrong))["code"] == 20003, wrong


@pytest.mark.parametrize("more_ms", [-1_000, 0, 1_000])
async def test_a_token_lives_seven_days(rig: Rig, more_ms: int) -> None:
    """Then the device is told that it is expired, and logs in anew."""
    token = await rig.token()
    rig.clock.pass_ms(TOKEN_SECONDS_MAX * 1000 + more_ms)
    assert (await rig.say(INFORM, VERSION, token))["code"] == (0 if more_ms < 0 else 20001)
    assert (await rig.say(INFORM, VERSION))["code"] == 0


async def test_a_forged_token_does_not_learn_that_it_is_old(rig: Rig) -> None:
    """Expiry is told to the device alone."""
    old = make_token(b"x" * 32, DeviceIdentity(rig.place.product_key, NAME), TokenHolder(1, secret_of(NAME)), 1)
    assert (await rig.say(INFORM, VERSION, old))["code"] == 20003


async def test_A21_a_disabled_device(rig: Rig) -> None:
    """Its token is worth nothing from the next request on, and neither is its secret; enabled, both are good again."""
    token = await rig.token()
    async with rig.store.transaction() as store:
        await store.device_changes.disable(await rig.row(), rig.clock.ms)
    assert (await rig.say(INFORM, VERSION, token))["code"] == 20000
    assert (await rig.auth(rig.members()))["code"] == 20000
    async with rig.store.transaction() as store:
        await store.device_changes.enable(await rig.row(), rig.clock.ms)
    assert (await rig.say(INFORM, VERSION, token))["code"] == 0


async def test_A21_a_deleted_device(rig: Rig) -> None:
    """Its token is worth nothing, also to a new device of its name."""
    token = await rig.token()
    async with rig.store.transaction() as store:
        await store.device_changes.delete(await rig.row(), rig.clock.ms)
    assert (await rig.say(INFORM, VERSION, token))["code"] == 20003
    async with rig.store.transaction() as store:
        await store.devices.add(device_draft(rig.place, NAME)._replace(iot_id="another"))
    assert (await rig.say(INFORM, VERSION, token))["code"] == 20003
    assert (await rig.say(INFORM, VERSION))["code"] == 0


async def test_A21_a_device_disabled_on_the_way(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was decided after the token was looked at holds for the report."""
    token, submit = await rig.token(), rig.doorway.ingest.submit

    def late(item: Any) -> None:
        rig.store._writer.execute("UPDATE device SET state = 8 WHERE device_name = ?", (NAME,))
        submit(item)

    monkeypatch.setattr(rig.doorway.ingest, "submit", late)
    assert (await rig.say(INFORM, VERSION, token))["code"] == 20000
    async with rig.store.snapshot() as store:
        assert await store.module_versions.get(1, "default") is None
