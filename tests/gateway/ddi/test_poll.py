"""What a poll answers, and to whom (ddi-protocol 1, 2, 3, 15.1 to 15.4, 15.11)."""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.world import add_job, fill, tasks_of
from tests.gateway.ddi.rig import PUBLIC_URL, DdiDevice, World, number_in
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.paging import Page
from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store import Presence


async def status_of(world: World, device: DdiDevice) -> DeviceStatus:
    async with world.store.snapshot() as store:
        found = await store.devices.by_name(world.place.account_id, world.place.product_key, device.name)
    assert found is not None
    return found.status


class TestPoll:
    async def test_first_contact(self, world: World, device: DdiDevice) -> None:
        """A first poll makes the device online and asks for its attributes."""
        assert await status_of(world, device) is DeviceStatus.UNACTIVE
        got = await device.poll()
        base = f"{PUBLIC_URL}/DEFAULT/controller/v1/{device.name}"
        links = {"configData": {"href": f"{base}/configData"}}
        assert got.json == {"config": {"polling": {"sleep": "00:05:00"}}, "_links": links}
        assert got.headers["content-type"] == "application/hal+json;charset=UTF-8"
        assert await status_of(world, device) is DeviceStatus.ONLINE

    @pytest.mark.parametrize("polling_s", [30, 3_661, 86_399])
    async def test_sleep_has_eight_characters(self, world: World, device: DdiDevice, polling_s: int) -> None:
        """The product's polling interval is told as HH:MM:SS, whatever it is."""
        await world.set_up(polling_s=polling_s)
        sleep = (await device.poll()).json["config"]["polling"]["sleep"]
        assert sleep == f"{polling_s // 3600:02d}:{polling_s // 60 % 60:02d}:{polling_s % 60:02d}"

    async def test_known_answers_are_not_sent_again(self, world: World, device: DdiDevice) -> None:
        """The same answer with its tag is 304; an assignment changes the tag."""
        tag = (await device.poll()).headers["etag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}'):
            got = await device.poll(if_none_match=known)
            assert (got.status, got.body, got.headers["etag"]) == (304, b"", tag)
        await world.job()
        got = await device.poll(if_none_match=tag)
        assert got.status == 200
        assert got.headers["etag"] != tag

    async def test_tenants(self, world: World, device: DdiDevice) -> None:
        """DEFAULT in any case, and the ProductKey exactly, are the same device; links say what a client can use."""
        for tenant in ("DEFAULT", "default", world.place.product_key):
            device.tenant = tenant
            href = (await device.links())["configData"]
            shown = "DEFAULT" if tenant == "default" else tenant
            assert href == f"{PUBLIC_URL}/{shown}/controller/v1/{device.name}/configData"
        device.tenant = world.place.product_key.upper()
        assert (await device.poll()).status == 401

    async def test_I8_A04_who_is_let_in(self, world: World, device: DdiDevice) -> None:
        """A wrong token, another's, none, and an unknown device are all 401 without a word; so are downloads."""
        other = await world.device("lamp-0002")
        await world.job()
        href = await device.offered()
        file = (await device.ask("GET", href)).json["deployment"]["chunks"][0]["artifacts"][0]
        path = file["_links"]["download-http"]["href"]
        for authorization in (None, "TargetToken wrong", other.authorization, "GatewayToken x", "Basic eDp5"):
            device.authorization = authorization
            for got in (await device.poll(), await device.ask("GET", href), await device.ask("GET", path)):
                assert (got.status, got.body) == (401, b"")

    async def test_forged_proxy_headers(self, world: World, device: DdiDevice) -> None:
        """What only a trusted proxy may say changes nothing when another says it."""
        device.authorization = None
        got = await device.poll(x_controller_id=device.name, x_authority="ab" * 32)
        assert got.status == 401

    async def test_disabled_devices(self, world: World, device: DdiDevice) -> None:
        """A device that was disabled is let in no more, and is not made online by its poll."""
        await device.poll()
        async with world.store.transaction() as store:
            found = await store.devices.by_name(world.place.account_id, world.place.product_key, device.name)
            assert found is not None
            await store.device_changes.disable(found, world.clock.ms)
        assert (await device.poll()).status == 401
        assert await status_of(world, device) is DeviceStatus.DISABLE

    async def test_one_thing_at_a_time(self, world: World, device: DdiDevice) -> None:
        """Of several modules' tasks the oldest is offered; the next follows when it has ended."""
        first = await world.job(multi_module_mode=True)
        second = await world.job(multi_module_mode=True, module_name="mcu")
        href = await device.offered()
        assert await device.offered() == href
        chunk = (await device.ask("GET", href)).json["deployment"]["chunks"][0]
        assert chunk["part"] == "bApp"
        await device.say(number_in(href), "closed", "success")
        following = await device.offered()
        assert number_in(following) != number_in(href)
        assert (await device.ask("GET", following)).json["deployment"]["chunks"][0]["part"] == "mcu"
        assert (await world.task(first)).status is TaskStatus.SUCCEEDED
        assert (await world.task(second)).status is TaskStatus.NOTIFIED

    async def test_I15_actions_of_others(self, world: World, device: DdiDevice) -> None:
        """An action of another device is not there, in any resource."""
        other = await world.device("lamp-0002")
        await world.job()
        number = number_in(await device.offered())
        for path in (f"/deploymentBase/{number}", f"/cancelAction/{number}", f"/softwaremodules/{number}/artifacts"):
            assert (await other.ask("GET", path)).status == 404
        assert await other.say(number, "closed", "success") == 404
        assert await other.answer_cancel(number, "closed", "success") == 404

    async def test_many_polls_share_a_read(self, world: World) -> None:
        """Polls that come together each get their own answer."""
        devices = [await world.device(f"lamp-{number:04d}") for number in range(30)]
        job = await world.job()
        hrefs = await asyncio.gather(*(device.offered() for device in devices))
        assert all(f"/{device.name}/" in href for device, href in zip(devices, hrefs, strict=True))
        assert {task.status for task in (await tasks_of(world.store, job)).values()} == {TaskStatus.NOTIFIED}
        again = await asyncio.gather(*(device.offered() for device in devices))
        assert again == hrefs

    async def test_I9_source_versions(self, world: World, device: DdiDevice) -> None:
        """A difference is offered to a device only while it reports the version that it starts from."""
        async with world.store.transaction() as store:
            await store.module_versions.put(device.id, "default", "1.0.0", world.clock.ms)
        await world.job(required_version="1.0.0", firmware_type=1)
        async with world.store.transaction() as store:
            await store.module_versions.put(device.id, "default", "1.5.0", world.clock.ms)
        assert "deploymentBase" not in await device.links()
        async with world.store.transaction() as store:
            await store.module_versions.put(device.id, "default", "1.0.0", world.clock.ms)
        assert "deploymentBase" in await device.links()

    async def test_need_push_does_not_matter(self, world: World, device: DdiDevice) -> None:
        """A poll is a pull: jobs that do not push are offered too."""
        await world.job(need_push=False)
        assert "deploymentBase" in await device.links()


class TestPace:
    async def test_I5_polls_keep_the_pace(self, world: World) -> None:
        """At most MaximumPerMinute devices are told by their polls; the others later, when the window has moved on."""
        devices = [await world.device(f"lamp-{number:04d}") for number in range(13)]
        job = await world.job(maximum_per_minute=10)
        offered = await asyncio.gather(*(device.links() for device in devices))
        assert sum("deploymentBase" in links for links in offered) == 10
        statuses = [task.status for task in (await tasks_of(world.store, job)).values()]
        assert statuses.count(TaskStatus.NOTIFIED) == 10
        again = [await device.links() for device in devices]
        assert sum("deploymentBase" in links for links in again) == 10, "who was told is told again, nobody else"
        async with world.store.transaction() as store:
            await store.pacing.forget(await store.pacing.notices())
        later = [await device.links() for device in devices]
        assert sum("deploymentBase" in links for links in later) == 13

    async def test_the_engine_pushes_to_nobody_who_polls(self, world: World, device: DdiDevice) -> None:
        """The engine's dispatch passes DDI devices by: only their own poll tells them."""
        await device.poll()
        job = await fill(world.store, await add_job(world.store, world.place))
        await world.engine.settle()
        assert (await world.task(job)).status is TaskStatus.QUEUED
        assert "deploymentBase" in await device.links()


class TestPresence:
    async def test_silent_devices_are_offline(self, world: World, device: DdiDevice) -> None:
        """A device that misses three polls is offline, and online again with the next."""
        await device.poll()
        for _ in range(4):
            world.clock.pass_ms(300_000)
            await device.poll()
            await world.last_seen.flush()
            await world.engine.settle()
            assert await status_of(world, device) is DeviceStatus.ONLINE
        world.clock.pass_ms(959_999)
        await world.engine.settle()
        assert await status_of(world, device) is DeviceStatus.ONLINE
        world.clock.pass_ms(1)
        await world.engine.settle()
        assert await status_of(world, device) is DeviceStatus.OFFLINE
        await device.poll()
        assert await status_of(world, device) is DeviceStatus.ONLINE
        async with world.store.snapshot() as store:
            place = world.place
            listed = await store.device_states.page(place.account_id, place.product_id, DeviceStatus.ONLINE, Page(1, 9))
        assert listed.total == 1

    async def test_a_session_over_mqtt_stays(self, world: World, device: DdiDevice) -> None:
        """A device that is connected over MQTT too is not taken for a newer session of itself when it polls."""
        session = Presence(device.id, "node-1", 7, "10.0.0.9")
        async with world.store.transaction() as store:
            assert await store.presences.connected(session, world.clock.ms)
        await device.poll()
        async with world.store.snapshot() as store:
            assert await store.orders.waiting("node-1", 9) == []
        async with world.store.transaction() as store:
            await store.presences.disconnected(session, world.clock.ms)
        assert await status_of(world, device) is DeviceStatus.OFFLINE
        await device.poll()
        assert await status_of(world, device) is DeviceStatus.ONLINE

    async def test_a_poll_writes_nothing(self, world: World, device: DdiDevice) -> None:
        """An unchanged poll costs no row: nothing is remembered before half of the time to silence has passed."""
        await device.poll()
        await device.poll()
        assert world.last_seen._due_ms == {}
        world.clock.pass_ms(450_000)
        await device.poll()
        assert list(world.last_seen._due_ms) == [device.id]
