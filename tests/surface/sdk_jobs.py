"""The part of a back end's life that is about firmware and jobs (see `sdk_world.py`)."""

from __future__ import annotations

import time

from tests.story.sdk_processes import JsonObject
from tests.surface.sdk_site import Fleet, Site, Upload

HOUR_MS = 3_600_000
#: What every job may be told, and what those besides that are no verification.
DELIVERY = {
    "NeedPush": True,
    "DownloadProtocol": "HTTPS",
    "TimeoutInMinutes": 60,
    "Tag": [{"Key": "k", "Value": "v"}],
}
UPGRADE = {"RetryInterval": 10, "RetryCount": 2, "MaximumPerMinute": 100, "OverwriteMode": 1, "MultiModuleMode": False}
#: Cancels all tasks of a job that has begun.
BEGUN = {f"Cancel{which}Task": True for which in ("Queued", "Notified", "InProgress", "Unconfirmed")}


def firmware(site: Site, fleet: Fleet) -> str:
    """Firmware of each kind; the id of the one that its verification has found good."""
    call, key = site.call, fleet.product_key
    common = {"ProductKey": key, "NeedToVerify": False}
    difference = call(
        "CreateOTAFirmware",
        **common,
        FirmwareName=f"{site.name}-difference",
        DestVersion="1.2.0",
        SrcVersion="1.1.0",
        Type=1,
        ModuleName="default",
        FirmwareUrl=site.upload("difference").url,
        SignMethod="SHA256",
        FirmwareDesc="from 1.1.0",
        Udi='{"a":1}',
    )["Data"]["FirmwareId"]
    files = [{"Name": name} | signed_file(site.upload(name)) for name in ("boot", "main")]
    several = call(
        "CreateOTAFirmware", **common, FirmwareName=f"{site.name}-files", DestVersion="1.3.0", MultiFiles=files
    )
    plain = to_be_verified(site, key)
    for firmware_id in (difference, several["Data"]["FirmwareId"], plain):
        call("QueryOTAFirmware", FirmwareId=firmware_id)
    call("ListOTAFirmware", CurrentPage=1, PageSize=10, ProductKey=key, DestVersion="1.1.0")
    call("DeleteOTAFirmware", FirmwareId=difference)
    verify(site, key, plain)
    return plain


def to_be_verified(site: Site, product_key: str) -> str:
    """Firmware of one file that is held to its signs, and is renamed."""
    file = site.upload("plain")
    firmware_id: str = site.call(
        "CreateOTAFirmware",
        ProductKey=product_key,
        FirmwareName=f"{site.name}-plain",
        DestVersion="1.1.0",
        FirmwareUrl=file.url,
        FirmwareSign=file.md5,
        FirmwareSize=file.size_bytes,
        NeedToVerify=True,
    )["Data"]["FirmwareId"]
    changed = {"FirmwareName": f"{site.name}-good", "FirmwareDesc": "good", "FirmwareUdi": "udi"}
    site.call("ModifyOTAFirmware", FirmwareId=firmware_id, ProductKey=product_key, **changed)
    return firmware_id


def verify(site: Site, product_key: str, firmware_id: str) -> None:
    """On the device that obeys."""
    call = site.call
    job_id = call(
        "CreateOTAVerifyJob",
        FirmwareId=firmware_id,
        ProductKey=product_key,
        TargetDeviceName=["lamp-0001"],
        NeedConfirm=False,
        **DELIVERY,
    )["Data"]["JobId"]
    site.watch("COMPLETED", lambda: call("QueryOTAJob", JobId=job_id)["Data"]["JobStatus"])
    call("QueryOTAFirmware", FirmwareId=firmware_id)


def signed_file(file: Upload) -> JsonObject:
    """One of MultiFiles, with all that may be said of it."""
    return {"Url": file.url, "Size": file.size_bytes, "FileMd5": file.md5, "SignValue": file.md5}


def named_job(site: Site, fleet: Fleet, firmware_id: str) -> None:
    """A job for a named device that waits: its task confirmed, begun, cancelled, begun again."""
    call, key = site.call, fleet.product_key
    target = {"FirmwareId": firmware_id, "ProductKey": key}
    named = {"TargetSelection": "SPECIFIC", "TargetDeviceName": ["lamp-0002"]}
    job_id = call("CreateOTAStaticUpgradeJob", **target, **named, **DELIVERY, **UPGRADE, NeedConfirm=True)["Data"][
        "JobId"
    ]

    def task() -> JsonObject:
        listed = call("ListOTATaskByJob", JobId=job_id, CurrentPage=1, PageSize=10, DeviceNames=["lamp-0002"])
        return dict(listed["Data"]["SimpleOTATaskInfo"][0])

    site.watch("CONFIRM", lambda: task()["TaskStatus"])
    call("ConfirmOTATask", TaskId=[task()["TaskId"]])
    site.watch("NOTIFIED", lambda: task()["TaskStatus"])
    fleet.waiting.send({"command": "progress", "step": "50", "description": "half"})
    site.watch("IN_PROGRESS", lambda: task()["TaskStatus"])
    look_at(site, fleet, firmware_id, job_id)
    rate = {"MaximumPerMinute": 200, "TargetSelection": "SPECIFIC", "UpgradeType": "STATIC"}
    call("UpdateOTAJob", JobId=job_id, **rate, Tags=[{"Key": "k", "Value": "w"}])
    call("CancelOTATaskByDevice", **target, DeviceName=["lamp-0002"], JobId=job_id)
    site.watch("CANCELED", lambda: task()["TaskStatus"])
    call("ReupgradeOTATask", JobId=job_id, TaskId=[task()["TaskId"]])
    call("CancelOTATaskByJob", JobId=job_id, **BEGUN)
    site.watch("CANCELED", lambda: task()["TaskStatus"])


