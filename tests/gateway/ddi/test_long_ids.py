"""Devices whose ids are longer than a DeviceName, as Zephyr's are, on each store (ddi-protocol 1, 2; A15)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.gateway.ddi.rig import CONTENT, World, feedback, number_in
from tests.gateway.ddi.test_guarded_door import PROXY, newcomer, open_up
from tests.gateway.ddi.zephyr import DOWNLOAD_CHARS_MAX
from whimbrel.domain.ddi import FILE_NAME_CHARS_MAX, NUMBER_MAX
from whimbrel.domain.ddi_claim import Claim
from whimbrel.domain.ddi_controller_id import device_name_of
from whimbrel.domain.device import Device
from whimbrel.domain.task import TaskStatus
from whimbrel.gateway.ddi.links import hrefs_for

ZEPHYRS = "nrf9160dk-0123456789abcdef0123456789abcdef"  # 42 characters
UUID = "123e4567-e89b-42d3-a456-426614174000"
ZEPHYRS_CHARS_MAX = 58  # an id of so many leaves room for the longest file name
PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "connect-hawkbit-devices.md"
_FORMULA = re.compile(r"^\$ (id=.*openssl.*)$", re.MULTILINE)


async def stored(world: World, name: str) -> Device | None:
    async with world.store.snapshot() as store:
        return await store.devices.by_name(world.place.account_id, world.place.product_key, name)


@pytest.mark.parametrize("controller_id", [ZEPHYRS, UUID, "m1", "d" * 58, "d" * 256])
async def test_I7_an_upgrade(world: World, controller_id: str) -> None:
    """Poll, deployment, download and feedback; every link has the id as the device writes it."""
    tenant = "DEFAULT" if len(controller_id) <= ZEPHYRS_CHARS_MAX else world.place.product_key
    device = await world.device(controller_id, tenant)
    job = await world.job()
    links = await device.links()
    assert {urlsplit(href).path.split(tenant)[1].split("/")[3] for href in links.values()} == {controller_id}
    got = await device.ask("GET", links["deploymentBase"])
    [file] = got.json["deployment"]["chunks"][0]["artifacts"]
    served = await device.ask("GET", file["_links"]["download-http"]["href"])
    assert (served.status, served.body) == (200, CONTENT)
    number = number_in(links["deploymentBase"])
    assert await device.say(number, "proceeding", progress=(1, 4)) == 200
    assert await device.say(number, "closed", "success") == 200
    assert (await world.task(job)).status is TaskStatus.SUCCEEDED


async def test_a_cancel(world: World) -> None:
    """Zephyr's id does not make the cancel's link too long either, and its answer is taken."""
    device = await world.device(ZEPHYRS)
    job = await world.job()
    number = number_in(await device.offered())
    await world.cancel(job)
    href = (await device.links())["cancelAction"]
    assert (await device.ask("GET", href)).json["cancelAction"] == {"stopId": str(number)}
    assert (await device.ask("POST", f"{href}/feedback", feedback("closed", "success"))).status == 200


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_which_ids_zephyr_has_room_for(more: int) -> None:
    """Up to 58 characters, beside the longest file name and number there are, a path stays below its 200."""
    claim = Claim("DEFAULT", "d" * (ZEPHYRS_CHARS_MAX + more))
    href = hrefs_for("https://ota.example/updates", claim).file(NUMBER_MAX, "f" * FILE_NAME_CHARS_MAX)
    path = urlsplit(href).path
    assert (len(path) - path.index("/DEFAULT") < DOWNLOAD_CHARS_MAX) is (more <= 0)


@pytest.mark.parametrize(
    ("controller_id", "nickname"), [(ZEPHYRS, ""), (ZEPHYRS.replace("-", "_"), ZEPHYRS.replace("-", "_")), ("m1", "")]
)
async def test_a_newcomer(world: World, controller_id: str, nickname: str) -> None:
    """It makes itself once, under the derived name, and is called by its id where that is a nickname."""
    await open_up(world, self_made_max=5)
    device = newcomer(world, controller_id)
    for _ in range(2):
        assert (await device.poll()).status == 200
    row = await stored(world, device_name_of(controller_id))
    assert row is not None
    assert row.nickname == nickname
    async with world.store.snapshot() as store:
        assert (await store.enrolment.policy(world.place.product_id)).self_made == 1


async def test_A15_certificates(world: World) -> None:
    """The certificate is for the id as the device writes it; the derived name vouches for nothing."""
    await open_up(world)
    device = await world.device(ZEPHYRS)
    device.authorization = None
    for asserted, status in ((ZEPHYRS, 200), (device_name_of(ZEPHYRS), 401), (ZEPHYRS[:32], 401)):
        got = await device.poll(peer=PROXY, x_controller_id=asserted, x_authority="ca:01")
        assert got.status == status


async def test_A15_ids_that_begin_alike(world: World) -> None:
    """A token is its own device's: with another id, which differs at the very end, it proves nothing."""
    device, other = await world.device("d" * 255 + "e"), await world.device("d" * 256)
    assert (await device.poll()).status == 200
    assert (await device.poll(authorization=str(other.authorization))).status == 401
    assert (await newcomer(world, "d" * 33, device.authorization).poll()).status == 401


@pytest.mark.parametrize("controller_id", [ZEPHYRS, UUID, "m1", "d" * 256])
def test_the_pages_formula(controller_id: str) -> None:
    """The command on the how-to page prints the name that the server uses."""
    [command] = _FORMULA.findall(PAGE.read_text("utf-8"))
    line = re.sub(r"^id=[^;]+", f"id={controller_id}", command)
    printed = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout
    assert printed == f"{device_name_of(controller_id)}\n"
