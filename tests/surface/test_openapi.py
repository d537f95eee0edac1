"""The description that tools read: it is OpenAPI, it says what the reader takes, and real answers fit it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.operations.signed_door import OPERATIONS, PUBLIC_URL, SYSTEM_EXCEPTION, SignedDoor, flat, query_bytes
from tests.surface.declared import parameter_names, required_names
from whimbrel.errors import GatewayError
from whimbrel.operations.declaration import Operation
from whimbrel.rpc.declared import errors_below
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.envelope import HTTP_STATUS
from whimbrel.rpc.openapi import FORM_TYPE, example_request, example_response, openapi_document
from whimbrel.rpc.signed_call import RawRequest
from whimbrel.rpc.wire import RequestReader

EACH = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())


@cache
def document() -> dict[str, Any]:
    """The description, as a reader of its JSON has it."""
    read: dict[str, Any] = json.loads(json.dumps(openapi_document(OPERATIONS, PUBLIC_URL)))
    return read


def schema_of(name: str) -> dict[str, Any]:
    """One schema of the description."""
    found: dict[str, Any] = document()["components"]["schemas"][name]
    return found


def described(operation: Operation) -> dict[str, Any]:
    """The operation's entry."""
    found: dict[str, Any] = document()["paths"][f"/?Action={operation.action}"]["post"]
    return found


