"""XPreviewOTAJob through the signed door: what it says is what Create does (design.md part 4)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import (
    CONTENT,
    find_device,
    make_device,
    make_devices,
    make_firmware,
    make_group,
    make_job,
    make_module,
    make_product,
    upload_list,
)
from tests.operations.group.keys import key_without
from tests.operations.signed_door import NOW_MS, SignedDoor, without_audit
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION, CREATE = "XPreviewOTAJob", "CreateOTAStaticUpgradeJob"
ALL = {"TargetSelection": "ALL"}
DEVICES = 60


async def preview(door: SignedDoor, product_key: str, firmware_id: str, **parameters: Any) -> dict[str, Any]:
    """Its answer's data."""
    given = {"ProductKey": product_key, "FirmwareId": firmware_id, **parameters}
    data: dict[str, Any] = (await door.ok(ACTION, **given))["Data"]
    return data


def names_of(data: dict[str, Any]) -> list[list[str]]:
    """The named devices of each stage."""
    return [stage["DeviceNames"]["DeviceName"] for stage in data["Stages"]["Stage"]]


async def all_names(door: SignedDoor, given: dict[str, Any], seed: int, page_size: int) -> list[list[str]]:
    """Every device of every stage, page by page."""
    stages = (await door.ok(ACTION, **given, XSeed=seed))["Data"]["Stages"]["Stage"]
    found = []
    for stage in stages:
        names: list[str] = []
        for page in range(1, 2 + stage["Devices"] // page_size):
            paged = {"XStage": stage["Number"], "CurrentPage": page, "PageSize": page_size}
            data = (await door.ok(ACTION, **given, XSeed=seed, **paged))["Data"]
            names += names_of(data)[stage["Number"] - 1]
            assert [n for n, shown in enumerate(names_of(data), 1) if shown and n != stage["Number"]] == []
        assert len(names) == stage["Devices"]
        found.append(names)
    return found


async def made(door: SignedDoor, job_id: str) -> list[tuple[str, str]]:
    """Name and status of the job's tasks in the order in which they are told, the engine having filled it."""
    account_id = await door.account_id()
    job = None
    while job is None or not job.is_filled:
        async with door.store.transaction() as store:
            job = await store.jobs.by_id(account_id, int(job_id))
            assert job is not None
            await store.fleet.fill(job, 7, door.clock.at_ms)
    sql = f"SELECT d.device_name, t.status FROM task t JOIN device d ON d.id = t.device_id WHERE t.job_id = {job_id}"
    return door.ports.database.execute(f"{sql} ORDER BY t.id")


async def furnished(door: SignedDoor, seed: int) -> tuple[str, dict[str, dict[str, Any]]]:
    """A fleet as random as the seed: versions, states, open tasks of another job; and selections of it."""
    dice = random.Random(seed)
    product_key = await make_product(door)
    await make_module(door, product_key)
    names = await make_devices(door, product_key, DEVICES)
    for name in names:
        device = await find_device(door, product_key, name)
        version = dice.choice((None, "0.9", "1.0.0", "1.0.0", "1.1.0"))
        if dice.random() < 0.5:
            await device.connect()
        if version is not None:
            await device.report_version(version)
    busy = dice.sample(names, 12)
    other = await make_firmware(door, product_key, "3.0", ModuleName=dice.choice(("default", "mcu")))
    await make_job(door, product_key, other, *busy)
    await door.engine.settle()
    for name in dice.sample(busy, 3):
        device = await find_device(door, product_key, name)
        await device.report_progress(5)
        await device.report_progress(5, module="mcu")
    await door.ok("DeleteDevice", ProductKey=product_key, DeviceName=names.pop(0))
    chosen = dice.sample(names, 25)
    await make_device(door, await make_product(door, "plug"), "plug-1", "1.0.0")
    listed = "\n".join([*chosen, "nobody", *chosen[:5]]).encode()
    selections: dict[str, dict[str, Any]] = {
        "all": ALL,
        "all from": {**ALL, "SrcVersion": ["1.0.0", "0.9"]},
        "gray": {"TargetSelection": "GRAY", "GrayPercent": "33.3"},
        "gray from": {"TargetSelection": "GRAY", "GrayPercent": "50", "SrcVersion": ["1.0.0", "1.1.0"]},
        "names": {"TargetSelection": "SPECIFIC", "TargetDeviceName": chosen},
        "list": {"TargetSelection": "SPECIFIC", "DnListFileUrl": await upload_list(door, listed)},
        "group": {"TargetSelection": "GROUP", "GroupId": await make_group(door, product_key, "south", *chosen)},
    }
    return product_key, selections


@pytest.mark.parametrize("fleet", range(3))
@pytest.mark.parametrize("kind", ["full", "difference"])
@pytest.mark.parametrize("mode", [{}, {"OverwriteMode": 2}, {"MultiModuleMode": True}], ids=str)
async def test_what_it_says_is_what_create_does(door: SignedDoor, fleet: int, kind: str, mode: dict[str, Any]) -> None:
    """The same devices in the same order and stages, for every selection; counts by reason, and of conflicts."""
    dice = random.Random(f"{fleet} {kind} {mode}")
    product_key, selections = await furnished(door, fleet)
    difference = {"Type": 1, "SrcVersion": "1.0.0"} if kind == "difference" else {}
    firmware_id = await make_firmware(door, product_key, **difference)
    for selection, target in selections.items():
        if kind == "difference" and "SrcVersion" in target:
            continue
        stages = dice.choice([[], [{"Count": 1}, {"Percent": "30"}, {"Percent": "30.5"}], [{"Percent": "100"}]])
        given = {"ProductKey": product_key, "FirmwareId": firmware_id, "XStages": stages, **target, **mode}
        data = (await door.ok(ACTION, **given))["Data"]
        expected = await all_names(door, given, data["XSeed"], dice.choice((1, 3, 20)))
        assert [names[:20] for names in expected] == names_of(data), selection
        job_id = (await door.ok(CREATE, **given, XSeed=data["XSeed"]))["Data"]["JobId"]
        tasks = await made(door, job_id)
        assert [name for names in expected for name in names] == [name for name, _ in tasks], selection
        assert data["Targets"] == len(tasks)
        assert data["InConflict"] == sum(status == 5 for _, status in tasks)
        await check_stages(door, job_id, data)
        await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True, CancelNotifiedTask=True)
        await door.engine.settle()


