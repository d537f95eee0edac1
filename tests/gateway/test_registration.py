"""Dynamic registration over MQTT and HTTPS (device-protocol 11; A02, A04, I17)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.engine.world import add_devices, add_place, open_store, secret_of
from tests.reports.enrolling import ANY_NAME, PRODUCT_SECRET, REGISTERED_NAMES, allow
from tests.reports.line import ACCEPTED, KEEP_ALIVE_S, TICK_S, Door, Line, until
from tests.transfer.asgi_driver import Exchange, Peer, exchange
from whimbrel.adapters.randomness import SystemRandomness
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.enrolment import registration_sign
from whimbrel.errors import StoreUnavailableError
from whimbrel.gateway import mqtt
from whimbrel.gateway.admission import Admission, Limits
from whimbrel.gateway.packets import ConnAck, ConnackCode, Connect, Disconnect, PingReq, PubAck, Publish
from whimbrel.gateway.registration import FORM_BYTES_MAX, RegistrationDoor
from whimbrel.gateway.session import CONNECT_SECONDS_MAX
from whimbrel.reports.registration import Registrar

DIGESTS = {"hmacmd5": "md5", "hmacsha1": "sha1", "hmacsha256": "sha256"}


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(mqtt, "TICK_SECONDS", TICK_S)
    store = open_store(tmp_path)
    made = Door(store, await add_place(store))
    await add_devices(store, made.place, 2)
    await allow(store, made.place, REGISTERED_NAMES)
    await made.open()
    yield made
    await made.close()
    await store.close()


def sign(rig: Door, name: str, random: str, method: str = "hmacsha256", secret: str = PRODUCT_SECRET) -> str:
    return registration_sign((rig.place.product_key, name), random, secret, DIGESTS[method])


def register(rig: Door, name: str, random: str, auth_type: str = "register", secret: str = PRODUCT_SECRET) -> Connect:
    """The CONNECT of a device that registers, as the vendor's SDKs form it."""
    pk = rig.place.product_key
    client_id = f"{name}.{pk}|random={random},authType={auth_type},securemode=2,signmethod=hmacsha256,instanceId=x|"
    return Connect(client_id, f"{name}&{pk}", sign(rig, name, random, secret=secret).encode(), KEEP_ALIVE_S)


async def registered(rig: Door, line: Line, random: str, auth_type: str = "register") -> dict[str, Any]:
    """What the device is told right behind its CONNACK."""
    line.send(register(rig, line.name, random, auth_type))
    assert await line.receive() == ACCEPTED
    packet = await line.receive()
    assert isinstance(packet, Publish), packet
    assert packet.topic == ("/ext/regnwl" if auth_type == "regnwl" else "/ext/register")
    payload: dict[str, Any] = json.loads(packet.payload)
    return payload


# ---- MQTT ----


async def test_mqtt_secret(rig: Door) -> None:
    """The secret comes unasked, the device disconnects, and it was never online; then it logs in with the secret."""
    line = await rig.line()
    names = {"productKey": rig.place.product_key, "deviceName": "dev-0000"}
    assert await registered(rig, line, "1") == names | {"deviceSecret": secret_of("dev-0000")}
    line.send(Disconnect())
    assert await line.ended()
    assert await rig.status() is DeviceStatus.UNACTIVE
    await rig.device()


async def test_mqtt_token(rig: Door) -> None:
    """A name that nobody registered gets a token and logs in with it; another token or client id does not."""
    await allow(rig.store, rig.place, ANY_NAME)
    line = await rig.line("self-0001")
    answer = await registered(rig, line, "1", "regnwl")
    assert answer.keys() == {"clientId", "productKey", "deviceName", "deviceToken"}
    username = f"self-0001&{rig.place.product_key}"
    options = "authType=connwl,securemode=-2,_ss=1,ext=3,lan=Python,_v=1"
    wrong = answer | {"deviceToken": "x" * 32}, answer | {"clientId": "x" * 22}
    for attempt in wrong:
        refused = await rig.line("self-0001")
        client_id = f"{attempt['clientId']}|{options}|"
        refused.send(Connect(client_id, username, attempt["deviceToken"].encode(), KEEP_ALIVE_S))
        assert await refused.receive() == ConnAck(ConnackCode.BAD_CREDENTIAL)
    device = await rig.line("self-0001")
    device.send(Connect(f"{answer['clientId']}|{options}|", username, answer["deviceToken"].encode(), KEEP_ALIVE_S))
    assert await device.receive() == ACCEPTED
    await until(lambda: rig.status("self-0001"), DeviceStatus.ONLINE)