def closed(schema: Any) -> Any:
    """The schema with every object closed: a key that is not described is then an error."""
    if isinstance(schema, list):
        return [closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {word: closed(value) for word, value in schema.items()}
    return {**inner, "additionalProperties": False} if schema.get("type") == "object" else inner


def check(value: Any, schema: dict[str, Any]) -> None:
    """The value fits, and holds nothing that the schema does not describe."""
    Draft202012Validator(closed(schema), format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def test_it_is_openapi() -> None:
    """The document is valid OpenAPI 3.1, its schemas and its examples included."""
    errors = [error.message for error in OpenAPIV31SpecValidator(document()).iter_errors()]
    assert not errors


def test_every_operation_is_described_once() -> None:
    """One path and one operationId for each action, in a group that has a description, and nothing beside."""
    assert list(document()["paths"]) == [f"/?Action={action}" for action in OPERATIONS]
    assert [described(operation)["operationId"] for operation in OPERATIONS.values()] == list(OPERATIONS)
    tags = {tag["name"]: tag["description"] for tag in document()["tags"]}
    assert {tag for operation in OPERATIONS.values() for tag in described(operation)["tags"]} == tags.keys()
    assert all(tags.values())


@EACH
def test_a_path_reaches_its_action(operation: Operation) -> None:
    """What a client sends for a path's key is `/` with the action, which no parameter repeats."""
    url = urlsplit(f"{PUBLIC_URL}/?Action={operation.action}")
    assert (url.path, parse_qsl(url.query)) == ("/", [("Action", operation.action)])
    assert "Action" not in schema_of(f"{operation.action}Request").get("properties", {})
    assert all("$ref" in parameter for parameter in described(operation)["parameters"])


@EACH
def test_a_request_has_the_parameters_that_are_read(operation: Operation) -> None:
    """What the reader reads is described, no more but ClientToken, and what it insists on is required."""
    schema = schema_of(f"{operation.action}Request")
    patterns = [re.compile(pattern) for pattern in schema.get("patternProperties", {})]
    names = parameter_names(operation)
    plain = set(schema.get("properties", {}))
    assert plain - {"ClientToken"} == {name for name in names if "." not in name}
    listed = [name for name in names if "." in name]
    assert all(sum(bool(pattern.search(name)) for pattern in patterns) == 1 for name in listed)
    assert all(any(pattern.search(name) for name in listed) for pattern in patterns)
    members = {
        f"{field.name}.1.{member.name}"
        for field in RequestReader(operation).lists
        for member in field.members
        if field.is_required and member.is_required
    }
    plain_lists = {field.name for field in RequestReader(operation).lists if field.members}
    needed = {name for name in required_names(operation) if name.removesuffix(".1") not in plain_lists}
    assert set(schema.get("required", [])) == needed | members


@EACH
def test_the_examples_request_fits(operation: Operation) -> None:
    """The example is a request as described, it is the one that is shown, and it is read as the example."""
    given = example_request(operation)
    assert described(operation)["requestBody"]["content"][FORM_TYPE]["example"] == given
    Draft202012Validator(schema_of(f"{operation.action}Request")).validate(given)
    assert flat(given) == {
        name: text.lower() if text in ("True", "False") else text for name, text in operation.example.request.items()
    }
    assert isinstance(RequestReader(operation).read(flat(given)), operation.request)


@EACH
def test_the_examples_answer_fits_in_both_dialects(operation: Operation) -> None:
    """Every key of the example's answer is described, with its type, in either dialect."""
    for case, end in ((Case.PASCAL, "Response"), (Case.CAMEL, "ResponseCamel")):
        check(example_response(operation, case), schema_of(f"{operation.action}{end}"))
    shown = described(operation)["responses"]["200"]["content"]["application/json"]["examples"]
    check(shown["answered"]["value"], schema_of(f"{operation.action}Response"))
    check(shown["refused"]["value"], schema_of(f"{operation.action}Refusal"))


@EACH
async def test_real_answers_fit(operation: Operation, door: SignedDoor) -> None:
    """The example sent as described, a form in the body of a POST to the path's key, is answered as described."""
    signed = door.signed(operation.action, flat(example_request(operation)), "POST")
    action = query_bytes({"Action": signed.pop("Action")})
    headers = ((b"content-type", FORM_TYPE.encode()), (b"x-response-case", b"pascal"))
    answer = await door.send(RawRequest("POST", b"/", action, headers, query_bytes(signed)))
    assert (answer.status, answer.code != SYSTEM_EXCEPTION) == (200, True), answer.body
    end = "Response" if answer.json()["Success"] else "Refusal"
    check(answer.json(), schema_of(f"{operation.action}{end}"))


@EACH
def test_what_an_operation_promises_is_said(operation: Operation) -> None:
    """Permission, repetition, the errors it declares, and the gate's statuses stand in its entry."""
    entry = described(operation)
    assert entry["x-permission"] == operation.permission
    assert entry["x-idempotent"] is operation.manner.idempotent
    assert entry["summary"]
    codes = schema_of(f"{operation.action}Refusal")["properties"]["Code"]["enum"]
    assert set(codes) == {error.code for error in operation.errors} | {SYSTEM_EXCEPTION}
    statuses = {str(HTTP_STATUS.get(error, 400)) for error in errors_below(GatewayError)}
    assert set(entry["responses"]) == {"200", *statuses}


async def test_the_gates_answers_fit(door: SignedDoor) -> None:
    """A call that is not signed, one of no action, and a method that is not served are answered as described."""
    nothing = RawRequest("GET", b"/", b"", ((b"x-response-case", b"pascal"),), b"")
    unknown = await door.call("MakeCoffee")
    for answer in (await door.send(nothing), await door.send(nothing._replace(method="PUT")), unknown):
        check(answer.json(), schema_of("GatewayFailure"))
        assert str(answer.status) in described(next(iter(OPERATIONS.values())))["responses"]
        assert f"`{answer.code}`" in json.dumps(document()["components"]["responses"]) or answer.code == "MissingAction"


def test_the_common_parameters_are_described() -> None:
    """What signature 1.0 needs is required, and the schemes that sign are named."""
    parameters = document()["components"]["parameters"]
    needed = {name for name, parameter in parameters.items() if parameter["required"] and parameter["in"] == "query"}
    assert needed == {"AccessKeyId", "Signature", "SignatureMethod", "SignatureNonce", "Timestamp"}
    assert {"Version", "Format", "SignatureVersion", "X-Response-Case"} <= parameters.keys()
    assert document()["security"] == [{name: []} for name in document()["components"]["securitySchemes"]]


def test_secrets_are_marked() -> None:
    """What a field declares secret is marked so wherever it is described."""
    marked = json.dumps(document()).count('"x-secret": true')
    assert marked > 0
    for name in ("DeviceSecret", "ProductSecret"):
        found = re.findall(rf'"{name}": (\{{[^{{}}]*\}})', json.dumps(document()["components"]["schemas"]))
        schemas = [json.loads(text) for text in found]
        assert schemas
        assert all(schema.get("x-secret") for schema in schemas)


def test_an_example_that_gives_what_is_not_taken_is_refused() -> None:
    """The message says that the example is wrong."""
    operation = next(iter(OPERATIONS.values()))
    wrong = operation._replace(example=operation.example._replace(request={"Nonsense": "1"}))
    with pytest.raises(TypeError, match="correct EXAMPLE"):
        example_request(wrong)
