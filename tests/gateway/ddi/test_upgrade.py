"""An upgrade as a DDI client goes through it, from the offer to the version (ddi-protocol 3, 4, 5, 15)."""

from __future__ import annotations

from tests.gateway.ddi.rig import CONTENT, MD5, SHA1, SHA256, DdiDevice, World, number_in
from whimbrel.domain.task import TaskStatus


class TestUpgrade:
    async def test_I7_from_offer_to_success(self, world: World, device: DdiDevice) -> None:
        """Offered, fetched, downloaded, reported closed with success: the task succeeds by the version it brings."""
        job = await world.job()
        assert (await world.task(job)).status is TaskStatus.QUEUED
        href = await device.offered()
        assert (await world.task(job)).status is TaskStatus.NOTIFIED
        got = await device.ask("GET", href)
        assert got.status == 200
        [chunk] = got.json["deployment"]["chunks"]
        assert (chunk["part"], chunk["version"]) == ("bApp", "2.0.0")
        [file] = chunk["artifacts"]
        assert file["filename"] == "firmware-2.0.0.swu"
        assert file["size"] == len(CONTENT)
        assert file["hashes"] == {"sha1": SHA1, "md5": MD5, "sha256": SHA256}
        served = await device.ask("GET", file["_links"]["download-http"]["href"])
        assert (served.status, served.body) == (200, CONTENT)
        number = number_in(href)
        assert await device.say(number, "proceeding", progress=(1, 4), details=["writing"]) == 200
        assert (await world.task(job)).status is TaskStatus.IN_PROGRESS
        assert (await world.task(job)).progress == 25
        assert await device.say(number, "closed", "success", progress=(4, 4)) == 200
        assert (await world.task(job)).status is TaskStatus.SUCCEEDED
        links = await device.links()
        assert "deploymentBase" not in links
        assert number_in(links["installedBase"]) == number
        assert "configData" in links
        assert await device.say(number, "closed", "success") == 410
