"""The main job with the vendors' unmodified packages on both sides: upload, verify, roll out, watch, and again."""

from typing import Any

import pytest

from tests.story.sdk_processes import BackEnd, DeviceProcess, DriverProcess, JsonObject
from tests.story.steps import (
    OPENSBI,
    SEABIOS,
    U_BOOT,
    Firmware,
    Product,
    create_firmware,
    create_job,
    create_product,
    digest,
    tasks_by_device,
    watch,
    watch_job,
    watch_tasks,
    watch_version,
)

DESCRIPTION = "固件 *1~ (a+b/c=d&e%41)"
UDI = '{"line":"2"}'


def query_firmware(back_end: BackEnd, firmware: Firmware) -> JsonObject:
    """FirmwareInfo of QueryOTAFirmware."""
    return dict(back_end.succeed("QueryOTAFirmware", FirmwareId=firmware.id)["FirmwareInfo"])


def assert_listed(back_end: BackEnd, product: Product, firmware: Firmware, status: int) -> None:
    """ListOTAFirmware shows the firmware in the shape of api-contract 8.5."""
    page = back_end.succeed(
        "ListOTAFirmware", CurrentPage=1, PageSize=10, ProductKey=product.key, DestVersion=firmware.version
    )
    assert (page["Total"], page["PageCount"], page["PageSize"], page["CurrentPage"]) == (1, 1, 10, 1)
    [row] = page["FirmwareInfo"]["SimpleFirmwareInfo"]
    assert row["FirmwareId"] == firmware.id
    assert row["DestVersion"] == firmware.version
    assert row["ProductKey"] == product.key
    assert row["ProductName"] == product.name
    assert row["ModuleName"] == "default"
    assert row["FirmwareSize"] == firmware.path.stat().st_size
    assert row["SignMethod"] == "SHA256"
    assert row["FirmwareSign"] == digest(firmware.path, "sha256")
    assert row["FirmwareDesc"] == DESCRIPTION
    assert row["Status"] == status
    assert row["Type"] == 0


def assert_upgraded(device: DeviceProcess, firmware: Firmware, how: str) -> None:
    """The device was told of the firmware, got its exact bytes, and reported the new version."""
    notified = device.wait_for("notified", version=firmware.version)
    assert notified["how"] == how
    assert notified["size_bytes"] == firmware.path.stat().st_size
    assert notified["sign_method"] == "SHA256"
    assert notified["sign"] == digest(firmware.path, "sha256")
    assert notified["module"] == "default"
    assert "_package_udi" in notified["extra"]
    downloaded = device.wait_for("downloaded", version=firmware.version)
    assert downloaded["sha256"] == digest(firmware.path, "sha256")
    device.wait_for("reported", version=firmware.version)


def verify(back_end: BackEnd, product: Product, firmware: Firmware, tester: tuple[str, DeviceProcess]) -> None:
    """A verify job on one device makes the firmware's Status 1."""
    name, device = tester
    job_id = create_job(
        back_end, "CreateOTAVerifyJob", product, firmware, TargetDeviceName=[name], TimeoutInMinutes=10, NeedPush=True
    )
    assert_upgraded(device, firmware, "push")
    job = watch_job(back_end, job_id, "COMPLETED")
    assert job["JobType"] == "VERIFY_FIRMWARE"
    assert job["FirmwareId"] == firmware.id
    assert job["ProductKey"] == product.key
    assert job["DestVersion"] == firmware.version
    assert job["TimeoutInMinutes"] == 10
    assert job["UtcEndTime"] >= job["UtcStartTime"] >= job["UtcCreate"]
    verified = watch("verification", lambda: query_firmware(back_end, firmware), lambda info: info["Status"] != 2)
    assert verified["Status"] == 1
    assert verified["VerifyProgress"] == 100


def assert_all_succeeded(back_end: BackEnd, product: Product, job_id: str, source_version: str) -> None:
    """Every task of the job is SUCCEEDED, in the shape of api-contract 11.4."""
    job = back_end.succeed("QueryOTAJob", JobId=job_id)["Data"]
    for name, task in tasks_by_device(back_end, job_id).items():
        assert task["TaskStatus"] == "SUCCEEDED"
        assert task["Progress"] == "100"
        assert task["JobId"] == job_id
        assert task["FirmwareId"] == job["FirmwareId"]
        assert task["ProductKey"] == product.key
        assert task["ProductName"] == product.name
        assert task["SrcVersion"] == source_version
        assert task["DestVersion"] == job["DestVersion"]
        assert task["TaskId"].isdecimal()
        assert task["IotId"] == watch_version(back_end, product, name, job["DestVersion"])["IotId"]


def roll_out_to_all(back_end: BackEnd, product: Product, firmware: Firmware, start_device: Any) -> DeviceProcess:
    """An upgrade job over ALL devices: the online one follows at once, the offline one when it connects."""
    online: DeviceProcess = start_device(product, "fleet-1", "1.0.0", steps=["30", "100"])
    watch_version(back_end, product, "fleet-1", "1.0.0")
    job_id = create_job(back_end, "CreateOTAStaticUpgradeJob", product, firmware, TargetSelection="ALL")
    assert_upgraded(online, firmware, "push")
    watch_tasks(back_end, job_id, fleet_1="SUCCEEDED", fleet_late="QUEUED")
    job = watch_job(back_end, job_id, "IN_PROGRESS")
    assert (job["JobType"], job["TargetSelection"]) == ("UPGRADE_FIRMWARE", "ALL")
    assert (job["NeedPush"], job["NeedConfirm"], job["DownloadProtocol"]) == (True, False, "HTTPS")

    late = start_device(product, "fleet-late", "1.0.0")
    assert_upgraded(late, firmware, "push")
    watch_job(back_end, job_id, "COMPLETED")
    assert {task["TaskStatus"] for task in tasks_by_device(back_end, job_id).values()} == {"SUCCEEDED"}
    return online


