"""The gate's pure part: from a raw request to a signed call, and whether its signature is right (threat-model 3).

The gate's order of checks is api-contract 3.2:
`read_call` (method to SignatureVersion) → `check_timestamp` → load the key → `signature_matches` → use the nonce.
For an unknown key call `signature_matches` with any secret all the same, so that it takes as long.

Scheme 1.0 (HMAC-SHA1 over the parameters) lives here, scheme V3 in `signature_v3.py`.
"""

from __future__ import annotations

import hmac
import re
from binascii import b2a_base64
from collections.abc import Mapping
from datetime import datetime

from whimbrel.errors import (
    GatewayError,
    IncompleteSignatureError,
    InvalidActionError,
    InvalidParameterError,
    InvalidSecurityTokenError,
    InvalidSignatureMethodError,
    InvalidTimeStampExpiredError,
    InvalidTimeStampFormatError,
    InvalidVersionError,
    MissingParameterError,
    RequestTooLargeError,
    UnsupportedMethodError,
)
from whimbrel.rpc.dialect import Case, Headers, ResponseFormat, Scheme, response_case, response_format
from whimbrel.rpc.parameters import (
    FORM,
    FORM_SIZE_BYTES_MAX,
    NO_ALIASES,
    QUERY,
    merge_pairs,
    parse_pairs,
    percent_encode,
    resolve_aliases,
)
from whimbrel.rpc.signature_v3 import read_call_v3, sign_v3
from whimbrel.rpc.signed_call import NONCE_CHARACTERS_MAX, VERSIONS, RawRequest, SignedCall

TIMESTAMP_WINDOW_MS = 15 * 60 * 1000

_FORM_MEDIA_TYPE = b"application/x-www-form-urlencoded"
_MANDATORY = ("Action", "AccessKeyId", "SignatureMethod", "SignatureNonce", "Timestamp", "Signature")
# What a V3 request says in headers; said in parameters too, it would have two readings.
_SAID_IN_V3_HEADERS = frozenset(
    (*_MANDATORY, "Version", "SignatureVersion", "SignatureType")  # api-contract 4.1
)
_is_timestamp = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z").fullmatch
_is_plain = re.compile(r"[A-Za-z0-9._~:-]*+").fullmatch


def read_call(request: RawRequest, aliases: Mapping[str, str] = NO_ALIASES) -> SignedCall:
    """The signed call in a request; says nothing yet about time, key, signature, nonce or whether the Action exists.

    `aliases` maps accepted misspellings of parameters to their names (`{"FirmwareID": "FirmwareId"}`). Only GET without
    a body and POST on exactly `/` are read; headers that claim another method are not looked at. A body that is not a
    form is no part of the call (api-contract 3.1). Raises GatewayErrors in the order of api-contract 3.2.
    """
    if request.method not in ("GET", "POST") or (request.body and request.method == "GET"):
        raise UnsupportedMethodError
    if request.path != b"/":
        raise InvalidActionError("this path serves no action; the management API is served on / alone")
    is_v3 = _has_acs3_authorization(request.headers)
    query, form = _read_parameters(request)
    parameters = merge_pairs(query, form)
    if not is_v3:
        return _read_call_v1(request, parameters, aliases)
    if not _SAID_IN_V3_HEADERS.isdisjoint(parameters):
        raise IncompleteSignatureError(
            "the request has an Authorization header and also parameters of signature version 1.0; sign it one way"
        )
    return read_call_v3(request, query, parameters, aliases)


def signature_matches(call: SignedCall, secret: str) -> bool:
    """Whether the call was signed with this secret. Takes the same time wherever the signatures differ."""
    sign = sign_v1 if call.scheme is Scheme.V1 else sign_v3
    return hmac.compare_digest(sign(secret, call.string_to_sign).encode(), call.signature)


def check_timestamp(text: str, now_ms: int) -> None:
    """Refuses a time stamp that is not `YYYY-MM-DDThh:mm:ssZ` or more than 15 minutes from `now_ms` (api-contract 3.4).

    Raises InvalidTimeStampFormatError (also for days that no calendar has) and InvalidTimeStampExpiredError.
    """
    if not _is_timestamp(text):
        raise InvalidTimeStampFormatError
    try:
        at_ms = int(datetime.fromisoformat(text).timestamp()) * 1000
    except ValueError:
        raise InvalidTimeStampFormatError from None
    if abs(now_ms - at_ms) > TIMESTAMP_WINDOW_MS:
        raise InvalidTimeStampExpiredError


