"""Gates over the registry: what every operation's declaration promises, proved on the example that documents show."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.operations.answers import camel
from tests.operations.signed_door import OPERATIONS, PUBLIC_URL, SignedDoor
from tests.surface.declared import field_errors, parameter_names, raised_errors, required_names
from whimbrel.operations.declaration import Operation
from whimbrel.rpc.dialect import Case, ResponseFormat
from whimbrel.rpc.envelope import ResponseWriter, Style
from whimbrel.rpc.signing_caller import Credentials
from whimbrel.rpc.wire import RequestReader

ROOT = Path(__file__).resolve().parents[2]
HOST = PUBLIC_URL.partition("://")[2]
REQUEST_ID = "5f0c1d1e-9a0b-4c2d-8e3f-0123456789ab"
EACH = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())


def written(operation: Operation, case: Case) -> dict[str, Any]:
    """The example's answer in JSON."""
    answer = ResponseWriter(operation).write(
        operation.example.response, REQUEST_ID, Style(case, ResponseFormat.JSON, HOST)
    )
    assert (answer.status, answer.content_type) == (200, b"application/json;charset=utf-8")
    body: dict[str, Any] = json.loads(answer.body)
    return body


@EACH
def test_an_operation_has_its_test_and_its_page(operation: Operation) -> None:
    """Its module and its test are named after the action, its page shows the example; none of them is forgotten."""
    noun, module = operation.module.split(".")[-2:]
    assert module.replace("_", "") == operation.action.lower()
    assert (ROOT / f"tests/operations/{noun}/test_{module}.py").is_file()
    page = (ROOT / f"docs/reference/operations/{operation.action}.md").read_text(encoding="utf-8")
    assert f"?Action={operation.action}&" in page
    assert "Answered in PascalCase" in page


@EACH
def test_the_examples_request_is_read(operation: Operation) -> None:
    """The reader takes the example, and each of its parameters is one that the operation has."""
    assert isinstance(RequestReader(operation).read(operation.example.request), operation.request)
    in_first_entry = {re.sub(r"(?<=[.])[0-9]+", "1", name) for name in operation.example.request}
    assert in_first_entry <= set(parameter_names(operation))


@EACH
def test_the_examples_answer_is_written_in_both_dialects(operation: Operation) -> None:
    """The dialects differ in the first letter of keys alone, but where one field has several spellings."""
    body = written(operation, Case.PASCAL)
    assert (body["RequestId"], body["Success"], body["Code"]) == (REQUEST_ID, True, "")
    lowered, camel_body = camel(body), written(operation, Case.CAMEL)
    if operation.action == "GenerateOTAUploadURL":
        for name in ("ossAccessKeyId", "OSSAccessKeyId"):
            assert camel_body["data"].pop(name) == lowered["data"]["oSSAccessKeyId"]
    assert camel_body == lowered


@EACH
def test_the_examples_answer_is_written_as_xml(operation: Operation) -> None:
    """The document says what the JSON says: same names, same texts (api-contract 1.7)."""
    style = Style(Case.CAMEL, ResponseFormat.XML, HOST)
    answer = ResponseWriter(operation).write(operation.example.response, REQUEST_ID, style)
    assert (answer.status, answer.content_type) == (200, b"text/xml;charset=utf-8")
    root = ET.fromstring(answer.body.decode())
    assert root.tag == f"{operation.action}Response"
    assert texts(root) == leaves(written(operation, Case.PASCAL))


def texts(element: ET.Element, path: str = "") -> list[tuple[str, str]]:
    """Path and text of each leaf of a document."""
    children = list(element)
    found = [leaf for child in children for leaf in texts(child, f"{path}/{child.tag}")]
    return sorted(found) if children else [(path, element.text or "")]


