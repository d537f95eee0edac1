"""XListOTAJobs through the signed door (A06, I15)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_job, make_product, make_verify_job
from tests.operations.group.keys import key_without, limited_key
from tests.operations.job.rollouts import fail, rollout, succeed, told
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.adapters.store.repositories import job_search as module
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XListOTAJobs"
WINDOW = {"Days": "ALL", "Start": "22:00", "End": "23:00"}
WHY = {"Reason": "why not"}


async def ids(door: SignedDoor, **given: Any) -> list[str]:
    return [row["JobId"] for row in (await door.ok(ACTION, **given))["Data"]["Jobs"]]


async def test_a_row_in_full(door: SignedDoor, case: Case) -> None:
    """A job under way with a stage: its counters, and what its gate looks at."""
    job_id, fleet = await rollout(door, 30, XStages=[{"Percent": "50"}], XGateLimit="25", XPace="EVIDENCE", XSeed=5)
    names = await told(door, fleet)
    await succeed(fleet, names[:1])
    firmware = (await door.ok("ListOTAFirmware", PageSize=1, CurrentPage=1))["FirmwareInfo"]["SimpleFirmwareInfo"][0]
    found = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    rolled = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]
    row = {
        "JobId": job_id,
        "JobType": "UPGRADE_FIRMWARE",
        "JobStatus": "IN_PROGRESS",
        "State": "RUNNING",
        "CreatedBy": door.root.access_key_id,
        "ProductKey": found["ProductKey"],
        "ProductName": "lamp",
        "FirmwareId": firmware["FirmwareId"],
        "FirmwareName": "fw-1_1_0",
        "ModuleName": "default",
        "DestVersion": "1.1.0",
        "SelectionType": "STATIC",
        "TargetSelection": "ALL",
        "Stage": 1,
        "StageCount": 2,
        "Tasks": rolled["Tasks"],
        "TaskCount": 30,
        "Started": rolled["Started"],
        "Failing": rolled["Failing"],
        "UtcCreate": NOW_TEXT,
        "UtcModified": found["UtcModified"],
        "UtcStartTime": NOW_TEXT,
    }
    assert (rolled["Tasks"]["Succeeded"], rolled["Started"]) == (1, 1)
    expected = {"Data": {"Jobs": [row]}, "IsWholeAnswer": True, "Total": 1, "PageSize": 20}
    check_answer(await door.call(ACTION, case=case), case, expected)


async def make_jobs(door: SignedDoor) -> dict[str, str]:
    """Jobs by their states, and a verify job, the oldest first; `product` and `firmware` are theirs."""
    product_key = await make_product(door)
    for number in range(1, 8):
        await make_device(door, product_key, f"lamp-{number:04d}", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    made = {"product": product_key, "firmware": firmware_id}
    for number, (state, given) in enumerate(
        {
            "ENDED": {},
            "PAUSED": {},
            "PLANNED": {"ScheduleTime": NOW_MS + 3_600_000},
            "WAITING_WINDOW": {"XWindows": [WINDOW], "XTimeZone": "Europe/Berlin"},
            "RUNNING": {},
        }.items(),
        1,
    ):
        made[state] = await make_job(door, product_key, firmware_id, f"lamp-{number:04d}", **given)
    await door.ok("XPauseOTAJob", JobId=made["PAUSED"], **WHY)
    await door.ok("CancelOTATaskByJob", JobId=made["ENDED"], CancelQueuedTask=True, CancelNotifiedTask=True)
    await door.engine.settle()
    unverified = await make_firmware(door, product_key, "3.0.0", NeedToVerify=True)
    made["verify"] = await make_verify_job(door, product_key, unverified, "lamp-0007")
    return made


async def test_each_filter(door: SignedDoor) -> None:
    """By product, firmware, type, status and state; alone and together."""
    made = await make_jobs(door)
    product, firmware = made.pop("product"), made.pop("firmware")
    other = await make_product(door, "plug")
    all_ids = list(made.values())[::-1]
    assert await ids(door) == all_ids
    for given, names in (
        ({"ProductKey": product}, list(made)),
        ({"ProductKey": other}, []),
        ({"FirmwareId": firmware}, ["ENDED", "PAUSED", "PLANNED", "WAITING_WINDOW", "RUNNING"]),
        ({"FirmwareId": firmware, "ProductKey": other}, []),
        ({"JobType": ["VERIFY_FIRMWARE"]}, ["verify"]),
        ({"JobStatus": ["PLANNED"]}, ["PLANNED"]),
        ({"JobStatus": ["PLANNED", "CANCELED"]}, ["ENDED", "PLANNED"]),
        ({"State": ["ENDED"]}, ["ENDED"]),
        ({"State": ["PAUSED"]}, ["PAUSED"]),
        ({"State": ["HALTED"]}, []),
        ({"State": ["PLANNED", "PAUSED"], "ProductKey": product}, ["PAUSED", "PLANNED"]),
        ({"State": ["WAITING_WINDOW"]}, ["WAITING_WINDOW"]),
        ({"State": ["RUNNING"], "FirmwareId": firmware}, ["RUNNING"]),
        ({"State": ["RUNNING"], "JobType": ["VERIFY_FIRMWARE"]}, ["verify"]),
    ):
        body = await door.ok(ACTION, **given)
        assert [row["JobId"] for row in body["Data"]["Jobs"]] == [made[name] for name in names][::-1], given
        assert body["IsWholeAnswer"] is True
        is_told = not {"RUNNING", "WAITING_WINDOW"} & set(given.get("State", ()))
        assert body.get("Total") == (len(names) if is_told else None), given


async def test_jobs_for_a_group(door: SignedDoor) -> None:
    """By the group that a job was made for; others, and those of all devices, are left out."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    groups = [(await door.ok("CreateDeviceGroup", GroupName=name))["Data"]["GroupId"] for name in ("hall", "yard")]
    members = [{"ProductKey": product_key, "DeviceName": "lamp-0001"}]
    await door.ok("BatchAddDeviceGroupRelations", GroupId=groups[0], Device=members)
    job_id = await make_job(
        door, product_key, firmware_id, TargetSelection="GROUP", GroupId=groups[0], GroupType="LINK_PLATFORM"
    )
    await make_job(door, product_key, await make_firmware(door, product_key, "1.2.0"), OverwriteMode=2)
    assert await ids(door, GroupId=groups[0]) == [job_id]
    assert await ids(door, GroupId=groups[1], ProductKey=product_key) == []


