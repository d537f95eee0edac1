"""BatchRegisterDeviceWithApplyId through the signed door (api-contract 13.2)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.device.applies import check_apply_naming, checked, status_of
from tests.operations.device.naming import check_rights
from tests.operations.fleet import make_device, make_product, set_quotas
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "BatchRegisterDeviceWithApplyId"


async def test_checked_names_become_devices(door: SignedDoor, case: Case) -> None:
    """Answered at once; the devices follow with the names and nicknames that were checked."""
    product_key = await make_product(door)
    listed = [{"DeviceName": "lamp-0001", "DeviceNickname": "灯泡"}, {"DeviceName": "lamp-0002"}]
    body = await door.ok("BatchCheckDeviceNames", ProductKey=product_key, DeviceNameList=listed)
    apply_id = body["Data"]["ApplyId"]
    answer = await door.call(ACTION, case=case, ProductKey=product_key, ApplyId=apply_id)
    check_answer(answer, case, {"Data": {"ApplyId": apply_id}})
    await door.engine.settle()
    assert (await status_of(door, product_key, apply_id))["Status"] == "CREATE_SUCCESS"
    rows = (await door.ok("QueryDevice", ProductKey=product_key))["Data"]["DeviceInfo"]
    assert [(row["DeviceName"], row["Nickname"]) for row in rows] == [("lamp-0002", ""), ("lamp-0001", "灯泡")]


async def test_once(door: SignedDoor) -> None:
    """While it runs and after its end an apply is not registered again, nor when its check failed."""
    product_key = await make_product(door)
    apply_id = await checked(door, product_key, "lamp-0001")
    await door.ok(ACTION, ProductKey=product_key, ApplyId=apply_id)
    code = await door.refusal(ACTION, ProductKey=product_key, ApplyId=apply_id)
    assert code == "iot.device.CreateDeviceTaskIsRunning"
    await door.engine.settle()
    failed = await checked(door, product_key, "lamp-0001")
    for refused in (apply_id, failed):
        code = await door.refusal(ACTION, ProductKey=product_key, ApplyId=refused)
        assert code == "iot.device.ApplyManyDevicesFailed"


async def test_a_name_that_was_taken_since_the_check(door: SignedDoor) -> None:
    """The others are registered, and the status says which was not and why."""
    product_key = await make_product(door)
    apply_id = await checked(door, product_key, "lamp-0001", "lamp-0002")
    await make_device(door, product_key, "lamp-0002")
    await door.ok(ACTION, ProductKey=product_key, ApplyId=apply_id)
    await door.engine.settle()
    data = await status_of(door, product_key, apply_id)
    assert (data["Status"], data["ValidList"], data["InvalidList"]) == (
        "CREATE_FAILED",
        {"Name": ["lamp-0001"]},
        {"Name": ["lamp-0002"]},
    )


async def test_the_quota(door: SignedDoor) -> None:
    """An apply that does not fit is refused, and can be registered when there is room."""
    product_key = await make_product(door)
    set_quotas(door, ACTION, "BatchCheckDeviceNames", "RegisterDevice", "DeleteDevice", devices_per_product=2)
    await door.ok("RegisterDevice", ProductKey=product_key, DeviceName="lamp-0000")
    apply_id = await checked(door, product_key, "lamp-0001", "lamp-0002")
    code = await door.refusal(ACTION, ProductKey=product_key, ApplyId=apply_id)
    assert code == "iot.device.DeviceCountExceeded"
    await door.ok("DeleteDevice", ProductKey=product_key, DeviceName="lamp-0000")
    await door.ok(ACTION, ProductKey=product_key, ApplyId=apply_id)


async def test_naming(door: SignedDoor) -> None:
    """The apply must be the caller's and the product's."""
    await check_apply_naming(door, ACTION)


async def test_rights(door: SignedDoor) -> None:
    """The key needs the right."""
    product_key = await make_product(door)
    apply_id = await checked(door, product_key, "lamp-0001")
    await check_rights(door, ACTION, Permission.DEVICE_WRITE, product_key, ApplyId=str(apply_id))
