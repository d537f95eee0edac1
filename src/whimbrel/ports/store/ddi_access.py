"""How DDI devices are set up and recognised. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from whimbrel.domain.ddi_access import DdiSettings
from whimbrel.domain.ddi_claim import Standing


class DdiPlace(NamedTuple):
    """Where a claim points: texts that may name nothing."""

    product_key: str
    device_name: str


class DdiAttributeReport(NamedTuple):
    """What a device said of itself. `reported_ms`: when it did last; `is_asked`: it is asked at its next poll."""

    attributes: dict[str, str]
    reported_ms: int | None
    is_asked: bool


class DdiAccess(Protocol):
    """Settings of products, and digests of tokens; no method gives or takes a token itself (A15)."""

    async def settings(self, product_id: int) -> DdiSettings:
        """The defaults for a product that was never set up."""
        ...

    async def put_settings(self, account_id: int, product_id: int, settings: DdiSettings, now_ms: int) -> None:
        """All but the gateway token. As the account's default product it takes another's place."""
        ...

    async def put_gateway_token(self, account_id: int, product_id: int, digest: str | None, now_ms: int) -> None:
        """In place of the one it had; None: it has none."""
        ...

    async def put_target_token(self, device_id: int, digest: str | None) -> None:
        """In place of the one it had; None: it has none."""
        ...

    async def default_products(self, digests: Sequence[str]) -> list[str | None]:
        """For each digest of a token the ProductKey that `DEFAULT` means to who shows it; and one more at the end, for
        certificates: the default product of the operator's account (docs/adr/0031).

        None where there is no such product, and where tokens of several accounts have the digest (I15).
        """
        ...

    async def standings(self, places: Sequence[DdiPlace]) -> list[Standing | None]:
        """What is stored of each place's product and device; None without the product. One statement asks for many."""
        ...

    async def attributes(self, device_id: int) -> DdiAttributeReport:
        """In the order of their names' bytes."""
        ...

    async def ask_attributes(self, device_id: int) -> None:
        """The device is asked for them at its next poll."""
        ...
