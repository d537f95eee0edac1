"""XQueryOTARolloutHistory through the signed door (ADR 0058)."""

from __future__ import annotations

from typing import Any

from tests.operations.answers import check_answer
from tests.operations.group.keys import key_without
from tests.operations.job.rollouts import fail, rollout, succeed, told
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.rollout_history import INTERVAL_MS
from whimbrel.domain.wire_time import utc_text
from whimbrel.engine.sampling import Sampling
from whimbrel.rpc.dialect import Case

ACTION = "XQueryOTARolloutHistory"


def sample(at_ms: int, notified: int = 0, succeeded: int = 0, failed: int = 0, queued: int = 0) -> dict[str, Any]:
    tasks = {
        "Confirm": 0,
        "Queued": queued,
        "Notified": notified,
        "InProgress": 0,
        "Succeeded": succeeded,
        "Failed": failed,
        "Canceled": 0,
    }
    return {"UtcTime": utc_text(at_ms), "Tasks": tasks, "AtRisk": notified, "Silent": 0}


async def test_a_job_from_its_first_look_to_its_end(door: SignedDoor, case: Case) -> None:
    """Samples oldest first, the last one at the job's end; and how it stands now."""
    job_id, fleet = await rollout(door, 3)
    sampling = Sampling(door.store, door.clock)
    assert utc_text(NOW_MS) == NOW_TEXT
    names = await told(door, fleet)
    await sampling.step()
    first = sample(NOW_MS, notified=3)
    answer = await door.call(ACTION, case=case, JobId=job_id)
    check_answer(answer, case, {"Data": {"JobId": job_id, "Samples": {"Sample": [first]}, "Now": first}})
    door.clock.at_ms += INTERVAL_MS
    await fail(fleet, names[:1])
    await sampling.step()
    second = sample(NOW_MS + INTERVAL_MS, notified=2, failed=1)
    door.clock.at_ms += 1
    await succeed(fleet, names[1:])
    await door.engine.settle()
    end = sample(NOW_MS + INTERVAL_MS + 1, succeeded=2, failed=1)
    door.clock.at_ms += 1
    answer = await door.call(ACTION, case=case, JobId=job_id)
    now = {**end, "UtcTime": utc_text(door.clock.at_ms)}
    check_answer(answer, case, {"Data": {"JobId": job_id, "Samples": {"Sample": [first, second, end]}, "Now": now}})


async def test_a_job_that_was_not_looked_at(door: SignedDoor, case: Case) -> None:
    """No samples; how it stands is known all the same."""
    job_id, _ = await rollout(door, 2)
    answer = await door.call(ACTION, case=case, JobId=job_id)
    now = sample(NOW_MS, queued=2)
    check_answer(answer, case, {"Data": {"JobId": job_id, "Samples": {"Sample": []}, "Now": now}})


async def test_declared_errors_and_rights(door: SignedDoor) -> None:
    """An unknown job; no permission; a job of another account is not found (I15)."""
    assert await door.refusal(ACTION, JobId="404") == "iot.ota.JobNotFound"
    job_id, _ = await rollout(door, 1)
    without = await key_without(door, Permission.JOB_READ)
    assert await door.refusal(ACTION, by=without, JobId=job_id) == "Forbidden.RAM"
    neighbour = await door.make_key("neighbour")
    assert await door.refusal(ACTION, by=neighbour, JobId=job_id) == "iot.ota.JobNotFound"
