"""What keys that are limited to products or groups may do with jobs (threat-model A06)."""

from __future__ import annotations

from tests.operations.fleet import make_device, make_firmware, make_group, make_job, make_product, tasks_of, upload_list
from tests.operations.group.keys import limited_key
from tests.operations.signed_door import SignedDoor

CREATE = "CreateOTAStaticUpgradeJob"


async def test_a_key_for_a_group(door: SignedDoor) -> None:
    """It makes jobs for its group, or for devices named that are all in it; nothing that could reach others."""
    product_key = await make_product(door)
    for name in ("lamp-1", "lamp-2"):
        await make_device(door, product_key, name, "1.0.0")
    mine = await make_group(door, product_key, "mine", "lamp-1")
    theirs = await make_group(door, product_key, "theirs", "lamp-2")
    key = await limited_key(door, groups=[mine])
    given = {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key}
    url = await upload_list(door, b"lamp-1\n", by=key)
    for selection in (
        {"TargetSelection": "ALL"},
        {"TargetSelection": "GRAY", "GrayPercent": "1"},
        {"TargetSelection": "SPECIFIC", "DnListFileUrl": url},
    ):
        assert await door.refusal(CREATE, by=key, **given, **selection) == "Forbidden.RAM"
    selection = {"TargetSelection": "SPECIFIC", "TargetDeviceName": ["lamp-1", "lamp-2"]}
    assert await door.refusal(CREATE, by=key, **given, **selection) == "iot.device.NotExistedDevice"
    selection = {"TargetSelection": "GROUP", "GroupId": theirs}
    assert await door.refusal(CREATE, by=key, **given, **selection) == "iot.group.NotExistedGroup"
    await door.ok(CREATE, by=key, **given, TargetSelection="SPECIFIC", TargetDeviceName=["lamp-1"])
    await door.ok(CREATE, by=key, **given, TargetSelection="GROUP", GroupId=mine)


async def test_jobs_and_tasks_of_others(door: SignedDoor) -> None:
    """A key for a group finds the jobs for its group, and no others nor their tasks."""
    product_key = await make_product(door)
    for name in ("lamp-1", "lamp-2"):
        await make_device(door, product_key, name, "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    mine, theirs = [await make_group(door, product_key, f"group{n}", f"lamp-{n}") for n in (1, 2)]
    key = await limited_key(door, groups=[mine])
    selection = {"TargetSelection": "GROUP", "TargetDeviceName": None, "NeedConfirm": True}
    jobs = [await make_job(door, product_key, firmware_id, **selection, GroupId=group) for group in (mine, theirs)]
    ids = [next(iter((await tasks_of(door, job)).values()))["TaskId"] for job in jobs]
    await door.ok("QueryOTAJob", by=key, JobId=jobs[0])
    for action in ("QueryOTAJob", "ListOTATaskByJob"):
        assert await door.refusal(action, by=key, JobId=jobs[1]) == "iot.ota.JobNotFound"
    code = await door.refusal("CancelOTATaskByJob", by=key, JobId=jobs[1], CancelQueuedTask=True)
    assert code == "iot.ota.JobNotFound"
    assert await door.refusal("ConfirmOTATask", by=key, TaskId=[ids[1]]) == "iot.ota.TaskNotFound"
    await door.ok("ConfirmOTATask", by=key, TaskId=[ids[0]])


async def test_a_key_for_a_product(door: SignedDoor) -> None:
    """It may use any group of the account for its product, and nothing of other products."""
    lamps, plugs = await make_product(door), await make_product(door, "plug")
    await make_device(door, lamps, "lamp-1", "1.0.0")
    group_id = await make_group(door, lamps, "north", "lamp-1")
    key = await limited_key(door, products=[lamps])
    selection = {"TargetSelection": "GROUP", "GroupId": group_id}
    await door.ok(CREATE, by=key, ProductKey=lamps, FirmwareId=await make_firmware(door, lamps), **selection)
    given = {"ProductKey": plugs, "FirmwareId": await make_firmware(door, plugs, "9"), "TargetSelection": "ALL"}
    assert await door.refusal(CREATE, by=key, **given) == "iot.prod.NotExistedProduct"