def answer_style(request: RawRequest) -> tuple[Case, ResponseFormat]:
    """How to answer a request that `read_call` refused: dialect and format as far as they can be told. Never raises."""
    scheme = Scheme.V3 if _has_acs3_authorization(request.headers) else Scheme.V1
    parameters: dict[str, str] = {}
    try:
        query, form = _read_parameters(request)
        parameters = {**query, **form}
        wanted_format = response_format(request.headers, parameters, scheme)
    except GatewayError:
        wanted_format = ResponseFormat.JSON
    return response_case(request.headers, parameters, scheme), wanted_format


def string_to_sign_v1(method: str, parameters: Mapping[str, str]) -> str:
    """What scheme 1.0 signs: api-contract 3.1, steps 2 to 5. `parameters` are all but `Signature`, as sent.

    Code point order is the byte order of UTF-8, so plain sorting is the contract's.
    """
    # Encoding the canonical query again changes nothing but its `%`, `=` and `&`; so both encodings are done in one go.
    # In nearly every call Timestamp's colons are all there is to encode: 2.6 us instead of 4.8 for nine parameters.
    if _is_plain("".join(parameters)) and _is_plain("".join(parameters.values())):
        pairs = "%26".join([f"{name}%3D{parameters[name]}" for name in sorted(parameters)]).replace(":", "%253A")
    else:
        pairs = "%26".join(
            [f"{_encode_twice(name)}%3D{_encode_twice(parameters[name])}" for name in sorted(parameters)]
        )
    return f"{method}&%2F&{pairs}"


def sign_v1(secret: str, string_to_sign: str) -> str:
    """Base64(HMAC-SHA1(secret + "&", string to sign)): api-contract 3.1, steps 6 and 7."""
    digest = hmac.digest(f"{secret}&".encode(), string_to_sign.encode(), "sha1")
    return b2a_base64(digest, newline=False).decode("ascii")


def _encode_twice(text: str) -> str:
    return percent_encode(text).replace("%", "%25")


def _has_acs3_authorization(headers: Headers) -> bool:
    # A list, not any() over a generator: this runs in every call and costs a third.
    values = [value for name, value in headers if name == b"authorization"]
    return bool(values) and any(value.lstrip()[:5].upper() == b"ACS3-" for value in values)


def _read_parameters(request: RawRequest) -> tuple[dict[str, str], dict[str, str]]:
    """The parameters of the query and of the form body."""
    query = parse_pairs(request.query, QUERY)
    if not request.body:
        return query, {}
    if len(request.body) > FORM_SIZE_BYTES_MAX:
        raise RequestTooLargeError(f"the body has more than {FORM_SIZE_BYTES_MAX} bytes")
    content_types = [value for name, value in request.headers if name == b"content-type"]
    if len(content_types) > 1:
        raise InvalidParameterError(None, "the Content-Type header is given more than once")
    is_form = bool(content_types) and content_types[0].partition(b";")[0].strip().lower() == _FORM_MEDIA_TYPE
    return query, parse_pairs(request.body, FORM) if is_form else {}


def _read_call_v1(request: RawRequest, signed: dict[str, str], aliases: Mapping[str, str]) -> SignedCall:
    for name in _MANDATORY:
        if not signed.get(name):
            raise MissingParameterError(name)
    wanted_format = response_format(request.headers, signed, Scheme.V1)
    version = signed.get("Version") or VERSIONS[0]
    if version not in VERSIONS:
        raise InvalidVersionError
    if signed["SignatureMethod"] != "HMAC-SHA1" or signed.get("SignatureVersion", "") not in ("", "1.0"):
        raise InvalidSignatureMethodError
    if signed.get("SignatureType"):
        raise InvalidSignatureMethodError("SignatureType must be empty or left out; only HMAC-SHA1 is served")
    nonce = signed["SignatureNonce"]
    if len(nonce) > NONCE_CHARACTERS_MAX:
        raise InvalidParameterError("SignatureNonce", f"SignatureNonce has more than {NONCE_CHARACTERS_MAX} characters")
    if signed.get("SecurityToken"):
        raise InvalidSecurityTokenError
    signature = signed.pop("Signature")
    return SignedCall(
        scheme=Scheme.V1,
        action=signed["Action"],
        version=version,
        access_key_id=signed["AccessKeyId"],
        nonce=nonce,
        timestamp=signed["Timestamp"],
        string_to_sign=string_to_sign_v1(request.method, signed),
        signature=signature.encode(),
        parameters=resolve_aliases(signed, aliases),
        response_case=response_case(request.headers, signed, Scheme.V1),
        response_format=wanted_format,
    )
