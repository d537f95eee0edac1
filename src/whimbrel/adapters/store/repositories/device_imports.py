"""Devices that come with their identities, many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TypeVar

from whimbrel.adapters.store.repositories.device_lists import DevicePlace, count_device, devices_list
from whimbrel.adapters.store.repositories.devices import device_of
from whimbrel.adapters.store.repositories.padding import padded
from whimbrel.adapters.store.session import Row, Session
from whimbrel.domain.device import DEVICE_NAME_LENGTH_MAX, Device, DeviceDraft, DeviceStatus
from whimbrel.domain.device_import import IOT_ID_LENGTH_MAX
from whimbrel.errors import StoreConflictError
from whimbrel.ports.sealer import Sealer

#: Sealing or opening a secret takes some 40 us: then other work of the loop gets its turn. And PostgreSQL finds a place
#: in a text by walking to it: a thousand IotId in one text took four times as long as two times five hundred.
DEVICES_PER_PIECE = 100
T = TypeVar("T")


class DeviceImportRepository:
    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def of_names(self, product_id: int, names: Sequence[str]) -> dict[str, Device]:
        found: dict[str, Device] = {}
        for piece in _pieces(names):
            rows = await self._session.all(
                "devices_of_names", product_id=product_id, names=padded(piece, DEVICE_NAME_LENGTH_MAX), n=len(piece)
            )
            devices = [device_of(row, self._sealer) for row in rows]
            found |= {device.device_name: device for device in devices}
            await asyncio.sleep(0)
        return found

    async def taken(self, account_id: int, iot_ids: Sequence[str]) -> frozenset[str]:
        rows = await self._holders(iot_ids)
        given_up = [iot_id for iot_id, _, holder, _, is_deleted in rows if is_deleted and holder == account_id]
        if given_up:
            changes: list[dict[str, object]] = [{"iot_id": iot_id, "account_id": account_id} for iot_id in given_up]
            await self._session.run_many("give_up_iot_id", changes)
        return frozenset(row[0] for row in rows) - frozenset(given_up)

    async def add(self, drafts: Sequence[DeviceDraft]) -> None:
        if not drafts:
            return
        product_id = drafts[0].product_id
        await self._session.lock(devices_list(product_id), shared=True)
        for piece in _pieces(drafts):
            await self._session.run_many("import_device", [self._values(draft) for draft in piece])
            await asyncio.sleep(0)
        holders = await self._holders([draft.iot_id for draft in drafts])
        ids = {iot_id: device_id for iot_id, device_id, _, holder, _ in holders if holder == product_id}
        for draft in drafts:
            if draft.iot_id not in ids:
                raise StoreConflictError(f"the device {draft.device_name} or its IotId came meanwhile")
            place = DevicePlace(ids[draft.iot_id], draft.account_id, product_id)
            count_device(self._session, place, DeviceStatus.UNACTIVE, 1)

    async def _holders(self, iot_ids: Sequence[str]) -> list[Row]:
        rows: list[Row] = []
        for piece in _pieces(iot_ids):
            asked = padded(piece, IOT_ID_LENGTH_MAX)
            rows += await self._session.all("devices_of_iot_ids", iot_ids=asked, n=len(piece))
        return rows

    def _values(self, draft: DeviceDraft) -> dict[str, object]:
        values = draft._asdict()
        del values["apply_id"]
        sealed = self._sealer.seal(values.pop("device_secret"), f"device:{draft.iot_id}")
        return {**values, "secret_sealed": sealed, "gray_key": draft.gray_key}


def _pieces(things: Sequence[T]) -> Iterator[Sequence[T]]:
    return (things[start : start + DEVICES_PER_PIECE] for start in range(0, len(things), DEVICES_PER_PIECE))
