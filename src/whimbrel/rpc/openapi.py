"""The OpenAPI 3.1 description of the management API, derived from the registry alone.

1. Every action is the path `/`, told apart by its parameter Action. OpenAPI wants paths that differ, so a path's key is
   `/?Action=ListOTAFirmware`, which clients send as it stands: the request reaches `/` with the right Action. Therefore
   Action is not described again as a parameter: given twice it is refused.
2. What an operation takes stands in a form body: one schema holds all of it, and no client touches the key's query.
3. Whoever signs adds the common parameters, so operations do not repeat them; they are described once, in components.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from whimbrel.errors import GatewayError
from whimbrel.operations.declaration import Operation
from whimbrel.rpc.conventions import COMMON_PARAMETERS, CONVENTIONS, RESPONSE_CASE, SECURITY_SCHEMES
from whimbrel.rpc.declared import (
    EXAMPLE_HOST,
    EXAMPLE_REQUEST_ID,
    code_of,
    errors_below,
    meaning_of,
    noun_of,
    readable,
    refusals_of,
    rules_of,
    summary_of,
)
from whimbrel.rpc.dialect import Case, ResponseFormat
from whimbrel.rpc.envelope import HTTP_STATUS, ResponseWriter, Style
from whimbrel.rpc.json_schema import Schema, request_schema, response_schema
from whimbrel.rpc.signed_call import VERSIONS

FORM_TYPE = "application/x-www-form-urlencoded"
_SCHEMAS = "#/components/schemas/"


def openapi_document(operations: Mapping[str, Operation], server_url: str) -> dict[str, Any]:
    """The description of these operations, as served by `server_url`.

    Raises TypeError, with what to write, for an operation that cannot be described.
    """
    schemas: Schema = {}
    for operation in operations.values():
        schemas |= _schemas_of(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Whimbrel management API",
            "version": VERSIONS[0],
            "description": CONVENTIONS,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server_url}],
        "security": [{name: []} for name in SECURITY_SCHEMES],
        "tags": _tags(operations.values()),
        "paths": {f"/?Action={action}": _path(operation) for action, operation in operations.items()},
        "components": {
            "schemas": {**schemas, "GatewayFailure": _gateway_failure_schema()},
            "parameters": {**COMMON_PARAMETERS, "X-Response-Case": RESPONSE_CASE},
            "headers": {"RequestId": {"description": "The answer's RequestId.", "schema": {"type": "string"}}},
            "responses": {f"Gate{status}": _gate_response(status) for status in _statuses()},
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def example_request(operation: Operation) -> dict[str, Any]:
    """The example's parameters as JSON values of the types that the request's schema names."""
    schema = request_schema(operation)
    return {name: _json_value(text, _named(schema, name)) for name, text in operation.example.request.items()}


def example_response(operation: Operation, case: Case) -> Any:
    """The example's answer in one dialect."""
    request_id = EXAMPLE_REQUEST_ID.upper() if case is Case.PASCAL else EXAMPLE_REQUEST_ID
    style = Style(case, ResponseFormat.JSON, EXAMPLE_HOST)
    return json.loads(ResponseWriter(operation).write(operation.example.response, request_id, style).body)


def _json_value(text: str, schema: Schema) -> Any:
    return text if schema["type"] == "string" else json.loads(text.lower())


def _named(schema: Schema, name: str) -> Schema:
    """The schema of one parameter of a request."""
    patterns = schema.get("patternProperties", {}).items()
    found = [schema["properties"][name]] if name in schema.get("properties", {}) else []
    found += [inner for pattern, inner in patterns if re.search(pattern, name)]
    if not found:
        raise TypeError(f"the example gives {name}, which the Request does not have; correct EXAMPLE")
    described: Schema = found[0]
    return described


def _tags(operations: Iterable[Operation]) -> list[dict[str, str]]:
    rooms = {noun_of(operation): operation.module.rpartition(".")[0] for operation in operations}
    return [
        {"name": noun, "description": _first_sentence(importlib.import_module(room).__doc__ or "")}
        for noun, room in sorted(rooms.items())
    ]


def _first_sentence(docstring: str) -> str:
    return " ".join(readable(docstring).partition("\n\n")[0].split())


