"""XAdvanceOTAJob through the signed door, and stages as jobs go through them (design.md part 4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_job, make_product, statuses_of
from tests.operations.group.keys import key_without
from tests.operations.job.rollouts import connected_fleet, fail, rollout, state_of, succeed, told
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XAdvanceOTAJob"
WHY = {"Reason": "the others are switched off"}
STAGES = [{"Count": 2, "SoakMinutes": 60}, {"Percent": "50"}]
MINUTE_MS = 60_000


async def stages_of(door: SignedDoor, job_id: str) -> list[tuple[str, int]]:
    """State and devices of each stage."""
    stages = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]["Stages"]["Stage"]
    return [(stage["State"], stage["Devices"]) for stage in stages]


async def test_the_next_stage_begins_now(door: SignedDoor, case: Case) -> None:
    """Whatever the one under way has come to; after the last one all others follow."""
    job_id, fleet = await rollout(door, 10, XStages=STAGES)
    assert len(await told(door, fleet)) == 2
    check_answer(await door.call(ACTION, case=case, JobId=job_id, **WHY), case, {"Data": {"Stage": 2}})
    assert len(await told(door, fleet)) == 3
    assert (await door.ok(ACTION, JobId=job_id, **WHY))["Data"] == {"Stage": 3}
    assert len(await told(door, fleet)) == 5
    data = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]
    assert [(event["Kind"], event["Who"], event["Reason"]) for event in data["Events"]["Event"][:2]] == [
        ("STAGE", door.root.access_key_id, WHY["Reason"])
    ] * 2
    assert await stages_of(door, job_id) == [("DONE", 2), ("DONE", 3), ("UNDER_WAY", 5)]
    assert await door.refusal(ACTION, JobId=job_id, **WHY) == "iot.ota.JobStatusError"


async def test_I14_a_call_that_is_repeated_lets_one_stage_begin(door: SignedDoor) -> None:
    """A client whose connection broke repeats it with its ClientToken, and not a third of the fleet more is told."""
    job_id, fleet = await rollout(door, 10, XStages=STAGES)
    await told(door, fleet)
    for _ in range(2):
        assert (await door.ok(ACTION, JobId=job_id, ClientToken="t", **WHY))["Data"] == {"Stage": 2}
    assert len(await told(door, fleet)) == 3


async def test_stages_go_on_by_themselves(door: SignedDoor) -> None:
    """After half of the canary and its hour; without a soaking time at once."""
    job_id, fleet = await rollout(door, 10, XStages=STAGES)
    canary = await told(door, fleet)
    assert await stages_of(door, job_id) == [("UNDER_WAY", 2), ("WAITING", 3), ("WAITING", 5)]
    await succeed(fleet, canary[:1])
    assert await told(door, fleet) == []
    data = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]
    assert (data["State"], data["UtcSoaksUntil"]) == ("SOAKING", "2025-01-02T04:04:05.678Z")
    assert await told(door, fleet, after_ms=60 * MINUTE_MS - 1) == []
    second = await told(door, fleet, after_ms=1)
    assert len(second) == 3
    assert await state_of(door, job_id) == "RUNNING"
    await succeed(fleet, second[:2])
    assert len(await told(door, fleet)) == 5
    data = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]
    assert [event["Reason"] for event in data["Events"]["Event"]][::-1] == [
        "stage 1 of 3 begins, up to device 2",
        "stage 1 of 3 is healthy and soaks",
        "stage 2 of 3 begins, up to device 5",
        "stage 3 of 3 begins, with all other devices",
    ]


async def test_a_stage_whose_devices_are_all_elsewhere(door: SignedDoor) -> None:
    """A canary that is in conflict proves nothing, so it stands still until somebody decides."""
    product_key, fleet = await connected_fleet(door, 4)
    other = await make_job(door, product_key, await make_firmware(door, product_key, "3.0"), "lamp-000", "lamp-001")
    await told(door, fleet)
    firmware_id = await make_firmware(door, product_key)
    for seed in range(1, 100):
        given = {"ProductKey": product_key, "FirmwareId": firmware_id, "TargetSelection": "ALL", "XSeed": seed}
        preview = await door.ok("XPreviewOTAJob", **given, XStages=[{"Count": 2}])
        if set(preview["Data"]["Stages"]["Stage"][0]["DeviceNames"]["DeviceName"]) == {"lamp-000", "lamp-001"}:
            break
    job_id = await make_job(door, product_key, firmware_id, XSeed=seed, XStages=[{"Count": 2}])
    assert await told(door, fleet, after_ms=3_600_000) == []
    await door.ok(ACTION, JobId=job_id, **WHY)
    assert await told(door, fleet) == ["lamp-002", "lamp-003"]
    await door.ok("CancelOTATaskByJob", JobId=other, CancelNotifiedTask=True)


async def test_what_did_not_succeed_proves_nothing(door: SignedDoor) -> None:
    """A stage whose devices were cancelled or failed stands still too, though no task of it is open."""
    job_id, fleet = await rollout(door, 6, XStages=[{"Count": 4, "SucceededPercent": 75}], XGate="OFF")
    canary = await told(door, fleet)
    await succeed(fleet, canary[:2])
    await fail(fleet, canary[2:3])
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelNotifiedTask=True)
    assert await told(door, fleet) == []
    await door.ok(ACTION, JobId=job_id, **WHY)
    assert len(await told(door, fleet)) == 2


async def test_a_dynamic_job_has_stages_too(door: SignedDoor) -> None:
    """Its stage takes devices in as they come: a number of them, and a share of those so far."""
    product_key = await make_product(door)
    given = {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, "SrcVersion": ["1.0.0"]}
    stages = [{"Count": 2, "SucceededPercent": 100}, {"Percent": "50", "SucceededPercent": 100}]
    job_id = (await door.ok("CreateOTADynamicUpgradeJob", **given, XStages=stages))["Data"]["JobId"]
    fleet = {}
    for number in range(8):
        device = await make_device(door, product_key, f"lamp-{number:03d}", "1.0.0")
        await device.connect()
        fleet[device.name] = device
        if number == 0:
            assert await told(door, fleet) == ["lamp-000"]
    assert await told(door, fleet) == ["lamp-001"]
    await succeed(fleet, ["lamp-000", "lamp-001"])
    assert await told(door, fleet) == ["lamp-002", "lamp-003"]
    for number in (8, 9):
        device = await make_device(door, product_key, f"lamp-{number:03d}", "1.0.0")
        await device.connect()
        fleet[device.name] = device
    assert await told(door, fleet) == ["lamp-004"]
    await door.ok(ACTION, JobId=job_id, **WHY)
    assert len(await told(door, fleet)) == 5
    assert set((await statuses_of(door, job_id)).values()) == {"SUCCEEDED", "NOTIFIED"}


@pytest.mark.parametrize("what", ["no stages", "planned", "held", "ended"])
async def test_states_that_forbid_it(door: SignedDoor, what: str) -> None:
    """Refused, and the message says why."""
    parameters: dict[str, Any] = {} if what == "no stages" else {"XStages": STAGES}
    if what == "planned":
        parameters["ScheduleTime"] = NOW_MS + 300_000
    job_id, fleet = await rollout(door, 4, **parameters)
    await told(door, fleet)
    if what == "held":
        await door.ok("XPauseOTAJob", JobId=job_id, **WHY)
    if what == "ended":
        await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True, CancelNotifiedTask=True)
        await told(door, fleet)
    assert await door.refusal(ACTION, JobId=job_id, **WHY) == "iot.ota.JobStatusError"


async def test_I15_other_jobs(door: SignedDoor) -> None:
    """Unknown jobs and those of another account are not found alike."""
    job_id, fleet = await rollout(door, 4, XStages=STAGES)
    await told(door, fleet)
    stranger = await door.make_key(account="other")
    assert await door.refusal(ACTION, by=stranger, JobId=job_id, **WHY) == "iot.ota.JobNotFound"
    assert await door.refusal(ACTION, JobId="999", **WHY) == "iot.ota.JobNotFound"


async def test_a_reason_is_needed(door: SignedDoor) -> None:
    """1 to 256 characters."""
    job_id, fleet = await rollout(door, 4, XStages=STAGES)
    await told(door, fleet)
    assert await door.refusal(ACTION, JobId=job_id) == "MissingReason"
    assert await door.refusal(ACTION, JobId=job_id, Reason="x" * 257) == "iot.ota.InvalidParameter"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to change jobs."""
    key = await key_without(door, Permission.JOB_WRITE)
    assert await door.refusal(ACTION, by=key, JobId="1", **WHY) == "Forbidden.RAM"
