"""Devices that come with their identities. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from whimbrel.domain.device import Device, DeviceDraft


class DeviceImports(Protocol):
    """Each call takes as many as one import has, and costs as few statements for them as for one."""

    async def of_names(self, product_id: int, names: Sequence[str]) -> dict[str, Device]:
        """Those of these well-formed names that the product has."""
        ...

    async def taken(self, account_id: int, iot_ids: Sequence[str]) -> frozenset[str]:
        """Those of these well-formed IotIds, which no two devices of the server have, that cannot be had. A deleted
        device of the account gives its own up: its row, which stays for its tasks, gets another one.
        """
        ...

    async def add(self, drafts: Sequence[DeviceDraft]) -> None:
        """All of them, of one product, or StoreConflictError: a name or an IotId was taken meanwhile."""
        ...
