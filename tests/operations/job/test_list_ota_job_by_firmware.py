"""ListOTAJobByFirmware through the signed door (api-contract 10.8)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_job, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "ListOTAJobByFirmware"


async def test_a_page(door: SignedDoor, case: Case) -> None:
    """Every field of a job, with its tags; what has not come yet is left out."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    job_id = await make_job(door, product_key, firmware_id, Tag=[{"Key": "k", "Value": "v"}])
    row = {
        "JobId": job_id,
        "FirmwareId": firmware_id,
        "ProductKey": product_key,
        "JobStatus": "IN_PROGRESS",
        "JobType": "UPGRADE_FIRMWARE",
        "TargetSelection": "ALL",
        "SelectionType": "STATIC",
        "Tags": {"OtaTagDTO": [{"Key": "k", "Value": "v"}]},
        "UtcCreate": NOW_TEXT,
        "UtcModified": NOW_TEXT,
        "UtcStartTime": NOW_TEXT,
    }
    paging = {"Total": 1, "PageCount": 1, "PageSize": 200, "CurrentPage": 1}
    answer = await door.call(ACTION, case=case, FirmwareId=firmware_id, CurrentPage=1, PageSize=200)
    check_answer(answer, case, {**paging, "Data": {"SimpleOTAJobInfo": [row]}})


async def test_pages(door: SignedDoor) -> None:
    """Newest first, of this firmware alone; a page beyond the end is empty."""
    product_key = await make_product(door)
    firmware_id, other = [await make_firmware(door, product_key, version) for version in ("1.1.0", "1.2.0")]
    jobs = [await make_job(door, product_key, firmware_id) for _ in range(5)]
    await make_job(door, product_key, other)
    seen = []
    for page in (1, 2, 3, 4):
        body = await door.ok(ACTION, FirmwareId=firmware_id, CurrentPage=page, PageSize=2)
        assert (body["Total"], body["PageCount"]) == (5, 3)
        seen.append([job["JobId"] for job in body["Data"]["SimpleOTAJobInfo"]])
    assert seen == [jobs[:2:-1], jobs[2:0:-1], jobs[:1], []]


@pytest.mark.parametrize(("page", "size"), [(0, 10), (-1, 10), (1, 0), (1, 201), (1_000_000_001, 1), ("x", 1)], ids=str)
async def test_pages_out_of_range(page: object, size: int, door: SignedDoor) -> None:
    """CurrentPage from 1, PageSize 1 to 200."""
    firmware_id = await make_firmware(door, await make_product(door))
    code = await door.refusal(ACTION, FirmwareId=firmware_id, CurrentPage=page, PageSize=size)
    assert code == "iot.common.InvalidPageParams"


async def test_I15_other_firmware(door: SignedDoor) -> None:
    """Unknown firmware and another account's are not found alike."""
    stranger = await door.make_key(account="other")
    theirs = await make_firmware(door, await make_product(door, by=stranger), by=stranger)
    for firmware_id in ("999", "x", theirs):
        code = await door.refusal(ACTION, FirmwareId=firmware_id, CurrentPage=1, PageSize=1)
        assert code == "iot.ota.FirmwareNotFound"


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key for the product may list its jobs; one for another product or for groups alone may not."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key)
    parameters = {"FirmwareId": firmware_id, "CurrentPage": 1, "PageSize": 1}
    await door.ok(ACTION, by=await limited_key(door, products=[product_key]), **parameters)
    key = await limited_key(door, products=["kother00001"])
    assert await door.refusal(ACTION, by=key, **parameters) == "iot.ota.FirmwareNotFound"
    assert await door.refusal(ACTION, by=await limited_key(door, groups=["g"]), **parameters) == "Forbidden.RAM"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to read jobs."""
    key = await key_without(door, Permission.JOB_READ)
    assert await door.refusal(ACTION, by=key, FirmwareId="1", CurrentPage=1, PageSize=1) == "Forbidden.RAM"
