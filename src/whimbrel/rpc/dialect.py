"""How a caller wants its answer: the case of the JSON keys, and JSON or XML (api-contract 1.3 and 2).

It changes how an answer is written, never what it says; so hints that are not signed are good enough here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from whimbrel.errors import InvalidParameterError

Headers = Sequence[tuple[bytes, bytes]]
"""Header names in lower case and values as they came, as ASGI gives them."""


class Scheme(StrEnum):
    """How a request is signed."""

    V1 = "HMAC-SHA1"
    V3 = "ACS3-HMAC-SHA256"


class Case(StrEnum):
    """`firmwareId` (Tuya) or `FirmwareId` (Alibaba)."""

    CAMEL = "camel"
    PASCAL = "pascal"


class ResponseFormat(StrEnum):
    JSON = "JSON"
    XML = "XML"


_CASE_HEADER_VALUES = {b"camel": Case.CAMEL, b"pascal": Case.PASCAL}
_FORMATS = {"JSON": ResponseFormat.JSON, "XML": ResponseFormat.XML}
_XML_MEDIA_TYPES = (b"application/xml", b"text/xml")


def response_case(headers: Headers, parameters: Mapping[str, str], scheme: Scheme) -> Case:
    """The case of the answer's keys; the first rule of api-contract 1.3 that matches wins.

    An X-Response-Case that is neither camel nor pascal says nothing.
    """
    has_sdk_header = scheme is Scheme.V3
    for name, value in headers:
        if name == b"x-response-case":
            wanted = _CASE_HEADER_VALUES.get(value.strip().lower())
            if wanted:
                return wanted
        elif name.startswith((b"x-acs-", b"x-sdk-")):
            has_sdk_header = True
    if has_sdk_header or "RegionId" in parameters or "SignatureType" in parameters:
        return Case.PASCAL
    return Case.CAMEL


def response_format(headers: Headers, parameters: Mapping[str, str], scheme: Scheme) -> ResponseFormat:
    """JSON, unless `Format` (in any case) or, with scheme V3, the first type of an Accept header asks for XML.

    Raises InvalidParameterError (`InvalidParameter.Format`) for another Format.
    """
    text = parameters.get("Format")
    if text:
        # ASCII first: upper() turns a few other characters into ASCII ones.
        wanted = _FORMATS.get(text.upper()) if text.isascii() else None
        if wanted is None:
            raise InvalidParameterError("Format", "Format must be JSON or XML, or be left out")
        return wanted
    if scheme is Scheme.V3:
        for name, value in headers:
            if name == b"accept":
                first_media_type = value.partition(b",")[0].partition(b";")[0].strip().lower()
                return ResponseFormat.XML if first_media_type in _XML_MEDIA_TYPES else ResponseFormat.JSON
    return ResponseFormat.JSON