@pytest.mark.parametrize("name", ["dev-0000", "nobody"])
async def test_A04_nobody_has_an_empty_token(rig: Door, name: str) -> None:
    """A device without a token, and a name without a device, are refused alike, also with what is compared instead."""
    for cid, password in (("c", b""), ("", b""), ("c", b"\0" * 32)):
        line = await rig.line(name)
        client_id = f"{cid}|authType=connwl,securemode=-2|"
        line.send(Connect(client_id, f"{name}&{rig.place.product_key}", password, KEEP_ALIVE_S))
        code = ConnackCode.BAD_CREDENTIAL if cid else ConnackCode.IDENTIFIER_REJECTED
        assert await line.receive() == ConnAck(code)


@pytest.mark.parametrize(
    ("name", "secret", "code"),
    [
        ("dev-0000", "wrong", ConnackCode.BAD_CREDENTIAL),
        ("nobody", "wrong", ConnackCode.BAD_CREDENTIAL),
        ("nobody", PRODUCT_SECRET, ConnackCode.NOT_AUTHORIZED),
    ],
)
async def test_mqtt_refused(rig: Door, name: str, secret: str, code: ConnackCode) -> None:
    """Without the product's secret all names look alike (A04); with it, 5 says that this name may not."""
    line = await rig.line(name)
    line.send(register(rig, name, "1", secret=secret))
    assert await line.receive() == ConnAck(code)
    assert await line.ended()


async def test_A17_a_registering_device_says_nothing_else(rig: Door) -> None:
    """It is no session: what it publishes is not taken, and its connection ends with the time that a CONNECT has."""
    line = await rig.line()
    line.send(register(rig, "dev-0000", "1"))
    line.version("6.6.6", 1)
    assert await line.receive() == ACCEPTED
    assert isinstance(await line.receive(), Publish)
    line.version("6.6.6", 2)
    line.send(PubAck(1), PingReq(), register(rig, "dev-0000", "2"))
    assert await line.is_silent()
    rig.clock.s += CONNECT_SECONDS_MAX + 2
    assert await line.ended()
    await rig.ingest.drain()
    assert await rig.version(1) is None
    assert (await rig.open_count(), len(rig.channel)) == (0, 0)


