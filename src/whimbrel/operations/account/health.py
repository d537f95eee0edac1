"""Upgrades after which devices were lost, where an account's newest jobs are; XQueryFleetHealth tells the rest."""

from __future__ import annotations

from collections.abc import Sequence

from whimbrel.domain.attention import Attention, of_upgrade
from whimbrel.domain.fleet_health import DAYS_DEFAULT, HOURS_DEFAULT, since
from whimbrel.domain.job import JobType
from whimbrel.domain.job_search import JobSearch
from whimbrel.domain.product import Product
from whimbrel.operations.declaration import Context

FLEETS_MAX = 5  # products and modules: each takes some 20 ms
NEWEST_JOBS = 50


async def lost_upgrades(
    context: Context, products: Sequence[Product], product_id: int | None
) -> list[Attention | None]:
    """Of these products, those whose upgrades are the newest."""
    search = JobSearch(context.caller.account_id, product_id, types=frozenset({JobType.UPGRADE}))
    jobs = await context.store.job_searches.page(search, None, NEWEST_JOBS, context.now_ms)
    known = {product.id: product for product in products}
    fleets = dict.fromkeys((row.job.product_id, row.job.module_name) for row in jobs.rows)
    looked_at, health = since(DAYS_DEFAULT, HOURS_DEFAULT, context.now_ms), context.store.health
    found: list[Attention | None] = []
    for fleet_id, module_name in [fleet for fleet in fleets if fleet[0] in known][:FLEETS_MAX]:
        samples = await health.versions(fleet_id, module_name, looked_at)
        upgraded = await health.upgraded(fleet_id, module_name, looked_at)
        found += [of_upgrade(known[fleet_id], job, samples) for job in upgraded]
    return found
