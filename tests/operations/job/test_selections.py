"""Whom a job is for: source versions, shares, groups and uploaded lists (api-contract 7.3, 10.2, 10.10; I2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.fleet import (
    job_status,
    make_device,
    make_devices,
    make_firmware,
    make_group,
    make_job,
    make_product,
    statuses_of,
    tasks_of,
    upload_list,
)
from tests.operations.signed_door import PUBLIC_URL, SignedDoor

CREATE = "CreateOTAStaticUpgradeJob"


async def given(door: SignedDoor, product_key: str, **parameters: Any) -> dict[str, Any]:
    return {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, **parameters}


class TestSrcVersion:
    async def test_with_all(self, door: SignedDoor) -> None:
        """Only devices at one of the versions; neither others nor those that never reported."""
        product_key = await make_product(door)
        for name, version in (("at-1", "1.0.0"), ("at-2", "0.9"), ("other", "0.8"), ("silent", None)):
            await make_device(door, product_key, name, version)
        firmware_id = await make_firmware(door, product_key)
        job_id = await make_job(door, product_key, firmware_id, SrcVersion=["1.0.0", "0.9", "never"])
        assert set(await statuses_of(door, job_id)) == {"at-1", "at-2"}

    async def test_all_with_no_device_left_is_completed_at_once(self, door: SignedDoor) -> None:
        """With ALL an empty target set is no error."""
        product_key = await make_product(door)
        await make_device(door, product_key, "lamp-0001", "1.0.0")
        job_id = await make_job(door, product_key, await make_firmware(door, product_key), SrcVersion=["9"])
        await door.engine.settle()
        assert await job_status(door, job_id) == "COMPLETED"

    @pytest.mark.parametrize(("src_version", "code"), [("1.0.0", None), ("0.9", "iot.ota.InvalidParameter")])
    async def test_of_a_difference(self, src_version: str, code: str | None, door: SignedDoor) -> None:
        """With difference firmware SrcVersion can only be its own."""
        product_key = await make_product(door)
        firmware_id = await make_firmware(door, product_key, Type=1, SrcVersion="1.0.0")
        parameters = {"FirmwareId": firmware_id, "ProductKey": product_key, "TargetSelection": "ALL"}
        if code:
            assert await door.refusal(CREATE, **parameters, SrcVersion=[src_version]) == code
        else:
            await door.ok(CREATE, **parameters, SrcVersion=[src_version])


class TestGray:
    @pytest.mark.parametrize(("percent", "count"), [("0.001", 1), ("9.9", 1), ("33.333", 3), ("50", 5), ("100", 10)])
    async def test_share(self, percent: str, count: int, door: SignedDoor) -> None:
        """The share of the devices rounded down, at least one; those at the version count, but get no task."""
        product_key = await make_product(door)
        await make_devices(door, product_key, 10)
        job_id = await make_job(
            door, product_key, await make_firmware(door, product_key), TargetSelection="GRAY", GrayPercent=percent
        )
        assert len(await statuses_of(door, job_id)) == count

    async def test_another_job_takes_others(self, door: SignedDoor) -> None:
        """Each job begins at a place of its own; together they reach all."""
        product_key = await make_product(door)
        await make_devices(door, product_key, 40)
        firmware_id = await make_firmware(door, product_key)
        taken = []
        for _ in range(12):
            job_id = await make_job(door, product_key, firmware_id, TargetSelection="GRAY", GrayPercent="50")
            taken.append(frozenset(await statuses_of(door, job_id)))
        assert {len(names) for names in taken} == {20}
        assert len(set(taken)) > 6
        assert len(frozenset.union(*taken)) == 40

    async def test_of_source_versions(self, door: SignedDoor) -> None:
        """Candidates are counted after the SrcVersion filter and before the skips."""
        product_key = await make_product(door)
        for number in range(6):
            await make_device(door, product_key, f"old-{number}", "1.0.0")
            await make_device(door, product_key, f"new-{number}", "1.1.0")
            await make_device(door, product_key, f"none-{number}")
        parameters = {"TargetSelection": "GRAY", "GrayPercent": "50"}
        firmware_id = await make_firmware(door, product_key)
        job_id = await make_job(door, product_key, firmware_id, **parameters, SrcVersion=["1.0.0"])
        assert len(await statuses_of(door, job_id)) == 3
        job_id = await make_job(door, product_key, firmware_id, **parameters, SrcVersion=["1.0.0", "1.1.0"])
        names = set(await statuses_of(door, job_id))
        assert len(names) <= 6
        assert all(name.startswith("old-") for name in names)

    async def test_no_device(self, door: SignedDoor) -> None:
        """A share of nothing is refused."""
        parameters = await given(door, await make_product(door), TargetSelection="GRAY", GrayPercent="50")
        assert await door.refusal(CREATE, **parameters) == "iot.ota.NoTargetDevice"

    async def test_a_large_share_is_filled_behind_the_answer(self, door: SignedDoor) -> None:
        """A share of thousands is exact, and devices that come later are not in it (I2)."""
        product_key = await make_product(door)
        await make_devices(door, product_key, 2_100)
        parameters = {"TargetSelection": "GRAY", "GrayPercent": "75.5"}
        job_id = await make_job(door, product_key, await make_firmware(door, product_key), **parameters)
        for number in range(5):
            await make_device(door, product_key, f"late-{number}")
        await door.engine.settle()
        body = await door.ok("ListOTATaskByJob", JobId=job_id, PageSize=1)
        assert body["Total"] == 1_585
        found = await door.ok("ListOTATaskByJob", JobId=job_id, DeviceNames=[f"late-{number}" for number in range(5)])
        assert found["Total"] == 0


class TestGroup:
    async def test_members_of_the_product(self, door: SignedDoor) -> None:
        """The product's devices in the group, as it is now: later members and left ones make no difference."""
        lamps, plugs = await make_product(door), await make_product(door, "plug")
        for name in ("lamp-1", "lamp-2", "lamp-3"):
            await make_device(door, lamps, name, "1.0.0")
        await make_device(door, plugs, "plug-1", "1.0.0")
        group_id = await make_group(door, lamps, "north", "lamp-1", "lamp-2")
        member = [{"ProductKey": plugs, "DeviceName": "plug-1"}]
        await door.ok("BatchAddDeviceGroupRelations", GroupId=group_id, Device=member)
        parameters = {"TargetSelection": "GROUP", "GroupId": group_id, "GroupType": "LINK_PLATFORM"}
        job_id = await make_job(door, lamps, await make_firmware(door, lamps), **parameters)
        late = [{"ProductKey": lamps, "DeviceName": "lamp-3"}]
        await door.ok("BatchAddDeviceGroupRelations", GroupId=group_id, Device=late)
        await door.engine.settle()
        assert set(await statuses_of(door, job_id)) == {"lamp-1", "lamp-2"}

    async def test_no_member_of_the_product(self, door: SignedDoor) -> None:
        """A group without devices of the product is refused."""
        lamps, plugs = await make_product(door), await make_product(door, "plug")
        await make_device(door, plugs, "plug-1", "1.0.0")
        group_id = await make_group(door, plugs, "north", "plug-1")
        parameters = await given(door, lamps, TargetSelection="GROUP", GroupId=group_id)
        assert await door.refusal(CREATE, **parameters) == "iot.ota.NoTargetDevice"

    async def test_unknown_groups(self, door: SignedDoor) -> None:
        """A group that does not exist, of another account (I15), or a dynamic one is not found."""
        product_key = await make_product(door)
        dynamic = await door.ok(
            "CreateDeviceDynamicGroup",
            GroupName="dynamic",
            DynamicGroupExpression=f'product_key = "{product_key}"',
        )
        parameters = await given(door, product_key, TargetSelection="GROUP")
        for group_id in ("nobody", "x" * 64, dynamic["Data"]["GroupId"]):
            code = await door.refusal(CREATE, **parameters, GroupId=group_id)
            assert code == "iot.group.NotExistedGroup"


