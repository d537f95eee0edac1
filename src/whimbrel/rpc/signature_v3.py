"""Signature scheme V3, ACS3-HMAC-SHA256: the Authorization header signs chosen headers, the query and the body's hash.

Invariants (api-contract 4, threat-model 3): what is read here is signed; the body hash is our own; no header that
counts has two values.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

from whimbrel.errors import (
    IncompleteSignatureError,
    InvalidParameterError,
    InvalidSecurityTokenError,
    InvalidVersionError,
    MissingParameterError,
)
from whimbrel.rpc.dialect import Headers, Scheme, response_case, response_format
from whimbrel.rpc.parameters import encode_pairs, has_control_character, resolve_aliases
from whimbrel.rpc.signed_call import NONCE_CHARACTERS_MAX, VERSIONS, RawRequest, SignedCall

_REQUIRED_HEADERS = (
    b"x-acs-action",
    b"x-acs-version",
    b"x-acs-date",
    b"x-acs-signature-nonce",
    b"x-acs-content-sha256",
)
# Proxies add a line of their own instead of lengthening the one that is there; nothing of them is read here.
_APPENDED_BY_PROXIES = frozenset((b"x-forwarded-for", b"forwarded", b"via"))

_authorization = re.compile(
    rb"ACS3-HMAC-SHA256 Credential=([!-+\x2d-~]{1,256}+),"
    rb"SignedHeaders=([a-z0-9._-]++(?:;[a-z0-9._-]++)*+),"
    rb"Signature=([0-9a-f]{64})"
).fullmatch


def read_call_v3(
    request: RawRequest, query: Mapping[str, str], parameters: dict[str, str], aliases: Mapping[str, str]
) -> SignedCall:
    """The signed call in a V3 request whose query and form body are parsed (`parameters` is both as one map).

    Raises GatewayErrors in the order of api-contract 3.2.
    """
    headers = _single_headers(request.headers)
    if not headers.get(b"x-acs-action"):
        raise MissingParameterError("x-acs-action")
    access_key_id, signed_names, signature = _read_authorization(headers[b"authorization"])
    _check_coverage(headers, signed_names, has_body=bool(request.body))
    wanted_format = response_format(request.headers, parameters, Scheme.V3)
    version = _text(headers, b"x-acs-version")
    if version not in VERSIONS:
        raise InvalidVersionError
    nonce = _text(headers, b"x-acs-signature-nonce")
    if len(nonce) > NONCE_CHARACTERS_MAX:
        raise InvalidParameterError(
            "x-acs-signature-nonce", f"x-acs-signature-nonce has more than {NONCE_CHARACTERS_MAX} characters"
        )
    if headers.get(b"x-acs-security-token") or parameters.get("SecurityToken"):
        raise InvalidSecurityTokenError
    body_sha256 = hashlib.sha256(request.body).hexdigest()
    if headers[b"x-acs-content-sha256"] != body_sha256.encode():
        # Another body than the one that was signed is a wrong signature, and is said only to known keys as one.
        signature = b""
    signed_headers = {name: headers[name] for name in signed_names}
    return SignedCall(
        scheme=Scheme.V3,
        action=_text(headers, b"x-acs-action"),
        version=version,
        access_key_id=access_key_id,
        nonce=nonce,
        timestamp=_text(headers, b"x-acs-date"),
        string_to_sign=string_to_sign_v3(canonical_request_v3(request.method, query, signed_headers, body_sha256)),
        signature=signature,
        parameters=resolve_aliases(parameters, aliases),
        response_case=response_case(request.headers, parameters, Scheme.V3),
        response_format=wanted_format,
    )


def canonical_request_v3(
    method: str, query: Mapping[str, str], signed_headers: Mapping[bytes, bytes], body_sha256: str
) -> bytes:
    """What V3 hashes: api-contract 4.2, steps 1 to 3. Header names in lower case, values without surrounding blanks."""
    names = sorted(signed_headers)
    return b"\n".join(
        (
            method.encode(),
            b"/",
            encode_pairs(sorted(query.items())).encode(),
            *(name + b":" + signed_headers[name] for name in names),
            b"",
            b";".join(names),
            body_sha256.encode(),
        )
    )


def string_to_sign_v3(canonical_request: bytes) -> str:
    """api-contract 4.2, step 4."""
    return f"{Scheme.V3.value}\n{hashlib.sha256(canonical_request).hexdigest()}"


def sign_v3(secret: str, string_to_sign: str) -> str:
    """Lower-case hex of HMAC-SHA256; the key is the plain secret (api-contract 4.2, step 5)."""
    return hmac.digest(secret.encode(), string_to_sign.encode(), "sha256").hex()


def _single_headers(headers: Headers) -> dict[bytes, bytes]:
    """The headers as a map, values without surrounding blanks. Raises IncompleteSignatureError for a repeated one.

    A header that proxies append is left out when it is there twice, so that it cannot be signed.
    """
    values: dict[bytes, bytes] = {}
    repeated: set[bytes] = set()
    for name, value in headers:
        if name in values:
            if name not in _APPENDED_BY_PROXIES:
                raise IncompleteSignatureError(f"the header {_shown(name)} is given twice; send it once")
            repeated.add(name)
        values[name] = value.strip(b" \t")
    for name in repeated:
        del values[name]
    return values


def _read_authorization(value: bytes) -> tuple[str, list[bytes], bytes]:
    """AccessKeyId, names of the signed headers (ascending, each once) and hex signature."""
    match = _authorization(value)
    if not match:
        raise IncompleteSignatureError(
            "the Authorization header must read"
            " ACS3-HMAC-SHA256 Credential=<AccessKeyId>,SignedHeaders=<a;b;c>,Signature=<64 lower-case hex digits>"
        )
    credential, signed_headers, signature = match.groups()
    names = signed_headers.split(b";")
    if names != sorted(set(names)):
        raise IncompleteSignatureError("SignedHeaders must be in ascending order, each header once")
    return credential.decode("ascii"), names, signature


def _check_coverage(headers: Mapping[bytes, bytes], signed_names: list[bytes], *, has_body: bool) -> None:
    """Every header that decides what the call is must be there and be signed (api-contract 4.2, step 2)."""
    for name in _REQUIRED_HEADERS:
        if not headers.get(name):
            raise MissingParameterError(name.decode("ascii"))
    for name in signed_names:
        if name not in headers:
            raise IncompleteSignatureError(f"SignedHeaders names {_shown(name)}, which was not sent")
    to_sign = {name for name in headers if name.startswith(b"x-acs-")}
    to_sign.add(b"host")
    if has_body and b"content-type" in headers:
        to_sign.add(b"content-type")  # it decides whether the body holds parameters
    unsigned = to_sign.difference(signed_names)
    if unsigned:
        raise IncompleteSignatureError(f"SignedHeaders lacks {_shown(min(unsigned))}, which must be signed")


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    try:
        text = headers[name].decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidParameterError(name.decode("ascii"), f"the header {_shown(name)} is not valid UTF-8") from None
    if has_control_character(text):
        raise InvalidParameterError(name.decode("ascii"), f"the header {_shown(name)} has a control character")
    return text


def _shown(name: bytes) -> str:
    return name[:64].decode("ascii", "replace")
