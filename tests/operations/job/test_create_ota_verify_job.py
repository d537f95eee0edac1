"""CreateOTAVerifyJob through the signed door (api-contract 10.1, 7.2). Verdicts are proved in `test_ends.py`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import (
    firmware_status,
    make_device,
    make_devices,
    make_firmware,
    make_group,
    make_product,
    make_verify_job,
    statuses_of,
)
from tests.operations.group.keys import limited_key
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "CreateOTAVerifyJob"


async def given(door: SignedDoor, **changes: Any) -> dict[str, Any]:
    """Parameters of a verification on lamp-0001, which is at 1.0.0, in a new product."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    firmware_id = await make_firmware(door, product_key, NeedToVerify=True)
    return {"FirmwareId": firmware_id, "ProductKey": product_key, "TargetDeviceName": ["lamp-0001"], **changes}


async def test_a_verify_job(door: SignedDoor, case: Case) -> None:
    """The id and time are answered; the firmware is verifying from now on."""
    parameters = await given(door)
    answer = await door.call(ACTION, case=case, **parameters)
    async with door.store.snapshot() as store:
        (state,) = await store.jobs.running(0, 10)
    check_answer(answer, case, {"Data": {"JobId": str(state.job.id), "UtcCreate": NOW_TEXT}})
    assert await firmware_status(door, parameters["FirmwareId"]) == 2


async def test_every_parameter(door: SignedDoor) -> None:
    """All are taken, and shown by QueryOTAJob."""
    extra = {"TimeoutInMinutes": 5, "NeedPush": False, "NeedConfirm": True, "DownloadProtocol": "HTTPS"}
    created = await door.ok(ACTION, **await given(door, **extra, Tag=[{"Key": "a", "Value": "b"}]))
    job = (await door.ok("QueryOTAJob", JobId=created["Data"]["JobId"]))["Data"]
    shown = {"JobType": "VERIFY_FIRMWARE", "TargetSelection": "SPECIFIC", "JobStatus": "IN_PROGRESS"}
    assert job.items() >= (extra | shown).items()
    assert job["Tags"] == {"OtaTagDTO": [{"Key": "a", "Value": "b"}]}


@pytest.mark.parametrize("number", [1, 2, 9, 10])
async def test_number_of_devices_at_the_limits(number: int, door: SignedDoor) -> None:
    """1 to 10 test devices."""
    product_key = await make_product(door)
    names = await make_devices(door, product_key, number)
    firmware_id = await make_firmware(door, product_key, NeedToVerify=True)
    job_id = await make_verify_job(door, product_key, firmware_id, *names)
    assert await statuses_of(door, job_id) == dict.fromkeys(names, "QUEUED")


async def test_too_many_devices(door: SignedDoor) -> None:
    """11 are too many (api-contract 5.3)."""
    parameters = await given(door, TargetDeviceName=[f"lamp-{number:04d}" for number in range(11)])
    assert await door.refusal(ACTION, **parameters) == "iot.ota.TooManyDevices"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"FirmwareId": ""}, "MissingFirmwareId"),
        ({"ProductKey": ""}, "MissingProductKey"),
        ({"TargetDeviceName": []}, "MissingTargetDeviceName1"),
        ({"TargetDeviceName": ["lamp-0001", "lamp-0001"]}, "iot.ota.InvalidParameter"),
        ({"TargetDeviceName": ["lamp-0001", "lamp-0404"]}, "iot.device.NotExistedDevice"),
        ({"TimeoutInMinutes": 0}, "iot.ota.InvalidParameter"),
        ({"TimeoutInMinutes": 1441}, "iot.ota.InvalidParameter"),
        ({"Tag": [{"Key": "!", "Value": "x"}]}, "iot.ota.InvalidParameter"),
        ({"FirmwareId": "404"}, "iot.ota.FirmwareNotFound"),
        ({"ProductKey": "k404"}, "iot.prod.NotExistedProduct"),
    ],
    ids=str,
)
async def test_declared_refusals(changes: dict[str, Any], code: str, door: SignedDoor) -> None:
    """Each with its code, and the firmware stays unverified."""
    assert await door.refusal(ACTION, **await given(door, **changes)) == code


async def test_no_device_left(door: SignedDoor) -> None:
    """Only devices at DestVersion are named: no job, and the firmware is not verifying."""
    parameters = await given(door, TargetDeviceName=["lamp-0002"])
    await make_device(door, parameters["ProductKey"], "lamp-0002", "1.1.0")
    assert await door.refusal(ACTION, **parameters) == "iot.ota.NoTargetDevice"


async def test_firmware_that_needs_no_verification(door: SignedDoor) -> None:
    """Status -1 is refused."""
    parameters = await given(door)
    free = await make_firmware(door, parameters["ProductKey"], "1.2.0")
    assert await door.refusal(ACTION, **(parameters | {"FirmwareId": free})) == "iot.ota.FirmwareAlreadyVerified"


async def test_verifying_and_verified_firmware_is_refused(door: SignedDoor) -> None:
    """Status 2 and status 1 each have their code."""
    parameters = await given(door)
    device = await make_device(door, parameters["ProductKey"], "lamp-0002", "1.0.0")
    parameters["TargetDeviceName"] = ["lamp-0002"]
    await door.ok(ACTION, **parameters)
    other = parameters | {"TargetDeviceName": ["lamp-0001"]}
    assert await door.refusal(ACTION, **other) == "iot.ota.FirmwareVerifying"
    await device.report_version("1.1.0")
    await door.engine.settle()
    assert await door.refusal(ACTION, **other) == "iot.ota.FirmwareAlreadyVerified"


async def test_simultaneous_verifications(door: SignedDoor) -> None:
    """Of three at once one starts."""
    parameters = await given(door)
    answers = await asyncio.gather(*(door.call(ACTION, **parameters) for _ in range(3)))
    assert sorted(answer.code for answer in answers) == ["", *["iot.ota.FirmwareVerifying"] * 2]


async def test_firmware_of_another_product(door: SignedDoor) -> None:
    """The firmware must be the product's."""
    parameters = await given(door)
    other = await make_product(door, "plug")
    await make_device(door, other, "lamp-0001")
    assert await door.refusal(ACTION, **(parameters | {"ProductKey": other})) == "iot.ota.FirmwareNotFound"


async def test_I15_foreign_objects(door: SignedDoor) -> None:
    """Another account's product and firmware do not exist."""
    parameters = await given(door)
    neighbour = await door.make_key("neighbour")
    code = await door.refusal(ACTION, by=neighbour, **parameters)
    assert code == "iot.prod.NotExistedProduct"
    theirs = await make_product(door, by=neighbour)
    code = await door.refusal(ACTION, by=neighbour, **(parameters | {"ProductKey": theirs}))
    assert code == "iot.ota.FirmwareNotFound"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not start verifications."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.JOB_WRITE})
    assert await door.refusal(ACTION, by=key, **await given(door)) == "Forbidden.RAM"


async def test_A06_a_key_for_a_group_verifies_nothing(door: SignedDoor) -> None:
    """A verdict on its own devices would release the firmware to all of the product's."""
    parameters = await given(door)
    group_id = await make_group(door, parameters["ProductKey"], "north_hall", "lamp-0001")
    key = await limited_key(door, groups=[group_id])
    assert await door.refusal(ACTION, by=key, **parameters) == "iot.ota.FirmwareNotFound"
    await door.ok(ACTION, by=await limited_key(door, products=[parameters["ProductKey"]]), **parameters)