def _path(operation: Operation) -> dict[str, Any]:
    action = operation.action
    body = {"schema": {"$ref": f"{_SCHEMAS}{action}Request"}, "example": example_request(operation)}
    manner = operation.manner
    described: dict[str, Any] = {
        "operationId": action,
        "summary": summary_of(operation),
        "description": f"{rules_of(operation)}\n\nPermission: `{operation.permission}`.".strip(),
        "tags": [noun_of(operation)],
        "parameters": [{"$ref": "#/components/parameters/X-Response-Case"}],
        "requestBody": {"required": "required" in request_schema(operation), "content": {FORM_TYPE: body}},
        "responses": {"200": _answer(operation), **_gate_responses()},
        "x-permission": str(operation.permission),
        "x-idempotent": manner.idempotent,
        "x-calls-per-second": manner.qps,
        "x-response-camel": {"$ref": f"{_SCHEMAS}{action}ResponseCamel"},
    }
    return {"post": described}


def _answer(operation: Operation) -> dict[str, Any]:
    style = Style(Case.PASCAL, ResponseFormat.XML, EXAMPLE_HOST)
    xml = ResponseWriter(operation).write(operation.example.response, EXAMPLE_REQUEST_ID.upper(), style)
    first = refusals_of(operation)[0]
    refused = {
        "RequestId": EXAMPLE_REQUEST_ID.upper(),
        "Success": False,
        "Code": first.code,
        "ErrorMessage": first.default_message,
    }
    either = [{"$ref": f"{_SCHEMAS}{operation.action}{end}"} for end in ("Response", "Refusal")]
    return {
        "description": "What the operation answered, or why it refused.",
        "headers": {"x-acs-request-id": {"$ref": "#/components/headers/RequestId"}},
        "content": {
            "application/json": {
                "schema": {"oneOf": either},
                "examples": {
                    "answered": {"value": example_response(operation, Case.PASCAL)},
                    "refused": {"value": refused},
                },
            },
            "text/xml": {"schema": {"type": "string"}, "example": xml.body.decode()},
        },
    }


def _schemas_of(operation: Operation) -> Schema:
    action = operation.action
    return {
        f"{action}Request": request_schema(operation),
        f"{action}Response": response_schema(operation.response, Case.PASCAL),
        f"{action}ResponseCamel": {
            **response_schema(operation.response, Case.CAMEL),
            "examples": [example_response(operation, Case.CAMEL)],
        },
        f"{action}Refusal": _refusal_schema(operation),
    }


def _refusal_schema(operation: Operation) -> Schema:
    errors = refusals_of(operation)
    return {
        "type": "object",
        "properties": {
            "RequestId": {"type": "string"},
            "Success": {"type": "boolean", "const": False},
            "Code": {"type": "string", "enum": [error.code for error in errors], "description": _code_list(errors)},
            "ErrorMessage": {"type": "string", "description": "For a person; may change."},
        },
        "required": ["RequestId", "Success", "Code", "ErrorMessage"],
    }


def _code_list(errors: Iterable[Any]) -> str:
    return "\n".join(f"- `{code_of(error)}`: {meaning_of(error)}" for error in errors)


def _gateway_failure_schema() -> Schema:
    names = ("RequestId", "HostId", "Code", "Message", "Recommend")
    return {
        "type": "object",
        "description": "Refused before the operation ran; nothing was changed. In lowerCamelCase also `success`, which "
        "is false, and `errorMessage`.",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names[:-1]),
    }


def _status_of(error: Any) -> int:
    return HTTP_STATUS.get(error, 400)


def _statuses() -> list[int]:
    return sorted({_status_of(error) for error in errors_below(GatewayError)})


def _gate_responses() -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/Gate{status}"} for status in _statuses()}


def _gate_response(status: int) -> dict[str, Any]:
    errors = [error for error in errors_below(GatewayError) if _status_of(error) == status]
    return {
        "description": f"Refused by the gate, with one of these codes:\n\n{_code_list(errors)}",
        "headers": {"x-acs-request-id": {"$ref": "#/components/headers/RequestId"}},
        "content": {"application/json": {"schema": {"$ref": f"{_SCHEMAS}GatewayFailure"}}},
    }
