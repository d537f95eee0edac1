"""Signs requests beforehand, sends them by wrk, and says what they cost the server."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from bench.servers import AccessKey, Server
from whimbrel.rpc.parameters import encode_pairs
from whimbrel.rpc.signature import sign_v1, string_to_sign_v1
from whimbrel.rpc.signing_caller import timestamp_text

CONNECTIONS = 32
#: More than any server here can answer: the requests of a round must not run out.
REQUESTS_PER_SECOND_MAX = 20_000
_SCRIPT = Path(__file__).with_name("requests.lua")
_POLLS_SCRIPT = Path(__file__).with_name("polls.lua")


class Sample(NamedTuple):
    """One round of load on one server."""

    requests_per_second: float
    cpu_us_per_request: float


def signed_query(parameters: Mapping[str, str], key: AccessKey, timestamp: str) -> str:
    """The query of one GET, its nonce new. Version, Format and SignatureVersion are left out, as the seed does."""
    sent = {
        **parameters,
        "AccessKeyId": key.access_key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": str(uuid.uuid4()),
        "Timestamp": timestamp,
    }
    sent["Signature"] = sign_v1(key.secret, string_to_sign_v1("GET", sent))
    return encode_pairs(sent.items())


def write_queries(file: Path, calls: Iterator[Mapping[str, str]], key: AccessKey, seconds: float) -> None:
    """Enough signed queries for one round, a line each."""
    timestamp = timestamp_text(time.time_ns() // 1_000_000)
    count = int(seconds * REQUESTS_PER_SECOND_MAX)
    lines = [signed_query(call, key, timestamp) for call, _ in zip(calls, range(count), strict=False)]
    file.write_text("\n".join(lines) + "\n", "ascii")


def drive(server: Server, queries: Path, seconds: float) -> Sample:
    """Send the queries for some seconds. Ends the benchmark when a request was not answered by 200."""
    return _drive(server, _SCRIPT, queries, seconds)[0]


def drive_polls(server: Server, polls: Path, seconds: float) -> Sample:
    """Poll round and round; ends the benchmark as well when an answer offered no deployment."""
    sample, counts = _drive(server, _POLLS_SCRIPT, polls, seconds)
    if counts["offered"] < counts["requests"]:
        raise SystemExit(f"not every poll was offered the rollout, so nothing can be said: {counts}")
    return sample


def _drive(server: Server, script: Path, lines: Path, seconds: float) -> tuple[Sample, dict[str, int]]:
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds:.0f}s"]
    command += ["--script", str(script), f"http://127.0.0.1:{server.port}/", "--", str(lines)]
    before_us = server.cpu_us()
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  wrk and ours
    cpu_us = server.cpu_us() - before_us
    counts: dict[str, int] = json.loads(printed.splitlines()[-1])
    if counts["refused"] or counts["failed"]:
        raise SystemExit(f"not every request was answered by 200, so nothing can be said: {counts}")
    return Sample(counts["requests"] * 1e6 / counts["duration_us"], cpu_us / counts["requests"]), counts
