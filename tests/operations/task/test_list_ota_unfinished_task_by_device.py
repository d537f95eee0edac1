"""ListOTAUnfinishedTaskByDevice through the signed door (api-contract 11.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import (
    make_device,
    make_firmware,
    make_group,
    make_job,
    make_module,
    make_product,
    tasks_of,
)
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "ListOTAUnfinishedTaskByDevice"


async def names_of(door: SignedDoor, **parameters: Any) -> list[str]:
    body = await door.ok(ACTION, **parameters)
    return [task["ModuleName"] for task in body["Data"]["SimpleOTATaskInfo"]]


async def make_two_tasks(door: SignedDoor) -> dict[str, str]:
    """A device with a queued task for `default` and one that waits for confirmation for `mcu`."""
    product_key = await make_product(door)
    await make_module(door, product_key, "mcu")
    await make_module(door, product_key, "idle")
    await make_device(door, product_key, "lamp-1", "1.0.0")
    mcu = await make_firmware(door, product_key, "3.0.0", ModuleName="mcu")
    await make_job(door, product_key, await make_firmware(door, product_key), MultiModuleMode=True)
    await make_job(door, product_key, mcu, MultiModuleMode=True, NeedConfirm=True)
    return {"ProductKey": product_key, "DeviceName": "lamp-1"}


async def test_a_task(door: SignedDoor, case: Case) -> None:
    """Every field of an open task, with its module and without progress, description and timeout."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-1", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    job_id = await make_job(door, product_key, firmware_id)
    task = (await tasks_of(door, job_id))["lamp-1"]
    row = {
        "TaskId": task["TaskId"],
        "JobId": job_id,
        "FirmwareId": firmware_id,
        "ProductKey": product_key,
        "ProductName": "lamp",
        "DeviceName": "lamp-1",
        "IotId": task["IotId"],
        "ModuleName": "default",
        "SrcVersion": "1.0.0",
        "DestVersion": "1.1.0",
        "TaskStatus": "QUEUED",
        "UtcCreate": NOW_TEXT,
        "UtcModified": NOW_TEXT,
    }
    answer = await door.call(ACTION, case=case, ProductKey=product_key, DeviceName="lamp-1")
    check_answer(answer, case, {"Data": {"SimpleOTATaskInfo": [row]}})
    assert await names_of(door, IotId=task["IotId"], ProductKey="x", DeviceName="x") == ["default"]
    await device.report_version("1.1.0")
    assert await names_of(door, IotId=task["IotId"]) == []


@pytest.mark.parametrize(
    ("narrowed", "names"),
    [
        ({}, ["default", "mcu"]),
        ({"ModuleName": "mcu"}, ["mcu"]),
        ({"ModuleName": "default"}, ["default"]),
        ({"ModuleName": "idle"}, []),
        ({"TaskStatus": "QUEUED"}, ["default"]),
        ({"TaskStatus": "NOTIFIED"}, []),
        ({"TaskStatus": "QUEUED", "TaskStatusList": ["CONFIRM"]}, ["mcu"]),
        ({"TaskStatusList": ["CONFIRM", "QUEUED", "NOTIFIED", "IN_PROGRESS"]}, ["default", "mcu"]),
        ({"TaskStatusList": ["QUEUED"], "ModuleName": "mcu"}, []),
    ],
    ids=str,
)
async def test_what_narrows(narrowed: dict[str, Any], names: list[str], door: SignedDoor) -> None:
    """By module, and by statuses, of which the list is preferred."""
    assert await names_of(door, **await make_two_tasks(door), **narrowed) == names


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"ModuleName": "nothing"}, "iot.ota.ModuleNotFound"),
        ({"TaskStatus": "SUCCEEDED"}, "iot.ota.InvalidParameter"),
        ({"TaskStatusList": ["FAILED"]}, "iot.ota.InvalidParameter"),
        ({"TaskStatusList": ["QUEUED"] * 5}, "iot.ota.InvalidParameter"),
        ({"DeviceName": "nobody"}, "iot.device.NotExistedDevice"),
        ({"DeviceName": None}, "iot.device.NullDeviceName"),
        ({"ProductKey": "knobody0001"}, "iot.prod.NotExistedProduct"),
        ({"IotId": "nobody"}, "iot.device.InvalidIoTId"),
    ],
    ids=str,
)
async def test_refusals(wrong: dict[str, Any], code: str, door: SignedDoor) -> None:
    """Unknown devices and modules, and statuses that are not open."""
    assert await door.refusal(ACTION, **await make_two_tasks(door) | wrong) == code


async def test_I15_another_account(door: SignedDoor) -> None:
    """Another account's device is not found."""
    given = await make_two_tasks(door)
    stranger = await door.make_key(account="other")
    assert await door.refusal(ACTION, by=stranger, **given) == "iot.prod.NotExistedProduct"


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key for a group sees its devices' tasks alone."""
    given = await make_two_tasks(door)
    product_key = given["ProductKey"]
    await make_device(door, product_key, "lamp-2", "1.0.0")
    key = await limited_key(door, groups=[await make_group(door, product_key, "north", "lamp-1")])
    await door.ok(ACTION, by=key, **given)
    code = await door.refusal(ACTION, by=key, **given | {"DeviceName": "lamp-2"})
    assert code == "iot.device.NotExistedDevice"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to read jobs."""
    key = await key_without(door, Permission.JOB_READ)
    assert await door.refusal(ACTION, by=key, IotId="x") == "Forbidden.RAM"
