"""XListDdiActions through the signed door (ddi-protocol 5, 6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.device.naming import check_naming, check_rights
from tests.operations.fleet import make_device, make_firmware, make_job, make_product
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.ddi_action import ActionState
from whimbrel.domain.ddi_feedback import Message
from whimbrel.operations.ddi.x_list_ddi_actions import MESSAGES_SHOWN
from whimbrel.rpc.dialect import Case

ACTION = "XListDdiActions"
NAME = "lamp-0001"


async def furnish(door: SignedDoor, *, attempts: int, messages: int = 0) -> tuple[dict[str, str], dict[str, str]]:
    """A device that was told of so many attempts of its task and spoke on the newest; how it is named, and the ids."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, NAME, "1.0.0")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), NeedConfirm=True)
    await door.engine.settle()
    async with door.store.transaction() as store:
        [(task, _)] = await store.tasks.open_of_device(device.id)
        for attempt in range(1, attempts + 1):
            number = await store.ddi_actions.make(task._replace(attempt=attempt), NOW_MS)
        assert await store.tasks.change(task, task._replace(attempt=attempts), NOW_MS)
        for said in range(messages):
            action = await store.ddi_actions.by_number(device.id, number)
            assert action is not None
            await store.ddi_actions.say(action, Message(NOW_MS, "proceeding", f"step {said}"))
    return {"ProductKey": product_key, "DeviceName": NAME}, {"TaskId": str(task.id), "JobId": job_id}


async def numbers(door: SignedDoor, **parameters: Any) -> list[int]:
    return [row["Number"] for row in (await door.ok(ACTION, **parameters))["Data"]["Action"]]


async def test_a_device_without_actions(door: SignedDoor, case: Case) -> None:
    """An empty first page of ten."""
    product_key = await make_product(door)
    await make_device(door, product_key, NAME)
    answer = await door.call(ACTION, case=case, ProductKey=product_key, DeviceName=NAME)
    paging = {"Total": 0, "PageCount": 0, "PageSize": 10, "CurrentPage": 1}
    check_answer(answer, case, {**paging, "Data": {"Action": []}})


async def test_actions(door: SignedDoor, case: Case) -> None:
    """Newest first, each with its task and job, its state, and what the device said, newest first."""
    named, ids = await furnish(door, attempts=2, messages=2)
    async with door.store.transaction() as store:
        account_id = await door.account_id()
        device = await store.devices.by_name(account_id, named["ProductKey"], NAME)
        assert device is not None
        first = await store.ddi_actions.by_number(device.id, 1)
        assert first is not None
        assert await store.ddi_actions.close(first, ActionState.REFUSED, NOW_MS + 1_000)
    said = [{"UtcTime": NOW_TEXT, "Execution": "proceeding", "Details": f"step {step}"} for step in (1, 0)]
    second = {
        "Number": 2,
        **ids,
        "Attempt": 2,
        "State": "OPEN",
        "UtcCreate": NOW_TEXT,
        "UtcModified": NOW_TEXT,
        "MessageCount": 2,
        "Messages": {"Message": said},
    }
    refused = second | {
        "Number": 1,
        "Attempt": 1,
        "State": "REFUSED",
        "UtcModified": NOW_TEXT.replace(":05.", ":06."),
        "MessageCount": 0,
        "Messages": {"Message": []},
    }
    answer = await door.call(ACTION, case=case, **named)
    paging = {"Total": 2, "PageCount": 1, "PageSize": 10, "CurrentPage": 1}
    check_answer(answer, case, {**paging, "Data": {"Action": [second, refused]}})


async def test_pages(door: SignedDoor) -> None:
    """Five actions in pages of two; the page beyond the end is empty."""
    named, _ = await furnish(door, attempts=5)
    assert [await numbers(door, **named, CurrentPage=page, PageSize=2) for page in (1, 2, 3, 4)] == [
        [5, 4],
        [3, 2],
        [1],
        [],
    ]
    body = await door.ok(ACTION, **named, CurrentPage=2, PageSize=2)
    assert (body["Total"], body["PageCount"]) == (5, 3)


@pytest.mark.parametrize("more", [-1, 0, 1])
async def test_I17_so_many_messages_are_shown(door: SignedDoor, more: int) -> None:
    """Ten of an action, the newest; the count is of all."""
    count = MESSAGES_SHOWN + more
    named, _ = await furnish(door, attempts=1, messages=count)
    [row] = (await door.ok(ACTION, **named))["Data"]["Action"]
    newest = [f"step {step}" for step in range(count - 1, max(more, 0) - 1, -1)]
    assert [message["Details"] for message in row["Messages"]["Message"]] == newest
    assert row["MessageCount"] == count


@pytest.mark.parametrize("size", [1, 19, 20])
async def test_page_sizes_at_the_limits(door: SignedDoor, size: int) -> None:
    """1 to 20 are allowed."""
    product_key = await make_product(door)
    await make_device(door, product_key, NAME)
    assert (await door.ok(ACTION, ProductKey=product_key, DeviceName=NAME, PageSize=size))["PageSize"] == size


@pytest.mark.parametrize(("page", "size"), [(1, 0), (1, 21), (0, 10), (1_000_000_001, 10), ("x", 10)])
async def test_pages_out_of_range(door: SignedDoor, page: object, size: object) -> None:
    """Zero, more than the maximum, or no number: InvalidPageParams."""
    given = {"ProductKey": "k1", "DeviceName": NAME, "CurrentPage": page, "PageSize": size}
    assert await door.refusal(ACTION, **given) == "iot.common.InvalidPageParams"


async def test_naming_and_rights(door: SignedDoor) -> None:
    """The device is named as everywhere, and the key needs the right."""
    await check_naming(door, ACTION)
    product_key = await make_product(door, "plug")
    await make_device(door, product_key, NAME)
    await check_rights(door, ACTION, Permission.JOB_READ, product_key, DeviceName=NAME)
