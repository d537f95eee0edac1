"""CreateOTADynamicUpgradeJob through the signed door (api-contract 10.3, 7.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import (
    job_status,
    make_device,
    make_devices,
    make_firmware,
    make_group,
    make_product,
    statuses_of,
)
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "CreateOTADynamicUpgradeJob"
DYNAMIC = {"GroupType": "LINK_PLATFORM_DYNAMIC"}


async def given(door: SignedDoor, **parameters: Any) -> dict[str, Any]:
    product_key = await make_product(door)
    return {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, **parameters}


async def make_dynamic_group(door: SignedDoor, product_key: str, name: str = "dynamic", like: str = "lamp-%") -> str:
    expression = f'product_key = "{product_key}" and name LIKE "{like}"'
    made = await door.ok("CreateDeviceDynamicGroup", GroupName=name, DynamicGroupExpression=expression)
    group_id: str = made["Data"]["GroupId"]
    return group_id


async def test_a_job(door: SignedDoor, case: Case) -> None:
    """The answer is the job's id and its time; the job runs, also without any device."""
    answer = await door.call(ACTION, case=case, **await given(door, SrcVersion=["1.0.0"]))
    job_id = answer.json()["Data" if case is Case.PASCAL else "data"]["JobId" if case is Case.PASCAL else "jobId"]
    check_answer(answer, case, {"Data": {"JobId": job_id, "UtcCreate": NOW_TEXT}})
    await door.engine.settle()
    assert await job_status(door, job_id) == "IN_PROGRESS"


@pytest.mark.parametrize(("mode", "names"), [(1, {"lamp-1"}), (2, set())])
async def test_devices_of_now(mode: int, names: set[str], door: SignedDoor) -> None:
    """DynamicMode 1 takes the devices that report the version now, 2 none of them."""
    parameters = await given(door, SrcVersion=["1.0.0"], DynamicMode=mode)
    for name, version in (("lamp-1", "1.0.0"), ("lamp-2", "0.9"), ("lamp-3", None)):
        await make_device(door, parameters["ProductKey"], name, version)
    job_id = (await door.ok(ACTION, **parameters))["Data"]["JobId"]
    await door.engine.settle()
    assert set(await statuses_of(door, job_id)) == names


async def test_devices_of_a_dynamic_group(door: SignedDoor) -> None:
    """The product's devices that follow the group's rule, whatever version they report."""
    parameters = await given(door)
    product_key = parameters["ProductKey"]
    for name, version in (("lamp-1", "1.0.0"), ("lamp-2", None), ("lamp-3", "1.1.0"), ("plug-1", "1.0.0")):
        await make_device(door, product_key, name, version)
    group_id = await make_dynamic_group(door, product_key)
    job_id = (await door.ok(ACTION, **parameters, GroupId=group_id, **DYNAMIC))["Data"]["JobId"]
    await door.engine.settle()
    assert set(await statuses_of(door, job_id)) == {"lamp-1", "lamp-2"}
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    assert (job["TargetSelection"], job["GroupId"], job["GroupName"]) == ("ALL", group_id, "dynamic")


