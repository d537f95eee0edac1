"""XListOTATaskByReason through the signed door (ADR 0058)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.group.keys import key_without
from tests.operations.job.rollouts import rollout, told
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.operations.task.x_list_ota_task_by_reason import PAGE_SIZE_MAX, ROWS_DEEP_MAX

ACTION = "XListOTATaskByReason"


async def failed(door: SignedDoor, devices: int) -> str:
    """A job of which all devices but the last failed alike, and the last one otherwise; its id."""
    job_id, fleet = await rollout(door, devices, XGate="OFF")
    names = await told(door, fleet)
    for name in names[:-1]:
        await fleet[name].report_progress(-2, "no route")
    await fleet[names[-1]].report_progress(-3)
    return job_id


async def names(door: SignedDoor, job_id: str, reason_id: Any, **paging: Any) -> list[str]:
    body = await door.ok(ACTION, JobId=job_id, ReasonId=reason_id, **paging)
    return [task["DeviceName"] for task in body["Data"]["SimpleOTATaskInfo"]]


async def test_the_rows_are_those_of_the_job(door: SignedDoor) -> None:
    """As ListOTATaskByJob has them, newest first, in pages; of a reason nobody has, none."""
    job_id = await failed(door, 4)
    rows = (await door.ok("ListOTATaskByJob", JobId=job_id))["Data"]["SimpleOTATaskInfo"]
    body = await door.ok(ACTION, JobId=job_id, ReasonId="16")
    assert body["Data"]["SimpleOTATaskInfo"] == [row for row in rows if row["TaskDesc"] == "step -2: no route"]
    assert (body["Total"], body["PageCount"], body["PageSize"], body["CurrentPage"]) == (3, 1, 10, 1)
    assert await names(door, job_id, "16", PageSize="2") == ["lamp-002", "lamp-001"]
    assert await names(door, job_id, "16", PageSize="2", CurrentPage="2") == ["lamp-000"]
    assert await names(door, job_id, "6") == ["lamp-003"]
    assert await names(door, job_id, "999") == []


@pytest.mark.parametrize("reason_id", ["0", "1000", "x"])
async def test_no_reason_id(door: SignedDoor, reason_id: str) -> None:
    """A ReasonId is a number from 1 to 999."""
    job_id, _ = await rollout(door, 1)
    assert await door.refusal(ACTION, JobId=job_id, ReasonId=reason_id) == "iot.ota.InvalidParameter"


async def test_pages_are_bounded(door: SignedDoor) -> None:
    """PageSize 1 to 100; CurrentPage times PageSize at most 100,000."""
    job_id, _ = await rollout(door, 1)
    for size, deep in ((PAGE_SIZE_MAX, ROWS_DEEP_MAX // PAGE_SIZE_MAX), (1, ROWS_DEEP_MAX)):
        assert await names(door, job_id, 1, PageSize=size, CurrentPage=deep) == []
        refused = await door.refusal(ACTION, JobId=job_id, ReasonId=1, PageSize=size, CurrentPage=deep + 1)
        assert refused == "iot.common.InvalidPageParams"
    for paging in ({"PageSize": 0}, {"PageSize": PAGE_SIZE_MAX + 1}, {"CurrentPage": 0}):
        assert await door.refusal(ACTION, JobId=job_id, ReasonId=1, **paging) == "iot.common.InvalidPageParams"


async def test_declared_errors_and_rights(door: SignedDoor) -> None:
    """An unknown job; no permission; a job of another account is not found (I15)."""
    assert await door.refusal(ACTION, JobId="404", ReasonId=1) == "iot.ota.JobNotFound"
    job_id, _ = await rollout(door, 1)
    without = await key_without(door, Permission.JOB_READ)
    assert await door.refusal(ACTION, by=without, JobId=job_id, ReasonId=1) == "Forbidden.RAM"
    neighbour = await door.make_key("neighbour")
    assert await door.refusal(ACTION, by=neighbour, JobId=job_id, ReasonId=1) == "iot.ota.JobNotFound"
