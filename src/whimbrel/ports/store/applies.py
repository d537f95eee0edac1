"""Devices that are registered many at a time. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from whimbrel.domain.device import Device
from whimbrel.domain.device_apply import Apply, ApplyDraft, AskedName
from whimbrel.domain.paging import Listing, Page


class Applies(Protocol):
    async def add(self, draft: ApplyDraft) -> int:
        """Its id."""
        ...

    async def by_id(self, account_id: int, apply_id: int) -> Apply | None: ...
    async def page(self, apply: Apply, page: Page) -> Listing[Device]:
        """The devices that were registered, newest first."""
        ...

    async def move(self, old: Apply, new: Apply, now_ms: int) -> bool:
        """Compare and set of status and progress; False, and nothing done, when the row is not `old` any more."""
        ...

    async def next_running(self) -> Apply | None:
        """Of all accounts, the oldest that is being registered, for the engine."""
        ...

    async def devices_to_come(self, product_id: int) -> int:
        """How many devices the product's running applies will still make."""
        ...


class ApplyNames(Protocol):
    """The names of an apply, numbered from 1. Each call takes a bounded number of them."""

    async def add(self, apply_id: int, after: int, names: Sequence[AskedName]) -> None:
        """The names from number `after + 1` on."""
        ...

    async def after(self, apply_id: int, number: int, limit: int) -> list[AskedName]:
        """The names after this number, in order."""
        ...

    async def blame(self, apply_id: int, number: int, fault: str) -> None:
        """This name became no device."""
        ...

    async def taken(self, product_id: int, names: Sequence[str]) -> frozenset[str]:
        """Those of these well-formed names that the product has."""
        ...
