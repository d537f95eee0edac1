"""UpdateOTAJob through the signed door (api-contract 10.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_job, make_product, statuses_of
from tests.operations.group.keys import key_without
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "UpdateOTAJob"
STATIC = {"MaximumPerMinute": 500, "TargetSelection": "ALL", "UpgradeType": "STATIC"}
DYNAMIC = {**STATIC, "UpgradeType": "DYNAMIC"}


async def make_static(door: SignedDoor, **parameters: Any) -> str:
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1", "1.0.0")
    return await make_job(door, product_key, await make_firmware(door, product_key), **parameters)


async def make_dynamic(door: SignedDoor, product_key: str, *versions: str, **parameters: Any) -> str:
    given = {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, "SrcVersion": versions}
    job_id: str = (await door.ok("CreateOTADynamicUpgradeJob", **given, **parameters))["Data"]["JobId"]
    return job_id


async def query(door: SignedDoor, job_id: str) -> dict[str, Any]:
    data: dict[str, Any] = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    return data


async def test_pace_and_tags(door: SignedDoor, case: Case) -> None:
    """The pace and all tags are replaced; tags that are not given are cleared."""
    job_id = await make_static(door, Tag=[{"Key": "old", "Value": "1"}])
    tags = [{"Key": "new", "Value": "2"}, {"Key": "x", "Value": "值"}]
    check_answer(await door.call(ACTION, case=case, JobId=job_id, **STATIC, Tags=tags), case, {})
    job = await query(door, job_id)
    assert (job["MaximumPerMinute"], job["Tags"]) == (500, {"OtaTagDTO": tags})
    await door.ok(ACTION, JobId=job_id, **STATIC)
    assert (await query(door, job_id))["Tags"] == {"OtaTagDTO": []}


async def test_a_dynamic_job(door: SignedDoor) -> None:
    """Timeout and source versions of a dynamic job change; devices at a new version are taken, once."""
    product_key = await make_product(door)
    for name, version in (("lamp-1", "1"), ("lamp-2", "2"), ("lamp-3", "3")):
        await make_device(door, product_key, name, version)
    job_id = await make_dynamic(door, product_key, "1", TimeoutInMinutes=5)
    await door.ok(ACTION, JobId=job_id, **DYNAMIC, TimeoutInMinutes=30, SrcVersionList=["1", "2"])
    job = await query(door, job_id)
    assert (job["TimeoutInMinutes"], job["SrcVersions"]) == (30, {"SrcVersion": ["1", "2"]})
    await door.engine.settle()
    assert set(await statuses_of(door, job_id)) == {"lamp-1", "lamp-2"}
    await door.ok(ACTION, JobId=job_id, **DYNAMIC)
    job = await query(door, job_id)
    assert (job["TimeoutInMinutes"], job["SrcVersions"]) == (30, {"SrcVersion": ["1", "2"]})


async def test_source_versions_of_another_job(door: SignedDoor) -> None:
    """A version that another job of the firmware follows is a conflict."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key)
    given = {"FirmwareId": firmware_id, "ProductKey": product_key}
    await door.ok("CreateOTADynamicUpgradeJob", **given, SrcVersion=["1"])
    second = (await door.ok("CreateOTADynamicUpgradeJob", **given, SrcVersion=["2"]))["Data"]["JobId"]
    code = await door.refusal(ACTION, JobId=second, **DYNAMIC, SrcVersionList=["2", "1"])
    assert code == "iot.ota.DynamicJobConflict"


@pytest.mark.parametrize(
    "wrong",
    [
        {"MaximumPerMinute": 9},
        {"MaximumPerMinute": 10_001},
        {"TargetSelection": "SPECIFIC"},
        {"UpgradeType": "DYNAMIC"},
        {"UpgradeType": "static"},
        {"TimeoutInMinutes": 5},
        {"SrcVersionList": ["1"]},
        {"Tags": [{"Key": "k", "Value": "x"}, {"Key": "k", "Value": "y"}]},
        {"Tags": [{"Key": "a b", "Value": "x"}]},
        {"Tags": [{"Key": f"k{n}", "Value": "x"} for n in range(11)]},
    ],
    ids=lambda wrong: str(wrong)[:50],
)
async def test_refusals(wrong: dict[str, Any], door: SignedDoor) -> None:
    """What is out of range, cannot be changed, or belongs to dynamic jobs is refused."""
    job_id = await make_static(door)
    assert await door.refusal(ACTION, JobId=job_id, **STATIC | wrong) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize("pace", [10, 10_000])
async def test_pace_at_the_limits(pace: int, door: SignedDoor) -> None:
    """10 to 10,000 a minute."""
    job_id = await make_static(door)
    await door.ok(ACTION, JobId=job_id, **STATIC | {"MaximumPerMinute": pace})


@pytest.mark.parametrize("name", ["JobId", "MaximumPerMinute", "TargetSelection", "UpgradeType"])
async def test_what_is_needed(name: str, door: SignedDoor) -> None:
    """A required parameter that is missing is named."""
    parameters = {"JobId": "1", **STATIC, name: None}
    assert await door.refusal(ACTION, **parameters) == f"Missing{name}"


async def test_ended_jobs(door: SignedDoor) -> None:
    """A job that has ended, or whose strategy has, does not change any more."""
    product_key = await make_product(door)
    static = await make_job(door, product_key, await make_firmware(door, product_key, "9"))
    await door.engine.settle()
    assert await door.refusal(ACTION, JobId=static, **STATIC) == "iot.ota.JobStatusError"
    dynamic = await make_dynamic(door, product_key, "1")
    await door.ok("CancelOTAStrategyByJob", JobId=dynamic)
    assert await door.refusal(ACTION, JobId=dynamic, **DYNAMIC) == "iot.ota.JobStatusError"


async def test_I15_other_jobs(door: SignedDoor) -> None:
    """Unknown jobs and those of another account are not found alike."""
    job_id = await make_static(door)
    stranger = await door.make_key(account="other")
    assert await door.refusal(ACTION, by=stranger, JobId=job_id, **STATIC) == "iot.ota.JobNotFound"
    assert await door.refusal(ACTION, JobId="999", **STATIC) == "iot.ota.JobNotFound"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to change jobs."""
    key = await key_without(door, Permission.JOB_WRITE)
    assert await door.refusal(ACTION, by=key, JobId="1", **STATIC) == "Forbidden.RAM"
