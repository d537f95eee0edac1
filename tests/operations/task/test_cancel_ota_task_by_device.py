"""CancelOTATaskByDevice through the signed door (api-contract 11.1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import (
    make_device,
    make_devices,
    make_firmware,
    make_group,
    make_job,
    make_module,
    make_product,
    statuses_of,
    tasks_of,
)
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "CancelOTATaskByDevice"


async def given(door: SignedDoor, *names: str) -> dict[str, Any]:
    """A product with devices and firmware, as parameters of the call for all of them."""
    product_key = await make_product(door)
    for name in names:
        await make_device(door, product_key, name, "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    return {"ProductKey": product_key, "FirmwareId": firmware_id, "DeviceName": list(names)}


@pytest.mark.parametrize("status", ["CONFIRM", "QUEUED", "NOTIFIED", "IN_PROGRESS"])
async def test_every_open_status(status: str, door: SignedDoor, case: Case) -> None:
    """A task in any open status is cancelled and says by what; other devices' tasks are not."""
    parameters = await given(door, "lamp-1")
    product_key = parameters["ProductKey"]
    device = await make_device(door, product_key, "lamp-2", "1.0.0")
    job_id = await make_job(door, product_key, parameters["FirmwareId"], NeedConfirm=status == "CONFIRM")
    if status in ("NOTIFIED", "IN_PROGRESS"):
        await device.connect()
        await door.engine.settle()
    if status == "IN_PROGRESS":
        await device.report_progress(5)
    check_answer(await door.call(ACTION, case=case, **parameters | {"DeviceName": ["lamp-2"]}), case, {})
    tasks = await tasks_of(door, job_id)
    assert tasks["lamp-1"]["TaskStatus"] == ("CONFIRM" if status == "CONFIRM" else "QUEUED")
    assert (tasks["lamp-2"]["TaskStatus"], tasks["lamp-2"]["TaskDesc"]) == (
        "CANCELED",
        "cancelled by CancelOTATaskByDevice",
    )


async def test_only_of_the_firmware_and_the_job(door: SignedDoor) -> None:
    """Tasks for other firmware stay, and with JobId those of other jobs."""
    parameters = await given(door, "lamp-1")
    product_key = parameters["ProductKey"]
    await make_module(door, product_key, "mcu")
    other = await make_firmware(door, product_key, "3.0.0", ModuleName="mcu")
    mine = await make_job(door, product_key, parameters["FirmwareId"], MultiModuleMode=True)
    theirs = await make_job(door, product_key, other, MultiModuleMode=True)
    await door.ok(ACTION, **parameters, JobId=theirs)
    assert await statuses_of(door, mine) == {"lamp-1": "QUEUED"}
    await door.ok(ACTION, **parameters, JobId=mine)
    assert await statuses_of(door, mine) == {"lamp-1": "CANCELED"}
    assert await statuses_of(door, theirs) == {"lamp-1": "QUEUED"}


async def test_unknown_devices_are_skipped(door: SignedDoor) -> None:
    """Unknown names are skipped; when none is known, the call is refused."""
    parameters = await given(door, "lamp-1")
    job_id = await make_job(door, parameters["ProductKey"], parameters["FirmwareId"])
    code = await door.refusal(ACTION, **parameters | {"DeviceName": ["nobody-1", "nobody-2"]})
    assert code == "iot.device.NotExistedDevice"
    await door.ok(ACTION, **parameters | {"DeviceName": ["nobody-1", "lamp-1"]})
    assert await statuses_of(door, job_id) == {"lamp-1": "CANCELED"}


@pytest.mark.parametrize(("number", "code"), [(199, None), (200, None), (201, "iot.ota.TooManyDevices")])
async def test_number_of_devices_at_the_limit(number: int, code: str | None, door: SignedDoor) -> None:
    """At most 200 devices in a call."""
    parameters = await given(door)
    names = await make_devices(door, parameters["ProductKey"], 201)
    job_id = await make_job(door, parameters["ProductKey"], parameters["FirmwareId"])
    parameters["DeviceName"] = names[:number]
    if code:
        assert await door.refusal(ACTION, **parameters) == code
        return
    await door.ok(ACTION, **parameters)
    body = await door.ok("ListOTATaskByJob", JobId=job_id, TaskStatus="CANCELED", PageSize=1)
    assert body["Total"] == number


async def test_refusals(door: SignedDoor) -> None:
    """Unknown product, firmware and job, a device named twice, and nothing named."""
    parameters = await given(door, "lamp-1")
    for wrong, code in (
        ({"ProductKey": "knobody0001"}, "iot.prod.NotExistedProduct"),
        ({"FirmwareId": "999"}, "iot.ota.FirmwareNotFound"),
        ({"JobId": "999"}, "iot.ota.JobNotFound"),
        ({"DeviceName": ["lamp-1", "lamp-1"]}, "iot.ota.InvalidParameter"),
        ({"DeviceName": []}, "MissingDeviceName1"),
    ):
        assert await door.refusal(ACTION, **parameters | wrong) == code


async def test_I15_another_account(door: SignedDoor) -> None:
    """Another account's product is not found."""
    parameters = await given(door, "lamp-1")
    stranger = await door.make_key(account="other")
    assert await door.refusal(ACTION, by=stranger, **parameters) == "iot.prod.NotExistedProduct"


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key for a group cancels for the devices in it; others are unknown to it."""
    parameters = await given(door, "lamp-1", "lamp-2")
    product_key = parameters["ProductKey"]
    job_id = await make_job(door, product_key, parameters["FirmwareId"])
    key = await limited_key(door, groups=[await make_group(door, product_key, "north", "lamp-1")])
    code = await door.refusal(ACTION, by=key, **parameters | {"DeviceName": ["lamp-2"]})
    assert code == "iot.device.NotExistedDevice"
    await door.ok(ACTION, by=key, **parameters)
    assert await statuses_of(door, job_id) == {"lamp-1": "CANCELED", "lamp-2": "QUEUED"}


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to change jobs."""
    key = await key_without(door, Permission.JOB_WRITE)
    assert await door.refusal(ACTION, by=key, **await given(door, "lamp-1")) == "Forbidden.RAM"
