"""Drives the unmodified `aliyun-python-sdk-iot` (signature 1.0, everything in the query of a POST).

Configuration: `{"endpoint": "HOST:PORT", "access_key_id": …, "access_key_secret": …}`.
Request: `{"action": …, "parameters": {…}}` with the names of the wire; a list is given as a list.
"""

import importlib
import json
from typing import Any

from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import RpcRequest
from json_lines import JsonObject, answer_each, read_configuration


def build_request(action: str, parameters: JsonObject) -> RpcRequest:
    """The SDK's own request class, filled through its setters; a plain RPC request for an action it does not know."""
    try:
        module = importlib.import_module(f"aliyunsdkiot.request.v20180120.{action}Request")
    except ModuleNotFoundError:
        request = RpcRequest("Iot", "2018-01-20", action, "iot")
        request.set_method("POST")
        for name, value in parameters.items():
            request.add_query_param(name, value)
        return request
    request = getattr(module, f"{action}Request")()
    for name, value in parameters.items():
        # The SDK names the setter of every list with one more "s": set_TargetDeviceNames, but also set_DeviceNamess.
        getattr(request, f"set_{name}s" if isinstance(value, list) else f"set_{name}")(value)
    return request


def describe_error(error: Exception) -> JsonObject:
    """What a back end that catches the SDK's exceptions can read."""
    described: JsonObject = {"kind": type(error).__name__, "message": str(error)}
    if isinstance(error, ServerException):
        described |= {
            "code": error.get_error_code(),
            "message": error.get_error_msg(),
            "http_status": error.get_http_status(),
            "request_id": error.get_request_id(),
        }
    elif isinstance(error, ClientException):
        described |= {"code": error.get_error_code(), "message": error.get_error_msg()}
    return described


def main() -> None:
    """Answer requests until stdin ends."""
    configuration = read_configuration()
    client = AcsClient(configuration["access_key_id"], configuration["access_key_secret"], "cn-shanghai")

    def call(request: JsonObject) -> Any:
        sdk_request = build_request(request["action"], request["parameters"])
        sdk_request.set_endpoint(configuration["endpoint"])
        return json.loads(client.do_action_with_exception(sdk_request))

    answer_each(call, describe_error)


if __name__ == "__main__":
    main()
