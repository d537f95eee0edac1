"""Devices by any filters together. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.device_search import DeviceSearch
from whimbrel.domain.paging import Page


class FoundDevice(NamedTuple):
    """A device as lists show it, without its secret. `versions`: module and version, the module `default` first."""

    id: int
    product_key: str
    product_name: str
    device_name: str
    iot_id: str
    nickname: str
    status: DeviceStatus
    status_ms: int
    created_ms: int
    last_online_ms: int | None
    ip_address: str
    versions: tuple[tuple[str, str], ...] = ()


class SearchPage(NamedTuple):
    """One page of a search. `below`: the next page is of devices with smaller ids; None when there are no more.

    `is_full`: whether it stopped because the page is full or there are no more, not because it looked at LOOKED_MAX
    devices. `looked`: how many it looked at, of `lookable`. `total`: exact, None where it is not counted.
    """

    rows: Sequence[FoundDevice]
    below: int | None
    is_full: bool
    looked: int
    lookable: int
    total: int | None


class DeviceSearches(Protocol):
    async def counted(self, search: DeviceSearch) -> int | None:
        """How many devices are found; None where they are not counted, and pages have no numbers."""
        ...

    async def page(self, search: DeviceSearch, page: Page) -> SearchPage:
        """The page of this number. Only the first, unless the search is counted."""
        ...

    async def after(self, search: DeviceSearch, below: int, size: int) -> SearchPage:
        """Of devices with ids smaller than `below`, newest first."""
        ...
