"""Any page of a million devices, tasks or firmware beside the first page of the same list, on either store."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from bench.load import signed_query
from bench.million import MILLION, product_key
from bench.servers import AccessKey, Server
from bench.table import Row, percentile, series, shares
from whimbrel.rpc.signing_caller import timestamp_text

PAGE_MS_P99_MAX = 10
PAGE_SIZE = 10
ROUNDS = 5
PAGES_A_ROUND = 200


class PagedList(NamedTuple):
    """A list of a million rows: the call without its page, and where the answer keeps rows and total."""

    what: str
    call: Mapping[str, str]
    rows: str
    total: int
    page_max: int  # CurrentPage x PageSize of ListOTATaskByJob is at most 100,000 (api-contract 11.4)


LISTS = (
    PagedList("ListOTAFirmware", {}, "FirmwareInfo.SimpleFirmwareInfo", MILLION.firmware, 100_000),
    PagedList("QueryDevice", {"ProductKey": product_key(1)}, "Data.DeviceInfo", MILLION.devices, 100_000),
    PagedList(
        "QueryDeviceByStatus",
        {"ProductKey": product_key(1), "Status": "3"},
        "Data.SimpleDeviceInfo",
        MILLION.devices // 2,
        50_000,
    ),
    PagedList("ListOTATaskByJob", {"JobId": "1"}, "Data.SimpleOTATaskInfo", MILLION.devices, 10_000),
    PagedList(
        "ListOTATaskByJob",
        {"JobId": "1", "TaskStatus": "FAILED"},
        "Data.SimpleOTATaskInfo",
        MILLION.devices // 3 * 2 + 1,
        10_000,
    ),
)


def pages(server: Server, key: AccessKey, store: str) -> list[Row]:
    """One caller, one request after the other, of each list: the first page and any page, in turns."""
    return [_row(listed, server, key, store) for listed in LISTS]


def _row(listed: PagedList, server: Server, key: AccessKey, store: str) -> Row:
    firsts, anys = [], []
    for _ in range(ROUNDS):
        firsts.append(_p99_ms(server, key, listed, [1] * PAGES_A_ROUND))
        numbers = [random.randint(1, listed.page_max) for _ in range(PAGES_A_ROUND)]  # noqa: S311  no secret
        anys.append(_p99_ms(server, key, listed, numbers))
    first, measured = series(firsts, 2), series(anys, 2)
    narrowed = "".join(
        f", {name} {value}" for name, value in listed.call.items() if name not in ("JobId", "ProductKey")
    )
    what = f"{store}: {listed.what}{narrowed}, any page of {listed.total:,}: latency p99"
    is_kept = measured.median <= PAGE_MS_P99_MAX
    budget = f"p99 ≤ {PAGE_MS_P99_MAX} ms"
    return Row(what, "ms", measured, first, "first page", shares(first, measured), budget, is_kept)


def _p99_ms(server: Server, key: AccessKey, listed: PagedList, numbers: list[int]) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    latencies = []
    for number in numbers:
        query = _signed(listed, number, key)
        begun = time.perf_counter()
        connection.request("GET", f"/?{query}", headers={"X-Response-Case": "pascal"})
        body = json.loads(connection.getresponse().read())
        latencies.append((time.perf_counter() - begun) * 1e3)
        rows, total = _found(body, listed)
        if (len(rows), total) != (PAGE_SIZE, listed.total):
            raise SystemExit(f"{listed.what}, page {number}, has {len(rows)} rows of {total}: {str(body)[:200]}")
    connection.close()
    return percentile(latencies, 99)


def _found(body: dict[str, Any], listed: PagedList) -> tuple[list[Any], int]:
    """The rows of an answer, and its total."""
    inner: Any = body
    for name in listed.rows.split("."):
        inner = inner[name]
    return inner, body["Total"]


def _signed(listed: PagedList, number: int, key: AccessKey) -> str:
    call = {"Action": listed.what, "CurrentPage": str(number), "PageSize": str(PAGE_SIZE), **listed.call}
    return signed_query(call, key, timestamp_text(time.time_ns() // 1_000_000))
