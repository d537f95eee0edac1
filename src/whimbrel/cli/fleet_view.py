"""A fleet as one value: what `whimbrel fleet` asks for, and how it shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import click

from whimbrel.cli.api import Api
from whimbrel.cli.lookup import Product
from whimbrel.cli.plain_text import plain

FIRMWARE_LOOKED_AT = 50
JOBS_LOOKED_AT = 20
VERSIONS_SHOWN = 12
_VERIFY_FAILED = 3
_OPEN = ("PLANNED", "IN_PROGRESS")


class ProductSeen(NamedTuple):
    """A product's devices, by connection and by the version of the module `default`, the most frequent first."""

    product_key: str
    product_name: str
    devices: int
    online: int
    never_online: int
    versions: Mapping[str, int]


class RolloutSeen(NamedTuple):
    """A job that has not ended, as XQueryOTARollout has it."""

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
    """All of it."""

    products: tuple[ProductSeen, ...]
    rollouts: tuple[RolloutSeen, ...]
    attention: tuple[Attention, ...]

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {name: [row._asdict() for row in rows] for name, rows in self._asdict().items()}


def look_at_fleet(api: Api, looked_at: Sequence[Product]) -> FleetSeen:
    """What the server says of these products. Raises RefusedError, ConnectionError."""
    seen: list[ProductSeen] = []
    rollouts: list[RolloutSeen] = []
    attention: list[Attention] = []
    for product in looked_at:
        health = api.ask("XQueryFleetHealth", {"ProductKey": product.key})["data"]
        seen.append(_product(api, product, health))
        attention += [_lost(product, row) for row in health["upgrades"] if row["conspicuous"]]
        for firmware in _firmware(api, product):
            rollouts += _rollouts(api, firmware)
            if firmware["status"] == _VERIFY_FAILED:
                words = f"the verification of {firmware['firmwareName']} ({firmware['destVersion']}) has failed"
                attention.append(Attention("VERIFICATION_FAILED", words, product.key, None, firmware["firmwareId"]))
    held = [
        Attention(f"JOB_{rollout.state}", rollout.reason, rollout.product_key, rollout.job_id, rollout.firmware_id)
        for rollout in rollouts
        if rollout.state in ("HALTED", "PAUSED")
    ]
    return FleetSeen(tuple(seen), tuple(rollouts), (*sorted(held, key=lambda item: item.kind), *attention))


def fleet_table(seen: FleetSeen) -> str:
    """The fleet for people."""
    out = click.HelpFormatter(width=110)
    for product in seen.products:
        with out.section(f"{product.product_name} ({product.product_key})"):
            rows = [("devices", f"{product.devices}: {product.online} online, {product.never_online} never connected")]
            rows += [(version or "no version", str(count)) for version, count in product.versions.items()]
            out.write_dl(rows)
    if seen.rollouts:
        with out.section("Rollouts"):
            out.write_dl([(f"job {rollout.job_id}", _rollout_words(rollout)) for rollout in seen.rollouts])
    if seen.attention:
        with out.section("Needs attention"):
            out.write_dl([(item.kind, _attention_words(item)) for item in seen.attention])
    if not seen.products:
        out.write("There are no products yet.\n")
    return plain(out.getvalue())


def _product(api: Api, product: Product, health: Mapping[str, Any]) -> ProductSeen:
    counts = api.ask("QueryDeviceStatistics", {"ProductKey": product.key})["data"]
    versions = sorted(health["versions"], key=lambda row: -row["deviceCount"])[:VERSIONS_SHOWN]
    return ProductSeen(
        product.key,
        product.name,
        counts["deviceCount"],
        counts["onlineCount"],
        counts["deviceCount"] - counts["activeCount"],
        {row["version"]: row["deviceCount"] for row in versions},
    )


def _firmware(api: Api, product: Product) -> list[Mapping[str, Any]]:
    paging = {"CurrentPage": "1", "PageSize": str(FIRMWARE_LOOKED_AT)}
    found: list[Mapping[str, Any]] = api.ask("ListOTAFirmware", {"ProductKey": product.key, **paging})["firmwareInfo"][
        "simpleFirmwareInfo"
    ]
    return found


def _rollouts(api: Api, firmware: Mapping[str, Any]) -> Iterator[RolloutSeen]:
    paging = {"CurrentPage": "1", "PageSize": str(JOBS_LOOKED_AT)}
    jobs = api.ask("ListOTAJobByFirmware", {"FirmwareId": firmware["firmwareId"], **paging})["data"]
    for job in jobs["simpleOTAJobInfo"]:
        if job["jobStatus"] not in _OPEN:
            continue
        data = api.ask("XQueryOTARollout", {"JobId": job["jobId"]})["data"]
        yield RolloutSeen(
            job["jobId"],
            job["productKey"],
            firmware["firmwareId"],
            firmware["destVersion"],
            data["state"],
            data.get("holdReason", ""),
            data["tasks"],
        )


def _lost(product: Product, row: Mapping[str, Any]) -> Attention:
    words = f"{row['lostCount']} of {row['upgradedCount']} devices were lost after they had {row['version']}"
    return Attention("UPGRADE_CONSPICUOUS", words, product.key, row["jobId"], None)


def _rollout_words(rollout: RolloutSeen) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in rollout.tasks.items() if count)
    return f"{rollout.version}: {rollout.state}; {counts or 'no devices yet'}"


def _attention_words(item: Attention) -> str:
    return f"job {item.job_id}: {item.reason}" if item.job_id else item.reason
