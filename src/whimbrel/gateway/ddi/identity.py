"""Who the devices are that ask: many claims at once, by one statement, or two when some name the tenant `DEFAULT`.

The rules are those of `domain/ddi_claim.py`; this reads what they need.
"""

from __future__ import annotations

from collections.abc import Sequence

from whimbrel.domain.ddi_claim import Claim as Claim
from whimbrel.domain.ddi_claim import Contact as Contact
from whimbrel.domain.ddi_claim import Newcomer as Newcomer
from whimbrel.domain.ddi_claim import Refusal as Refusal
from whimbrel.domain.ddi_claim import Verdict as Verdict
from whimbrel.domain.ddi_claim import judge
from whimbrel.ports.store import DdiPlace, Transaction


async def contacts(store: Transaction, claims: Sequence[Claim]) -> list[Verdict]:
    """What each claim leads to. A Newcomer is a device that may make itself: see `reports/ddi/arrival.py`."""
    tenants = await _tenants(store, claims)
    places = [DdiPlace(tenant, claim.device_name) for tenant, claim in zip(tenants, claims, strict=True)]
    standings = await store.ddi_access.standings(places)
    return [judge(claim, standing) for claim, standing in zip(claims, standings, strict=True)]


async def _tenants(store: Transaction, claims: Sequence[Claim]) -> list[str]:
    """The ProductKey that each claim means; what names no product stays as it is, and nothing is found by it."""
    tenants = [claim.tenant for claim in claims]
    of_default = [number for number, claim in enumerate(claims) if claim.is_of_default]
    if not of_default:
        return tenants
    *found, operators = await store.ddi_access.default_products([claims[number].token_digest for number in of_default])
    for number, product_key in zip(of_default, found, strict=True):
        by_certificate = operators if claims[number].certificate_authorities else None
        tenants[number] = product_key or by_certificate or tenants[number]
    return tenants
