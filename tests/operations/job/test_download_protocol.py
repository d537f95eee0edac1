"""DownloadProtocol=MQTT in jobs of every kind (api-contract 7.10, 10.2, 14)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.fleet import CONTENT, make_device, make_firmware, make_multi_firmware, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain import job as job_rules

OTHERS: dict[str, dict[str, Any]] = {
    "CreateOTAVerifyJob": {"TargetDeviceName": ["lamp-0001"]},
    "CreateOTAStaticUpgradeJob": {"TargetSelection": "ALL"},
    "CreateOTADynamicUpgradeJob": {"SrcVersion": ["1.0.0"]},
}


async def given(door: SignedDoor, action: str, firmware_id: str, product_key: str) -> dict[str, Any]:
    return {"ProductKey": product_key, "FirmwareId": firmware_id, "DownloadProtocol": "MQTT", **OTHERS[action]}


@pytest.mark.parametrize("action", OTHERS)
async def test_firmware_of_one_file(action: str, door: SignedDoor) -> None:
    """Every kind of job takes MQTT, shows it, and its notice says it."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    needs_verify = {"NeedToVerify": action == "CreateOTAVerifyJob"}
    firmware_id = await make_firmware(door, product_key, **needs_verify)
    created = await door.ok(action, **await given(door, action, firmware_id, product_key))
    job = (await door.ok("QueryOTAJob", JobId=created["Data"]["JobId"]))["Data"]
    assert job["DownloadProtocol"] == "MQTT"
    await door.engine.settle()
    notice = await device.ask()
    assert notice is not None
    assert notice.is_streamed


@pytest.mark.parametrize("action", OTHERS)
async def test_firmware_of_several_files(action: str, door: SignedDoor) -> None:
    """A stream is one file, so several are refused, and no job is made."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    needs_verify = {"NeedToVerify": action == "CreateOTAVerifyJob"}
    firmware_id = await make_multi_firmware(door, product_key, {"a": b"1", "b": b"2"}, **needs_verify)
    parameters = await given(door, action, firmware_id, product_key)
    assert await door.refusal(action, **parameters) == "iot.ota.InvalidParameter"
    assert (await door.ok("ListOTAJobByFirmware", FirmwareId=firmware_id, CurrentPage=1, PageSize=10))["Total"] == 0


@pytest.mark.parametrize("more_bytes", [-1, 0, 1])
async def test_the_largest_file(more_bytes: int, door: SignedDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the limit a file is taken, one byte beyond it is not."""
    monkeypatch.setattr(job_rules, "STREAM_BYTES_MAX", len(CONTENT) - more_bytes)
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    parameters = await given(door, "CreateOTAStaticUpgradeJob", firmware_id, product_key)
    answer = await door.call("CreateOTAStaticUpgradeJob", **parameters)
    assert answer.code == ("iot.ota.InvalidParameter" if more_bytes > 0 else "")


def test_the_limit_is_16_mib() -> None:
    """The vendor says 16 MB."""
    assert job_rules.STREAM_BYTES_MAX == 16_777_216
