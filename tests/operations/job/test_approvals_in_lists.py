"""Where jobs that wait for approval are found: XListOTAJobs and XQueryOverview (A29)."""

from __future__ import annotations

from tests.operations.job.approvals import second_person, waiting_job
from tests.operations.signed_door import SignedDoor

WHY = {"Reason": "not before the fair"}


async def test_jobs_by_state(door: SignedDoor) -> None:
    """One that waits is found by its state with who made it; approved, by who let it go; rejected, not among those."""
    other = await second_person(door)
    job_id, _ = await waiting_job(door, 1)
    [row] = (await door.ok("XListOTAJobs", State=["AWAITING_APPROVAL"]))["Data"]["Jobs"]
    assert (row["JobId"], row["State"], row["CreatedBy"]) == (job_id, "AWAITING_APPROVAL", door.root.access_key_id)
    listed = await door.ok("XListOTAJobs", State=["PAUSED", "HALTED", "REJECTED", "RUNNING"])
    assert listed["Data"]["Jobs"] == []
    await door.ok("XApproveOTAJob", by=other, JobId=job_id)
    assert (await door.ok("XListOTAJobs", State=["AWAITING_APPROVAL"]))["Data"]["Jobs"] == []
    [row] = (await door.ok("XListOTAJobs", State=["RUNNING"]))["Data"]["Jobs"]
    assert row["ApprovedBy"] == other.access_key_id


async def test_a_rejected_one_until_it_is_cancelled(door: SignedDoor) -> None:
    """It waits for nobody any more, and has not ended."""
    await second_person(door)
    job_id, _ = await waiting_job(door, 1)
    await door.ok("XRejectOTAJob", JobId=job_id, **WHY)
    [row] = (await door.ok("XListOTAJobs", State=["REJECTED"]))["Data"]["Jobs"]
    assert (row["JobId"], row["HoldReason"]) == (job_id, WHY["Reason"])
    await door.engine.settle()
    assert (await door.ok("XListOTAJobs", State=["REJECTED"]))["Data"]["Jobs"] == []


async def test_it_needs_somebody(door: SignedDoor) -> None:
    """The overview counts it, and names it among what to look at."""
    await second_person(door)
    job_id, _ = await waiting_job(door, 1)
    data = (await door.ok("XQueryOverview"))["Data"]
    assert data["Jobs"]["AwaitingApproval"] == 1
    [found] = [one for one in data["Attention"] if one["Kind"] == "JOB_AWAITING_APPROVAL"]
    assert found["JobId"] == job_id
    assert door.root.access_key_id in found["Reason"]
