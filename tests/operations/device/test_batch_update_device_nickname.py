"""BatchUpdateDeviceNickname through the signed door (api-contract 13.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_devices, make_product
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "BatchUpdateDeviceNickname"


async def nicknames(door: SignedDoor, product_key: str) -> dict[str, str]:
    rows = (await door.ok("QueryDevice", ProductKey=product_key, PageSize=50))["Data"]["DeviceInfo"]
    return {row["DeviceName"]: row["Nickname"] for row in rows}


async def test_nicknames(door: SignedDoor, case: Case) -> None:
    """By either name of the device; without a Nickname it has none; of a device named twice the last counts."""
    product_key = await make_product(door)
    for name in ("lamp-0001", "lamp-0002", "lamp-0003", "lamp-0004"):
        await door.ok("RegisterDevice", ProductKey=product_key, DeviceName=name, Nickname="before")
    iot_id = (await door.ok("QueryDeviceInfo", ProductKey=product_key, DeviceName="lamp-0002"))["Data"]["IotId"]
    door.clock.at_ms = NOW_MS + 1
    infos = [
        {"ProductKey": product_key, "DeviceName": "lamp-0001", "Nickname": "kitchen"},
        {"IotId": iot_id, "Nickname": "灯泡"},
        {"ProductKey": product_key, "DeviceName": "lamp-0003"},
        {"ProductKey": product_key, "DeviceName": "lamp-0001", "Nickname": "hall"},
    ]
    check_answer(await door.call(ACTION, case=case, DeviceNicknameInfo=infos), case, {})
    assert await nicknames(door, product_key) == {
        "lamp-0001": "hall",
        "lamp-0002": "灯泡",
        "lamp-0003": "",
        "lamp-0004": "before",
    }
    rows = (await door.ok("QueryDevice", ProductKey=product_key))["Data"]["DeviceInfo"]
    assert [row["UtcModified"][-4:] for row in rows] == ["678Z", "679Z", "679Z", "679Z"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"DeviceName": "nobody", "Nickname": "good"}, "iot.device.NotExistedDevice"),
        ({"DeviceName": "lamp-0002", "Nickname": "abc"}, "iot.ota.InvalidParameter"),
        ({"DeviceName": "lamp-0002", "Nickname": "x" * 65}, "iot.ota.InvalidParameter"),
        ({"IotId": "0" * 24, "Nickname": "good"}, "iot.device.InvalidIoTId"),
    ],
)
async def test_all_or_none(door: SignedDoor, bad: dict[str, str], code: str) -> None:
    """One bad entry, and no device is changed."""
    product_key = await make_product(door)
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, product_key, name)
    good = {"ProductKey": product_key, "DeviceName": "lamp-0001", "Nickname": "good"}
    infos = [good, {"ProductKey": product_key, **bad}]
    assert await door.refusal(ACTION, DeviceNicknameInfo=infos) == code


@pytest.mark.parametrize(("count", "code"), [(99, ""), (100, ""), (101, "iot.ota.InvalidParameter")])
async def test_a_hundred_devices(door: SignedDoor, count: int, code: str) -> None:
    """Up to 100 entries are taken, more are refused."""
    product_key = await make_product(door)
    names = (await make_devices(door, product_key, 101))[:count]
    infos = [{"ProductKey": product_key, "DeviceName": name, "Nickname": "good"} for name in names]
    if code:
        assert await door.refusal(ACTION, DeviceNicknameInfo=infos) == code
    else:
        await door.ok(ACTION, DeviceNicknameInfo=infos)


async def test_nothing_named(door: SignedDoor) -> None:
    """Without an entry, and with one that names no device, nothing is guessed."""
    assert await door.refusal(ACTION) == "iot.device.NoneDeviceNameElement"
    infos: list[dict[str, Any]] = [{"Nickname": "good"}]
    assert await door.refusal(ACTION, DeviceNicknameInfo=infos) == "iot.device.NullDeviceName"


async def test_I15_foreign_devices(door: SignedDoor) -> None:
    """A device of another account does not exist."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    made = (await door.ok("RegisterDevice", by=neighbour, ProductKey=theirs, DeviceName="lamp-0001"))["Data"]
    for named, code in (
        ({"IotId": made["IotId"]}, "iot.device.InvalidIoTId"),
        ({"ProductKey": theirs, "DeviceName": "lamp-0001"}, "iot.prod.NotExistedProduct"),
    ):
        assert await door.refusal(ACTION, DeviceNicknameInfo=[{**named, "Nickname": "mine"}]) == code


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change devices."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.DEVICE_WRITE})
    infos = [{"IotId": "0" * 24, "Nickname": "good"}]
    assert await door.refusal(ACTION, by=key, DeviceNicknameInfo=infos) == "Forbidden.RAM"