def look_at(site: Site, fleet: Fleet, firmware_id: str, job_id: str) -> None:
    """All that shows a task in progress and its job; and of the other device, a job that has ended."""
    call, key = site.call, fleet.product_key
    waiting = {"ProductKey": key, "DeviceName": "lamp-0002"}
    call("ListOTATaskByJob", JobId=job_id, TaskStatus="IN_PROGRESS")
    call("ListOTAUnfinishedTaskByDevice", **waiting, ModuleName="default", TaskStatus="IN_PROGRESS")
    iot_id = call("QueryDeviceInfo", **waiting)["Data"]["IotId"]
    call("ListOTAUnfinishedTaskByDevice", IotId=iot_id, TaskStatusList=["IN_PROGRESS", "QUEUED"])
    call("QueryOTAJob", JobId=job_id)
    call(
        "ListOTAJobByDevice", ProductKey=key, DeviceName="lamp-0001", FirmwareId=firmware_id, CurrentPage=1, PageSize=10
    )
    call("ListOTAJobByDevice", **waiting, FirmwareId=firmware_id, CurrentPage=1, PageSize=10)
    call("ListOTAJobByFirmware", FirmwareId=firmware_id, CurrentPage=1, PageSize=10)


def selections(site: Site, fleet: Fleet, firmware_id: str) -> None:
    """Jobs for a group, planned; for a share; and for a list of names that was uploaded."""
    call = site.call
    target = {"FirmwareId": firmware_id, "ProductKey": fleet.product_key}
    start_ms = time.time_ns() // 1_000_000 + HOUR_MS
    times = {"ScheduleTime": start_ms, "ScheduleFinishTime": start_ms + 2 * HOUR_MS}
    group = {"TargetSelection": "GROUP", "GroupId": fleet.group_id, "GroupType": "LINK_PLATFORM"}
    share = {"TargetSelection": "GRAY", "GrayPercent": "50.5", "SrcVersion": ["1.0.0"]}
    granted = call("GenerateDeviceNameListURL")["Data"]
    site.post(granted, "DeviceName\nlamp-0002\n")
    listed = {"TargetSelection": "SPECIFIC", "DnListFileUrl": granted["FileUrl"]}
    for selection, cancelled in (
        (group | times, {"CancelScheduledTask": True}),
        (share, BEGUN),
        (listed | {"NeedConfirm": True}, BEGUN),
    ):
        job_id = call("CreateOTAStaticUpgradeJob", **target, **selection)["Data"]["JobId"]
        call("QueryOTAJob", JobId=job_id)
        call("CancelOTATaskByJob", JobId=job_id, **cancelled)
        site.watch(True, lambda job_id=job_id: has_ended(site, job_id))  # type: ignore[misc]


def has_ended(site: Site, job_id: str) -> bool:
    """Whether the job is over."""
    return site.call("QueryOTAJob", JobId=job_id)["Data"]["JobStatus"] in ("CANCELED", "COMPLETED")


def dynamic_jobs(site: Site, fleet: Fleet, firmware_id: str) -> None:
    """Jobs that follow a source version, and a group."""
    call = site.call
    target = {"FirmwareId": firmware_id, "ProductKey": fleet.product_key}
    versions = call(
        "CreateOTADynamicUpgradeJob",
        **target,
        SrcVersion=["0.9.0"],
        DynamicMode=2,
        NeedConfirm=True,
        **DELIVERY,
        **UPGRADE,
    )["Data"]["JobId"]
    call("QueryOTAJob", JobId=versions)
    rate = {"MaximumPerMinute": 200, "TargetSelection": "ALL", "UpgradeType": "DYNAMIC"}
    call("UpdateOTAJob", JobId=versions, **rate, TimeoutInMinutes=120, SrcVersionList=["0.8.0"])
    call("CancelOTAStrategyByJob", JobId=versions)
    expression = {"DynamicGroupExpression": f'product_key = "{fleet.product_key}" and name LIKE "nobody%"'}
    group_id = call("CreateDeviceDynamicGroup", GroupName=f"{site.name}_none", **expression)["Data"]["GroupId"]
    followed = {"GroupId": group_id, "GroupType": "LINK_PLATFORM_DYNAMIC"}
    job_id = call("CreateOTADynamicUpgradeJob", **target, **followed)["Data"]["JobId"]
    call("QueryOTAJob", JobId=job_id)
    call("CancelOTAStrategyByJob", JobId=job_id)
