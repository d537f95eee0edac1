"""Accounts that ask for a second person's approval, and the jobs that wait there."""

from __future__ import annotations

from typing import Any

from tests.operations.fleet import make_firmware, make_job
from tests.operations.job.rollouts import Fleet, connected_fleet
from tests.operations.signed_door import SignedDoor
from whimbrel.rpc.signing_caller import Credentials


async def second_person(door: SignedDoor) -> Credentials:
    """Switch approval on; a key that has not made the jobs."""
    await door.ok("XUpdateRolloutDefaults", XApproval="ON")
    return await door.make_key()


async def waiting_job(door: SignedDoor, devices: int = 3, **parameters: Any) -> tuple[str, Fleet]:
    """A job of the root key's for a connected fleet."""
    product_key, fleet = await connected_fleet(door, devices)
    return await make_job(door, product_key, await make_firmware(door, product_key), **parameters), fleet