async def check_stages(door: SignedDoor, job_id: str, data: dict[str, Any]) -> None:
    """XQueryOTARollout of the job shows the stages that the preview did."""
    shown = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]["Stages"]["Stage"]
    previewed = [(stage["Devices"], stage["UntilDevice"]) for stage in data["Stages"]["Stage"]]
    assert [(stage["Devices"], stage["UntilDevice"]) for stage in shown] == (previewed if shown else [])


async def test_the_answer(door: SignedDoor, case: Case) -> None:
    """Counts, bytes, the expected end, and the devices of each stage; nothing changes."""
    product_key = await make_product(door)
    for name, version in (("new-1", "1.1.0"), ("old-1", "1.0.0"), ("other-1", "0.9"), ("silent-1", None)):
        device = await make_device(door, product_key, name, version)
    await device.connect()
    given = {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, **ALL, "XSeed": 7}
    before = door.rows()
    check_answer(
        await door.call(ACTION, case=case, **given, XStages=[{"Count": 1, "SoakMinutes": 30}]),
        case,
        {
            "Data": {
                "XSeed": 7,
                "Targets": 3,
                "InConflict": 0,
                "Offline": 2,
                "AtDestVersion": 1,
                "AtOtherVersion": 0,
                "BytesToTransfer": 3 * len(CONTENT),
                "AssumedMinutes": 10,
                "ExpectedMinutes": 50,
                "UtcExpectedEnd": "2025-01-02T03:54:05.678Z",
                "Stages": {
                    "Stage": [
                        {
                            "Number": 1,
                            "Devices": 1,
                            "UntilDevice": 1,
                            "DeviceNames": {"DeviceName": ["other-1"]},
                        },
                        {
                            "Number": 2,
                            "Devices": 2,
                            "UntilDevice": 3,
                            "DeviceNames": {"DeviceName": ["old-1", "silent-1"]},
                        },
                    ]
                },
            }
        },
    )
    assert without_audit(door.rows()) == without_audit(before)
    data = await preview(door, product_key, given["FirmwareId"], **ALL, SrcVersion=["1.0.0"])
    assert (data["Targets"], data["AtOtherVersion"], data["AtDestVersion"]) == (1, 2, 1)


