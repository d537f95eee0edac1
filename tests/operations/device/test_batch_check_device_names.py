"""BatchCheckDeviceNames through the signed door (api-contract 13.2)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.device.applies import post, status_of
from tests.operations.device.naming import check_rights
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.parameters import FORM_SIZE_BYTES_MAX

ACTION = "BatchCheckDeviceNames"
NAME, NICKNAME = "the device name is not of the form wanted", "the nickname is not of the form wanted"
REPEATED, TAKEN = "the device name is given more than once", "the product has a device of this name"


def expected(apply_id: int, **lists: Any) -> dict[str, Any]:
    return {
        "ApplyId": apply_id,
        "InvalidDeviceNameList": {"InvalidDeviceName": lists.get("names", [])},
        "InvalidDeviceNicknameList": {"InvalidDeviceNickname": lists.get("nicknames", [])},
        "RepeatedDeviceNameList": {"RepeatDevieNameList": lists.get("repeated", [])},
        "InvalidDetailList": {
            "InvalidDetailList": [
                {"DeviceName": name, "NickName": nickname, "ErrorMsg": words}
                for name, nickname, words in lists.get("details", [])
            ]
        },
    }


async def test_good_names(door: SignedDoor, case: Case) -> None:
    """Both forms of the list are taken, also together; nothing is registered yet."""
    product_key = await make_product(door)
    listed = [{"DeviceName": "lamp-0003", "DeviceNickname": "灯泡"}, {"DeviceName": "lamp-0004"}]
    for number, given in enumerate(
        (
            {"DeviceName": ["lamp-0001", "lamp-0002"]},
            {"DeviceNameList": listed},
            {"DeviceName": ["lamp-0001"], "DeviceNameList": listed},
        ),
        1,
    ):
        answer = await door.call(ACTION, case=case, ProductKey=product_key, **given)
        check_answer(answer, case, {"Data": expected(number)})
        assert (await status_of(door, product_key, number))["Status"] == "CHECK_SUCCESS"
    await door.engine.settle()
    assert (await door.ok("QueryProduct", ProductKey=product_key))["Data"]["DeviceCount"] == 0


async def test_names_at_fault(door: SignedDoor, case: Case) -> None:
    """Malformed, repeated and taken names and malformed nicknames, each in its list and all in detail."""
    product_key = await make_product(door)
    await make_device(door, product_key, "taken-1")
    listed = [
        {"DeviceName": "lamp-0001", "DeviceNickname": "good"},
        {"DeviceName": "lamp 2"},
        {"DeviceName": "lamp-0001"},
        {"DeviceName": "taken-1", "DeviceNickname": "good"},
        {"DeviceName": "lamp-0003", "DeviceNickname": "abc"},
        {"DeviceName": "x" * 200},
    ]
    answer = await door.call(ACTION, case=case, ProductKey=product_key, DeviceNameList=listed)
    data = expected(
        1,
        names=["lamp 2", "x" * 128],
        nicknames=["abc"],
        repeated=["lamp-0001", "taken-1"],
        details=[
            ("lamp 2", "", NAME),
            ("lamp-0001", "", REPEATED),
            ("taken-1", "good", TAKEN),
            ("lamp-0003", "abc", NICKNAME),
            ("x" * 128, "", NAME),
        ],
    )
    check_answer(answer, case, {"Data": data})
    assert (await status_of(door, product_key, 1))["Status"] == "CHECK_FAILED"


async def test_a_deleted_devices_name(door: SignedDoor) -> None:
    """It is free."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    await door.ok("DeleteDevice", ProductKey=product_key, DeviceName="lamp-0001")
    body = await door.ok(ACTION, ProductKey=product_key, DeviceName=["lamp-0001"])
    assert body["Data"]["RepeatedDeviceNameList"]["RepeatDevieNameList"] == []


async def test_a_taken_name_far_back(door: SignedDoor) -> None:
    """Among a thousand names those that are taken or repeated are found wherever they stand."""
    product_key = await make_product(door)
    await make_device(door, product_key, "taken-1")
    names = [f"lamp-{number:04d}" for number in range(998)]
    given = {"DeviceName": [*names, "taken-1", "lamp-0000"]}
    answer = await post(door, ACTION, {"ProductKey": product_key}, given)
    repeated = answer.json()["Data"]["RepeatedDeviceNameList"]["RepeatDevieNameList"]
    assert repeated == ["lamp-0000", "taken-1"]


@pytest.mark.parametrize(("count", "code"), [(9_999, ""), (10_000, ""), (10_001, "iot.ota.InvalidParameter")])
@pytest.mark.parametrize("has_nicknames", [False, True])
async def test_ten_thousand_names(door: SignedDoor, count: int, code: str, has_nicknames: bool) -> None:
    """Up to 10,000 names, with nicknames or without, in the form body; the loop has its turns meanwhile."""
    product_key = await make_product(door)
    names = [f"lamp-{number:05d}" for number in range(count)]
    in_form: dict[str, Any] = {"DeviceName": names}
    if has_nicknames:
        in_form = {"DeviceNameList": [{"DeviceName": name, "DeviceNickname": f"n_{name[5:]}"} for name in names]}
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count_turns())
    answer = await post(door, ACTION, {"ProductKey": product_key}, in_form)
    counting.cancel()
    assert answer.code == code
    assert turns > 20
    if not code:
        data = await status_of(door, product_key, answer.json()["Data"]["ApplyId"])
        assert data["Status"] == "CHECK_SUCCESS"


async def test_a_body_beyond_the_limit(door: SignedDoor) -> None:
    """What is larger than a form body may be is refused as such."""
    product_key = await make_product(door)
    names = ["x" * 120] * (FORM_SIZE_BYTES_MAX // 120)
    answer = await post(door, ACTION, {"ProductKey": product_key}, {"DeviceName": names})
    assert (answer.status, answer.code) == (413, "RequestTooLarge")


async def test_no_names(door: SignedDoor) -> None:
    """Without a name, and with empty ones, there is nothing to check; a nickname needs a name."""
    product_key = await make_product(door)
    for given in ({}, {"DeviceName.1": ""}):
        assert await door.refusal(ACTION, ProductKey=product_key, **given) == "iot.device.NoneDeviceNameElement"
    code = await door.refusal(ACTION, ProductKey=product_key, **{"DeviceNameList.1.DeviceNickname": "good"})
    assert code.startswith("Missing")


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """Another account's product does not exist; whose names are taken there is not told."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    for product_key in (theirs, "k0000000404"):
        code = await door.refusal(ACTION, ProductKey=product_key, DeviceName=["lamp-0001"])
        assert code == "iot.prod.NotExistedProduct"
    code = await door.refusal(ACTION, ProductKey="k-1", DeviceName=["lamp-0001"])
    assert code == "iot.prod.InvalidFormattedProductkey"
    assert await door.refusal(ACTION, DeviceName=["lamp-0001"]) == "MissingProductKey"


async def test_rights(door: SignedDoor) -> None:
    """The key needs the right."""
    product_key = await make_product(door)
    await check_rights(door, ACTION, Permission.DEVICE_WRITE, product_key, **{"DeviceName.1": "lamp-0001"})
