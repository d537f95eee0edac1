"""One signed call of the management API, for what a measurement needs done."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any

from bench.load import signed_query
from bench.servers import AccessKey, Server
from whimbrel.rpc.signing_caller import timestamp_text

ANSWER_SECONDS_MAX = 60


def call(server: Server, key: AccessKey, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The answer. Ends the benchmark when it is not a success."""
    query = signed_query(parameters, key, timestamp_text(time.time_ns() // 1_000_000))
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_SECONDS_MAX)
    try:
        connection.request("GET", f"/?{query}")
        body: dict[str, Any] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    if not body.get("Success", body.get("success")):
        raise SystemExit(f"{parameters['Action']} failed, so nothing can be said: {body}")
    return body
