"""BatchRegisterDevice through the signed door (api-contract 13.2)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.device.applies import status_of
from tests.operations.device.naming import check_rights
from tests.operations.fleet import make_product, set_quotas
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "BatchRegisterDevice"


async def test_devices_with_random_names(door: SignedDoor, case: Case) -> None:
    """Answered at once with the ApplyId, a number; the devices follow, each with a login of its own."""
    product_key = await make_product(door)
    answer = await door.call(ACTION, case=case, ProductKey=product_key, Count=3)
    check_answer(answer, case, {"Data": {"ApplyId": 1}})
    assert (await status_of(door, product_key, 1))["Status"] == "CREATE"
    assert (await door.ok("QueryProduct", ProductKey=product_key))["Data"]["DeviceCount"] == 0
    await door.engine.settle()
    assert (await status_of(door, product_key, 1))["Status"] == "CREATE_SUCCESS"
    rows = (await door.ok("QueryDevice", ProductKey=product_key))["Data"]["DeviceInfo"]
    assert len({row["DeviceName"] for row in rows}) == 3
    async with door.store.snapshot() as store:
        for row in rows:
            login = await store.devices.login(product_key, row["DeviceName"])
            assert login is not None
            assert login.device_secret == row["DeviceSecret"]


@pytest.mark.parametrize(
    ("count", "code"),
    [("0", "iot.ota.InvalidParameter"), ("1", ""), ("9999", ""), ("10000", ""), ("10001", "iot.ota.InvalidParameter")],
)
async def test_how_many(door: SignedDoor, count: str, code: str) -> None:
    """1 to 10,000."""
    product_key = await make_product(door)
    if code:
        assert await door.refusal(ACTION, ProductKey=product_key, Count=count) == code
    else:
        await door.ok(ACTION, ProductKey=product_key, Count=count)


async def test_I14_a_client_token(door: SignedDoor) -> None:
    """A repeated call with the same ClientToken makes no second apply."""
    product_key = await make_product(door)
    answers = [await door.ok(ACTION, ProductKey=product_key, Count=2, ClientToken="once") for _ in range(2)]
    assert answers[0]["Data"] == answers[1]["Data"]
    await door.engine.settle()
    assert (await door.ok("QueryProduct", ProductKey=product_key))["Data"]["DeviceCount"] == 2


async def test_the_quota(door: SignedDoor) -> None:
    """Devices that are still to come count as if they were there."""
    product_key = await make_product(door)
    set_quotas(door, ACTION, devices_per_product=5)
    await door.ok(ACTION, ProductKey=product_key, Count=3)
    assert await door.refusal(ACTION, ProductKey=product_key, Count=3) == "iot.device.DeviceCountExceeded"
    await door.ok(ACTION, ProductKey=product_key, Count=2)
    await door.engine.settle()
    assert await door.refusal(ACTION, ProductKey=product_key, Count=1) == "iot.device.DeviceCountExceeded"


async def test_I15_unknown_and_foreign_products(door: SignedDoor) -> None:
    """Another account's product does not exist; both parameters are required."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    for product_key in (theirs, "k0000000404"):
        assert await door.refusal(ACTION, ProductKey=product_key, Count=1) == "iot.prod.NotExistedProduct"
    assert await door.refusal(ACTION, ProductKey="k-1", Count=1) == "iot.prod.InvalidFormattedProductkey"
    assert await door.refusal(ACTION, Count=1) == "MissingProductKey"
    assert await door.refusal(ACTION, ProductKey=theirs) == "MissingCount"


async def test_rights(door: SignedDoor) -> None:
    """The key needs the right."""
    await check_rights(door, ACTION, Permission.DEVICE_WRITE, await make_product(door), Count="1")