def pull_second_version(back_end: BackEnd, product: Product, firmware: Firmware, device: DeviceProcess) -> None:
    """A job that does not push waits until the device asks."""
    job_id = create_job(
        back_end, "CreateOTAStaticUpgradeJob", product, firmware,
        TargetSelection="SPECIFIC", TargetDeviceName=["fleet-1"], NeedPush=False,
    )  # fmt: skip
    watch_tasks(back_end, job_id, fleet_1="QUEUED")
    assert device.received() == []
    device.send({"command": "pull"})
    assert_upgraded(device, firmware, "pull")
    watch_job(back_end, job_id, "COMPLETED")
    assert_all_succeeded(back_end, product, job_id, "2.0.0")


def test_main_job(back_end: BackEnd, uploader: DriverProcess, start_device: Any) -> None:
    """A firmware goes from upload over verification to every device of a product, and so does the next version."""
    product = create_product(back_end, "tester", "fleet-1", "fleet-late")
    assert back_end.succeed("QueryProduct", ProductKey=product.key)["Data"]["DeviceCount"] == 3
    tester = start_device(product, "tester", "1.0.0", steps=["50"])
    assert watch_version(back_end, product, "tester", "1.0.0")["Status"] == "ONLINE"

    first = create_firmware(
        back_end, uploader, product, (SEABIOS / "bios.bin", "2.0.0"),
        FirmwareDesc=DESCRIPTION, SignMethod="SHA256", Udi=UDI,
    )  # fmt: skip
    assert_listed(back_end, product, first, status=0)
    assert query_firmware(back_end, first)["Udi"] == UDI
    too_early = {"FirmwareId": first.id, "ProductKey": product.key, "TargetSelection": "ALL"}
    assert back_end.refusal("CreateOTAStaticUpgradeJob", **too_early) == "iot.ota.FirmwareNotVerified"
    verify(back_end, product, first, ("tester", tester))
    assert_listed(back_end, product, first, status=1)
    online = roll_out_to_all(back_end, product, first, start_device)

    second = create_firmware(
        back_end, uploader, product, (U_BOOT / "u-boot.bin", "3.0.0"),
        FirmwareDesc=DESCRIPTION, SignMethod="SHA256", Udi=UDI,
    )  # fmt: skip
    verify(back_end, product, second, ("tester", tester))
    pull_second_version(back_end, product, second, online)

    modules = back_end.succeed(
        "ListOTAModuleVersionsByDevice", ProductKey=product.key, DeviceName="fleet-1", CurrentPage=1, PageSize=10
    )
    [module] = modules["Data"]["SimpleOTAModuleInfo"]
    assert (module["ModuleName"], module["ModuleVersion"]) == ("default", "3.0.0")
    assert back_end.succeed("QueryDevice", ProductKey=product.key)["Total"] == 3


@pytest.mark.parametrize("sign_method", ["MD5", "SHA256"])
def test_device_checks_digest_of_either_method(
    sign_method: str, open_back_end: Any, uploader: DriverProcess, start_device: Any
) -> None:
    """The device SDK knows the methods as `Md5` and `SHA256` only, so the push says those (device-protocol 4)."""
    back_end = open_back_end("classic")
    product = create_product(back_end, "dev-1")
    device = start_device(product, "dev-1", "1.0.0")
    firmware = create_firmware(
        back_end, uploader, product, (OPENSBI / "fw_jump.elf", "1.1.0"), SignMethod=sign_method, NeedToVerify=False
    )
    assert query_firmware(back_end, firmware)["Status"] == -1
    job_id = create_job(back_end, "CreateOTAStaticUpgradeJob", product, firmware, TargetSelection="ALL")
    notified = device.wait_for("notified")
    assert notified["sign_method"] == {"MD5": "Md5", "SHA256": "SHA256"}[sign_method]
    assert notified["sign"] == digest(firmware.path, sign_method.lower())
    device.wait_for("installed", version="1.1.0")
    watch_job(back_end, job_id, "COMPLETED")


def test_deleted_firmware_is_gone(open_back_end: Any, uploader: DriverProcess) -> None:
    """DeleteOTAFirmware takes a firmware out of the list, and a later query does not find it."""
    back_end = open_back_end("tea-v3")
    product = create_product(back_end)
    firmware = create_firmware(back_end, uploader, product, (OPENSBI / "fw_dynamic.bin", "1.0.0"))
    back_end.succeed("DeleteOTAFirmware", FirmwareId=firmware.id)
    page = back_end.succeed("ListOTAFirmware", CurrentPage=1, PageSize=10, ProductKey=product.key)
    assert page["Total"] == 0
    assert page["FirmwareInfo"]["SimpleFirmwareInfo"] == []
    assert back_end.refusal("QueryOTAFirmware", FirmwareId=firmware.id) == "iot.ota.FirmwareNotFound"
