"""Calls through `alibabacloud-iot20180120`, and reads each answer twice: as the body has it, and by the SDK's model.

Configuration: as for `tea_sdk.py`. Request: `{"action": …, "parameters": {…}}`. Answer: `{"raw": {…}, "read": {…}}`;
`read` holds, in the shape of the body, what the attributes of the SDK's response model hold, so what the model does not
know is missing from it.
"""

import inspect
from typing import Any

from alibabacloud_iot20180120 import models
from alibabacloud_iot20180120.client import Client
from alibabacloud_tea_openapi.models import Config
from json_lines import JsonObject, answer_each, read_configuration
from sdk_shapes import wire_name
from tea_sdk import CLIENT_METHODS, describe_error


class Listener(Client):
    """The SDK's client, unchanged, but that it keeps the last body before the model reads it."""

    raw: Any = None

    def call_api(self, params: Any, request: Any, runtime: Any) -> Any:
        answer = super().call_api(params, request, runtime)
        self.raw = answer["body"]
        return answer


def read(value: Any) -> Any:
    """What the model's attributes hold, by their names on the wire; what is None was not there."""
    if isinstance(value, list):
        return [read(item) for item in value]
    if not hasattr(value, "from_map"):
        return value
    model = type(value)
    held = {attribute: getattr(value, attribute) for attribute in inspect.signature(model).parameters}
    return {wire_name(model, attribute): read(inner) for attribute, inner in held.items() if inner is not None}


def call(client: Listener, action: str, parameters: JsonObject) -> JsonObject:
    """One call by the SDK's own method and models."""
    request = getattr(models, f"{action}Request")().from_map(parameters)
    body = getattr(client, CLIENT_METHODS[action.lower()])(request).body
    return {"raw": client.raw, "read": read(body)}


def main() -> None:
    """Answer requests until stdin ends."""
    configuration = read_configuration()
    keys = {name: configuration[name] for name in ("access_key_id", "access_key_secret", "endpoint")}
    client = Listener(Config(protocol="http", **keys))
    answer_each(lambda request: call(client, request["action"], request["parameters"]), describe_error)


if __name__ == "__main__":
    main()