async def test_a_halted_job_says_why(door: SignedDoor) -> None:
    """Its reason and since when."""
    job_id, fleet = await rollout(door, 30)
    await fail(fleet, (await told(door, fleet))[1:])
    await door.engine.settle()
    [row] = (await door.ok(ACTION, State=["HALTED"]))["Data"]["Jobs"]
    assert (row["JobId"], row["State"], row["UtcHold"]) == (job_id, "HALTED", NOW_TEXT)
    assert "devices failed or went silent" in row["HoldReason"]
    assert row["Failing"] == row["Tasks"]["Failed"] > 0


async def test_pages(door: SignedDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens go through all jobs once; pieces of any size; a token is of its filters and account (I15)."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key)
    made = []
    for number in range(7):
        await make_device(door, product_key, f"lamp-{number:04d}", "1.0.0")
        made.append(await make_job(door, product_key, firmware_id, f"lamp-{number:04d}"))
    for piece in (1, 2, 3, 200):
        monkeypatch.setattr(module, "PIECE", piece)
        for size in (1, 3, 7, 8):
            seen: list[str] = []
            token = None
            while True:
                body = await door.ok(ACTION, PageSize=size, NextToken=token)
                seen += [row["JobId"] for row in body["Data"]["Jobs"]]
                assert body["Total"] == 7
                token = body.get("NextToken")
                if token is None:
                    break
            assert seen == made[::-1], (piece, size)
    token = (await door.ok(ACTION, PageSize=1))["NextToken"]
    assert await ids(door, PageSize=1, NextToken=token) == [made[5]]
    assert await door.refusal(ACTION, NextToken=token, State=["PAUSED"]) == "iot.ota.InvalidParameter"
    other = await door.make_key("neighbour")
    assert await ids(door, by=other) == []
    assert await door.refusal(ACTION, NextToken=token, by=other) == "iot.ota.InvalidParameter"


async def test_I17_one_call_looks_at_so_many(door: SignedDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that is looked through goes on from call to call."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key)
    for number in range(5):
        await make_device(door, product_key, f"lamp-{number:04d}", "1.0.0")
        await make_job(door, product_key, firmware_id, f"lamp-{number:04d}")
    monkeypatch.setattr(module, "PIECE", 1)
    monkeypatch.setattr(module, "JOBS_LOOKED_MAX", 2)
    token, steps = None, []
    while True:
        body = await door.ok(ACTION, JobType=["VERIFY_FIRMWARE"], NextToken=token)
        token = body.get("NextToken")
        steps.append((len(body["Data"]["Jobs"]), body["IsWholeAnswer"], body.get("Total")))
        if token is None:
            break
    assert steps == [(0, False, None), (0, False, None), (0, True, None)]


async def test_A06_limited_keys(door: SignedDoor) -> None:
    """A key for one product must name it or its firmware; a key for groups is refused."""
    made = await make_jobs(door)
    product, firmware = made["product"], made["firmware"]
    of_lamp = await limited_key(door, products=(product,))
    assert len(await ids(door, by=of_lamp, ProductKey=product)) == 6
    assert len(await ids(door, by=of_lamp, FirmwareId=firmware)) == 5
    assert await door.refusal(ACTION, by=of_lamp) == "Forbidden.RAM"
    of_group = await limited_key(door, groups=("HtMLECKbdJQL7xBz",))
    assert await door.refusal(ACTION, by=of_group, ProductKey=product) == "Forbidden.RAM"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"PageSize": 0}, "iot.common.InvalidPageParams"),
        ({"PageSize": 101}, "iot.common.InvalidPageParams"),
        ({"State": ["ASLEEP"]}, "iot.ota.InvalidParameter"),
        ({"JobType": ["DYNAMIC"]}, "iot.ota.InvalidParameter"),
        ({"JobStatus": ["HALTED"]}, "iot.ota.InvalidParameter"),
        ({"ProductKey": "k-1"}, "iot.prod.InvalidFormattedProductkey"),
        ({"ProductKey": "k0000000404"}, "iot.prod.NotExistedProduct"),
        ({"FirmwareId": "404"}, "iot.ota.FirmwareNotFound"),
        ({"GroupId": "404"}, "iot.group.NotExistedGroup"),
    ],
)
async def test_refusals(door: SignedDoor, given: dict[str, Any], code: str) -> None:
    """What is outside the limits, or not there."""
    assert await door.refusal(ACTION, **given) == code


@pytest.mark.parametrize("size", [1, 100])
async def test_page_sizes_at_the_limits(door: SignedDoor, size: int) -> None:
    """1 to 100 are allowed."""
    assert (await door.ok(ACTION, PageSize=size))["PageSize"] == size


async def test_rights(door: SignedDoor) -> None:
    """The key needs the right to read jobs."""
    assert await door.refusal(ACTION, by=await key_without(door, Permission.JOB_READ)) == "Forbidden.RAM"
