"""CancelOTAStrategyByJob through the signed door (api-contract 10.6)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.fleet import job_status, make_device, make_firmware, make_job, make_product, statuses_of
from tests.operations.group.keys import key_without
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "CancelOTAStrategyByJob"


async def make_dynamic_job(door: SignedDoor, product_key: str) -> str:
    given = {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, "SrcVersion": ["1.0.0"]}
    job_id: str = (await door.ok("CreateOTADynamicUpgradeJob", **given))["Data"]["JobId"]
    return job_id


async def test_the_rule_ends_and_tasks_go_on(door: SignedDoor, case: Case) -> None:
    """The job is CANCELED at once and takes no device any more; its task goes on and succeeds."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-1", "1.0.0")
    job_id = await make_dynamic_job(door, product_key)
    door.clock.at_ms = NOW_MS + 5
    check_answer(await door.call(ACTION, case=case, JobId=job_id), case, {})
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    assert (job["JobStatus"], job["UtcEndTime"]) == ("CANCELED", "2025-01-02T03:04:05.683Z")
    await make_device(door, product_key, "lamp-2", "1.0.0")
    await device.connect()
    await door.engine.settle()
    assert await statuses_of(door, job_id) == {"lamp-1": "NOTIFIED"}
    await device.report_version("1.1.0")
    await door.engine.settle()
    assert await statuses_of(door, job_id) == {"lamp-1": "SUCCEEDED"}
    assert await job_status(door, job_id) == "CANCELED"


async def test_again(door: SignedDoor) -> None:
    """Ending it once more changes nothing, also when its tasks have ended."""
    job_id = await make_dynamic_job(door, await make_product(door))
    await door.ok(ACTION, JobId=job_id)
    before = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]["UtcEndTime"]
    door.clock.at_ms += 9
    await door.engine.settle()
    await door.ok(ACTION, JobId=job_id)
    assert (await door.ok("QueryOTAJob", JobId=job_id))["Data"]["UtcEndTime"] == before


async def test_tasks_can_still_be_cancelled(door: SignedDoor) -> None:
    """CancelOTATaskByJob reaches the tasks of a job whose strategy ended."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1", "1.0.0")
    job_id = await make_dynamic_job(door, product_key)
    await door.ok(ACTION, JobId=job_id)
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True)
    await door.engine.settle()
    assert await statuses_of(door, job_id) == {"lamp-1": "CANCELED"}


async def test_static_jobs_have_no_strategy(door: SignedDoor) -> None:
    """A static job is refused by its status."""
    product_key = await make_product(door)
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    assert await door.refusal(ACTION, JobId=job_id) == "iot.ota.JobStatusError"


async def test_I15_other_jobs(door: SignedDoor) -> None:
    """Unknown jobs and those of another account are not found alike."""
    job_id = await make_dynamic_job(door, await make_product(door))
    stranger = await door.make_key(account="other")
    assert await door.refusal(ACTION, by=stranger, JobId=job_id) == "iot.ota.JobNotFound"
    assert await door.refusal(ACTION, JobId="999") == "iot.ota.JobNotFound"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to change jobs."""
    assert await door.refusal(ACTION, by=await key_without(door, Permission.JOB_WRITE), JobId="1") == "Forbidden.RAM"
