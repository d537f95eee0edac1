"""QueryOTAJob through the signed door (api-contract 10.5)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_group, make_job, make_product
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.wire_time import utc_text
from whimbrel.rpc.dialect import Case


async def test_a_job_in_full(door: SignedDoor, case: Case) -> None:
    """Every field that the job has; what was not set is left out until it is."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    tags = [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "灯"}]
    job_id = await make_job(door, product_key, firmware_id, Tag=tags, TimeoutInMinutes=30)
    data = {
        "JobId": job_id,
        "JobStatus": "IN_PROGRESS",
        "JobType": "UPGRADE_FIRMWARE",
        "JobDesc": "",
        "Name": "fw-1_1_0",
        "FirmwareId": firmware_id,
        "ProductKey": product_key,
        "DestVersion": "1.1.0",
        "SrcVersions": {"SrcVersion": []},
        "TargetSelection": "ALL",
        "SelectionType": "STATIC",
        "TimeoutInMinutes": 30,
        "OverwriteMode": 1,
        "MultiModuleMode": False,
        "NeedPush": True,
        "NeedConfirm": False,
        "DownloadProtocol": "HTTPS",
        "Tags": {"OtaTagDTO": tags},
        "UtcCreate": NOW_TEXT,
        "UtcModified": NOW_TEXT,
        "UtcStartTime": NOW_TEXT,
    }
    check_answer(await door.call("QueryOTAJob", case=case, JobId=job_id), case, {"Data": data})
    door.clock.at_ms = NOW_MS + 1
    await device.report_version("1.1.0")
    await door.engine.settle()
    ended = "2025-01-02T03:04:05.679Z"
    data |= {"JobStatus": "COMPLETED", "UtcModified": ended, "UtcEndTime": ended}
    check_answer(await door.call("QueryOTAJob", case=case, JobId=job_id), case, {"Data": data})


async def test_a_job_of_defaults(door: SignedDoor) -> None:
    """No timeout, no tags: the one is left out, the other an empty list in its wrapper."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), "lamp-0001")
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    assert job.keys().isdisjoint({"TimeoutInMinutes", "UtcEndTime", "RetryInterval", "GrayPercent", "GroupId"})
    assert (job["Tags"], job["TargetSelection"]) == ({"OtaTagDTO": []}, "SPECIFIC")


async def test_I10_a_job_keeps_what_it_sends(door: SignedDoor) -> None:
    """After its firmware was deleted, an ended job still shows name, version and id."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key)
    job_id = await make_job(door, product_key, firmware_id)
    await door.engine.settle()
    before = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    await door.ok("DeleteOTAFirmware", FirmwareId=firmware_id)
    assert (await door.ok("QueryOTAJob", JobId=job_id))["Data"] == before


@pytest.mark.parametrize("job_id", ["404", "0", "-1", "007", "x", "9" * 19, "9" * 64, "9" * 65])
async def test_ids_that_name_nothing(job_id: str, door: SignedDoor) -> None:
    """Ids are opaque: whatever their form, they are not found."""
    assert await door.refusal("QueryOTAJob", JobId=job_id) == "iot.ota.JobNotFound"


async def test_I15_foreign_jobs(door: SignedDoor) -> None:
    """Another account's job does not exist."""
    neighbour = await door.make_key("neighbour")
    product_key = await make_product(door, by=neighbour)
    firmware_id = await make_firmware(door, product_key, by=neighbour)
    job_id = await make_job(door, product_key, firmware_id, by=neighbour)
    assert await door.refusal("QueryOTAJob", JobId=job_id) == "iot.ota.JobNotFound"
    await door.ok("QueryOTAJob", by=neighbour, JobId=job_id)


async def test_the_id_is_required(door: SignedDoor) -> None:
    """Without it: HTTP 400."""
    assert await door.refusal("QueryOTAJob") == "MissingJobId"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not read jobs."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.JOB_READ})
    assert await door.refusal("QueryOTAJob", by=key, JobId="1") == "Forbidden.RAM"


async def test_a_scheduled_share(door: SignedDoor) -> None:
    """What only some jobs have: share, versions, schedule, retries, pace, modes."""
    product_key = await make_product(door)
    start_ms, end_ms = NOW_MS + 300_000, NOW_MS + 3_900_000
    parameters = {
        "TargetSelection": "GRAY",
        "GrayPercent": "50.00",
        "SrcVersion": ["1.0.0", "0.9"],
        "ScheduleTime": start_ms,
        "ScheduleFinishTime": end_ms,
        "RetryInterval": 10,
        "RetryCount": 2,
        "MaximumPerMinute": 500,
        "OverwriteMode": 2,
    }
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), **parameters)
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    expected = {
        "JobStatus": "PLANNED",
        "TargetSelection": "GRAY",
        "GrayPercent": "50.00",
        "SrcVersions": {"SrcVersion": ["1.0.0", "0.9"]},
        "RetryInterval": 10,
        "RetryCount": 2,
        "MaximumPerMinute": 500,
        "OverwriteMode": 2,
        "UtcScheduleTime": utc_text(start_ms),
        "UtcScheduleFinishTime": utc_text(end_ms),
    }
    assert {name: job[name] for name in expected} == expected
    assert job.keys().isdisjoint({"UtcStartTime", "UtcEndTime", "GroupId", "GroupName", "DynamicMode"})


async def test_a_job_for_a_group(door: SignedDoor) -> None:
    """A job for a group has the group's id, and its name as it was when the job was made."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    group_id = await make_group(door, product_key, "north", "lamp-0001")
    job_id = await make_job(
        door, product_key, await make_firmware(door, product_key), TargetSelection="GROUP", GroupId=group_id
    )
    await door.ok("DeleteDeviceGroup", GroupId=group_id)
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    assert (job["TargetSelection"], job["GroupId"], job["GroupName"]) == ("GROUP", group_id, "north")


async def test_a_dynamic_job(door: SignedDoor) -> None:
    """A dynamic job shows ALL, its mode and its source versions."""
    product_key = await make_product(door)
    given = {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, "DynamicMode": 2}
    made = await door.ok("CreateOTADynamicUpgradeJob", **given, SrcVersion=["1.0.0"])
    job = (await door.ok("QueryOTAJob", JobId=made["Data"]["JobId"]))["Data"]
    assert (job["SelectionType"], job["TargetSelection"], job["DynamicMode"]) == ("DYNAMIC", "ALL", 2)
    assert job["SrcVersions"] == {"SrcVersion": ["1.0.0"]}
