"""Searches among a million devices and the overview of their account, beside the first page of a plain list.

The worst search finds nothing, so it looks at as many devices as one call may; the others fill their page.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from bench.load import signed_query
from bench.million import MILLION, RARE_VERSION, product_key
from bench.servers import AccessKey, Server
from bench.table import Row, percentile, series, shares
from whimbrel.domain.device_search import LOOKED_MAX
from whimbrel.rpc.signing_caller import timestamp_text

PAGE_MS_P99_MAX = 300  # a page of the console, of server time
OVERVIEW_MS_P50_MAX = 10
PAGE_SIZE = 20
ROUNDS = 5
CALLS_A_ROUND = 40
PRODUCT = {"ProductKey": product_key(1)}
PLAIN = {"Action": "QueryDevice", "CurrentPage": "1", "PageSize": str(PAGE_SIZE), **PRODUCT}


class Asked(NamedTuple):
    """A call, what it is called in the table, and how many rows it must answer."""

    what: str
    call: Mapping[str, str]
    rows: int = PAGE_SIZE


SEARCHES = (
    Asked("all devices, page 40,000", {"CurrentPage": "40000"}),
    Asked("the beginning of a name", {"NamePrefix": "device-00005"}),
    Asked("the beginning of every name", {"NamePrefix": "device-0"}),
    Asked("a part of a name", {"Text": "77"}),
    Asked(f"a part of no name: {LOOKED_MAX:,} devices looked at", {"Text": "no such device"}, 0),
    Asked("a version that five devices of the product run", {"ReportedVersion": RARE_VERSION, **PRODUCT}, 5),
    Asked("offline and never reported: none", {"State": "OFFLINE", "NeverReported": "true", **PRODUCT}, 0),
)


def searches(server: Server, key: AccessKey, store: str) -> list[Row]:
    """One caller, one request after the other: each search, and the overview, in turns with the plain page."""
    rows = [_row(f"{store}: XListDevices, {asked.what}: latency p99", asked, server, key, 99) for asked in SEARCHES]
    overview = Asked("", {"Action": "XQueryOverview"}, MILLION.devices)
    return [*rows, _row(f"{store}: XQueryOverview: latency p50", overview, server, key, 50)]


def _row(what: str, asked: Asked, server: Server, key: AccessKey, percent: int) -> Row:
    call = {"Action": "XListDevices", "PageSize": str(PAGE_SIZE), **asked.call}
    plain, measured = [], []
    for _ in range(ROUNDS):
        plain.append(_ms(server, key, PLAIN, PAGE_SIZE, percent))
        measured.append(_ms(server, key, call, asked.rows, percent))
    limit, found = series(plain, 2), series(measured, 2)
    most = PAGE_MS_P99_MAX if percent == 99 else OVERVIEW_MS_P50_MAX
    budget = f"p{percent} ≤ {most} ms"
    return Row(
        what, "ms", found, limit, "first page of QueryDevice", shares(limit, found), budget, found.median <= most
    )


def _ms(server: Server, key: AccessKey, call: Mapping[str, str], expected: int, percent: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    latencies = []
    for _ in range(CALLS_A_ROUND):
        query = signed_query(dict(call), key, timestamp_text(time.time_ns() // 1_000_000))
        begun = time.perf_counter()
        connection.request("GET", f"/?{query}", headers={"X-Response-Case": "pascal"})
        body = json.loads(connection.getresponse().read())
        latencies.append((time.perf_counter() - begun) * 1e3)
        if _found(body, call["Action"]) != expected:
            raise SystemExit(f"{dict(call)} should find {expected}: {str(body)[:200]}")
    connection.close()
    return percentile(latencies, percent)


def _found(body: dict[str, Any], action: str) -> int:
    data = body["Data"]
    match action:
        case "XQueryOverview":
            total: int = data["Devices"]["Total"]
            return total
        case "QueryDevice":
            return len(data["DeviceInfo"])
        case _:
            return len(data["Devices"])