def leaves(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Path and text of each leaf of a JSON answer; list items have no path, and a wrapper of no items is a leaf."""
    if isinstance(value, dict):
        found = [leaf for key, inner in value.items() for leaf in leaves(inner, f"{path}/{key}")]
        return sorted(found) or [(path, "")]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item, path)]
    return [(path, str(value).lower() if isinstance(value, bool) else str(value))]


@EACH
def test_an_operation_says_what_it_means(operation: Operation) -> None:
    """Its module's docstring tells what it does and where that is written."""
    assert len(operation.meaning) > 40
    assert "Source: " in operation.meaning


@EACH
def test_every_error_is_declared(operation: Operation) -> None:
    """What its fields and its module can raise stands in `errors`, so that documents and clients know it."""
    undeclared = (field_errors(operation) | raised_errors(operation)) - set(operation.errors)
    assert not undeclared, f"{operation.action} may answer {sorted(error.code for error in undeclared)}; declare them"


@EACH
async def test_missing_required_parameters(operation: Operation, door: SignedDoor) -> None:
    """Without any one of them, or with it empty, HTTP 400 Missing<Name>, whatever else is wrong (api-contract 5.3)."""
    for name in required_names(operation):
        # All of a list is left out, or left blank: one entry of it would do.
        entries = name.removesuffix("1") if name.endswith(".1") else f"{name}."
        belonging = {each for each in operation.example.request if f"{each}.".startswith(entries)}
        for blank in (None, ""):
            given = {**operation.example.request, "PageSize": "wrong", **dict.fromkeys(belonging | {name}, blank)}
            assert await door.refusal(operation.action, **given) == f"Missing{name.replace('.', '')}"


@EACH
async def test_missing_members_of_a_list(operation: Operation, door: SignedDoor) -> None:
    """An entry of a list that lacks a required member is refused by that member's name."""
    for field in RequestReader(operation).lists:
        entry = {f"{field.name}.1.{member.name}": "a" for member in field.members}
        for member in field.members:
            name = f"{field.name}.1.{member.name}"
            if member.is_required and len(field.members) > 1:
                # What is missing is said before what is wrong.
                wrong = {"PageSize": "wrong"} if "PageSize" in operation.example.request else {}
                given = {**operation.example.request, **entry, **wrong, name: ""}
                assert await door.refusal(operation.action, **given) == f"Missing{name.replace('.', '')}"


@EACH
async def test_unknown_parameters_are_ignored(operation: Operation, door: SignedDoor) -> None:
    """IotInstanceId and whatever else a client sends changes nothing of the answer (api-contract 1.1, 2)."""
    plain = await door.call(operation.action, **operation.example.request)
    extra = {"IotInstanceId": "iot-x", "AccountId": "1", "ResourceOwnerAccount": "a", "Unheard.Of.1": "灯"}
    # A create may find its own work: the kind of the answer is what must not change.
    assert (await door.call(operation.action, **operation.example.request, **extra)).status == plain.status


@EACH
async def test_unsigned_and_wrongly_signed_calls_are_refused(operation: Operation, door: SignedDoor) -> None:
    """Nothing of an operation happens without a right, fresh, unused signature of a known, active key."""
    action, given = operation.action, operation.example.request
    signed = door.signed(action, given)
    wrong_secret = door.root._replace(secret="0" * 32)
    nobody = Credentials("nobody", "secret")
    asleep = await door.make_key(is_active=False)
    before = door.rows()
    answers = [
        await door.send_parameters({name: text for name, text in signed.items() if name != "Signature"}),
        await door.send_parameters({**signed, "Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}),
        await door.send_parameters({**signed, "Extra": "x"}),
        await door.call(action, by=wrong_secret, **given),
        await door.call(action, by=nobody, **given),
        await door.call(action, by=asleep, **given),
    ]
    assert [(answer.status, answer.code) for answer in answers] == [
        (400, "MissingSignature"),
        (400, "SignatureDoesNotMatch"),
        (400, "SignatureDoesNotMatch"),
        (400, "SignatureDoesNotMatch"),
        (404, "InvalidAccessKeyId.NotFound"),
        (400, "InvalidAccessKeyId.Inactive"),
    ]
    assert door.rows() == before


@EACH
async def test_I14_used_nonces_and_old_calls_are_refused(operation: Operation, door: SignedDoor) -> None:
    """The very same request again, and one signed 15 minutes and a second ago, do nothing."""
    signed = door.signed(operation.action, operation.example.request)
    waiting = door.signed(operation.action, operation.example.request)
    await door.send_parameters(signed)
    before = door.rows()
    again = await door.send_parameters(signed)
    door.clock.at_ms += 15 * 60 * 1000 + 1000
    expired = await door.send_parameters(waiting)
    assert [(answer.status, answer.code) for answer in (again, expired)] == [
        (400, "SignatureNonceUsed"),
        (400, "InvalidTimeStamp.Expired"),
    ]
    assert door.rows() == before
