"""How DDI devices are set up and recognised."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from whimbrel.adapters.store.repositories.padding import padded
from whimbrel.adapters.store.session import Row, Session
from whimbrel.domain.access import OPERATOR_ACCOUNT
from whimbrel.domain.ddi_access import DdiSettings
from whimbrel.domain.ddi_claim import Standing
from whimbrel.domain.device import DEVICE_NAME, DeviceStatus
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.ports.store.ddi_access import DdiAttributeReport, DdiPlace

#: Cutting a text costs its length, so pieces are small. Measured on PostgreSQL: 25 us a claim with 50 a statement, 44
#: with 100, 62 with 200, and 150 for a claim that is alone; on SQLite 11 to 17, and 22 for one that is alone.
PLACES_PER_STATEMENT = 50
_NAME_WIDTH, _DIGEST_WIDTH = 32, 64
_DEFAULTS = DdiSettings()


class DdiAccessRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def settings(self, product_id: int) -> DdiSettings:
        row = await self._session.one("ddi_settings", product_id=product_id)
        if row is None:
            return _DEFAULTS
        polling_s, accepts_target_tokens, authorities, version_attribute, is_default, has_gateway_token = row
        return DdiSettings(
            polling_s,
            bool(accepts_target_tokens),
            tuple(json.loads(authorities)),
            version_attribute,
            bool(is_default),
            bool(has_gateway_token),
        )

    async def put_settings(self, account_id: int, product_id: int, settings: DdiSettings, now_ms: int) -> None:
        if settings.is_default:
            await self._session.run("leave_ddi_default", account_id=account_id, product_id=product_id)
        await self._session.run(
            "put_ddi_settings",
            account_id=account_id,
            product_id=product_id,
            is_default=int(settings.is_default),
            polling_s=settings.polling_s,
            accepts_target_tokens=int(settings.accepts_target_tokens),
            authorities=json.dumps(settings.authorities),
            version_attribute=settings.version_attribute,
            now_ms=now_ms,
        )

    async def put_gateway_token(self, account_id: int, product_id: int, digest: str | None, now_ms: int) -> None:
        await self._session.run(
            "put_gateway_token",
            account_id=account_id,
            product_id=product_id,
            polling_s=_DEFAULTS.polling_s,
            accepts_target_tokens=int(_DEFAULTS.accepts_target_tokens),
            digest=digest,
            now_ms=now_ms,
        )

    async def put_target_token(self, device_id: int, digest: str | None) -> None:
        await self._session.run("put_target_token", device_id=device_id, digest=digest)

    async def default_products(self, digests: Sequence[str]) -> list[str | None]:
        found: dict[int, set[str]] = {}
        # At least one piece, for the operator's product is asked for without a token too.
        for start in range(0, max(len(digests), 1), PLACES_PER_STATEMENT):
            piece = digests[start : start + PLACES_PER_STATEMENT]
            rows = await self._session.all(
                "ddi_default_products", n=len(piece), digests=padded(piece, _DIGEST_WIDTH), operator=OPERATOR_ACCOUNT
            )
            for number, product_key in rows:
                found.setdefault(start + number if number >= 0 else -1, set()).add(product_key)
        return [_only(found.get(number)) for number in (*range(len(digests)), -1)]

    async def standings(self, places: Sequence[DdiPlace]) -> list[Standing | None]:
        found: list[Standing | None] = [None] * len(places)
        for start in range(0, len(places), PLACES_PER_STATEMENT):
            piece = places[start : start + PLACES_PER_STATEMENT]
            rows = await self._session.all(
                "ddi_standings",
                n=len(piece),
                products=padded((_name(PRODUCT_KEY.fullmatch(place.product_key)) for place in piece), _NAME_WIDTH),
                names=padded((_name(DEVICE_NAME.fullmatch(place.device_name)) for place in piece), _NAME_WIDTH),
            )
            for row in rows:
                found[start + row[0]] = _standing(row)
        return found

    async def attributes(self, device_id: int) -> DdiAttributeReport:
        row = await self._session.one("ddi_attribute_report", device_id=device_id)
        reported_ms, is_asked = row or (None, 1)
        # Sorted here: engines order texts differently, and there are few.
        rows = await self._session.all("ddi_reported_attributes", device_id=device_id)
        return DdiAttributeReport(dict(sorted(rows)), reported_ms, bool(is_asked))

    async def ask_attributes(self, device_id: int) -> None:
        await self._session.run("ask_ddi_attributes", device_id=device_id)


def _name(match: re.Match[str] | None) -> str:
    """The text that matched; for one that can name nothing a text that names nothing."""
    return match[0] if match else ""


def _only(product_keys: set[str] | None) -> str | None:
    return product_keys.pop() if product_keys and len(product_keys) == 1 else None


def _standing(row: Row) -> Standing:
    _, product_id, account_id, product_key, plug_and_play, has_room, polling_s, accepts_target_tokens, *rest = row
    gateway_digest, authorities, version_attribute, device_id, state, target_digest = rest
    is_set_up = polling_s is not None
    return Standing(
        product_id,
        account_id,
        product_key,
        bool(plug_and_play),
        bool(has_room),
        polling_s if is_set_up else _DEFAULTS.polling_s,
        bool(accepts_target_tokens) if is_set_up else _DEFAULTS.accepts_target_tokens,
        gateway_digest,
        frozenset(json.loads(authorities)) if is_set_up else frozenset(),
        version_attribute if is_set_up else _DEFAULTS.version_attribute,
        device_id,
        None if state is None else DeviceStatus(state),
        target_digest,
    )
