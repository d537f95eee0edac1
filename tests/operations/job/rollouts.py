"""Rollouts that tests go through: fleets that are connected, jobs for them, and who has been told."""

from __future__ import annotations

from typing import Any

from tests.operations.fleet import FieldDevice, make_device, make_firmware, make_job, make_product, statuses_of
from tests.operations.signed_door import SignedDoor

Fleet = dict[str, FieldDevice]


async def connected_fleet(door: SignedDoor, devices: int) -> tuple[str, Fleet]:
    """A product and its devices by name, all at 1.0.0 and connected."""
    product_key = await make_product(door)
    fleet = {}
    for number in range(devices):
        device = await make_device(door, product_key, f"lamp-{number:03d}", "1.0.0")
        await device.connect()
        fleet[device.name] = device
    return product_key, fleet


async def rollout(door: SignedDoor, devices: int, **parameters: Any) -> tuple[str, Fleet]:
    """A job to 1.1.0 for a connected fleet, on which the engine has not looked yet; its id."""
    product_key, fleet = await connected_fleet(door, devices)
    return await make_job(door, product_key, await make_firmware(door, product_key), **parameters), fleet


async def told(door: SignedDoor, fleet: Fleet, *, after_ms: int = 0) -> list[str]:
    """Let time pass and the engine settle; the devices that were sent a notice since the last time."""
    door.clock.at_ms += after_ms
    await door.engine.settle()
    found = [name for name, device in fleet.items() for _ in device.notices]
    for device in fleet.values():
        device.notices.clear()
    return sorted(found)


async def succeed(fleet: Fleet, names: list[str]) -> None:
    """These devices report the new version."""
    for name in names:
        await fleet[name].report_version("1.1.0")


async def fail(fleet: Fleet, names: list[str]) -> None:
    """These devices report a failure."""
    for name in names:
        await fleet[name].report_progress(-2)


async def state_of(door: SignedDoor, job_id: str) -> str:
    """RUNNING and so on."""
    state: str = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]["State"]
    return state


async def queued(door: SignedDoor, job_id: str) -> list[str]:
    """The devices that wait."""
    return sorted(name for name, status in (await statuses_of(door, job_id)).items() if status == "QUEUED")