async def test_a_planned_job(door: SignedDoor) -> None:
    """The end counts from its start."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1")
    firmware_id = await make_firmware(door, product_key)
    data = await preview(door, product_key, firmware_id, **ALL, ScheduleTime=NOW_MS + 3_600_000)
    assert (data["ExpectedMinutes"], data["UtcExpectedEnd"]) == (10, "2025-01-02T04:14:05.678Z")


@pytest.mark.parametrize("rule", ["version", "group"])
async def test_what_a_dynamic_job_takes_now(door: SignedDoor, rule: str) -> None:
    """As many tasks, and as many of them in conflict, as CreateOTADynamicUpgradeJob makes at once."""
    product_key, _ = await furnished(door, 7)
    given = {"ProductKey": product_key, "FirmwareId": await make_firmware(door, product_key)}
    if rule == "version":
        told: dict[str, Any] = {"SrcVersion": ["1.0.0", "0.9"]}
        data = (await door.ok(ACTION, **given, **ALL, **told))["Data"]
    else:
        expression = f'product_key = "{product_key}" and name LIKE "device-0000%"'
        group = await door.ok("CreateDeviceDynamicGroup", GroupName="some", DynamicGroupExpression=expression)
        told = {"GroupId": group["Data"]["GroupId"], "GroupType": "LINK_PLATFORM_DYNAMIC"}
        await door.engine.settle()
        data = (await door.ok(ACTION, **given, TargetSelection="GROUP", **told))["Data"]
    tasks = await made(door, (await door.ok("CreateOTADynamicUpgradeJob", **given, **told))["Data"]["JobId"])
    assert data["Targets"] == len(tasks) > 0
    assert data["InConflict"] == sum(status == 5 for _, status in tasks)


async def test_nothing_to_do(door: SignedDoor) -> None:
    """A fleet without targets has stages without devices."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key)
    data = await preview(door, product_key, firmware_id, **ALL, XStages=[{"Percent": "5"}], XPace="EVIDENCE")
    assert [stage["Devices"] for stage in data["Stages"]["Stage"]] == [0, 0]
    assert (data["Targets"], data["ExpectedMinutes"]) == (0, 0)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"XStage": 0}, "iot.ota.InvalidParameter"),
        ({"XStage": 3}, "iot.ota.InvalidParameter"),
        ({"PageSize": 20}, "iot.ota.InvalidParameter"),
        ({"CurrentPage": 1}, "iot.ota.InvalidParameter"),
        ({"XStage": 1, "PageSize": 201}, "iot.common.InvalidPageParams"),
        ({"XStage": 1, "PageSize": 0}, "iot.common.InvalidPageParams"),
        ({"XStage": 1, "CurrentPage": 0}, "iot.common.InvalidPageParams"),
        ({"GrayPercent": "3"}, "iot.ota.InvalidParameter"),
        ({"XGateLimit": "99"}, "iot.ota.InvalidParameter"),
        ({"FirmwareId": "999"}, "iot.ota.FirmwareNotFound"),
        ({"ProductKey": "nobodys"}, "iot.prod.NotExistedProduct"),
        ({"TargetSelection": "SPECIFIC", "TargetDeviceName": ["nobody"]}, "iot.device.NotExistedDevice"),
        ({"TargetSelection": "GROUP", "GroupId": "nobodys"}, "iot.group.NotExistedGroup"),
        ({"GroupType": "LINK_PLATFORM_DYNAMIC"}, "iot.ota.InvalidParameter"),
        ({"TargetSelection": "SPECIFIC", "DnListFileUrl": "https://x"}, "iot.ota.DeviceListFileError"),
        ({"TargetSelection": "SPECIFIC"}, "iot.ota.MissingParameter"),
        ({"TargetSelection": "SPECIFIC", "TargetDeviceName": ["x"] * 201}, "iot.ota.TooManyDevices"),
    ],
    ids=str,
)
async def test_refused(door: SignedDoor, parameters: dict[str, Any], code: str) -> None:
    """As the call that would make the job is."""
    product_key = await make_product(door)
    given = {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, **ALL}
    given |= {"XStages": [{"Count": 3}], **parameters}
    assert await door.refusal(ACTION, **given) == code


async def test_pages_at_their_limits(door: SignedDoor) -> None:
    """A page of 200, of the implicit last stage; one beyond the end is empty."""
    product_key = await make_product(door)
    await make_devices(door, product_key, 203)
    given = {**ALL, "XStages": [{"Count": 2}], "XStage": 2, "PageSize": 200, "XSeed": 3}
    firmware_id = await make_firmware(door, product_key)
    pages = [await preview(door, product_key, firmware_id, **given, CurrentPage=page) for page in (1, 2, 3)]
    assert [len(names_of(page)[1]) for page in pages] == [200, 1, 0]


async def test_unverified_firmware(door: SignedDoor) -> None:
    """A job of it could not be made (I10)."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key, NeedToVerify=True)
    given = {"ProductKey": product_key, "FirmwareId": firmware_id, **ALL}
    assert await door.refusal(ACTION, **given) == "iot.ota.FirmwareNotVerified"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to read jobs."""
    assert await door.refusal(ACTION, by=await key_without(door, Permission.JOB_READ)) == "Forbidden.RAM"
