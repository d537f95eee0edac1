"""How answers are wrapped: both dialects, XML, and where errors get their HTTP status (api-contract 1, 5)."""

from __future__ import annotations

import inspect
import json
import xml.etree.ElementTree as ET
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel import errors
from whimbrel.domain.access import Permission
from whimbrel.operations.declaration import Context, EmptyResponse, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.rpc.dialect import Case, ResponseFormat
from whimbrel.rpc.envelope import (
    HTTP_STATUS,
    ResponseWriter,
    Style,
    as_gateway_error,
    business_failure,
    gateway_failure,
    xml_document,
)

CAMEL, PASCAL = (Style(case, ResponseFormat.JSON, "ota.example.com") for case in (Case.CAMEL, Case.PASCAL))
XML = CAMEL._replace(format=ResponseFormat.XML)
#: What parameters can hold: no control characters (rpc/parameters.py).
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    iot_id: Annotated[str, Field("A text.")]
    key_id: Annotated[str, Field("Spelled in several ways.", wire="OSSKeyId", camel=("ossKeyId", "oSSKeyId"))]
    timeout: Annotated[int | None, Field("May be absent.")] = None


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    simple_row: Annotated[list[Row], Field("The rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("A number.")]
    is_whole: Annotated[bool, Field("A flag.")]
    data: Annotated[Rows, Field("Wrapper.")]
    newest: Annotated[Row | None, Field("May be absent.")]


def writer_of(kind: Any) -> ResponseWriter:
    async def handle(request: Any, context: Context) -> Any:
        return EmptyResponse()

    handle.__annotations__ = {"request": EmptyResponse, "return": kind}
    declare = operation(
        action="Try", permission=Permission.JOB_READ, example=Example(request={}, response=EmptyResponse())
    )
    return ResponseWriter(declare(handle))


WRITER, EMPTY_WRITER = writer_of(Response), writer_of(EmptyResponse)
RESPONSE = Response(
    total=2,
    is_whole=True,
    data=Rows(simple_row=[Row(iot_id="a", key_id="k", timeout=0), Row(iot_id="", key_id="l")]),
    newest=None,
)


def written(style: Style, response: msgspec.Struct = RESPONSE) -> Any:
    answer = WRITER.write(response, "id-1", style)
    assert (answer.status, answer.content_type) == (200, b"application/json;charset=utf-8")
    return json.loads(answer.body)


def test_pascal_case() -> None:
    """Envelope first; zero, false and empty values stay, None is left out, an irregular name is as declared."""
    assert written(PASCAL) == {
        "Code": "",
        "RequestId": "id-1",
        "Success": True,
        "Total": 2,
        "IsWhole": True,
        "Data": {"SimpleRow": [{"IotId": "a", "OSSKeyId": "k", "Timeout": 0}, {"IotId": "", "OSSKeyId": "l"}]},
    }


def test_lower_camel_case_with_several_spellings() -> None:
    """A field with several lowerCamelCase spellings stands under each of them."""
    assert written(CAMEL) == {
        "code": "",
        "requestId": "id-1",
        "success": True,
        "total": 2,
        "isWhole": True,
        "data": {
            "simpleRow": [
                {"iotId": "a", "ossKeyId": "k", "oSSKeyId": "k", "timeout": 0},
                {"iotId": "", "ossKeyId": "l", "oSSKeyId": "l"},
            ]
        },
    }


def test_an_object_that_may_be_absent() -> None:
    """It is written when it is there."""
    response = msgspec.structs.replace(RESPONSE, newest=Row(iot_id="n", key_id="m"))
    assert written(PASCAL, response)["Newest"] == {"IotId": "n", "OSSKeyId": "m"}
    assert written(CAMEL, response)["newest"] == {"iotId": "n", "ossKeyId": "m", "oSSKeyId": "m"}


def test_the_envelope_alone() -> None:
    """An operation without an answer of its own."""
    assert EMPTY_WRITER.write(EmptyResponse(), "id-1", CAMEL).body == b'{"code":"","requestId":"id-1","success":true}'
    assert EMPTY_WRITER.write(EmptyResponse(), "id-1", PASCAL).body == b'{"Code":"","RequestId":"id-1","Success":true}'


def test_xml() -> None:
    """The action's response element, PascalCase whatever the dialect, list items under one name (1.7)."""
    answer = WRITER.write(RESPONSE, "id-1", XML)
    assert answer.content_type == b"text/xml;charset=utf-8"
    assert answer.body.decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>"
        "<TryResponse><RequestId>id-1</RequestId><Success>true</Success><Code></Code>"
        "<Total>2</Total><IsWhole>true</IsWhole><Data>"
        "<SimpleRow><IotId>a</IotId><OSSKeyId>k</OSSKeyId><Timeout>0</Timeout></SimpleRow>"
        "<SimpleRow><IotId></IotId><OSSKeyId>l</OSSKeyId></SimpleRow>"
        "</Data></TryResponse>"
    )


@given(TEXTS)
def test_any_text_comes_through_json(text: str) -> None:
    """Whatever a parameter can hold is answered as it was given."""
    response = msgspec.structs.replace(RESPONSE, data=Rows(simple_row=[Row(iot_id=text, key_id=text)]))
    assert written(PASCAL, response)["Data"]["SimpleRow"] == [{"IotId": text, "OSSKeyId": text}]


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=20))
def test_any_text_makes_good_xml(text: str) -> None:
    """What XML has no form for is replaced, all else comes through."""
    root = ET.fromstring(xml_document("R", {"T": text}).decode())
    shown = root.findtext("T")
    assert shown is not None
    assert len(shown) == len(text)
    assert all(a in (b, "\ufffd") for a, b in zip(shown, text, strict=True))


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_what_xml_has_no_form_for(character: str) -> None:
    """Control characters and the two noncharacters that XML 1.0 forbids become the replacement character."""
    root = ET.fromstring(xml_document("R", {"T": f"a{character}b"}).decode())
    assert root.findtext("T") == "a\ufffdb"


