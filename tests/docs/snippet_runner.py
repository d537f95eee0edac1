"""Runs the Python of the reference pages with the vendors' real packages; lives in their environment, not in ours.

From stdin `{action: [block, …]}`; to stdout `{action: [{"action": …, "parameters": {…}}, …]}`: what the request of each
block would put on the wire, or `{"error": …}`.
"""

import json
import re
import sys
from typing import Any

from alibabacloud_iot20180120.client import Client


class Recorder:
    """Stands where a page says `client`: notes the request instead of sending it."""

    def __init__(self) -> None:
        self.noted: dict[str, Any] = {}

    def do_action_with_exception(self, request: Any) -> bytes:
        parameters = {**request.get_query_params(), **(request.get_body_params() or {})}
        self.noted = {"action": request.get_action_name(), "parameters": flat(parameters)}
        return b"{}"

    def __getattr__(self, name: str) -> Any:
        assert hasattr(Client, name), f"the SDK's client has no {name}"

        def call(request: Any) -> Any:
            action = re.sub(r"Request\Z", "", type(request).__name__)
            assert action.lower() == name.replace("_", ""), f"{name} does not take a {type(request).__name__}"
            request.validate()
            self.noted = {"action": action, "parameters": flat(request.to_map())}
            return type("Answer", (), {"body": None})()

        return call


def flat(given: Any, name: str = "") -> dict[str, str]:
    """Lists and structures as names with numbers and members."""
    if isinstance(given, dict):
        pairs = [(f"{name}.{key}" if name else key, value) for key, value in given.items()]
    elif isinstance(given, list):
        pairs = [(f"{name}.{number}", value) for number, value in enumerate(given, 1)]
    else:
        return {name: str(given).lower() if isinstance(given, bool) else str(given)}
    return {key: text for path, value in pairs for key, text in flat(value, path).items()}


def run(block: str) -> dict[str, Any]:
    """What one block sends."""
    client = Recorder()
    try:
        exec(compile(block, "page", "exec"), {"client": client})
    except (ImportError, AttributeError, TypeError, AssertionError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return client.noted


if __name__ == "__main__":
    pages = json.load(sys.stdin)
    json.dump({action: [run(block) for block in blocks] for action, blocks in pages.items()}, sys.stdout)
