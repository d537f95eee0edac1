"""A fleet as one value: what `whimbrel fleet` asks for, and how it shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from whimbrel.cli.api import Api
from whimbrel.cli.lookup import Product
from whimbrel.cli.plain_text import plain, table_width

ROLLOUTS_SHOWN = 100
VERSIONS_SHOWN = 12
#: Every state but ENDED, those that need somebody first.
_STATES = ("HALTED", "AWAITING_APPROVAL", "PAUSED", "REJECTED", "RUNNING", "SOAKING", "WAITING_WINDOW", "PLANNED")


class ProductSeen(NamedTuple):
    """A product's devices, by connection and by the version of the module `default`, the most frequent first."""

    product_key: str
    product_name: str
    devices: int
    online: int
    never_online: int
    versions: Mapping[str, int]


class RolloutSeen(NamedTuple):
    """A job that has not ended, as XListOTAJobs has it."""

    job_id: str
    product_key: str
    firmware_id: str
    version: str
    state: str
    reason: str
    tasks: Mapping[str, int]


class Attention(NamedTuple):
    """Something that needs somebody."""

    kind: str
    reason: str
    product_key: str
    job_id: str | None
    firmware_id: str | None


class FleetSeen(NamedTuple):
    """All of it. `product_count` may be more than the products that are shown."""

    product_count: int
    products: tuple[ProductSeen, ...]
    rollouts: tuple[RolloutSeen, ...]
    attention: tuple[Attention, ...]

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "product_count": self.product_count,
            "products": [product._asdict() for product in self.products],
            "rollouts": [rollout._asdict() for rollout in self.rollouts],
            "attention": [item._asdict() for item in self.attention],
        }


def look_at_fleet(api: Api, product: Product | None, with_health: bool) -> FleetSeen:
    """What the server says of the account, or of one product. Raises RefusedError, ConnectionError.

    `with_health` also looks for devices that were lost after an upgrade; not more often than once a minute.
    """
    data = api.ask("XQueryOverview", {"WithHealth": str(with_health).lower()})["data"]
    only = {} if product is None else {"ProductKey": product.key}
    states = {f"State.{number}": state for number, state in enumerate(_STATES, 1)}
    jobs = api.ask("XListOTAJobs", {**only, **states, "PageSize": str(ROLLOUTS_SHOWN)})["data"]["jobs"]
    rollouts = sorted(map(_rollout, jobs), key=lambda rollout: _STATES.index(rollout.state))
    shown = [_product(row) for row in data["products"] if product is None or row["productKey"] == product.key]
    if product is not None and not shown:
        shown = [_product_beside_overview(api, product)]
    attention = [_attention(row) for row in data["attention"] if product is None or row["productKey"] == product.key]
    count = data["productCount"] if product is None else 1
    return FleetSeen(count, tuple(shown), tuple(rollouts), tuple(attention))


def fleet_table(seen: FleetSeen) -> str:
    """The fleet for people."""
    out = click.HelpFormatter(width=table_width())
    for product in seen.products:
        with out.section(f"{product.product_name} ({product.product_key})"):
            rows = [("devices", f"{product.devices}: {product.online} online, {product.never_online} never connected")]
            rows += [(version, str(count)) for version, count in product.versions.items()]
            out.write_dl(rows)
    if seen.rollouts:
        with out.section("Rollouts"):
            out.write_dl([(f"job {rollout.job_id}", _rollout_words(rollout)) for rollout in seen.rollouts])
    if seen.attention:
        with out.section("Needs attention"):
            out.write_dl([(item.kind, _attention_words(item)) for item in seen.attention])
    if len(seen.products) < seen.product_count:
        out.write(f"\nand {seen.product_count - len(seen.products)} more products; --product shows one\n")
    if not seen.products:
        out.write("There are no products yet.\n")
    return plain(out.getvalue())


def _product(row: Mapping[str, Any]) -> ProductSeen:
    devices = row["devices"]
    versions = {version["version"]: version["count"] for version in row["versions"]}
    others = {"other versions": row["otherCount"], "no version yet": row["neverReportedCount"]}
    return ProductSeen(
        row["productKey"],
        row["productName"],
        devices["total"],
        devices["online"],
        devices["unactive"],
        versions | {meaning: count for meaning, count in others.items() if count},
    )


def _product_beside_overview(api: Api, product: Product) -> ProductSeen:
    """Of a product that is not among the newest ones, which the overview names."""
    counts = api.ask("QueryDeviceStatistics", {"ProductKey": product.key})["data"]
    health = api.ask("XQueryFleetHealth", {"ProductKey": product.key})["data"]
    versions = sorted(health["versions"], key=lambda row: -row["deviceCount"])[:VERSIONS_SHOWN]
    return ProductSeen(
        product.key,
        product.name,
        counts["deviceCount"],
        counts["onlineCount"],
        counts["deviceCount"] - counts["activeCount"],
        {row["version"] or "no version yet": row["deviceCount"] for row in versions},
    )


def _rollout(row: Mapping[str, Any]) -> RolloutSeen:
    return RolloutSeen(
        job_id=row["jobId"],
        product_key=row["productKey"],
        firmware_id=row["firmwareId"],
        version=row["destVersion"],
        state=row["state"],
        reason=row.get("holdReason", ""),
        tasks=row["tasks"],
    )


def _attention(row: Mapping[str, Any]) -> Attention:
    return Attention(row["kind"], row["reason"], row["productKey"], row.get("jobId"), row.get("firmwareId"))


def _rollout_words(rollout: RolloutSeen) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in rollout.tasks.items() if count)
    return f"{rollout.version}: {rollout.state}; {counts or 'no devices yet'}"


def _attention_words(item: Attention) -> str:
    return f"job {item.job_id}: {item.reason}" if item.job_id else item.reason
