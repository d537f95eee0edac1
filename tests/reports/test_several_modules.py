"""Several open tasks of one device, one a module, with MultiModuleMode (device-protocol 4, 6, 9; I3, I12)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from tests.engine.world import Stage, add_job, cancel, connect, fill, put_task, statuses_of, tasks_of
from tests.reports.mouth import REPORTS, Device
from whimbrel.domain.job import Job
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.domain.task import TaskStatus
from whimbrel.reports.declaration import Outcome

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
MODULES = ("mcu", "default", "modem")  # in the order of their jobs
HOUR_MS = 3_600_000


@pytest.fixture
async def jobs(stage: Stage, device: Device) -> dict[str, Job]:
    """A job for each module, each with its open task on the device."""
    made = {}
    for number, module in enumerate(MODULES):
        changes = {"module_name": module, "dest_version": f"{number + 2}.0.0", "multi_module_mode": True}
        made[module] = await fill(stage.store, await add_job(stage.store, stage.place, **changes))
    return made


async def seen(stage: Stage, jobs: dict[str, Job]) -> list[TaskStatus]:
    """The status of each module's task, in the order of MODULES."""
    return [status for job in jobs.values() for status in (await statuses_of(stage.store, job)).values()]


def modules_of(notices: Iterable[UpgradeNotice]) -> list[str]:
    return [notice.module_name for notice in notices]


async def pulled(device: Device, **message: Any) -> str | None:
    outcome = await device.pull(**message)
    assert outcome.pull is not None
    return outcome.pull.notice.module_name if outcome.pull.notice else None


async def test_one_push_a_module_oldest_first(stage: Stage, device: Device, jobs: dict[str, Job]) -> None:
    """At a connect every module's task leaves, in the order in which the tasks were made."""
    assert modules_of((await device.connect()).notices) == list(MODULES)
    assert await seen(stage, jobs) == [NOTIFIED] * 3


async def test_the_engine_sends_each(stage: Stage, device: Device, jobs: dict[str, Job]) -> None:
    """A device that is connected is sent the tasks of all its modules."""
    await connect(stage.store, [device.id])
    await stage.engine.settle()
    assert sorted(modules_of(stage.channel.sent)) == sorted(MODULES)
    assert await seen(stage, jobs) == [NOTIFIED] * 3


async def test_I12_every_reconnect_repeats_what_is_open(stage: Stage, device: Device, jobs: dict[str, Job]) -> None:
    """What has been notified or begun leaves again with a fresh link, as it is; what has ended does not."""
    first = (await device.connect(1)).notices
    await device.progress(40, module="modem")
    await device.version("2.0.0", module="mcu")
    device.now_ms += HOUR_MS
    again = (await device.connect(2)).notices
    assert modules_of(again) == ["default", "modem"]
    for repeated, before in zip(again, first[1:], strict=True):
        assert repeated.url != before.url
        assert repeated._replace(url=before.url) == before
    assert await seen(stage, jobs) == [SUCCEEDED, NOTIFIED, IN_PROGRESS]


async def test_pulls(device: Device, jobs: dict[str, Job]) -> None:
    """A named module gets its own; without a name the default one's comes first, then the oldest of any."""
    assert [await pulled(device, params={"module": module}) for module in MODULES] == list(MODULES)
    assert await pulled(device, params={"module": "unknown"}) is None
    assert await pulled(device) == "default"
    await device.version("3.0.0")
    assert await pulled(device) == "mcu"
    assert await pulled(device, params={"module": "default"}) is None
    await device.version("2.0.0", module="mcu")
    assert await pulled(device) == "modem"


@pytest.mark.parametrize("module", MODULES)
async def test_reports_reach_their_module(stage: Stage, device: Device, jobs: dict[str, Job], module: str) -> None:
    """Progress, failure and success of one module change no other's task."""
    await device.connect()
    place = MODULES.index(module)
    named = {} if module == "default" else {"module": module}

    def others_and(status: TaskStatus) -> list[TaskStatus]:
        return [status if number == place else NOTIFIED for number in range(3)]

    await device.progress("30", **named)
    assert await seen(stage, jobs) == others_and(IN_PROGRESS)
    await device.version(jobs[module].dest_version, **named)
    assert await seen(stage, jobs) == others_and(SUCCEEDED)


async def test_a_failure_of_one(stage: Stage, device: Device, jobs: dict[str, Job]) -> None:
    """A module that fails leaves the others to go on."""
    await device.connect()
    await device.progress("-2", module="mcu")
    await device.progress("10", module="modem")
    assert await seen(stage, jobs) == [FAILED, NOTIFIED, IN_PROGRESS]


async def test_I8_a_cancel_of_one(stage: Stage, device: Device, jobs: dict[str, Job]) -> None:
    """What is cancelled does not leave; the others do."""
    await cancel(stage.store, jobs["mcu"], QUEUED)
    assert modules_of((await device.connect()).notices) == ["default", "modem"]
    assert await pulled(device, params={"module": "mcu"}) is None


