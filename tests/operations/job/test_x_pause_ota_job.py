"""XPauseOTAJob through the signed door (design.md part 4, I8)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_product, statuses_of
from tests.operations.group.keys import key_without
from tests.operations.job.rollouts import fail, queued, rollout, state_of, succeed, told
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XPauseOTAJob"
WHY = {"Reason": "hall 2 flickers"}


async def test_I8_nothing_leaves_after_the_answer(door: SignedDoor, case: Case) -> None:
    """Neither by the engine, nor to a device that connects, reports, or asks; what has begun may go on."""
    job_id, fleet = await rollout(door, 6, XPace="EVIDENCE", XPaceFirst=2)
    begun = await told(door, fleet)
    assert len(begun) == 2
    await fleet[begun[0]].report_progress(10)
    check_answer(await door.call(ACTION, case=case, JobId=job_id, **WHY), case, {})
    await succeed(fleet, begun)
    for device in fleet.values():
        await device.disconnect()
        await device.connect()
        assert await device.ask() is None
    assert await told(door, fleet, after_ms=3_600_000) == []
    assert (await statuses_of(door, job_id))[begun[0]] == "SUCCEEDED"
    assert len(await queued(door, job_id)) == 4
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    assert (job["JobStatus"], job["XHold"], job["XHoldReason"]) == ("IN_PROGRESS", "PAUSED", WHY["Reason"])


async def test_it_is_written_down(door: SignedDoor) -> None:
    """When, by which key, and why."""
    job_id, _ = await rollout(door, 1)
    await door.ok(ACTION, JobId=job_id, **WHY)
    data = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]
    who = door.root.access_key_id
    assert (data["State"], data["HoldReason"], data["HeldBy"], data["UtcHold"]) == (
        "PAUSED",
        WHY["Reason"],
        who,
        NOW_TEXT,
    )
    event = {"UtcTime": NOW_TEXT, "Kind": "PAUSED", "Who": who, "Reason": WHY["Reason"]}
    assert data["Events"] == {"Event": [event]}


async def test_again(door: SignedDoor) -> None:
    """A job that is paused stays as it is: the first reason and time."""
    job_id, _ = await rollout(door, 1)
    await door.ok(ACTION, JobId=job_id, **WHY)
    door.clock.at_ms = NOW_MS + 9
    await door.ok(ACTION, JobId=job_id, Reason="another")
    data = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]
    assert (data["HoldReason"], data["UtcHold"], len(data["Events"]["Event"])) == (WHY["Reason"], NOW_TEXT, 1)


async def test_a_planned_job(door: SignedDoor) -> None:
    """It starts at its time and makes its tasks, and nobody is told."""
    job_id, fleet = await rollout(door, 2, ScheduleTime=NOW_MS + 300_000)
    await door.ok(ACTION, JobId=job_id, **WHY)
    assert await state_of(door, job_id) == "PAUSED"
    assert await told(door, fleet, after_ms=300_000) == []
    assert len(await queued(door, job_id)) == 2
    await door.ok("XResumeOTAJob", JobId=job_id, **WHY)
    assert len(await told(door, fleet)) == 2


async def test_a_dynamic_job(door: SignedDoor) -> None:
    """It takes devices that match meanwhile, and tells them when it is resumed; also one whose strategy has ended."""
    product_key = await make_product(door)
    given = {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, "SrcVersion": ["1.0.0"]}
    job_id = (await door.ok("CreateOTADynamicUpgradeJob", **given))["Data"]["JobId"]
    await door.ok(ACTION, JobId=job_id, **WHY)
    device = await make_device(door, product_key, "lamp-1", "1.0.0")
    await device.connect()
    assert await told(door, {"lamp-1": device}) == []
    await door.ok("CancelOTAStrategyByJob", JobId=job_id)
    await door.ok("XResumeOTAJob", JobId=job_id, **WHY)
    await door.ok(ACTION, JobId=job_id, **WHY)
    assert await told(door, {"lamp-1": device}) == []
    await door.ok("XResumeOTAJob", JobId=job_id, **WHY)
    assert await told(door, {"lamp-1": device}) == ["lamp-1"]


async def test_the_gate_of_a_paused_job_halts_it(door: SignedDoor) -> None:
    """Devices that go on may fail; then nobody gets another byte, and a pause does not take the halt's place."""
    job_id, fleet = await rollout(door, 30)
    names = await told(door, fleet)
    await door.ok(ACTION, JobId=job_id, **WHY)
    await fail(fleet, names[1:])
    await told(door, fleet)
    assert await state_of(door, job_id) == "HALTED"
    await door.ok(ACTION, JobId=job_id, **WHY)
    assert await state_of(door, job_id) == "HALTED"


