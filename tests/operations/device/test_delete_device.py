"""DeleteDevice through the signed door (api-contract 13.2)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.device.naming import check_naming, check_rights
from tests.operations.fleet import (
    find_device,
    job_status,
    make_device,
    make_firmware,
    make_job,
    make_product,
    tasks_of,
)
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.errors import ReportError
from whimbrel.rpc.dialect import Case

ACTION = "DeleteDevice"


async def test_a_device_is_gone(door: SignedDoor, case: Case) -> None:
    """It is in no list and answer, its login is unknown, its session ends, and the product counts one less."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0000")
    device = await make_device(door, product_key, "lamp-0001")
    iot_id = (await door.ok("QueryDeviceInfo", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]["IotId"]
    await device.connect()
    check_answer(await door.call(ACTION, case=case, IotId=iot_id), case, {})
    await door.engine.settle()
    assert device.is_revoked
    assert (await device.connect()).ends_session
    assert await door.refusal(ACTION, IotId=iot_id) == "iot.device.InvalidIoTId"
    code = await door.refusal(ACTION, ProductKey=product_key, DeviceName="lamp-0001")
    assert code == "iot.device.NotExistedDevice"
    listed = await door.ok("QueryDevice", ProductKey=product_key)
    assert ([row["DeviceName"] for row in listed["Data"]["DeviceInfo"]], listed["Total"]) == (["lamp-0000"], 1)
    assert (await door.ok("QueryProduct", ProductKey=product_key))["Data"]["DeviceCount"] == 1
    statistics = (await door.ok("QueryDeviceStatistics", ProductKey=product_key))["Data"]
    assert statistics == {"deviceCount": 1, "onlineCount": 0, "activeCount": 0}
    assert (await door.ok("QueryDeviceByStatus", Status=1))["Total"] == 0
    async with door.store.snapshot() as store:
        assert await store.devices.login(product_key, "lamp-0001") is None


async def test_no_name_finds_it(door: SignedDoor) -> None:
    """Nor does what the store keeps in place of its name, whether the device is to be read, changed or upgraded."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0001")
    kept = {"ProductKey": product_key, "DeviceName": f"lamp-0001~{device.id}"}
    for action, given in (
        ("QueryDeviceDetail", {}),
        ("DisableThing", {}),
        (ACTION, {}),
        ("SaveDeviceProp", {"Props": '{"color":"red"}'}),
    ):
        assert await door.refusal(action, **kept, **given) == "iot.device.NotExistedDevice", action
    names = {"ProductKey": product_key, "DeviceName": [kept["DeviceName"]]}
    assert (await door.ok("BatchQueryDeviceDetail", **names))["Data"] == {"Data": []}
    assert (await door.ok("BatchGetDeviceState", **names))["DeviceStatusList"] == {"DeviceStatus": []}
    target = {"FirmwareId": firmware_id, "TargetSelection": "SPECIFIC", "TargetDeviceName": [kept["DeviceName"]]}
    code = await door.refusal("CreateOTAStaticUpgradeJob", ProductKey=product_key, **target)
    assert code == "iot.device.NotExistedDevice"


async def test_its_name_may_be_given_again(door: SignedDoor) -> None:
    """The successor is another device: another IotId and secret, nothing reported."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    first = (await door.ok("QueryDeviceInfo", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0001")
    second = (await door.ok("RegisterDevice", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    assert first["IotId"] != second["IotId"]
    assert first["DeviceSecret"] != second["DeviceSecret"]
    with pytest.raises(ReportError, match="deleted"):
        await device.report_version("9.9.9")
    detail = (await door.ok("QueryDeviceDetail", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]
    assert (detail["FirmwareVersion"], detail["Status"]) == ("", "UNACTIVE")
    assert (await find_device(door, product_key, "lamp-0001")).id != device.id


async def test_its_tasks(door: SignedDoor) -> None:
    """Its open task is cancelled, with words that say why, its ended one stays, and the job ends by the others."""
    product_key = await make_product(door)
    for name in ("lamp-0001", "lamp-0002"):
        await (await make_device(door, product_key, name, "1.0.0")).connect()
    first_job = await make_job(door, product_key, await make_firmware(door, product_key, "1.1.0"))
    await door.engine.settle()
    devices = {name: await find_device(door, product_key, name) for name in ("lamp-0001", "lamp-0002")}
    await devices["lamp-0001"].report_version("1.1.0")
    await devices["lamp-0002"].report_version("1.1.0")
    await door.engine.settle()
    second_job = await make_job(door, product_key, await make_firmware(door, product_key, "1.2.0"))
    await door.engine.settle()
    await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0001")
    assert {name: task["TaskStatus"] for name, task in (await tasks_of(door, first_job)).items()} == {
        "lamp-0001": "SUCCEEDED",
        "lamp-0002": "SUCCEEDED",
    }
    task = (await tasks_of(door, second_job))["lamp-0001"]
    assert (task["TaskStatus"], task["TaskDesc"]) == ("CANCELED", "the device was deleted")
    await devices["lamp-0002"].report_version("1.2.0")
    await door.engine.settle()
    assert await job_status(door, second_job) == "COMPLETED"


async def test_a_running_fill_passes_it_over(door: SignedDoor) -> None:
    """A device that is deleted before a job's tasks are made gets none."""
    product_key = await make_product(door)
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, product_key, name, "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    await door.ok(ACTION, ProductKey=product_key, DeviceName="lamp-0002")
    job_id = await make_job(door, product_key, firmware_id)
    await door.engine.settle()
    assert list(await tasks_of(door, job_id)) == ["lamp-0001"]


async def test_it_leaves_groups_and_tags(door: SignedDoor) -> None:
    """No group counts it and no tag finds it; its successor is in no group."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    group_id = (await door.ok("CreateDeviceGroup", GroupName="group1"))["Data"]["GroupId"]
    named = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    await door.ok("BatchAddDeviceGroupRelations", GroupId=group_id, Device=[named])
    await door.ok("SaveDeviceProp", **named, Props='{"room":"kitchen"}')
    await door.ok(ACTION, **named)
    assert (await door.ok("QueryDeviceGroupInfo", GroupId=group_id))["Data"]["DeviceCount"] == 0
    found = await door.ok("QueryDeviceByTags", Tag=[{"TagKey": "room", "TagValue": "kitchen"}])
    assert found["Total"] == 0
    await door.ok("RegisterDevice", **named)
    assert (await door.ok("QueryDeviceGroupByDevice", **named))["GroupInfos"]["GroupInfo"] == []


async def test_naming_and_rights(door: SignedDoor) -> None:
    """The device is named as everywhere, and the key needs the right."""
    await check_naming(door, ACTION)
    product_key = await make_product(door, "plug")
    await make_device(door, product_key, "lamp-0001")
    await check_rights(door, ACTION, Permission.DEVICE_WRITE, product_key, DeviceName="lamp-0001")
