"""What a device says it is, and what it says it has installed (ddi-protocol 8, 9, 15.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.ddi.rig import DdiDevice, World, number_in
from whimbrel.domain.task import TaskStatus


async def put(device: DdiDevice, data: Any, mode: str | None = None) -> int:
    body = {"id": "", "time": "", "status": {}, "data": data, **({"mode": mode} if mode else {})}
    return (await device.ask("PUT", "/configData", body)).status


async def kept(world: World, device: DdiDevice) -> dict[str, str]:
    async with world.store.snapshot() as store:
        return await store.ddi_attributes.of_device(device.id)


class TestConfigData:
    async def test_modes(self, world: World, device: DdiDevice) -> None:
        """merge adds and overwrites, replace drops the rest, remove deletes the names; then it is asked for no more."""
        assert "configData" in await device.links()
        assert await put(device, {"a": "1", "b": "2"}) == 200
        assert "configData" not in await device.links()
        assert await put(device, {"b": "3", "c": "4"}, "merge") == 200
        assert await kept(world, device) == {"a": "1", "b": "3", "c": "4"}
        assert await put(device, {"b": "any", "d": ""}, "remove") == 200
        assert await kept(world, device) == {"a": "1", "c": "4"}
        assert await put(device, {"x": "9"}, "replace") == 200
        assert await kept(world, device) == {"x": "9"}
        assert await put(device, {"x": "9"}, "forget") == 400

    async def test_how_many(self, world: World, device: DdiDevice) -> None:
        """A device has 100 attributes; the one that would be the 101st changes nothing (I17)."""
        await device.poll()
        assert await put(device, {f"n{number}": "" for number in range(99)}) == 200
        assert await put(device, {"last": ""}) == 200
        got = await device.ask("PUT", "/configData", {"data": {"more": "", "last": "changed"}})
        assert got.status == 429
        assert got.headers["retry-after"]
        assert (await kept(world, device))["last"] == ""

    @pytest.mark.parametrize("length", [127, 128, 129])
    async def test_how_long(self, device: DdiDevice, length: int) -> None:
        """Names and values have up to 128 characters."""
        await device.poll()
        status = 200 if length <= 128 else 400
        assert await put(device, {"x" * length: "y"}) == status
        assert await put(device, {"x": "y" * length}) == status

    @pytest.mark.parametrize("data", [{}, None, [], "x", {"a": 1}, {"": "x"}, {"a": "\0"}, {"a": None}])
    async def test_malformed(self, device: DdiDevice, data: Any) -> None:
        """data is a map of texts with at least one entry."""
        await device.poll()
        assert await put(device, data) == 400

    async def test_missing(self, device: DdiDevice) -> None:
        """A body without data is malformed."""
        assert (await device.ask("PUT", "/configData", {"mode": "merge"})).status == 400

    async def test_I7_the_version_attribute(self, world: World, device: DdiDevice) -> None:
        """Where a product names it, an attribute is a version report: it makes a success and closes its action."""
        job = await world.job()
        number = number_in(await device.offered())
        assert await put(device, {"sw_version": "2.0.0"}) == 200
        assert (await world.task(job)).status is TaskStatus.NOTIFIED, "the product names none yet"
        await world.set_up(version_attribute="sw_version")
        assert await put(device, {"sw_version": "not\nreportable"}) == 200
        assert (await world.task(job)).status is TaskStatus.NOTIFIED
        assert await put(device, {"sw_version": "2.0.0"}) == 200
        assert (await world.task(job)).status is TaskStatus.SUCCEEDED
        assert number_in((await device.links())["installedBase"]) == number
        assert await device.say(number, "closed", "success") == 410

    async def test_dynamic_jobs_follow(self, world: World, device: DdiDevice) -> None:
        """A version that a dynamic job follows gives the device its task."""
        job = await world.job(selection_type="DYNAMIC", dynamic_mode=2, src_versions=("1.0.0",), is_filled=True)
        await world.set_up(version_attribute="v")
        async with world.store.transaction() as store:
            await store.strategies.add(job)
        assert "deploymentBase" not in await device.links()
        assert await put(device, {"v": "1.0.0"}) == 200
        assert "deploymentBase" in await device.links()


class TestInstalledBase:
    async def test_what_was_installed(self, world: World, device: DdiDevice) -> None:
        """The newest success may be fetched again with its files; what is active, failed or cancelled may not."""
        await world.job()
        href = await device.offered()
        number = number_in(href)
        assert (await device.ask("GET", f"/installedBase/{number}")).status == 404
        deployment = (await device.ask("GET", href)).json
        await device.say(number, "closed", "success")
        got = await device.ask("GET", (await device.links())["installedBase"])
        assert got.json == deployment
        path = got.json["deployment"]["chunks"][0]["artifacts"][0]["_links"]["download"]["href"]
        assert (await device.ask("GET", path)).status == 200
        assert (await device.ask("POST", f"/installedBase/{number}/feedback", {})).status == 404
        await world.job(dest_version="3.0.0")
        failed = number_in(await device.offered())
        await device.say(failed, "closed", "failure")
        assert (await device.ask("GET", f"/installedBase/{failed}")).status == 404
        assert number_in((await device.links())["installedBase"]) == number

    async def test_I7_told_by_name(self, world: World, device: DdiDevice) -> None:
        """A device that runs firmware already says so by name and version: news is 201, the same again 200."""
        job = await world.job()
        await device.poll()
        name = "firmware-2.0.0-default"
        for version, status in (("2.0.0", 201), ("2.0.0", 200), ("9", 404), ("x" * 65, 400), ("", 400)):
            got = await device.ask("PUT", "/installedBase", {"name": name, "version": version})
            assert got.status == status
        assert (await world.task(job)).status is TaskStatus.SUCCEEDED
