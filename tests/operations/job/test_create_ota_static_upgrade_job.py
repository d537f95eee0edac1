"""CreateOTAStaticUpgradeJob through the signed door: parameters and refusals (api-contract 10.2, 7.3).

Which devices get a task is proved in `test_targets.py`, how a job ends in `test_ends.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_devices, make_firmware, make_job, make_product, make_verify_job
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "CreateOTAStaticUpgradeJob"


async def given(door: SignedDoor, **changes: Any) -> dict[str, Any]:
    """Parameters of a job for all devices of a new product, which has the device lamp-0001 at 1.0.0."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    return {"FirmwareId": firmware_id, "ProductKey": product_key, "TargetSelection": "ALL", **changes}


async def test_a_job(door: SignedDoor, case: Case) -> None:
    """The answer holds the id, quoted, and the time."""
    answer = await door.call(ACTION, case=case, **await given(door))
    async with door.store.snapshot() as store:
        (state,) = await store.jobs.running(0, 10)
    check_answer(answer, case, {"Data": {"JobId": str(state.job.id), "UtcCreate": NOW_TEXT}})


async def test_every_parameter_that_is_served(door: SignedDoor) -> None:
    """All are taken, and shown by QueryOTAJob."""
    extra = {
        "TimeoutInMinutes": 60,
        "NeedPush": False,
        "NeedConfirm": "True",
        "DownloadProtocol": "HTTPS",
        "OverwriteMode": 1,
        "MultiModuleMode": False,
        "Tag": [{"Key": "ring", "Value": "früh"}, {"Key": "a.9", "Value": "x"}],
    }
    created = await door.ok(ACTION, **await given(door, **extra))
    job = (await door.ok("QueryOTAJob", JobId=created["Data"]["JobId"]))["Data"]
    shown = {"TimeoutInMinutes": 60, "NeedPush": False, "NeedConfirm": True, "DownloadProtocol": "HTTPS"}
    assert job.items() >= shown.items()
    assert job["Tags"] == {"OtaTagDTO": extra["Tag"]}


@pytest.mark.parametrize("name", ["FirmwareId", "ProductKey", "TargetSelection"])
async def test_required_parameters(name: str, door: SignedDoor) -> None:
    """Without one of them: HTTP 400 that names it."""
    assert await door.refusal(ACTION, **await given(door, **{name: ""})) == f"Missing{name}"


@pytest.mark.parametrize(
    "unfitting",
    [
        {"DnListFileUrl": "https://ota.example.com/list.csv"},
        {"GrayPercent": "33.33"},
        {"GroupId": "g1"},
        {"GroupType": "LINK_PLATFORM"},
        {"TargetSelection": "SPECIFIC", "TargetDeviceName": ["lamp-0001"], "GrayPercent": "5"},
        {"TargetSelection": "SPECIFIC", "TargetDeviceName": ["lamp-0001"], "SrcVersion": ["1.0.0"]},
        {"TargetSelection": "SPECIFIC", "TargetDeviceName": ["lamp-0001"], "DnListFileUrl": "https://x/y"},
        {"TargetSelection": "GRAY", "GrayPercent": "5", "TargetDeviceName": ["lamp-0001"]},
        {"TargetSelection": "GRAY", "GrayPercent": "5", "GroupId": "g1"},
        {"TargetSelection": "GROUP", "GroupId": "g1", "SrcVersion": ["1.0.0"]},
        {"TargetSelection": "GROUP", "GroupId": "g1", "GrayPercent": "5"},
        {"TargetSelection": "GROUP", "GroupId": "g1", "GroupType": "LINK_PLATFORM_DYNAMIC"},
        {"RetryCount": 1},
        {"RetryInterval": 10, "RetryCount": 1, "TimeoutInMinutes": 10},
        {"OverwriteMode": 2, "MultiModuleMode": True},
    ],
    ids=str,
)
async def test_what_does_not_go_together_is_refused_and_never_ignored(
    unfitting: dict[str, Any], door: SignedDoor
) -> None:
    """A parameter that does not fit the others is refused, as is what this release does not serve."""
    assert await door.refusal(ACTION, **await given(door, **unfitting)) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize(
    "incomplete",
    [
        {"TargetSelection": "SPECIFIC"},
        {"TargetSelection": "GRAY"},
        {"TargetSelection": "GROUP"},
        {"RetryInterval": 0},
    ],
    ids=str,
)
async def test_what_a_combination_needs(incomplete: dict[str, Any], door: SignedDoor) -> None:
    """Each selection needs what says its devices, RetryInterval its RetryCount."""
    assert await door.refusal(ACTION, **await given(door, **incomplete)) == "iot.ota.MissingParameter"


