"""Drives the unmodified `alibabacloud-iot20180120`: signature V3 (ACS3) by default, signature 1.0 with `"v2"`.

Configuration: `{"endpoint": "HOST:PORT", "access_key_id": …, "access_key_secret": …, "signature": "v3" or "v2"}`.
Request: `{"action": …, "parameters": {…}}`. The answer is read through the SDK's response model, so a key in the wrong
case, or one the SDK does not know, is missing from it.
"""

from collections.abc import Callable
from typing import Any

from alibabacloud_iot20180120 import models
from alibabacloud_iot20180120.client import Client
from alibabacloud_openapi_util.client import Client as OpenApiUtil
from alibabacloud_tea_openapi.models import Config, OpenApiRequest, Params
from alibabacloud_tea_util.models import RuntimeOptions
from json_lines import JsonObject, answer_each, read_configuration

CLIENT_METHODS = {name.replace("_", ""): name for name in dir(Client) if not name.startswith("_")}


def call_unknown(client: Client, action: str, parameters: JsonObject) -> JsonObject:
    """Send an action that the SDK has no method for."""
    params = Params(action=action, version="2018-01-20", pathname="/", method="POST", auth_type="AK", style="RPC")
    params.req_body_type, params.body_type = "formData", "json"
    sdk_request = OpenApiRequest(query=OpenApiUtil.query(parameters))
    body: JsonObject = client.call_api(params, sdk_request, RuntimeOptions())["body"]
    return body


def call(client: Client, action: str, parameters: JsonObject) -> JsonObject:
    """Call the SDK's method with the SDK's request model and give back its response model as a map."""
    method_name = CLIENT_METHODS.get(action.lower())
    if method_name is None:
        return call_unknown(client, action, parameters)
    method: Callable[[Any], Any] = getattr(client, method_name)
    body: JsonObject = method(getattr(models, f"{action}Request")().from_map(parameters)).body.to_map()
    return body


def describe_error(error: Exception) -> JsonObject:
    """What a back end that catches the SDK's exceptions can read."""
    data = getattr(error, "data", None) or {}
    return {
        "kind": type(error).__name__,
        "code": getattr(error, "code", None),
        "message": getattr(error, "message", str(error)),
        "http_status": getattr(error, "status_code", None) or data.get("statusCode"),
        "request_id": data.get("RequestId"),
        "data": data,
    }


def main() -> None:
    """Answer requests until stdin ends."""
    configuration = read_configuration()
    client = Client(
        Config(
            access_key_id=configuration["access_key_id"],
            access_key_secret=configuration["access_key_secret"],
            endpoint=configuration["endpoint"],
            protocol="http",
            signature_algorithm="v2" if configuration["signature"] == "v2" else None,
        )
    )
    answer_each(lambda request: call(client, request["action"], request["parameters"]), describe_error)


if __name__ == "__main__":
    main()
