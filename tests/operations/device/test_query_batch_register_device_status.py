"""QueryBatchRegisterDeviceStatus through the signed door (api-contract 13.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.device.applies import check_apply_naming, checked, post, status_of
from tests.operations.device.naming import check_rights
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "QueryBatchRegisterDeviceStatus"


def expected(status: str, valid: list[str], invalid: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "Status": status,
        "ValidList": {"Name": valid},
        "InvalidList": {"Name": [name for name, _ in invalid]},
        "InvalidDetailList": {
            "invalidDetailList": [{"DeviceName": name, "NickName": "", "ErrorMsg": words} for name, words in invalid]
        },
    }


async def test_a_good_apply(door: SignedDoor, case: Case) -> None:
    """CHECK_SUCCESS, CREATE, CREATE_SUCCESS, with empty lists; the innermost list's name is small in both dialects."""
    product_key = await make_product(door)
    apply_id = await checked(door, product_key, "lamp-0001", "lamp-0002")
    given = {"ProductKey": product_key, "ApplyId": apply_id}
    for status in ("CHECK_SUCCESS", "CREATE", "CREATE_SUCCESS"):
        answer = await door.call(ACTION, case=case, **given)
        check_answer(answer, case, {"Data": expected(status, [], [])})
        if status == "CHECK_SUCCESS":
            await door.ok("BatchRegisterDeviceWithApplyId", **given)
        else:
            await door.engine.settle()


async def test_a_failed_check(door: SignedDoor, case: Case) -> None:
    """The names without fault, the others, and what is wrong with them."""
    product_key = await make_product(door)
    await make_device(door, product_key, "taken-1")
    apply_id = await checked(door, product_key, "lamp-0001", "taken-1", "a b", "lamp-0002")
    answer = await door.call(ACTION, case=case, ProductKey=product_key, ApplyId=apply_id)
    invalid = [
        ("taken-1", "the product has a device of this name"),
        ("a b", "the device name is not of the form wanted"),
    ]
    check_answer(answer, case, {"Data": expected("CHECK_FAILED", ["lamp-0001", "lamp-0002"], invalid)})


@pytest.mark.parametrize("count", [999, 1_000, 1_001, 3_000])
async def test_thousands_of_names(door: SignedDoor, count: int) -> None:
    """All names of a failed apply are answered, in their order."""
    product_key = await make_product(door)
    names = [f"lamp-{number:04d}" for number in range(count)]
    answer = await post(door, "BatchCheckDeviceNames", {"ProductKey": product_key}, {"DeviceName": [*names, "a b"]})
    data = await status_of(door, product_key, answer.json()["Data"]["ApplyId"])
    assert data["ValidList"]["Name"] == names
    assert data["InvalidList"]["Name"] == ["a b"]


async def test_naming(door: SignedDoor) -> None:
    """The apply must be the caller's and the product's."""
    await check_apply_naming(door, ACTION)


async def test_rights(door: SignedDoor) -> None:
    """The key needs the right."""
    product_key = await make_product(door)
    apply_id = await checked(door, product_key, "lamp-0001")
    await check_rights(door, ACTION, Permission.DEVICE_READ, product_key, ApplyId=str(apply_id))
