"""Signed ListOTAFirmware over a million firmware: throughput beside its limit."""

from __future__ import annotations

import http.client
import json
import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.load import Sample, drive, signed_query, write_queries
from bench.million import MILLION, product_key
from bench.servers import AccessKey, Server, list_limit, root_key, whimbrel
from bench.table import Row, Series, series, shares
from whimbrel.rpc.signing_caller import timestamp_text

SHARE_MIN = 0.6
REQUESTS_PER_SECOND_MIN = 4_000
PAGE_SIZE = 10
WARM_UP_SECONDS = 1


class Effort(NamedTuple):
    """How long to measure: rounds for each server, and the seconds of a round."""

    rounds: int
    seconds: float


def throughput(data: Path, effort: Effort) -> list[Row]:
    """Server and limit take turns on the same queries, so that both meet the same moments of the machine."""
    key = root_key(data)
    ours: list[Sample] = []
    limits: list[Sample] = []
    with tempfile.TemporaryDirectory() as folder:
        queries = Path(folder) / "queries"
        with whimbrel(data) as server, list_limit(data, Path(folder) / "nonces.db") as limit:
            _prove_equal_work(server, limit, key)
            for number in range(effort.rounds + 1):
                seconds = effort.seconds if number else WARM_UP_SECONDS
                write_queries(queries, _calls_by_product(), key, seconds)
                for target, samples in ((server, ours), (limit, limits)):
                    samples.append(drive(target, queries, seconds))
    return _throughput_rows(ours[1:], limits[1:])


def _throughput_rows(ours: list[Sample], limits: list[Sample]) -> list[Row]:
    name = "signed ListOTAFirmware, page of 10 of 1,000,000"
    limit_is = "bench/limit_list.py"
    cost, cost_limit = _costs(ours), _costs(limits)
    rate, rate_limit = _rates(ours), _rates(limits)
    share, rate_share = shares(cost_limit, cost), shares(rate, rate_limit)
    budget = f"share ≥ {SHARE_MIN}"
    rate_budget = f"≥ {REQUESTS_PER_SECOND_MIN:,}/s on an idle machine"
    is_fast = rate.median >= REQUESTS_PER_SECOND_MIN
    return [
        Row(f"{name}: CPU", "µs", cost, cost_limit, limit_is, share, budget, share.median >= SHARE_MIN),
        Row(f"{name}: rate", "/s", rate, rate_limit, limit_is, rate_share, rate_budget, is_fast),
    ]


def _prove_equal_work(server: Server, limit: Server, key: AccessKey) -> None:
    """The limit is one only if it says the same, byte for byte but for the request id and the order of keys."""
    query = _signed(next(_calls_by_product()), key)
    answers = []
    for target in (server, limit):
        answers.append(_get(http.client.HTTPConnection("127.0.0.1", target.port, timeout=10), query))
        del answers[-1]["requestId"]
    if answers[0] != answers[1]:
        raise SystemExit(f"the limit answers something else:\n{answers[1]}\nthe server:\n{answers[0]}")


def _get(connection: http.client.HTTPConnection, query: str) -> Any:
    connection.request("GET", f"/?{query}")
    return json.loads(connection.getresponse().read())


def _calls_by_product() -> Iterator[Mapping[str, str]]:
    """The first page of any product's firmware."""
    while True:
        number = random.randint(1, MILLION.products)  # noqa: S311  no secret
        yield {**_call(1), "ProductKey": product_key(number)}


def _call(page: int) -> dict[str, str]:
    return {"Action": "ListOTAFirmware", "CurrentPage": str(page), "PageSize": str(PAGE_SIZE)}


def _signed(call: Mapping[str, str], key: AccessKey) -> str:
    return signed_query(call, key, timestamp_text(time.time_ns() // 1_000_000))


def _costs(samples: list[Sample]) -> Series:
    return series(sample.cpu_us_per_request for sample in samples)


def _rates(samples: list[Sample]) -> Series:
    return series(sample.requests_per_second for sample in samples)
