"""XResumeOTAJob through the signed door (design.md part 4)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.group.keys import key_without
from tests.operations.job.rollouts import fail, rollout, state_of, succeed, told
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XResumeOTAJob"
WHY = {"Reason": "the hall is dark again"}
PACED = {"XPace": "EVIDENCE", "XPaceFirst": 2, "XPaceGrowth": 3}


async def test_the_job_goes_on(door: SignedDoor, case: Case) -> None:
    """Devices that waited are told at once."""
    job_id, fleet = await rollout(door, 3)
    await door.ok("XPauseOTAJob", JobId=job_id, **WHY)
    assert await told(door, fleet) == []
    check_answer(await door.call(ACTION, case=case, JobId=job_id, **WHY), case, {})
    assert await told(door, fleet) == sorted(fleet)
    data = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]
    assert data["State"] == "RUNNING"
    assert [event["Kind"] for event in data["Events"]["Event"]] == ["RESUMED", "PAUSED"]
    assert data["Events"]["Event"][0]["Who"] == door.root.access_key_id


async def test_I6_a_pause_excuses_nothing(door: SignedDoor) -> None:
    """However often somebody pauses and resumes, no more devices are at risk than the pace allows."""
    job_id, fleet = await rollout(door, 30, **PACED)
    assert len(await told(door, fleet)) == 2
    for _ in range(3):
        await door.ok("XPauseOTAJob", JobId=job_id, **WHY)
        await door.ok(ACTION, JobId=job_id, **WHY)
        assert await told(door, fleet) == []
    data = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]
    assert (data["AtRisk"], data["AtRiskMax"]) == (2, 2)


async def test_a_pause_does_not_make_the_gate_forget(door: SignedDoor) -> None:
    """Failures before it and after it halt together."""
    job_id, fleet = await rollout(door, 30)
    names = await told(door, fleet)
    await fail(fleet, names[:2])
    await told(door, fleet)
    assert await state_of(door, job_id) == "RUNNING"
    await door.ok("XPauseOTAJob", JobId=job_id, **WHY)
    await door.ok(ACTION, JobId=job_id, **WHY)
    await fail(fleet, names[2:-1])
    await told(door, fleet)
    assert await state_of(door, job_id) == "HALTED"


async def test_after_a_halt_all_begins_anew(door: SignedDoor) -> None:
    """What was told before is excused: as many devices as at first, and a gate that has seen nothing."""
    job_id, fleet = await rollout(door, 60, **{**PACED, "XPaceFirst": 20})
    names = await told(door, fleet)
    await fail(fleet, names)
    await told(door, fleet)
    assert await state_of(door, job_id) == "HALTED"
    data = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]
    assert data["HeldBy"] == ""
    assert "failed or went silent" in data["HoldReason"]
    await door.ok(ACTION, JobId=job_id, **WHY)
    again = await told(door, fleet)
    assert again
    assert not set(again) & set(names)
    data = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]
    assert (data["State"], data["Failing"], data["AtRiskMax"]) == ("RUNNING", 0, 20)


async def test_F05_who_was_told_before_is_told_again(door: SignedDoor) -> None:
    """A device that reconnected while the job was held heard nothing; it is told once the job goes on."""
    job_id, fleet = await rollout(door, 2)
    assert len(await told(door, fleet)) == 2
    await door.ok("XPauseOTAJob", JobId=job_id, **WHY)
    device = fleet["lamp-000"]
    await device.disconnect()
    await device.connect()
    assert await told(door, fleet) == []
    await door.ok(ACTION, JobId=job_id, **WHY)
    assert await told(door, fleet) == ["lamp-000"]


async def test_F05_also_after_a_halt(door: SignedDoor) -> None:
    """With a pace whose places are all taken."""
    job_id, fleet = await rollout(door, 60, **{**PACED, "XPaceFirst": 20})
    names = await told(door, fleet)
    device = fleet[names.pop()]
    await fail(fleet, names)
    await told(door, fleet)
    await device.disconnect()
    await device.connect()
    assert await told(door, fleet) == []
    await door.ok(ACTION, JobId=job_id, **WHY)
    assert (await told(door, fleet)).count(device.name) == 1


async def test_what_is_not_held(door: SignedDoor) -> None:
    """Refused by its status: a job that runs, and one that has ended."""
    job_id, fleet = await rollout(door, 1)
    assert await door.refusal(ACTION, JobId=job_id, **WHY) == "iot.ota.JobStatusError"
    await succeed(fleet, await told(door, fleet))
    await told(door, fleet)
    assert await door.refusal(ACTION, JobId=job_id, **WHY) == "iot.ota.JobStatusError"


async def test_a_reason_is_needed(door: SignedDoor) -> None:
    """1 to 256 characters."""
    job_id, _ = await rollout(door, 1)
    await door.ok("XPauseOTAJob", JobId=job_id, **WHY)
    assert await door.refusal(ACTION, JobId=job_id) == "MissingReason"
    assert await door.refusal(ACTION, JobId=job_id, Reason="x" * 257) == "iot.ota.InvalidParameter"
    await door.ok(ACTION, JobId=job_id, Reason="x" * 256)


async def test_I15_other_jobs(door: SignedDoor) -> None:
    """Unknown jobs and those of another account are not found alike."""
    job_id, _ = await rollout(door, 1)
    await door.ok("XPauseOTAJob", JobId=job_id, **WHY)
    stranger = await door.make_key(account="other")
    assert await door.refusal(ACTION, by=stranger, JobId=job_id, **WHY) == "iot.ota.JobNotFound"
    assert await door.refusal(ACTION, JobId="999", **WHY) == "iot.ota.JobNotFound"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to change jobs."""
    key = await key_without(door, Permission.JOB_WRITE)
    assert await door.refusal(ACTION, by=key, JobId="1", **WHY) == "Forbidden.RAM"