async def test_thousands_of_now(door: SignedDoor) -> None:
    """A large fleet is taken behind the answer, each device once."""
    parameters = await given(door)
    await make_devices(door, parameters["ProductKey"], 1_200)
    group_id = await make_dynamic_group(door, parameters["ProductKey"], like="device-%")
    job_id = (await door.ok(ACTION, **parameters, GroupId=group_id, **DYNAMIC))["Data"]["JobId"]
    await door.engine.settle()
    assert (await door.ok("ListOTATaskByJob", JobId=job_id, PageSize=1))["Total"] == 1_200


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({}, "iot.ota.MissingParameter"),
        ({"SrcVersion": ["1"], "GroupId": "g", **DYNAMIC}, "iot.ota.InvalidParameter"),
        ({"SrcVersion": ["1"], **DYNAMIC}, "iot.ota.InvalidParameter"),
        ({"GroupId": "g"}, "iot.ota.MissingParameter"),
        ({"GroupId": "g", "GroupType": "LINK_PLATFORM"}, "iot.ota.InvalidParameter"),
        ({"GroupId": "g", **DYNAMIC}, "iot.group.NotExistedGroup"),
        ({"SrcVersion": ["1", "1"]}, "iot.ota.InvalidParameter"),
        ({"SrcVersion": [str(n) for n in range(11)]}, "iot.ota.InvalidParameter"),
        ({"SrcVersion": ["1"], "DynamicMode": 3}, "iot.ota.InvalidParameter"),
        ({"SrcVersion": ["1"], "RetryInterval": 10}, "iot.ota.MissingParameter"),
        ({"SrcVersion": ["1"], "DownloadProtocol": "FTP"}, "iot.ota.InvalidParameter"),
        ({"SrcVersion": ["1"], "FirmwareId": "999"}, "iot.ota.FirmwareNotFound"),
        ({"SrcVersion": ["1"], "ProductKey": "knobody0001"}, "iot.prod.NotExistedProduct"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_refusals(wrong: dict[str, Any], code: str, door: SignedDoor) -> None:
    """SrcVersion or a dynamic group, and everything in its range."""
    assert await door.refusal(ACTION, **await given(door) | wrong) == code


async def test_a_static_group_is_none(door: SignedDoor) -> None:
    """A static group is not found as a dynamic one."""
    parameters = await given(door)
    group_id = await make_group(door, parameters["ProductKey"], "static")
    assert await door.refusal(ACTION, **parameters, GroupId=group_id, **DYNAMIC) == "iot.group.NotExistedGroup"


async def test_I10_unverified_firmware(door: SignedDoor) -> None:
    """Firmware that needs verification is refused before it has it."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key, NeedToVerify=True)
    parameters = {"FirmwareId": firmware_id, "ProductKey": product_key, "SrcVersion": ["1"]}
    assert await door.refusal(ACTION, **parameters) == "iot.ota.FirmwareNotVerified"


async def test_of_a_difference(door: SignedDoor) -> None:
    """Of difference firmware the source version is its own."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key, Type=1, SrcVersion="1.0.0")
    parameters = {"FirmwareId": firmware_id, "ProductKey": product_key}
    assert await door.refusal(ACTION, **parameters, SrcVersion=["0.9"]) == "iot.ota.InvalidParameter"
    await door.ok(ACTION, **parameters, SrcVersion=["1.0.0"])


async def test_one_job_for_a_version_of_a_firmware(door: SignedDoor) -> None:
    """A second dynamic job of the firmware for a version is a conflict, until the first has ended; others are not."""
    parameters = await given(door)
    first = (await door.ok(ACTION, **parameters, SrcVersion=["1", "2"]))["Data"]["JobId"]
    assert await door.refusal(ACTION, **parameters, SrcVersion=["3", "2"]) == "iot.ota.DynamicJobConflict"
    await door.ok(ACTION, **parameters, SrcVersion=["3"])
    other = await make_firmware(door, parameters["ProductKey"], "1.2.0")
    await door.ok(ACTION, **parameters | {"FirmwareId": other}, SrcVersion=["1"])
    await door.ok("CancelOTAStrategyByJob", JobId=first)
    await door.ok(ACTION, **parameters, SrcVersion=["2"])


async def test_jobs_of_one_group_agree(door: SignedDoor) -> None:
    """Jobs for a group agree in their modes; a firmware has one for it."""
    parameters = await given(door)
    group_id = await make_dynamic_group(door, parameters["ProductKey"])
    rule = {"GroupId": group_id, **DYNAMIC}
    await door.ok(ACTION, **parameters, **rule, MultiModuleMode=True)
    assert await door.refusal(ACTION, **parameters, **rule, MultiModuleMode=True) == "iot.ota.DynamicJobConflict"
    parameters["FirmwareId"] = await make_firmware(door, parameters["ProductKey"], "1.2.0")
    for modes in ({}, {"OverwriteMode": 2}):
        assert await door.refusal(ACTION, **parameters, **rule, **modes) == "iot.ota.DynamicJobConflict"
    await door.ok(ACTION, **parameters, **rule, MultiModuleMode=True)


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key for a group makes jobs for this group only; one for the product also for versions."""
    parameters = await given(door)
    product_key = parameters["ProductKey"]
    mine, theirs = [await make_dynamic_group(door, product_key, name) for name in ("mine", "theirs")]
    key = await limited_key(door, groups=[mine])
    assert await door.refusal(ACTION, by=key, **parameters, SrcVersion=["1"]) == "Forbidden.RAM"
    code = await door.refusal(ACTION, by=key, **parameters, GroupId=theirs, **DYNAMIC)
    assert code == "iot.group.NotExistedGroup"
    await door.ok(ACTION, by=key, **parameters, GroupId=mine, **DYNAMIC)
    await door.ok(ACTION, by=await limited_key(door, products=[product_key]), **parameters, SrcVersion=["1"])


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to make jobs."""
    key = await key_without(door, Permission.JOB_WRITE)
    assert await door.refusal(ACTION, by=key, FirmwareId="1", ProductKey="k", SrcVersion=["1"]) == "Forbidden.RAM"