@pytest.mark.parametrize(
    "wrong",
    [
        {"TargetSelection": "all"},
        {"TargetSelection": "EVERY"},
        {"TimeoutInMinutes": 0},
        {"TimeoutInMinutes": 1441},
        {"TimeoutInMinutes": "1h"},
        {"NeedPush": "1"},
        {"NeedConfirm": "ja"},
        {"DownloadProtocol": "FTP"},
        {"OverwriteMode": 3},
        {"MaximumPerMinute": 9},
        {"MaximumPerMinute": 10001},
        {"RetryInterval": 5, "RetryCount": 1},
        {"RetryInterval": 10, "RetryCount": 3},
        {"RetryInterval": 10, "RetryCount": 0},
        {"SrcVersion": [f"{n}" for n in range(11)]},
        {"SrcVersion": ["1.0.0", "1.0.0"]},
        {"SrcVersion": ["v" * 65]},
        {"TargetSelection": "GRAY", "GrayPercent": "0"},
        {"TargetSelection": "GRAY", "GrayPercent": "100.001"},
        {"TargetSelection": "GRAY", "GrayPercent": "33.3333"},
        {"ScheduleTime": NOW_MS + 299_999},
        {"ScheduleTime": NOW_MS + 604_800_001},
        {"ScheduleTime": NOW_MS // 1000 + 600},
        {"ScheduleFinishTime": NOW_MS + 3_599_999},
        {"ScheduleFinishTime": NOW_MS + 2_592_000_001},
        {"ScheduleTime": NOW_MS + 300_000, "ScheduleFinishTime": NOW_MS + 3_899_999},
        {"TargetDeviceName": ["lamp-0001"]},
        {"TargetSelection": "SPECIFIC", "TargetDeviceName": ["lamp-0001", "lamp-0001"]},
        {"Tag": [{"Key": "a b", "Value": "x"}]},
        {"Tag": [{"Key": "k" * 31, "Value": "x"}]},
        {"Tag": [{"Key": "k", "Value": "x" * 1025}]},
        {"Tag": [{"Key": "k", "Value": "x"}, {"Key": "k", "Value": "y"}]},
        {"Tag": [{"Key": f"k{n}", "Value": "x"} for n in range(11)]},
        {"Tag": [{"Key": f"k{n}", "Value": "x" * 1023} for n in range(4)]},
    ],
    ids=lambda wrong: str(wrong)[:60],
)
async def test_values_outside_their_sets(wrong: dict[str, Any], door: SignedDoor) -> None:
    """A value outside its documented set or range is refused."""
    assert await door.refusal(ACTION, **await given(door, **wrong)) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize(
    "right",
    [
        {"TimeoutInMinutes": 1},
        {"TimeoutInMinutes": 2},
        {"TimeoutInMinutes": 1439},
        {"TimeoutInMinutes": 1440},
        {"TimeoutInMinutes": ""},
        {"Tag": [{"Key": "k" * 30, "Value": "x" * 1024}]},
        {"Tag": [{"Key": f"k{n}", "Value": "x"} for n in range(10)]},
        {"Tag": [{"Key": f"k{n}", "Value": "x" * 1022} for n in range(4)]},
        {"MultiModuleMode": "false", "OverwriteMode": "1"},
        {"MaximumPerMinute": 10},
        {"MaximumPerMinute": 10000},
        {"RetryInterval": 0, "RetryCount": 5, "TimeoutInMinutes": 1},
        {"RetryInterval": 10, "RetryCount": 1, "TimeoutInMinutes": 11},
        {"RetryInterval": 1440, "RetryCount": 2},
        {"SrcVersion": [f"{n}" for n in range(10)]},
        {"SrcVersion": ["v" * 64]},
        {"TargetSelection": "GRAY", "GrayPercent": "0.001"},
        {"TargetSelection": "GRAY", "GrayPercent": "100"},
        {"ScheduleTime": NOW_MS + 300_000},
        {"ScheduleTime": NOW_MS + 604_800_000, "ScheduleFinishTime": NOW_MS + 604_800_000 + 2_592_000_000},
        {"ScheduleTime": NOW_MS + 300_000, "ScheduleFinishTime": NOW_MS + 3_900_000},
        {"ScheduleFinishTime": NOW_MS + 3_600_000},
        {"OverwriteMode": 2},
        {"MultiModuleMode": True},
    ],
    ids=lambda right: str(right)[:60],
)
async def test_values_at_the_limits(right: dict[str, Any], door: SignedDoor) -> None:
    """1 to 1440 minutes; 10 tags; keys of 30, values of 1024, 4096 characters in all."""
    await door.ok(ACTION, **await given(door, **right))


@pytest.mark.parametrize("member", ["Key", "Value"])
async def test_half_a_tag(member: str, door: SignedDoor) -> None:
    """A tag without key or value is a missing parameter, named with its number."""
    parameters = await given(door, Tag=[{"Key": "a", "Value": "b"}, {member: "x"}])
    other = "Value" if member == "Key" else "Key"
    assert await door.refusal(ACTION, **parameters) == f"MissingTag2{other}"


@pytest.mark.parametrize("number", [199, 200])
async def test_names_at_the_limit(number: int, door: SignedDoor) -> None:
    """SPECIFIC takes up to 200 names."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key)
    names = await make_devices(door, product_key, number)
    job_id = await make_job(door, product_key, firmware_id, *names)
    assert (await door.ok("ListOTATaskByJob", JobId=job_id))["Total"] == number


async def test_too_many_names(door: SignedDoor) -> None:
    """201 names are too many devices (api-contract 5.3)."""
    names = [f"device-{number:05d}" for number in range(201)]
    parameters = await given(door, TargetSelection="SPECIFIC", TargetDeviceName=names)
    assert await door.refusal(ACTION, **parameters) == "iot.ota.TooManyDevices"


async def test_specific_needs_names(door: SignedDoor) -> None:
    """SPECIFIC without a name: a parameter is missing."""
    assert await door.refusal(ACTION, **await given(door, TargetSelection="SPECIFIC")) == "iot.ota.MissingParameter"


async def test_an_unknown_name_refuses_the_call(door: SignedDoor) -> None:
    """No task is made for the known names either."""
    names = ["lamp-0001", "lamp-0404"]
    parameters = await given(door, TargetSelection="SPECIFIC", TargetDeviceName=names)
    assert await door.refusal(ACTION, **parameters) == "iot.device.NotExistedDevice"


async def test_no_device_left(door: SignedDoor) -> None:
    """SPECIFIC that names only devices at DestVersion: NoTargetDevice, and no job."""
    parameters = await given(door, TargetSelection="SPECIFIC", TargetDeviceName=["lamp-0002"])
    await make_device(door, parameters["ProductKey"], "lamp-0002", "1.1.0")
    assert await door.refusal(ACTION, **parameters) == "iot.ota.NoTargetDevice"


async def test_I10_unverified_firmware_is_refused_until_it_is_verified(door: SignedDoor) -> None:
    """Statuses 0, 2 and 3 refuse, status 1 allows."""
    product_key = await make_product(door)
    devices = [await make_device(door, product_key, f"lamp-000{number}", "1.0.0") for number in range(2)]
    firmware_id = await make_firmware(door, product_key, NeedToVerify=True)
    target = {"FirmwareId": firmware_id, "ProductKey": product_key, "TargetSelection": "ALL"}
    refused = [await door.refusal(ACTION, **target)]
    await devices[0].connect()
    await make_verify_job(door, product_key, firmware_id, devices[0].name)
    refused.append(await door.refusal(ACTION, **target))
    await door.engine.settle()
    await devices[0].report_progress(-1)
    await door.engine.settle()
    refused.append(await door.refusal(ACTION, **target))
    assert refused == ["iot.ota.FirmwareNotVerified"] * 3
    await make_verify_job(door, product_key, firmware_id, devices[1].name)
    await devices[1].report_version("1.1.0")
    await door.engine.settle()
    await door.ok(ACTION, **target)


async def test_firmware_and_product_must_belong_together(door: SignedDoor) -> None:
    """Another product of the account than the firmware's: the firmware is not found."""
    parameters = await given(door)
    other = await make_product(door, "plug")
    assert await door.refusal(ACTION, **(parameters | {"ProductKey": other})) == "iot.ota.FirmwareNotFound"


async def test_I15_unknown_and_foreign_objects(door: SignedDoor) -> None:
    """Neither firmware nor product of another account exists."""
    parameters = await given(door)
    neighbour = await door.make_key("neighbour")
    product_key = await make_product(door, by=neighbour)
    firmware_id = await make_firmware(door, product_key, by=neighbour)
    for changed, code in (
        ({"ProductKey": product_key}, "iot.prod.NotExistedProduct"),
        ({"ProductKey": "k404"}, "iot.prod.NotExistedProduct"),
        ({"FirmwareId": firmware_id}, "iot.ota.FirmwareNotFound"),
        ({"FirmwareId": "404"}, "iot.ota.FirmwareNotFound"),
        ({"FirmwareId": firmware_id, "ProductKey": product_key}, "iot.prod.NotExistedProduct"),
    ):
        assert await door.refusal(ACTION, **(parameters | changed)) == code


async def test_devices_of_other_products_are_unknown(door: SignedDoor) -> None:
    """A name is looked up in the job's product only."""
    parameters = await given(door, TargetSelection="SPECIFIC", TargetDeviceName=["plug-0001"])
    await make_device(door, await make_product(door, "plug"), "plug-0001")
    assert await door.refusal(ACTION, **parameters) == "iot.device.NotExistedDevice"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not create jobs."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.JOB_WRITE})
    assert await door.refusal(ACTION, by=key, **await given(door)) == "Forbidden.RAM"