async def test_jobs_that_have_ended(door: SignedDoor) -> None:
    """Refused by their status, however they ended, and also when they were held then."""
    job_id, fleet = await rollout(door, 1)
    await succeed(fleet, await told(door, fleet))
    await told(door, fleet)
    assert await door.refusal(ACTION, JobId=job_id, **WHY) == "iot.ota.JobStatusError"


async def test_a_job_that_ended_while_it_was_held(door: SignedDoor) -> None:
    """What is left of the hold lets nobody believe that there is something to hold."""
    job_id, fleet = await rollout(door, 1)
    await door.ok(ACTION, JobId=job_id, **WHY)
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True)
    await told(door, fleet)
    assert await state_of(door, job_id) == "ENDED"
    assert await door.refusal(ACTION, JobId=job_id, **WHY) == "iot.ota.JobStatusError"
    assert await door.refusal("XResumeOTAJob", JobId=job_id, **WHY) == "iot.ota.JobStatusError"


@pytest.mark.parametrize("length", [256, 257])
async def test_reasons(door: SignedDoor, length: int) -> None:
    """1 to 256 characters."""
    job_id, _ = await rollout(door, 1)
    if length > 256:
        assert await door.refusal(ACTION, JobId=job_id, Reason="é" * length) == "iot.ota.InvalidParameter"
    else:
        await door.ok(ACTION, JobId=job_id, Reason="é" * length)
    assert await door.refusal(ACTION, JobId=job_id) == "MissingReason"


async def test_I15_other_jobs(door: SignedDoor) -> None:
    """Unknown jobs and those of another account are not found alike."""
    job_id, _ = await rollout(door, 1)
    stranger = await door.make_key(account="other")
    assert await door.refusal(ACTION, by=stranger, JobId=job_id, **WHY) == "iot.ota.JobNotFound"
    assert await door.refusal(ACTION, JobId="999", **WHY) == "iot.ota.JobNotFound"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to change jobs."""
    key = await key_without(door, Permission.JOB_WRITE)
    assert await door.refusal(ACTION, by=key, JobId="1", **WHY) == "Forbidden.RAM"


@pytest.mark.parametrize("why", ["pause", "stage", "window"])
async def test_I8_devices_that_came_leave_nothing_behind(door: SignedDoor, why: str) -> None:
    """A job that is held back and then cancelled ends, and none of the devices that came meanwhile waits on."""
    window = {"XWindows": [{"Days": "ALL", "Start": "12:00", "End": "13:00"}], "XTimeZone": "UTC"}
    given = {"pause": {}, "stage": {"XStages": [{"Count": 1}]}, "window": window}[why]
    job_id, fleet = await rollout(door, 3, **given)
    if why == "pause":
        await door.ok(ACTION, JobId=job_id, **WHY)
    await told(door, fleet)
    for device in fleet.values():
        await device.disconnect()
        await device.connect()
    cancelled = {"CancelQueuedTask": True, "CancelNotifiedTask": True}
    await door.ok("CancelOTATaskByJob", JobId=job_id, **cancelled)
    await told(door, fleet)
    assert await state_of(door, job_id) == "ENDED"
    await door.check_consistency()
