"""ConfirmOTATask through the signed door (api-contract 11.2)."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import (
    FieldDevice,
    make_device,
    make_devices,
    make_firmware,
    make_job,
    make_product,
    statuses_of,
    tasks_of,
)
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "ConfirmOTATask"


class Waiting(NamedTuple):
    """A job that needs confirmation, its devices by name, and their tasks' ids."""

    job_id: str
    devices: dict[str, FieldDevice]
    ids: dict[str, str]


async def make_waiting(door: SignedDoor, *names: str) -> Waiting:
    """Connected devices whose tasks wait for confirmation."""
    product_key = await make_product(door)
    devices = {name: await make_device(door, product_key, name, "1.0.0") for name in names}
    for device in devices.values():
        await device.connect()
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), NeedConfirm=True)
    await door.engine.settle()
    ids = {name: task["TaskId"] for name, task in (await tasks_of(door, job_id)).items()}
    assert await statuses_of(door, job_id) == dict.fromkeys(names, "CONFIRM")
    assert not any(device.notices for device in devices.values())
    return Waiting(job_id, devices, ids)


async def test_confirming(door: SignedDoor, case: Case) -> None:
    """The envelope alone is answered; the task is queued, and then sent; the other one waits on."""
    waiting = await make_waiting(door, "lamp-1", "lamp-2")
    parameters = {"TaskId": [waiting.ids["lamp-1"]]}
    check_answer(await door.call(ACTION, case=case, **parameters), case, {})
    assert await statuses_of(door, waiting.job_id) == {"lamp-1": "QUEUED", "lamp-2": "CONFIRM"}
    await door.engine.settle()
    assert await statuses_of(door, waiting.job_id) == {"lamp-1": "NOTIFIED", "lamp-2": "CONFIRM"}
    assert [len(device.notices) for device in waiting.devices.values()] == [1, 0]
    await door.check_consistency()


async def test_confirming_in_any_order(door: SignedDoor) -> None:
    """A task before those already sent is sent as well: dispatch goes back to it."""
    waiting = await make_waiting(door, "lamp-1", "lamp-2", "lamp-3")
    for name in ("lamp-3", "lamp-1", "lamp-2"):
        await door.ok(ACTION, TaskId=[waiting.ids[name]])
        await door.engine.settle()
        assert len(waiting.devices[name].notices) == 1


async def test_an_offline_device_gets_its_confirmed_task_later(door: SignedDoor) -> None:
    """Confirmed while the device is away, sent when it connects."""
    waiting = await make_waiting(door, "lamp-1")
    device = waiting.devices["lamp-1"]
    await device.disconnect()
    await door.ok(ACTION, TaskId=[waiting.ids["lamp-1"]])
    await door.engine.settle()
    assert device.notices == []
    await device.connect()
    assert len(device.notices) == 1


@pytest.mark.parametrize("number", [1, 2, 9, 10])
async def test_number_of_tasks_at_the_limits(number: int, door: SignedDoor) -> None:
    """1 to 10 tasks a call."""
    product_key = await make_product(door)
    await make_devices(door, product_key, number)
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), NeedConfirm=True)
    tasks = await tasks_of(door, job_id)
    await door.ok(ACTION, TaskId=[task["TaskId"] for task in tasks.values()])
    assert set((await statuses_of(door, job_id)).values()) == {"QUEUED"}


async def test_too_many_tasks(door: SignedDoor) -> None:
    """11 are too many."""
    assert await door.refusal(ACTION, TaskId=[str(number) for number in range(1, 12)]) == "iot.ota.InvalidParameter"


async def test_a_task_named_twice(door: SignedDoor) -> None:
    """Refused, and not confirmed once."""
    waiting = await make_waiting(door, "lamp-1")
    assert await door.refusal(ACTION, TaskId=[waiting.ids["lamp-1"]] * 2) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize("unknown", ["404", "0", "x", "9" * 19, "9" * 64])
async def test_one_unknown_task_refuses_all(unknown: str, door: SignedDoor) -> None:
    """All or nothing: the known task waits on."""
    waiting = await make_waiting(door, "lamp-1")
    assert await door.refusal(ACTION, TaskId=[waiting.ids["lamp-1"], unknown]) == "iot.ota.TaskNotFound"


@pytest.mark.parametrize("end", ["confirmed", "sent", "succeeded", "cancelled"])
async def test_one_task_that_does_not_wait_refuses_all(end: str, door: SignedDoor) -> None:
    """All or nothing: whatever the other task's status, the waiting one waits on."""
    waiting = await make_waiting(door, "other", "waits")
    other = waiting.ids["other"]
    if end in ("confirmed", "sent"):
        await door.ok(ACTION, TaskId=[other])
    if end == "sent":
        await door.engine.settle()
    if end == "succeeded":
        await waiting.devices["other"].report_version("1.1.0")
    if end == "cancelled":
        await door.ok("CancelOTATaskByJob", JobId=waiting.job_id, CancelUnconfirmedTask=True)
    for order in ([other, waiting.ids["waits"]], [waiting.ids["waits"], other]):
        assert await door.refusal(ACTION, TaskId=order) == "iot.ota.TaskStatusError"


async def test_I15_foreign_tasks(door: SignedDoor) -> None:
    """Another account's task does not exist."""
    waiting = await make_waiting(door, "lamp-1")
    neighbour = await door.make_key("neighbour")
    assert await door.refusal(ACTION, by=neighbour, TaskId=[waiting.ids["lamp-1"]]) == "iot.ota.TaskNotFound"


@pytest.mark.parametrize("given", [{}, {"TaskId": [""]}, {"TaskId": "1"}])
async def test_a_task_is_required(given: dict[str, object], door: SignedDoor) -> None:
    """Without TaskId.1, HTTP 400; TaskId without a number is another parameter."""
    assert await door.refusal(ACTION, **given) == "MissingTaskId1"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not confirm tasks."""
    waiting = await make_waiting(door, "lamp-1")
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.JOB_WRITE})
    assert await door.refusal(ACTION, by=key, TaskId=[waiting.ids["lamp-1"]]) == "Forbidden.RAM"
