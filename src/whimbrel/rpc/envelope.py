"""Wraps answers: both JSON dialects and XML from one declaration, and the only place where errors meet HTTP.

The envelope is requestId, success, code on every business answer, errorMessage on a failure (api-contract 1.4);
gateway errors have their own form (5.1).
"""

from __future__ import annotations

import types
import typing
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import msgspec

from whimbrel.domain.characters import xml_text
from whimbrel.errors import (
    BusinessError,
    ForbiddenError,
    GatewayError,
    InvalidAccessKeyIdNotFoundError,
    InvalidActionError,
    RequestTooLargeError,
    ServiceUnavailableError,
    StorageFullError,
    StoreFullError,
    StoreUnavailableError,
    SystemExceptionError,
    UnsupportedMethodError,
    WhimbrelError,
)
from whimbrel.operations.declaration import Operation
from whimbrel.operations.fields import Field, camel_name, wire_name
from whimbrel.rpc.dialect import Case, ResponseFormat

JSON_TYPE = b"application/json;charset=utf-8"
XML_TYPE = b"text/xml;charset=utf-8"  # old SDKs read XML errors only under exactly this value (api-contract 1.3)
_DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>"

#: Gateway errors are 400 unless a row says otherwise (api-contract 5.1).
HTTP_STATUS: dict[type[WhimbrelError], int] = {
    InvalidAccessKeyIdNotFoundError: 404,
    InvalidActionError: 404,
    UnsupportedMethodError: 405,
    ForbiddenError: 403,
    RequestTooLargeError: 413,
    ServiceUnavailableError: 503,
    StorageFullError: 507,
}

_encode = msgspec.json.Encoder().encode


class Answer(NamedTuple):
    """One HTTP answer."""

    status: int
    content_type: bytes
    body: bytes


class Style(NamedTuple):
    """How this caller reads answers."""

    case: Case
    format: ResponseFormat
    host: str


class ResponseWriter:
    """Writes one operation's answers in either dialect, or as XML."""

    def __init__(self, operation: Operation) -> None:
        self._action = operation.action
        self._dialects = {case: _derive(operation.response, case, {}) for case in Case}
        # Only one response has several spellings of one name; all others skip the detour through a dictionary.
        self._has_spellings = _has_spellings(operation.response)

    def write(self, response: msgspec.Struct, request_id: str, style: Style) -> Answer:
        """HTTP 200 with Success true."""
        if style.format is ResponseFormat.XML:
            body = msgspec.to_builtins(self._in_dialect(response, Case.PASCAL))
            fields = {"RequestId": request_id, "Success": True, "Code": "", **body}
            return Answer(200, XML_TYPE, xml_document(f"{self._action}Response", fields))
        converted = self._in_dialect(response, style.case)
        encoded = _encode(_with_spellings(converted)) if self._has_spellings else _encode(converted)
        head = _HEADS[style.case] % _encode(request_id)
        return Answer(200, JSON_TYPE, head + (b"}" if encoded == b"{}" else b"," + encoded[1:]))

    def _in_dialect(self, response: msgspec.Struct, case: Case) -> Any:
        return msgspec.convert(response, self._dialects[case], from_attributes=True)


_HEADS = {
    Case.CAMEL: b'{"code":"","requestId":%b,"success":true',
    Case.PASCAL: b'{"Code":"","RequestId":%b,"Success":true',
}


def business_failure(error: BusinessError, action: str, request_id: str, style: Style) -> Answer:
    """HTTP 200 with Success false (api-contract 5.2)."""
    fields = {"RequestId": request_id, "Success": False, "Code": error.code, "ErrorMessage": error.message}
    if style.format is ResponseFormat.XML:
        return Answer(200, XML_TYPE, xml_document(f"{action}Response", fields))
    return Answer(200, JSON_TYPE, _encode(_in_case(fields, style.case)))


