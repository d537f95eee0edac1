"""XApproveOTAJob through the signed door, and what a job that needs it lets nobody do alone (A29)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import job_status, make_device, make_firmware, make_job, make_product, make_verify_job
from tests.operations.group.keys import key_without
from tests.operations.job.approvals import second_person, waiting_job
from tests.operations.job.rollouts import fail, rollout, state_of, told
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XApproveOTAJob"
WHY = {"Reason": "seen on the bench"}
ANOTHER, STATUS = "iot.ota.XApprovalByAnother", "iot.ota.JobStatusError"
STAGES = [{"Count": 2, "SoakMinutes": 60}, {"Percent": "50"}]


async def rollout_data(door: SignedDoor, job_id: str) -> dict[str, Any]:
    data: dict[str, Any] = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]
    return data


async def test_A29_nobody_is_told_before(door: SignedDoor, case: Case) -> None:
    """The job stands with all its tasks; with somebody else's approval its devices are told at once."""
    other = await second_person(door)
    job_id, fleet = await waiting_job(door)
    assert await told(door, fleet) == []
    assert [await fleet[name].ask() for name in fleet] == [None] * 3
    data = await rollout_data(door, job_id)
    assert (data["State"], data["Tasks"]["Queued"]) == ("AWAITING_APPROVAL", 3)
    assert (data["CreatedBy"], data["HeldBy"]) == (door.root.access_key_id,) * 2
    assert "ApprovedBy" not in data
    check_answer(await door.call(ACTION, case=case, by=other, JobId=job_id, **WHY), case, {})
    assert await told(door, fleet) == sorted(fleet)
    data = await rollout_data(door, job_id)
    assert (data["State"], data["ApprovedBy"]) == ("RUNNING", other.access_key_id)
    assert [(event["Kind"], event["Who"]) for event in data["Events"]["Event"]] == [
        ("APPROVED", other.access_key_id),
        ("AWAITING_APPROVAL", door.root.access_key_id),
    ]


async def test_A29_not_by_its_maker(door: SignedDoor) -> None:
    """Neither as an approval nor as a resume; nothing has changed."""
    other = await second_person(door)
    job_id, fleet = await waiting_job(door)
    assert await door.refusal(ACTION, JobId=job_id) == ANOTHER
    for key in (door.root, other):
        answer = await door.call("XResumeOTAJob", by=key, JobId=job_id, **WHY)
        assert answer.code == STATUS
        assert "XApproveOTAJob" in answer.json()["ErrorMessage"]
    assert await told(door, fleet) == []
    assert await state_of(door, job_id) == "AWAITING_APPROVAL"


async def test_a_job_that_was_made_before_goes_on(door: SignedDoor) -> None:
    """The switch is for new jobs; one that waits still waits when it is off again."""
    job_id, fleet = await rollout(door, 2)
    other = await second_person(door)
    assert await told(door, fleet) == sorted(fleet)
    assert await door.refusal(ACTION, by=other, JobId=job_id) == STATUS
    product_key = await make_product(door, "pump")
    device = await make_device(door, product_key, "pump-1", "1.0.0")
    await device.connect()
    waiting = await make_job(door, product_key, await make_firmware(door, product_key, FirmwareName="pump"))
    await door.ok("XUpdateRolloutDefaults", XApproval="OFF")
    await door.engine.settle()
    assert (device.notices, await state_of(door, waiting)) == ([], "AWAITING_APPROVAL")
    assert await door.refusal(ACTION, JobId=waiting) == ANOTHER
    await door.ok(ACTION, by=other, JobId=waiting)


async def test_verify_jobs_do_not_wait(door: SignedDoor) -> None:
    """They reach ten devices, and what they say is what the second person looks at."""
    await second_person(door)
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-1", "1.0.0")
    await device.connect()
    job_id = await make_verify_job(
        door, product_key, await make_firmware(door, product_key, NeedToVerify=True), "lamp-1"
    )
    await door.engine.settle()
    assert len(device.notices) == 1
    assert await state_of(door, job_id) == "RUNNING"