class TestDeviceList:
    async def test_names_of_a_file(self, door: SignedDoor) -> None:
        """Known names get tasks, once; unknown ones and those of other products are skipped."""
        product_key, plugs = await make_product(door), await make_product(door, "plug")
        for name in ("lamp-1", "lamp-2", "lamp-3"):
            await make_device(door, product_key, name, "1.0.0")
        await make_device(door, plugs, "plug-1", "1.0.0")
        url = await upload_list(door, b"DeviceName\nlamp-1\nnobody-1\nlamp-3,x\nlamp-1\nplug-1\n")
        parameters = {"TargetSelection": "SPECIFIC", "DnListFileUrl": url}
        job_id = await make_job(
            door, product_key, await make_firmware(door, product_key), **parameters, TargetDeviceName=None
        )
        assert set(await statuses_of(door, job_id)) == {"lamp-1", "lamp-3"}

    async def test_thousands_of_names(self, door: SignedDoor) -> None:
        """A long list is gathered and filled behind the answer; devices registered since are not in it (I2)."""
        product_key = await make_product(door)
        names = await make_devices(door, product_key, 1_300)
        url = await upload_list(door, "\n".join([*names, "late-0001"]).encode())
        parameters = {"TargetSelection": "SPECIFIC", "DnListFileUrl": url, "TargetDeviceName": None}
        job_id = await make_job(door, product_key, await make_firmware(door, product_key), **parameters)
        await make_device(door, product_key, "late-0001", "1.0.0")
        await door.engine.settle()
        assert (await door.ok("ListOTATaskByJob", JobId=job_id, PageSize=1))["Total"] == 1_300

    async def test_unknown_names_alone(self, door: SignedDoor) -> None:
        """A list of which no name is a device is refused."""
        product_key = await make_product(door)
        await make_device(door, product_key, "lamp-1", "1.0.0")
        url = await upload_list(door, b"nobody-1\n")
        parameters = await given(door, product_key, TargetSelection="SPECIFIC", DnListFileUrl=url)
        assert await door.refusal(CREATE, **parameters) == "iot.ota.NoTargetDevice"

    @pytest.mark.parametrize("content", [b"lamp-1\na b\n", b"\xff\n", b"\n"])
    async def test_no_list(self, content: bytes, door: SignedDoor) -> None:
        """A file that is no list of names is refused."""
        product_key = await make_product(door)
        url = await upload_list(door, content)
        parameters = await given(door, product_key, TargetSelection="SPECIFIC", DnListFileUrl=url)
        assert await door.refusal(CREATE, **parameters) == "iot.ota.DeviceListFileError"

    async def test_no_upload(self, door: SignedDoor) -> None:
        """What was never uploaded, is firmware, was uploaded an hour ago, or by another account, is refused (I15)."""
        product_key = await make_product(door)
        parameters = await given(door, product_key, TargetSelection="SPECIFIC")
        foreign = await upload_list(door, b"lamp-1\n", by=await door.make_key(account="other"))
        firmware = (await door.ok("GenerateOTAUploadURL"))["Data"]["FirmwareUrl"]
        old = await upload_list(door, b"lamp-1\n")
        door.clock.at_ms += 3_600_001
        for url in (f"{PUBLIC_URL}/ota/devices/none.csv", "http://127.0.0.1:1/x", firmware, foreign, old):
            assert await door.refusal(CREATE, **parameters, DnListFileUrl=url) == "iot.ota.DeviceListFileError"

    async def test_two_ways_at_once(self, door: SignedDoor) -> None:
        """Tasks of a job for a list say nothing of the list: they are as all others."""
        product_key = await make_product(door)
        await make_device(door, product_key, "lamp-1", "1.0.0")
        url = await upload_list(door, b"lamp-1\n")
        firmware_id = await make_firmware(door, product_key)
        parameters = {"TargetSelection": "SPECIFIC", "DnListFileUrl": url, "TargetDeviceName": None}
        first = await make_job(door, product_key, firmware_id, **parameters)
        second = await make_job(door, product_key, firmware_id, **parameters)
        assert (await tasks_of(door, first))["lamp-1"]["TaskStatus"] == "QUEUED"
        assert (await tasks_of(door, second))["lamp-1"]["TaskStatus"] == "FAILED"