def gateway_failure(error: GatewayError, request_id: str, style: Style) -> Answer:
    """HTTP 4xx or 5xx with the gateway's own body (api-contract 5.1)."""
    status = HTTP_STATUS.get(type(error), 400)
    fields: dict[str, Any] = {
        "RequestId": request_id,
        "HostId": style.host,
        "Code": error.code,
        "Message": error.message,
        "Recommend": "",
    }
    if style.format is ResponseFormat.XML:
        return Answer(status, XML_TYPE, xml_document("Error", {k: v for k, v in fields.items() if k != "Recommend"}))
    if style.case is Case.CAMEL:
        fields |= {"Success": False, "ErrorMessage": error.message}  # so that one client model reads both kinds
    return Answer(status, JSON_TYPE, _encode(_in_case(fields, style.case)))


def as_gateway_error(error: Exception) -> GatewayError | BusinessError:
    """What a client reads of an adapter's failure or of a fault of ours; what happened is for the log alone."""
    if isinstance(error, GatewayError | BusinessError):
        return error
    if isinstance(error, StoreFullError):
        return StorageFullError()
    if isinstance(error, StoreUnavailableError):
        return ServiceUnavailableError()
    return SystemExceptionError()


def xml_document(root: str, fields: dict[str, Any]) -> bytes:
    """api-contract 1.7: no attributes, no namespaces; a list repeats its element."""
    return f"{_DECLARATION}<{root}>{''.join(_element(k, v) for k, v in fields.items())}</{root}>".encode()


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(_element(k, v) for k, v in value.items())}</{name}>"
    if isinstance(value, bool):
        return f"<{name}>{'true' if value else 'false'}</{name}>"
    return f"<{name}>{escape(xml_text(str(value)))}</{name}>"


def _in_case(fields: dict[str, Any], case: Case) -> dict[str, Any]:
    return fields if case is Case.PASCAL else {name[0].lower() + name[1:]: value for name, value in fields.items()}


_SPELLINGS = "|"  # parts the spellings of one field inside a derived name; no wire name holds it


def _derive(declared: type[msgspec.Struct], case: Case, done: dict[type, Any]) -> Any:
    """The response's twin whose fields have this dialect's names."""
    if declared not in done:
        fields = msgspec.structs.fields(declared)
        names = {field.name: _spelled(field, case) for field in fields}
        members = [(field.name, _derive_type(field.type, case, done), *_default(field)) for field in fields]
        # What is None is left out (api-contract 10.5): in the twin, None is such a field's default.
        done[declared] = msgspec.defstruct(declared.__name__, members, rename=names, omit_defaults=True, kw_only=True)
    return done[declared]


def _default(field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
    return (None,) if types.NoneType in typing.get_args(_bare(field.type)) else ()


def _bare(kind: Any) -> Any:
    return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind


def _derive_type(kind: Any, case: Case, done: dict[type, Any]) -> Any:
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _derive(kind, case, done)
    if typing.get_origin(kind) is list:
        return list[_derive_type(typing.get_args(kind)[0], case, done)]  # type: ignore[misc]
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return typing.Union[tuple(_derive_type(option, case, done) for option in typing.get_args(kind))]  # noqa: UP007
    return kind


def _spelled(field: msgspec.structs.FieldInfo, case: Case) -> str:
    declared = next((m for m in typing.get_args(field.type) if isinstance(m, Field)), None)
    if case is Case.PASCAL:
        return (declared and declared.wire) or wire_name(field.name)
    return _SPELLINGS.join(declared.camel) if declared and declared.camel else camel_name(field.name)


def _has_spellings(declared: type[msgspec.Struct]) -> bool:
    for field in msgspec.structs.fields(declared):
        meta = next((m for m in typing.get_args(field.type) if isinstance(m, Field)), None)
        if meta and len(meta.camel) > 1:
            return True
        kind = _bare(field.type)
        for inner in (kind, *typing.get_args(kind)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct) and _has_spellings(inner):
                return True
    return False


def _with_spellings(converted: Any) -> Any:
    """A dictionary in which a field with several spellings stands under each of them."""
    return _spread(msgspec.to_builtins(converted))


def _spread(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _spread(inner) for key, inner in value.items() for name in key.split(_SPELLINGS)}
    return [_spread(item) for item in value] if isinstance(value, list) else value