async def test_dynamic_jobs_wait_too(door: SignedDoor) -> None:
    """Also for devices that match only later."""
    other = await second_person(door)
    product_key = await make_product(door)
    given = {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, "SrcVersion": ["1.0.0"]}
    job_id = (await door.ok("CreateOTADynamicUpgradeJob", **given))["Data"]["JobId"]
    device = await make_device(door, product_key, "lamp-1")
    await device.connect()
    await device.report_version("1.0.0")
    await door.engine.settle()
    assert device.notices == []
    await door.ok(ACTION, by=other, JobId=job_id)
    await door.engine.settle()
    assert len(device.notices) == 1


async def test_I2_a_planned_job_starts_when_both_allow(door: SignedDoor) -> None:
    """Approved before its time it waits for that; approved after it, it goes at once."""
    other = await second_person(door)
    at_ms = NOW_MS + 600_000
    job_id, fleet = await waiting_job(door, ScheduleTime=at_ms)
    await door.ok(ACTION, by=other, JobId=job_id)
    assert await state_of(door, job_id) == "PLANNED"
    assert await told(door, fleet) == []
    assert await told(door, fleet, after_ms=600_001) == sorted(fleet)


async def test_I8_a_planned_job_that_nobody_approved_starts_silently(door: SignedDoor) -> None:
    """Its target set is fixed at its time, and nobody is told."""
    other = await second_person(door)
    job_id, fleet = await waiting_job(door, ScheduleTime=NOW_MS + 600_000)
    assert await told(door, fleet, after_ms=600_001) == []
    data = await rollout_data(door, job_id)
    assert (data["State"], data["JobStatus"], data["Tasks"]["Queued"]) == ("AWAITING_APPROVAL", "IN_PROGRESS", 3)
    await door.ok(ACTION, by=other, JobId=job_id)
    assert await told(door, fleet) == sorted(fleet)


async def test_F25_many_decide_at_once(door: SignedDoor) -> None:
    """Of all who approve and reject at the same moment one decides, and the job is what that one said."""
    await second_person(door)
    job_id, fleet = await waiting_job(door)
    others = [await door.make_key() for _ in range(6)]
    actions = [("XRejectOTAJob" if n % 2 else ACTION) for n in range(6)]
    calls = (door.call(a, by=key, JobId=job_id, **WHY) for a, key in zip(actions, others, strict=True))
    answers = await asyncio.gather(*calls)
    [winner] = [n for n, answer in enumerate(answers) if answer.json()["Success"]]
    assert {answer.code for n, answer in enumerate(answers) if n != winner} == {STATUS}
    assert bool(await told(door, fleet)) is (actions[winner] == ACTION)


async def test_approved_while_it_is_cancelled(door: SignedDoor) -> None:
    """A cancel holds whatever is approved afterwards (ADR 0012), and a job that has ended is refused."""
    other = await second_person(door)
    job_id, fleet = await waiting_job(door)
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True)
    await door.ok(ACTION, by=other, JobId=job_id)
    assert await told(door, fleet) == []
    assert await job_status(door, job_id) == "CANCELED"
    assert await door.refusal(ACTION, by=other, JobId=job_id) == STATUS


async def test_A29_a_cancelled_job_that_is_started_again_still_waits(door: SignedDoor) -> None:
    """Else a cancel and a re-upgrade would go past the second person."""
    other = await second_person(door)
    job_id, fleet = await waiting_job(door)
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True)
    await door.engine.settle()
    tasks = (await door.ok("ListOTATaskByJob", JobId=job_id))["Data"]["SimpleOTATaskInfo"]
    await door.ok("ReupgradeOTATask", JobId=job_id, TaskId=[task["TaskId"] for task in tasks])
    assert await told(door, fleet) == []
    assert await state_of(door, job_id) == "AWAITING_APPROVAL"
    await door.ok(ACTION, by=other, JobId=job_id)
    assert await told(door, fleet) == sorted(fleet)


@pytest.mark.parametrize("is_approved", [False, True])
async def test_A29_what_is_approved_is_what_goes(door: SignedDoor, is_approved: bool) -> None:
    """It can be made slower, and neither faster nor other than it was read."""
    other = await second_person(door)
    job_id, _ = await waiting_job(door, MaximumPerMinute=100)
    if is_approved:
        await door.ok(ACTION, by=other, JobId=job_id)
    change = {"JobId": job_id, "TargetSelection": "ALL", "UpgradeType": "STATIC"}
    for key in (door.root, other):
        for widened in ({"MaximumPerMinute": 101}, {"MaximumPerMinute": 99, "Tags": [{"Key": "k", "Value": "v"}]}):
            assert await door.refusal("UpdateOTAJob", by=key, **change, **widened) == "iot.ota.XApprovedJob"
    await door.ok("UpdateOTAJob", **change, MaximumPerMinute=99)


