"""What a deleted device leaves: every list and row of others that holds it. Its tasks keep their rows.

A noun that holds devices in a list of its own takes the device out of it here.
"""

from __future__ import annotations

from whimbrel.adapters.store.repositories.device_lists import device_turn
from whimbrel.adapters.store.repositories.device_stories import forget_story
from whimbrel.adapters.store.repositories.groups import GroupRepository
from whimbrel.adapters.store.repositories.presence import versions_list
from whimbrel.adapters.store.repositories.tags import DeviceTagRepository
from whimbrel.adapters.store.session import Session
from whimbrel.domain.device import Device


async def leave_everything(session: Session, device: Device) -> None:
    await _leave_versions(session, device)
    await GroupRepository(session).forget_device(device.id)
    await DeviceTagRepository(session).forget_device(device.account_id, device.id)
    await forget_story(session, device.id)


async def _leave_versions(session: Session, device: Device) -> None:
    """The rows stay, for the tasks that succeeded by them (I7)."""
    await session.lock(device_turn(device.id))
    for module_name, version in await session.all("reported_versions", device_id=device.id):
        session.count(versions_list(device.product_id, module_name, version), device.id, -1)