async def test_F08_mqtt_store_down(rig: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store is down a registration hears "server unavailable"; afterwards the same request is answered."""

    def down() -> object:
        raise StoreUnavailableError("the test says so")

    for method in ("snapshot", "transaction"):
        with monkeypatch.context() as fault:
            fault.setattr(rig.store, method, down)
            line = await rig.line()
            line.send(register(rig, "dev-0000", "1"))
            assert await line.receive() == ConnAck(ConnackCode.SERVER_UNAVAILABLE)
    assert await registered(rig, await rig.line(), "1")


# ---- HTTPS ----


def door_of(rig: Door, admission: Admission | None = None) -> RegistrationDoor:
    registrar = Registrar(rig.store, rig.clock, SystemRandomness())
    return RegistrationDoor(registrar, admission or Admission(), rig.clock, lambda: 0.5)


def form(rig: Door, name: str = "dev-0000", method: str = "hmacsha256", **changes: str) -> dict[str, str]:
    fields = {"productKey": rig.place.product_key, "deviceName": name, "random": "1", "signMethod": method}
    fields |= {"sign": sign(rig, name, fields["random"], method)}
    return fields | changes


async def post(door: Any, body: bytes, content_type: str = "application/x-www-form-urlencoded") -> Exchange:
    headers = (("content-type", content_type), ("content-length", str(len(body))))
    half = len(body) // 2
    return await exchange(door, Peer("POST", "/auth/register/device", headers, (body[:half], body[half:])))


async def code_of(door: Any, fields: dict[str, str]) -> int:
    answer = await post(door, urlencode(fields).encode())
    assert answer.status == 200
    code: int = json.loads(answer.body)["code"]
    return code


@pytest.mark.parametrize("method", list(DIGESTS))
async def test_https_secret(rig: Door, method: str) -> None:
    """The vendor's answer, by each of the sign methods; no cache on the way keeps it."""
    answer = await post(door_of(rig), urlencode(form(rig, method=method)).encode())
    data = {
        "productKey": rig.place.product_key,
        "deviceName": "dev-0000",
        "deviceSecret": secret_of("dev-0000"),
    }
    assert (answer.status, json.loads(answer.body)) == (200, {"code": 200, "data": data, "message": "success"})
    assert answer.headers["cache-control"] == "no-store"


async def test_https_refusals(rig: Door) -> None:
    """What a device can do nothing about by coming again is HTTP 200 with a code, as the vendor's SDKs read it."""
    door = door_of(rig)
    assert await code_of(door, form(rig, sign="0" * 64)) == 401
    assert await code_of(door, form(rig, productKey="nobody")) == 401
    assert await code_of(door, form(rig, "nobody")) == 6100
    assert await code_of(door, form(rig)) == 200
    assert await code_of(door, form(rig)) == 403
    async with rig.store.transaction() as store:
        await store.device_changes.disable(await rig.row("dev-0001"), rig.clock.ms)
    assert await code_of(door, form(rig, "dev-0001")) == 6204


@pytest.mark.parametrize("missing", ["productKey", "deviceName", "random", "sign"])
async def test_https_missing_fields(rig: Door, missing: str) -> None:
    """Each is needed."""
    fields = form(rig)
    del fields[missing]
    assert await code_of(door_of(rig), fields) == 460


@pytest.mark.parametrize(
    "body", [b"", b"&&", b"\xff", b"random=%ff", b"=" * 20, b"&".join([b"a=b"] * 17), b"x" * (FORM_BYTES_MAX + 1)]
)
async def test_https_bad_forms(rig: Door, body: bytes) -> None:
    """What is no form, or larger than one, is a bad parameter and nothing else."""
    answer = await post(door_of(rig), body)
    assert (answer.status, json.loads(answer.body)["code"]) == (200, 460)


async def test_A02_https_one_reading(rig: Door) -> None:
    """A field that is given twice, and another content type, are refused."""
    body = urlencode(form(rig)).encode()
    for answer in (
        await post(door_of(rig), body + b"&random=2"),
        await post(door_of(rig), body, "text/plain"),
        await post(door_of(rig), body, "multipart/form-data"),
    ):
        assert json.loads(answer.body)["code"] == 460
    assert await code_of(door_of(rig), form(rig)) == 200


@pytest.mark.parametrize(("more", "code"), [(-1, 200), (0, 200), (1, 460)])
async def test_https_form_size(rig: Door, more: int, code: int) -> None:
    """Up to 4 KiB."""
    body = urlencode(form(rig)).encode() + b"&filler="
    answer = await post(door_of(rig), body + b"x" * (FORM_BYTES_MAX + more - len(body)))
    assert json.loads(answer.body)["code"] == code


async def test_https_other_methods(rig: Door) -> None:
    """Only POST registers."""
    answer = await exchange(door_of(rig), Peer("GET", "/auth/register/device"))
    assert answer.status == 405


@pytest.mark.parametrize("method", ["snapshot", "transaction"])
async def test_F08_https_store_down(rig: Door, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """503 with a time to come back, and afterwards the same request is answered."""

    def down() -> object:
        raise StoreUnavailableError("the test says so")

    with monkeypatch.context() as fault:
        fault.setattr(rig.store, method, down)
        answer = await post(door_of(rig), urlencode(form(rig)).encode())
    assert (answer.status, answer.headers["retry-after"]) == (503, "17")
    assert await code_of(door_of(rig), form(rig)) == 200


async def test_A28_https_too_often(rig: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the address's limit 429 with a time to come back, before anything is looked up."""
    monkeypatch.setattr("whimbrel.gateway.registration.source_of", lambda address: "10.0.0.1")
    door = door_of(rig, Admission(Limits(address_connects_s=1)))
    for _ in range(20):
        assert await code_of(door, form(rig, sign="0" * 64)) == 401
    answer = await post(door, urlencode(form(rig)).encode())
    assert (answer.status, answer.headers["retry-after"]) == (429, "17")
    rig.clock.s += 1
    assert await code_of(door, form(rig)) == 200
