"""XListDeviceEvents through the signed door (ADR 0058)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.device.naming import check_naming, check_rights
from tests.operations.fleet import make_device, make_firmware, make_job, make_product, tasks_of
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.wire_time import utc_text
from whimbrel.rpc.dialect import Case

ACTION = "XListDeviceEvents"
NAME = "lamp-0001"


async def upgraded(door: SignedDoor) -> tuple[dict[str, str], dict[str, str]]:
    """A device that came, failed once, succeeded by the retry, and left, a second between each; its name, its task."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, NAME, "1.0.0")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), RetryInterval=0, RetryCount=1)

    async def after_a_second() -> None:
        door.clock.at_ms += 1_000

    await after_a_second()
    await device.connect()
    await door.engine.settle()
    await after_a_second()
    await device.report_progress(-1, "no power")
    await door.engine.settle()
    await after_a_second()
    await device.report_progress(70)
    await after_a_second()
    await device.report_version("1.1.0")
    await after_a_second()
    await device.disconnect()
    named = {"ProductKey": product_key, "DeviceName": NAME}
    return named, {"JobId": job_id, "TaskId": (await tasks_of(door, job_id))[NAME]["TaskId"]}


def event(second: int, kind: str, **members: Any) -> dict[str, Any]:
    return {"UtcTime": utc_text(NOW_MS + second * 1_000), "Kind": kind, **members}


def of_task(second: int, ids: dict[str, str], attempt: int, status: str, *, progress: int = 0, words: str = "") -> Any:
    members = {"Attempt": attempt, "TaskStatus": status, "Progress": progress, "Words": words}
    aim = {"SrcVersion": "1.0.0", "DestVersion": "1.1.0"}
    return event(second, "TASK", ModuleName="default", **aim, **ids, **members)


async def test_a_story(door: SignedDoor, case: Case) -> None:
    """Newest first: presence, versions with the task that they came by, and every step of every attempt."""
    named, ids = await upgraded(door)
    answer = await door.call(ACTION, case=case, **named)
    versions = {"ModuleName": "default", "SrcVersion": "1.0.0", "DestVersion": "1.1.0"}
    expected = [
        event(5, "OFFLINE", Connections=1),
        of_task(4, ids, 2, "SUCCEEDED", progress=100),
        event(4, "VERSION", **versions, **ids),
        of_task(3, ids, 2, "IN_PROGRESS"),
        of_task(2, ids, 2, "NOTIFIED"),
        of_task(2, ids, 2, "QUEUED", words="step -1: no power; retry 1 of 1"),
        of_task(1, ids, 1, "NOTIFIED"),
        event(1, "ONLINE"),
        of_task(0, ids, 1, "QUEUED"),
        event(0, "VERSION", ModuleName="default", DestVersion="1.0.0"),
    ]
    body = answer.json()
    events = (body.get("Data") or body["data"]).get("Event") or body["data"]["event"]
    times = sorted(((e.get("UtcTime") or e["utcTime"]) for e in events), reverse=True)
    assert times == [e.get("UtcTime") or e["utcTime"] for e in events]
    paging = {"Total": len(expected), "PageCount": 1, "PageSize": 20, "CurrentPage": 1}
    check_answer(answer, case, {**paging, "Data": {"Event": expected}})


async def test_kinds_and_pages(door: SignedDoor) -> None:
    """Only events of one kind; pages over what is left."""
    named, _ = await upgraded(door)

    async def kinds(**parameters: Any) -> list[str]:
        return [row["Kind"] for row in (await door.ok(ACTION, **named, **parameters))["Data"]["Event"]]

    for kind, number in (("ONLINE", 1), ("OFFLINE", 1), ("VERSION", 2), ("TASK", 6)):
        assert await kinds(Kind=kind) == [kind] * number
    everything = await kinds()
    assert await kinds(PageSize=4) == everything[:4]
    assert await kinds(PageSize=4, CurrentPage=3) == everything[8:]
    assert await kinds(PageSize=4, CurrentPage=4) == []
    assert await door.refusal(ACTION, **named, Kind="online") == "iot.ota.InvalidParameter"


@pytest.mark.parametrize("paging", [{"PageSize": 0}, {"PageSize": 101}, {"CurrentPage": 0}])
async def test_pages_are_bounded(door: SignedDoor, paging: dict[str, int]) -> None:
    """PageSize 1 to 100, CurrentPage from 1."""
    named, _ = await upgraded(door)
    assert await door.refusal(ACTION, **named, **paging) == "iot.common.InvalidPageParams"


async def test_naming_and_rights(door: SignedDoor) -> None:
    """The device must be named, exist, and belong to the caller (I15)."""
    await check_naming(door, ACTION)
    product_key = await make_product(door, "another")
    await make_device(door, product_key, NAME)
    await check_rights(door, ACTION, Permission.JOB_READ, product_key, DeviceName=NAME)
