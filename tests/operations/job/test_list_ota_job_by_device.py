"""ListOTAJobByDevice through the signed door (api-contract 10.9)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_group, make_job, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "ListOTAJobByDevice"
FIRST_PAGE = {"CurrentPage": 1, "PageSize": 100}


async def test_a_page(door: SignedDoor, case: Case) -> None:
    """Every field of a job, as ListOTAJobByFirmware answers it."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    job_id = await make_job(door, product_key, firmware_id, "lamp-0001")
    row = {
        "JobId": job_id,
        "FirmwareId": firmware_id,
        "ProductKey": product_key,
        "JobStatus": "IN_PROGRESS",
        "JobType": "UPGRADE_FIRMWARE",
        "TargetSelection": "SPECIFIC",
        "SelectionType": "STATIC",
        "Tags": {"OtaTagDTO": []},
        "UtcCreate": NOW_TEXT,
        "UtcModified": NOW_TEXT,
        "UtcStartTime": NOW_TEXT,
    }
    paging = {"Total": 1, "PageCount": 1, "PageSize": 100, "CurrentPage": 1}
    given = {"ProductKey": product_key, "DeviceName": "lamp-0001", "FirmwareId": firmware_id, **FIRST_PAGE}
    check_answer(await door.call(ACTION, case=case, **given), case, {**paging, "Data": {"SimpleOTAJobInfo": [row]}})


async def test_pages(door: SignedDoor) -> None:
    """Newest first; jobs without a task for the device, and jobs of other firmware, are not in it."""
    product_key = await make_product(door)
    for name in ("lamp-1", "lamp-2"):
        await make_device(door, product_key, name, "1.0.0")
    firmware_id, other = [await make_firmware(door, product_key, version) for version in ("1.1.0", "1.2.0")]
    jobs = [await make_job(door, product_key, firmware_id, "lamp-1", "lamp-2") for _ in range(3)]
    await make_job(door, product_key, firmware_id, "lamp-2")
    await make_job(door, product_key, other, "lamp-1")
    given = {"ProductKey": product_key, "DeviceName": "lamp-1", "FirmwareId": firmware_id, "PageSize": 2}
    seen = []
    for page in (1, 2, 3):
        body = await door.ok(ACTION, **given, CurrentPage=page)
        assert (body["Total"], body["PageCount"]) == (3, 2)
        seen += [job["JobId"] for job in body["Data"]["SimpleOTAJobInfo"]]
    assert seen == jobs[::-1]


@pytest.mark.parametrize(("page", "size"), [(0, 10), (1, 0), (1, 101)])
async def test_pages_out_of_range(page: int, size: int, door: SignedDoor) -> None:
    """CurrentPage from 1, PageSize 1 to 100."""
    given = {"ProductKey": "k", "DeviceName": "lamp-1", "FirmwareId": "1", "CurrentPage": page, "PageSize": size}
    assert await door.refusal(ACTION, **given) == "iot.common.InvalidPageParams"


async def test_what_is_not_there(door: SignedDoor) -> None:
    """Unknown product, device and firmware, and firmware of another product, are refused by their codes."""
    product_key, plugs = await make_product(door), await make_product(door, "plug")
    await make_device(door, product_key, "lamp-1", "1.0.0")
    firmware_id, of_plugs = await make_firmware(door, product_key), await make_firmware(door, plugs, "9")
    given = {"ProductKey": product_key, "DeviceName": "lamp-1", "FirmwareId": firmware_id, **FIRST_PAGE}
    for wrong, code in (
        ({"ProductKey": "knobody0001"}, "iot.prod.NotExistedProduct"),
        ({"DeviceName": "nobody"}, "iot.device.NotExistedDevice"),
        ({"FirmwareId": "999"}, "iot.ota.FirmwareNotFound"),
        ({"FirmwareId": of_plugs}, "iot.ota.FirmwareNotFound"),
    ):
        assert await door.refusal(ACTION, **given | wrong) == code
    stranger = await door.make_key(account="other")
    assert await door.refusal(ACTION, by=stranger, **given) == "iot.prod.NotExistedProduct"


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key for a group sees the jobs of the devices in it, and of no others."""
    product_key = await make_product(door)
    for name in ("lamp-1", "lamp-2"):
        await make_device(door, product_key, name, "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    key = await limited_key(door, groups=[await make_group(door, product_key, "north", "lamp-1")])
    given = {"ProductKey": product_key, "FirmwareId": firmware_id, **FIRST_PAGE}
    await door.ok(ACTION, by=key, **given, DeviceName="lamp-1")
    assert await door.refusal(ACTION, by=key, **given, DeviceName="lamp-2") == "iot.device.NotExistedDevice"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to read jobs."""
    key = await key_without(door, Permission.JOB_READ)
    given = {"ProductKey": "k", "DeviceName": "lamp-1", "FirmwareId": "1", **FIRST_PAGE}
    assert await door.refusal(ACTION, by=key, **given) == "Forbidden.RAM"