async def test_A29_a_halt_is_not_its_makers_to_resume(door: SignedDoor) -> None:
    """Whoever approved it knew nothing of the failures: two people stand behind each era. A pause is anybody's."""
    other = await second_person(door)
    job_id, fleet = await waiting_job(door, 60, XPace="EVIDENCE", XPaceFirst=20)
    await door.ok(ACTION, by=other, JobId=job_id)
    await door.ok("XPauseOTAJob", JobId=job_id, **WHY)
    await door.ok("XResumeOTAJob", JobId=job_id, **WHY)
    await fail(fleet, await told(door, fleet))
    await told(door, fleet)
    assert await state_of(door, job_id) == "HALTED"
    assert await door.refusal("XResumeOTAJob", JobId=job_id, **WHY) == ANOTHER
    await door.ok("XResumeOTAJob", by=other, JobId=job_id, **WHY)


async def test_A29_stages_are_not_its_makers_to_cut_short(door: SignedDoor) -> None:
    """What was approved has stages; letting the next one begin early takes somebody else."""
    other = await second_person(door)
    job_id, fleet = await waiting_job(door, 10, XStages=STAGES)
    answer = await door.call("XAdvanceOTAJob", by=other, JobId=job_id, **WHY)
    assert (answer.code, "waits to be approved" in answer.json()["ErrorMessage"]) == (STATUS, True)
    await door.ok(ACTION, by=other, JobId=job_id)
    assert len(await told(door, fleet)) == 2
    assert await door.refusal("XAdvanceOTAJob", JobId=job_id, **WHY) == ANOTHER
    await door.ok("XAdvanceOTAJob", by=other, JobId=job_id, **WHY)
    assert len(await told(door, fleet)) == 3


async def test_a_pause_of_a_job_that_waits(door: SignedDoor) -> None:
    """It stays as it is: nobody is told of it anyhow."""
    await second_person(door)
    job_id, _ = await waiting_job(door)
    await door.ok("XPauseOTAJob", JobId=job_id, **WHY)
    assert await state_of(door, job_id) == "AWAITING_APPROVAL"
    data = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    assert (data["XHold"], "approve" in data["XHoldReason"]) == ("AWAITING_APPROVAL", True)


async def test_why_a_device_does_not_update(door: SignedDoor) -> None:
    """XExplainOTADevice names the wait and who made the job."""
    await second_person(door)
    _, fleet = await waiting_job(door, 1)
    await told(door, fleet)
    data = (await door.ok("XExplainOTADevice", IotId=await iot_id_of(door)))["Data"]
    finding = data["Findings"]["Finding"][0]
    assert finding["Code"] == "AWAITING_APPROVAL"
    assert door.root.access_key_id in finding["Words"]


async def iot_id_of(door: SignedDoor) -> str:
    """The one device's."""
    [product] = (await door.ok("QueryProductList", CurrentPage=1, PageSize=10))["Data"]["List"]["ProductInfo"]
    given = {"ProductKey": product["ProductKey"], "DeviceName": "lamp-000"}
    iot_id: str = (await door.ok("QueryDeviceDetail", **given))["Data"]["IotId"]
    return iot_id


async def test_limits(door: SignedDoor) -> None:
    """A reason of up to 256 characters, or none."""
    other = await second_person(door)
    job_id, _ = await waiting_job(door, 1)
    assert await door.refusal(ACTION, by=other, JobId=job_id, Reason="x" * 257) == "iot.ota.InvalidParameter"
    await door.ok(ACTION, by=other, JobId=job_id, Reason="x" * 256)


async def test_I15_other_jobs(door: SignedDoor) -> None:
    """Unknown jobs and those of another account are not found alike."""
    await second_person(door)
    job_id, _ = await waiting_job(door, 1)
    stranger = await door.make_key(account="other")
    assert await door.refusal(ACTION, by=stranger, JobId=job_id) == "iot.ota.JobNotFound"
    assert await door.refusal(ACTION, JobId="999") == "iot.ota.JobNotFound"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to change jobs."""
    key = await key_without(door, Permission.JOB_WRITE)
    assert await door.refusal(ACTION, by=key, JobId="1") == "Forbidden.RAM"