def test_a_business_failure() -> None:
    """HTTP 200 with Success false, code and text, in each form (5.2)."""
    error = errors.FirmwareNotFoundError("no <such> firmware")
    fields = {"RequestId": "id-1", "Success": False, "Code": error.code, "ErrorMessage": "no <such> firmware"}
    pascal, camel = (business_failure(error, "Try", "id-1", style) for style in (PASCAL, CAMEL))
    assert (pascal.status, json.loads(pascal.body)) == (200, fields)
    assert json.loads(camel.body) == {name[0].lower() + name[1:]: value for name, value in fields.items()}
    root = ET.fromstring(business_failure(error, "Try", "id-1", XML).body.decode())
    assert (root.tag, root.findtext("ErrorMessage")) == ("TryResponse", "no <such> firmware")


def gateway_classes() -> list[type[errors.GatewayError]]:
    found = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.GatewayError)]
    return [kind for kind in found if kind is not errors.GatewayError]


#: api-contract 5.1; what is not here is 400.
STATUSES = {
    "InvalidAccessKeyId.NotFound": 404,
    "InvalidAction.NotFound": 404,
    "UnsupportedHTTPMethod": 405,
    "Forbidden.RAM": 403,
    "RequestTooLarge": 413,
    "ServiceUnavailable": 503,
    "InsufficientStorage": 507,
}


@pytest.mark.parametrize("kind", gateway_classes())
def test_statuses_of_gateway_failures(kind: type[errors.GatewayError]) -> None:
    """The contract's status for each, with the gateway's own body."""
    given_: dict[type, tuple[Any, ...]] = {
        errors.MissingParameterError: ("Action",),
        errors.InvalidParameterError: ("Format", "words"),
        errors.SignatureDoesNotMatchError: ("GET&%2F&",),
    }
    error = kind(*given_.get(kind, ()))
    answer = gateway_failure(error, "id-1", PASCAL)
    assert answer.status == STATUSES.get(error.code, 400)
    assert json.loads(answer.body).keys() == {"RequestId", "HostId", "Code", "Message", "Recommend"}


def test_business_errors_have_no_status() -> None:
    """HTTP_STATUS speaks of gateway errors alone."""
    assert all(issubclass(kind, errors.GatewayError) for kind in HTTP_STATUS)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ForbiddenError(), "Forbidden.RAM"),
        (errors.JobNotFoundError(), "iot.ota.JobNotFound"),
        (errors.StoreFullError(), "InsufficientStorage"),
        (errors.StoreUnavailableError("path"), "ServiceUnavailable"),
        (errors.FirmwareObjectCorruptError("path"), "iot.system.SystemException"),
        (errors.ReportError("x"), "iot.system.SystemException"),
        (RuntimeError("path"), "iot.system.SystemException"),
    ],
)
def test_what_a_caller_reads_of_a_fault(error: Exception, code: str) -> None:
    """Its own errors as they are, an adapter's as a gateway error, a fault of ours as the system's; never its words."""
    shown = as_gateway_error(error)
    assert shown.code == code
    assert shown is error or "path" not in shown.message