async def test_a_version_report_pushes_what_waits(stage: Stage, device: Device, jobs: dict[str, Job]) -> None:
    """After any report the queued tasks of other modules leave; a notified one is not repeated."""
    await put_task(stage.store, (await tasks_of(stage.store, jobs["mcu"]))[device.id], status=NOTIFIED)
    assert modules_of((await device.version("3.0.0")).notices) == ["modem"]
    assert await seen(stage, jobs) == [NOTIFIED, SUCCEEDED, NOTIFIED]


async def test_a_timeout_of_one(stage: Stage, device: Device) -> None:
    """Each task has its own clock, from its own first progress."""
    timed = {"multi_module_mode": True, "timeout_minutes": 5}
    jobs = {
        module: await fill(stage.store, await add_job(stage.store, stage.place, module_name=module, **timed))
        for module in ("mcu", "modem")
    }
    await device.connect()
    await device.progress("1", module="mcu")
    stage.clock.pass_ms(4 * 60_000)
    device.now_ms = stage.clock.ms
    await device.progress("1", module="modem")
    stage.clock.pass_ms(2 * 60_000)
    await stage.engine.settle()
    assert await seen(stage, jobs) == [FAILED, IN_PROGRESS]


# ---- what devices write ----


@pytest.mark.parametrize("module", [None, "", "default"])
async def test_the_default_module_in_every_spelling(stage: Stage, device: Device, module: str | None) -> None:
    """Absent, null, empty or by name: in reports, progress and pulls."""
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    assert await pulled(device, params={"module": module}) == "default"
    await device.progress("5", module=module, desc=None)
    assert await statuses_of(stage.store, job) == {device.id: IN_PROGRESS}
    await device.version("2.0.0", module=module)
    assert await statuses_of(stage.store, job) == {device.id: SUCCEEDED}


@pytest.mark.parametrize("report", sorted(REPORTS))
@pytest.mark.parametrize("message_id", ["123", 123, 0, "", None])
def test_ids_are_text_or_number(report: str, message_id: object) -> None:
    """Every message takes both and keeps which it was; members that nobody knows are passed over."""
    message = {
        "id": message_id,
        "version": "1.0",
        "method": "x",
        "sys": {"ack": 0},
        "params": {"version": "1", "step": 1, "more": [1, {"a": None}]},
    }
    read: Any = REPORTS[report].read(json.dumps(message, indent=1).encode())
    assert (read.id, type(read.id)) == (message_id, type(message_id))


@pytest.mark.parametrize("report", ["inform_version", "report_progress"])
def test_an_id_may_be_missing(report: str) -> None:
    """No reply needs it: the C SDK's reports have a number, hand-written devices often none."""
    read: Any = REPORTS[report].read(b'{"params":{"version":"1","step":"1"}}')
    assert read.id is None


async def test_the_c_sdks_words(stage: Stage, device: Device) -> None:
    """Its messages as they stand on the wire: numbers as ids, empty words, the module last."""
    job = await fill(stage.store, await add_job(stage.store, stage.place, module_name="MCU"))
    said = {
        "get_firmware": b'{"id":1,"params":{"module":"MCU"}}',
        "report_progress": b'{"id":2, "params":{"step":"5","desc":"","module":"MCU"}}',
        "inform_version": b'{"id":3, "params":{"version":"2.0.0","module":"MCU"}}',
    }
    statuses = []
    for report, payload in said.items():
        await device.say(report, json.loads(payload))
        statuses += (await statuses_of(stage.store, job)).values()
    assert statuses == [NOTIFIED, IN_PROGRESS, SUCCEEDED]


async def test_the_older_request_by_module(device: Device, jobs: dict[str, Job]) -> None:
    """It takes a module as the newer one does, and is answered by the notice."""
    answered = [(await device.say("request_firmware", {"id": 1, "params": {"module": name}})) for name in MODULES]
    assert [modules_of(outcome.notices) for outcome in answered] == [[name] for name in MODULES]
    assert modules_of((await device.say("request_firmware", {})).notices) == ["default"]
    assert await device.say("request_firmware", {"module": "unknown"}) == Outcome()


# ---- a device that cannot be pushed to ----


async def test_a_report_of_a_device_without_a_session(stage: Stage, device: Device, jobs: dict[str, Job]) -> None:
    """Over HTTPS nothing leaves with a version report: the tasks stay queued until the device asks."""
    declared = REPORTS["inform_version"]
    read = declared.read(b'{"params":{"version":"1.0.0"}}')
    outcome = await device._apply(lambda context: declared.handle(read, context._replace(takes_notices=False)))
    assert outcome.notices == ()
    assert await seen(stage, jobs) == [QUEUED] * 3
