"""Consent of somebody at the device (ddi-protocol 7, 15.8)."""

from __future__ import annotations

import pytest

from tests.engine.world import tasks_of
from tests.gateway.ddi.rig import DdiDevice, World, number_in
from whimbrel.domain.task import TaskStatus

CONFIRM, QUEUED, NOTIFIED = TaskStatus.CONFIRM, TaskStatus.QUEUED, TaskStatus.NOTIFIED


async def consent(device: DdiDevice, number: int, word: str) -> int:
    body = {"confirmation": word, "code": 20, "details": ["somebody"]}
    return (await device.ask("POST", f"/confirmationBase/{number}/feedback", body)).status


class TestConfirmation:
    async def test_confirmed(self, world: World, device: DdiDevice) -> None:
        """A task that waits is offered for confirmation alone; once confirmed it is deployed under the same number."""
        job = await world.job(need_confirm=True)
        links = await device.links()
        assert "deploymentBase" not in links
        number = number_in(links["confirmationBase"])
        got = (await device.ask("GET", links["confirmationBase"])).json
        assert got["confirmation"]["chunks"][0]["version"] == "2.0.0"
        assert (await device.ask("GET", f"/deploymentBase/{number}")).status == 404
        assert (await device.ask("GET", f"/softwaremodules/{number}/artifacts")).status == 404
        assert await device.say(number, "proceeding") == 404
        assert (await world.task(job)).status is CONFIRM
        assert await consent(device, number, "confirmed") == 200
        task = await world.task(job)
        assert (task.status, task.is_confirmed) == (QUEUED, True)
        assert (await device.ask("GET", links["confirmationBase"])).status == 404
        assert number_in(await device.offered()) == number
        assert await consent(device, number, "confirmed") == 200, "said again it is still so"
        assert await consent(device, number, "denied") == 409, "what was confirmed cannot wait again"
        assert await device.say(number, "closed", "success") == 200
        assert await consent(device, number, "confirmed") == 410

    async def test_denied(self, world: World, device: DdiDevice) -> None:
        """A denied task keeps waiting, and may be confirmed later."""
        job = await world.job(need_confirm=True)
        number = number_in((await device.links())["confirmationBase"])
        assert await consent(device, number, "denied") == 200
        assert (await world.task(job)).status is CONFIRM
        assert number_in((await device.links())["confirmationBase"]) == number
        assert await consent(device, number, "confirmed") == 200

    @pytest.mark.parametrize("word", ["", "CONFIRMED", "maybe"])
    async def test_other_words(self, world: World, device: DdiDevice, word: str) -> None:
        """Another word than the two is 400."""
        await world.job(need_confirm=True)
        number = number_in((await device.links())["confirmationBase"])
        assert await consent(device, number, word) == 400

    async def test_never_needed(self, world: World, device: DdiDevice) -> None:
        """Consent to what needs none, or is not there, is 404."""
        await world.job()
        number = number_in(await device.offered())
        assert await consent(device, number, "confirmed") == 404
        assert await consent(device, number + 1, "confirmed") == 404

    async def test_outside_the_schedule(self, world: World, device: DdiDevice) -> None:
        """After ScheduleFinishTime nothing is asked and nothing can be confirmed."""
        job = await world.job(need_confirm=True, schedule_finish_ms=world.clock.ms + 1_000)
        number = number_in((await device.links())["confirmationBase"])
        world.clock.pass_ms(1_000)
        assert "confirmationBase" not in await device.links()
        assert await consent(device, number, "confirmed") == 409
        assert (await world.task(job)).status is CONFIRM

    async def test_I8_cancelled_meanwhile(self, world: World, device: DdiDevice) -> None:
        """A waiting task whose cancel was answered cannot be confirmed, and is not asked for."""
        job = await world.job(need_confirm=True)
        number = number_in((await device.links())["confirmationBase"])
        await world.cancel(job)
        assert number_in((await device.links())["cancelAction"]) == number
        assert await consent(device, number, "confirmed") == 410
        assert (await world.task(job)).status is CONFIRM

    async def test_I5_consent_tells_nobody(self, world: World) -> None:
        """Who confirms and does not wait for its poll is shown nothing; the pace counts who is told."""
        devices = [await world.device(f"lamp-{number:04d}") for number in range(12)]
        job = await world.job(need_confirm=True, maximum_per_minute=10)
        for device in devices:
            number = number_in((await device.links())["confirmationBase"])
            assert await consent(device, number, "confirmed") == 200
            assert (await device.ask("GET", f"/deploymentBase/{number}")).status == 404
            assert (await device.ask("GET", f"/softwaremodules/{number}/artifacts")).status == 404
            assert await device.say(number, "proceeding") == 404
        offered = [await device.links() for device in devices]
        assert sum("deploymentBase" in links for links in offered) == 10
        shown = [(await device.ask("GET", f"/deploymentBase/{number}")).status for device in devices]
        assert (shown.count(200), shown.count(404)) == (10, 2)
        assert len([t for t in (await tasks_of(world.store, job)).values() if t.status is NOTIFIED]) == 10


class TestAutoConfirm:
    async def test_on_and_off(self, world: World, device: DdiDevice) -> None:
        """Who confirms beforehand is shown, confirms what waits and what comes, once, until it is turned off."""
        waiting = await world.job(need_confirm=True)
        shown = (await device.ask("GET", "/confirmationBase")).json
        assert shown["autoConfirm"] == {"active": False}
        assert shown["_links"].keys() == {"activateAutoConfirm", "confirmationBase"}
        href = shown["_links"]["activateAutoConfirm"]["href"]
        assert (await device.ask("POST", href, {"initiator": "ann", "remark": "at night"})).status == 200
        assert (await device.ask("POST", href, {})).status == 409
        assert (await world.task(waiting)).status is QUEUED
        shown = (await device.ask("GET", "/confirmationBase")).json
        told = {"active": True, "initiator": "ann", "remark": "at night", "activatedAt": world.clock.ms}
        assert shown["autoConfirm"] == told
        number = number_in(await device.offered())
        await device.say(number, "closed", "success")
        coming = await world.job(need_confirm=True, dest_version="3.0.0")
        await device.offered()
        task = await world.task(coming)
        assert (task.status, task.is_confirmed) == (NOTIFIED, True)
        off = shown["_links"]["deactivateAutoConfirm"]["href"]
        assert (await device.ask("POST", off)).status == 200
        assert (await device.ask("GET", "/confirmationBase")).json["autoConfirm"] == {"active": False}
        assert (await world.task(coming)).status is NOTIFIED
        await device.say(number_in(await device.offered()), "closed", "success")
        await world.job(need_confirm=True, dest_version="4.0.0")
        assert "confirmationBase" in await device.links()

    async def test_without_words(self, device: DdiDevice) -> None:
        """Neither a body nor names in it are needed."""
        await device.poll()
        assert (await device.ask("POST", "/confirmationBase/activateAutoConfirm")).status == 200
        shown = (await device.ask("GET", "/confirmationBase")).json["autoConfirm"]
        assert shown.keys() == {"active", "activatedAt"}

    async def test_I5_keeps_the_pace(self, world: World) -> None:
        """What is confirmed beforehand waits for its job's pace like anything else."""
        devices = [await world.device(f"lamp-{number:04d}") for number in range(12)]
        for device in devices:
            await device.poll()
            await device.ask("POST", "/confirmationBase/activateAutoConfirm")
        await world.job(need_confirm=True, maximum_per_minute=10)
        offered = [await device.links() for device in devices]
        assert sum("deploymentBase" in links for links in offered) == 10
        assert not any("confirmationBase" in links for links in offered)
