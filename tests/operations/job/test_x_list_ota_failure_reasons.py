"""XListOTAFailureReasons through the signed door (ADR 0058)."""

from __future__ import annotations

from typing import Any

from tests.operations.answers import check_answer
from tests.operations.fleet import tasks_of
from tests.operations.group.keys import key_without
from tests.operations.job.rollouts import rollout, told
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XListOTAFailureReasons"


async def reasons_of(door: SignedDoor, job_id: str) -> list[tuple[str, str, int]]:
    found = (await door.ok(ACTION, JobId=job_id))["Data"]["Reason"]
    return [(reason["Code"], reason["Words"], reason["Tasks"]) for reason in found]


def reason(number: str, code: str, step: int | None, words: str, tasks: int) -> dict[str, Any]:
    found = {"ReasonId": number, "Code": code, "Words": words, "Tasks": tasks}
    return found if step is None else {**found, "Step": step}


async def test_reasons(door: SignedDoor, case: Case) -> None:
    """The most frequent first: with the device's words, made alike, or as a code alone."""
    job_id, fleet = await rollout(door, 6, XGate="OFF")
    names = await told(door, fleet)
    for number, name in enumerate(names[:2]):
        await fleet[name].report_progress(-2, f"HTTP 503 after {number}0000 bytes")
    await fleet[names[2]].report_progress(-4)
    for name in names[3:]:
        await fleet[name].report_progress(50)
        await fleet[name].report_version("0.9.0")
    answer = await door.call(ACTION, case=case, JobId=job_id)
    expected = [
        reason("17", "WRONG_VERSION", None, "0.9.0", 3),
        reason("16", "DOWNLOAD_FAILED", -2, "HTTP 503 after # bytes", 2),
        reason("7", "BURN_FAILED", -4, "", 1),
    ]
    check_answer(answer, case, {"Data": {"Reason": expected}})


async def test_none(door: SignedDoor, case: Case) -> None:
    """A job in which nothing failed has no reasons."""
    job_id, _ = await rollout(door, 1)
    check_answer(await door.call(ACTION, case=case, JobId=job_id), case, {"Data": {"Reason": []}})


async def test_what_is_tried_again_has_not_failed(door: SignedDoor) -> None:
    """A retry is none; the failure after the last one is; a re-upgrade takes it back (I4)."""
    job_id, fleet = await rollout(door, 1, XGate="OFF", RetryInterval=0, RetryCount=1)
    (name,) = await told(door, fleet)
    await fleet[name].report_progress(-1, "no")
    assert await reasons_of(door, job_id) == []
    assert await told(door, fleet) == [name]
    await fleet[name].report_progress(-1, "no")
    assert await reasons_of(door, job_id) == [("UPGRADE_FAILED", "no", 1)]
    await door.engine.settle()
    task_id = (await tasks_of(door, job_id))[name]["TaskId"]
    await door.ok("ReupgradeOTATask", JobId=job_id, TaskId=[task_id])
    assert await reasons_of(door, job_id) == []


async def test_declared_errors_and_rights(door: SignedDoor) -> None:
    """An unknown job; no permission; a job of another account is not found (I15)."""
    assert await door.refusal(ACTION, JobId="404") == "iot.ota.JobNotFound"
    job_id, _ = await rollout(door, 1)
    without = await key_without(door, Permission.JOB_READ)
    assert await door.refusal(ACTION, by=without, JobId=job_id) == "Forbidden.RAM"
    neighbour = await door.make_key("neighbour")
    assert await door.refusal(ACTION, by=neighbour, JobId=job_id) == "iot.ota.JobNotFound"
