"""Reads an uploaded list of devices into the store, once, when its upload is whole: jobs then need no file.

A list that is none is kept too, with what is wrong with it, for CreateOTAStaticUpgradeJob to say (api-contract 10.10).
Each step is short, for devices wait on the same event loop: a block of the file, or some parts in one transaction.
"""

from __future__ import annotations

import asyncio

from whimbrel.domain.device_list import DeviceListReader, ListPart
from whimbrel.errors import DeviceListFileError
from whimbrel.ports.firmware_store import FirmwareStore, StoredObject
from whimbrel.ports.store import DeviceList, Store

BLOCK_BYTES = 16 * 1024  # some 3,000 names: about a millisecond to read


async def read_device_list(
    files: FirmwareStore, store: Store, object_key: str, stored: StoredObject, now_ms: int
) -> None:
    """May be interrupted or repeated anywhere: parts have numbers, and the list counts once it is whole."""
    reader = DeviceListReader()
    fault = ""
    file = await files.open(stored.sha256)
    try:
        for offset in range(0, stored.size_bytes, BLOCK_BYTES):
            await _put(store, object_key, reader.take(await file.read(offset, BLOCK_BYTES)))
            await asyncio.sleep(0)
        await _put(store, object_key, reader.finish())
    except DeviceListFileError as error:
        fault = error.message
    finally:
        file.close()
    async with store.transaction() as transaction:
        await transaction.device_lists.finish(object_key, DeviceList(reader.names, fault), now_ms)


async def _put(store: Store, object_key: str, parts: list[ListPart]) -> None:
    if parts:
        async with store.transaction() as transaction:
            for part in parts:
                await transaction.device_lists.put_part(object_key, part)
