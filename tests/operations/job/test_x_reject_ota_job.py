"""XRejectOTAJob through the signed door (A29)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.fleet import job_status, make_device, make_firmware, make_product, statuses_of
from tests.operations.group.keys import key_without
from tests.operations.job.approvals import second_person, waiting_job
from tests.operations.job.rollouts import rollout, told
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XRejectOTAJob"
WHY = {"Reason": "not before the fair"}
STATUS = "iot.ota.JobStatusError"


async def test_the_job_is_cancelled(door: SignedDoor, case: Case) -> None:
    """With all its tasks and without a word to a device; who asks later reads who said no, and why."""
    other = await second_person(door)
    job_id, fleet = await waiting_job(door)
    check_answer(await door.call(ACTION, case=case, by=other, JobId=job_id, **WHY), case, {})
    assert await told(door, fleet) == []
    assert set((await statuses_of(door, job_id)).values()) == {"CANCELED"}
    data = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]
    assert (data["State"], data["JobStatus"]) == ("ENDED", "CANCELED")
    assert (data["HoldReason"], data["HeldBy"]) == (WHY["Reason"], other.access_key_id)
    assert [event["Kind"] for event in data["Events"]["Event"]] == ["REJECTED", "AWAITING_APPROVAL"]
    assert (await door.ok("QueryOTAJob", JobId=job_id))["Data"]["XHold"] == "REJECTED"


async def test_its_maker_takes_it_back(door: SignedDoor) -> None:
    """A planned one never starts."""
    await second_person(door)
    job_id, fleet = await waiting_job(door, ScheduleTime=NOW_MS + 600_000)
    await door.ok(ACTION, JobId=job_id, **WHY)
    assert await told(door, fleet, after_ms=600_001) == []
    assert await job_status(door, job_id) == "CANCELED"


async def test_a_dynamic_job_takes_nobody_more(door: SignedDoor) -> None:
    """Its strategy ends with it, so that another job for the version may be made."""
    other = await second_person(door)
    product_key = await make_product(door)
    given = {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, "SrcVersion": ["1.0.0"]}
    job_id = (await door.ok("CreateOTADynamicUpgradeJob", **given))["Data"]["JobId"]
    await door.ok(ACTION, by=other, JobId=job_id, **WHY)
    await door.engine.settle()
    assert await job_status(door, job_id) == "CANCELED"
    device = await make_device(door, product_key, "lamp-1")
    await device.report_version("1.0.0")
    assert await statuses_of(door, job_id) == {}
    await door.ok("CreateOTADynamicUpgradeJob", **given)


async def test_A29_it_is_for_good(door: SignedDoor) -> None:
    """It is not approved, resumed or rejected afterwards, nor are its tasks started again."""
    other = await second_person(door)
    job_id, fleet = await waiting_job(door)
    await door.ok(ACTION, by=other, JobId=job_id, **WHY)
    for settled in (False, True):
        if settled:
            await told(door, fleet)
        for action in ("XApproveOTAJob", "XResumeOTAJob", ACTION):
            assert await door.refusal(action, by=other, JobId=job_id, **WHY) == STATUS
        tasks = (await door.ok("ListOTATaskByJob", JobId=job_id))["Data"]["SimpleOTATaskInfo"]
        assert await door.refusal("ReupgradeOTATask", by=other, JobId=job_id, TaskId=[tasks[0]["TaskId"]]) == STATUS


async def test_what_does_not_wait(door: SignedDoor) -> None:
    """A job that needs no approval, and one that has it."""
    job_id, _ = await rollout(door, 1)
    assert await door.refusal(ACTION, JobId=job_id, **WHY) == STATUS


async def test_an_approved_job(door: SignedDoor) -> None:
    """CancelOTATaskByJob cancels it."""
    other = await second_person(door)
    job_id, _ = await waiting_job(door, 1)
    await door.ok("XApproveOTAJob", by=other, JobId=job_id)
    assert await door.refusal(ACTION, by=other, JobId=job_id, **WHY) == STATUS


async def test_a_reason_is_needed(door: SignedDoor) -> None:
    """1 to 256 characters."""
    await second_person(door)
    job_id, _ = await waiting_job(door, 1)
    assert await door.refusal(ACTION, JobId=job_id) == "MissingReason"
    assert await door.refusal(ACTION, JobId=job_id, Reason="x" * 257) == "iot.ota.InvalidParameter"
    await door.ok(ACTION, JobId=job_id, Reason="x" * 256)


async def test_I15_other_jobs(door: SignedDoor) -> None:
    """Unknown jobs and those of another account are not found alike."""
    await second_person(door)
    job_id, _ = await waiting_job(door, 1)
    stranger = await door.make_key(account="other")
    assert await door.refusal(ACTION, by=stranger, JobId=job_id, **WHY) == "iot.ota.JobNotFound"
    assert await door.refusal(ACTION, JobId="999", **WHY) == "iot.ota.JobNotFound"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to change jobs."""
    key = await key_without(door, Permission.JOB_WRITE)
    assert await door.refusal(ACTION, by=key, JobId="1", **WHY) == "Forbidden.RAM"
