"""Tasks that are cancelled while a device knows of them (ddi-protocol 6, 15.7; docs/explanation/ddi-and-tasks.md)."""

from __future__ import annotations

import pytest

from tests.engine.world import add_job, fill
from tests.gateway.ddi.rig import DdiDevice, World, number_in
from whimbrel.asgi import Answer, send_answer
from whimbrel.domain.job import Job
from whimbrel.domain.task import TaskStatus
from whimbrel.gateway.ddi.exchange import Connection, ServedFile

QUEUED, NOTIFIED, SUCCEEDED, CANCELED = (
    TaskStatus.QUEUED,
    TaskStatus.NOTIFIED,
    TaskStatus.SUCCEEDED,
    TaskStatus.CANCELED,
)


async def cancelled(world: World, device: DdiDevice) -> tuple[Job, int]:
    """A job whose task the device was told of, and then cancelled; the action's number."""
    job = await world.job()
    number = number_in(await device.offered())
    await world.cancel(job)
    return job, number


class TestCancel:
    async def test_before_the_device_knows(self, world: World, device: DdiDevice) -> None:
        """What the device was never told of is cancelled without a word to it."""
        job = await world.job()
        await world.cancel(job)
        await world.engine.settle()
        assert (await device.links()).keys() == {"configData"}
        assert (await world.task(job)).status is CANCELED

    async def test_I8_downloads_are_watched(self, world: World, device: DdiDevice) -> None:
        """A file is served as one of its task, whose cancel breaks the transfer (tests/transfer/test_download.py)."""
        job = await world.job()
        served: list[ServedFile] = []

        async def serve(file: ServedFile, connection: Connection) -> None:
            served.append(file)
            await send_answer(connection[2], Answer(200, [(b"content-length", b"0")]))

        described = (await device.ask("GET", await device.offered())).json
        href = described["deployment"]["chunks"][0]["artifacts"][0]["_links"]["download"]["href"]
        world.door._desk = world.door._desk._replace(serve=serve)
        assert (await device.ask("GET", href)).status == 200
        assert [file.task_id for file in served] == [(await world.task(job)).id]

    @pytest.mark.parametrize("is_settled", [False, True])
    async def test_I8_at_once(self, world: World, device: DdiDevice, is_settled: bool) -> None:
        """From the moment the cancel was answered the device is told to stop, and downloads nothing more."""
        job = await world.job()
        href = await device.offered()
        file = (await device.ask("GET", href)).json["deployment"]["chunks"][0]["artifacts"][0]
        path = file["_links"]["download-http"]["href"]
        assert (await device.ask("GET", path)).status == 200
        await world.cancel(job)
        if is_settled:
            await world.engine.settle()
        links = await device.links()
        assert "deploymentBase" not in links
        number = number_in(links["cancelAction"])
        assert number == number_in(href)
        for gone in (href, path, f"{path}.MD5SUM", f"/softwaremodules/{number}/artifacts"):
            assert (await device.ask("GET", gone)).status == 404
        got = await device.ask("GET", links["cancelAction"])
        assert got.json == {"id": str(number), "cancelAction": {"stopId": str(number)}}

    @pytest.mark.parametrize("finished", ["success", "none"])
    async def test_accepted(self, world: World, device: DdiDevice, finished: str) -> None:
        """closed on the cancel channel ends the asking; the link may still be fetched, further answers are 410."""
        job, number = await cancelled(world, device)
        assert await device.answer_cancel(number, "closed", finished) == 200
        assert (await device.links()).keys() == {"configData"}
        assert (await device.ask("GET", f"/cancelAction/{number}")).status == 200
        assert await device.answer_cancel(number, "closed", finished) == 410
        assert await device.say(number, "proceeding") == 410
        await world.engine.settle()
        assert (await world.task(job)).status is CANCELED

    @pytest.mark.parametrize("execution", ["canceled", "proceeding", "scheduled", "resumed", "download", "downloaded"])
    async def test_informational(self, world: World, device: DdiDevice, execution: str) -> None:
        """`canceled` does not close a cancelling action, nor does anything else that is not closed or rejected."""
        _, number = await cancelled(world, device)
        assert await device.answer_cancel(number, execution, "success") == 200
        assert number_in((await device.links())["cancelAction"]) == number

    @pytest.mark.parametrize(("execution", "finished"), [("rejected", "none"), ("closed", "failure")])
    async def test_I4_refused(self, world: World, device: DdiDevice, execution: str, finished: str) -> None:
        """A refusal does not bring the task back: the device is asked no more, and what it installs is its version."""
        job, number = await cancelled(world, device)
        await world.engine.settle()
        assert await device.answer_cancel(number, execution, finished) == 200
        assert (await device.links()).keys() == {"configData"}
        assert (await device.ask("GET", f"/deploymentBase/{number}")).status == 404
        assert await device.say(number, "proceeding") == 200
        assert await device.say(number, "closed", "success") == 200
        assert (await world.task(job)).status is CANCELED
        async with world.store.snapshot() as store:
            assert await store.module_versions.get(device.id, "default") == "2.0.0"
        assert await device.say(number, "closed", "success") == 410
        assert "installedBase" not in await device.links()

    async def test_I4_the_device_carries_on(self, world: World, device: DdiDevice) -> None:
        """Feedback on a cancelling action is history; a success stores the version and leaves the task cancelled."""
        job, number = await cancelled(world, device)
        assert await device.say(number, "proceeding", progress=(1, 2)) == 200
        await world.engine.settle()
        assert (await world.task(job)).progress == 0
        assert await device.say(number, "closed", "success") == 200
        assert (await world.task(job)).status is CANCELED
        assert "cancelAction" not in await device.links()

    async def test_not_cancelling(self, world: World, device: DdiDevice) -> None:
        """Cancel feedback on an action that nobody cancels is 405, on one that is over 410, on none 404."""
        await world.job()
        number = number_in(await device.offered())
        assert await device.answer_cancel(number, "closed", "success") == 405
        assert (await device.ask("GET", f"/cancelAction/{number}")).status == 404
        await device.say(number, "closed", "success")
        assert await device.answer_cancel(number, "closed", "success") == 410
        assert await device.answer_cancel(number + 1, "closed", "success") == 404

    async def test_a_superseded_task_stops_first(self, world: World, device: DdiDevice) -> None:
        """A job that overwrites takes a task's place: the device stops the old one first, then the new one comes."""
        old = await world.job()
        number = number_in(await device.offered())
        new = await world.job(dest_version="3.0.0", overwrite_mode=2)
        assert (await world.task(old)).status is CANCELED
        links = await device.links()
        assert number_in(links["cancelAction"]) == number
        assert "deploymentBase" not in links
        assert (await world.task(new)).status is QUEUED
        await device.answer_cancel(number, "closed", "success")
        assert number_in(await device.offered()) != number
        assert (await world.task(new)).status is NOTIFIED

    async def test_reupgrade_is_another_action(self, world: World, device: DdiDevice) -> None:
        """A cancelled task that is started again stops under its old number and is offered under a new one."""
        job, number = await cancelled(world, device)
        await world.engine.settle()
        task = await world.task(job)
        again = task._replace(status=QUEUED, attempt=task.attempt + 1)
        async with world.store.transaction() as store:
            assert await store.tasks.reopen(job, task, again, world.clock.ms)
        assert number_in((await device.links())["cancelAction"]) == number
        assert await device.answer_cancel(number, "closed", "success") == 200
        href = await device.offered()
        assert number_in(href) != number
        assert await device.say(number_in(href), "closed", "success") == 200
        assert (await world.task(job)).status is SUCCEEDED

    async def test_numbers_that_end_in_zero(self, world: World, device: DdiDevice) -> None:
        """No action has a number that some releases of Zephyr cannot cancel."""
        numbers = []
        for version in range(12):
            job = await fill(world.store, await add_job(world.store, world.place, dest_version=f"{version}.0"))
            numbers.append(number_in(await device.offered()))
            await device.say(numbers[-1], "closed", "failure")
            assert (await world.task(job)).status is TaskStatus.FAILED
        assert numbers == [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13]
