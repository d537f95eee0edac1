"""The two values of the gate: a request as it came, and the signed call that was read from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from whimbrel.rpc.dialect import Case, Headers, ResponseFormat, Scheme

VERSIONS = ("2018-01-20", "2022-01-01")
NONCE_CHARACTERS_MAX = 128


class RawRequest(NamedTuple):
    """One HTTP request on the management door, nothing decoded yet; header names are in lower case, as ASGI gives them.

    `path` is the path as sent, without the query; `body` is whole. The server cuts bodies off that are longer than
    parameters.FORM_SIZE_BYTES_MAX + 1: one more byte is enough to refuse them here.
    """

    method: str
    path: bytes
    query: bytes
    headers: Headers
    body: bytes


class SignedCall(NamedTuple):
    """What a request says, before it is known whether its signature is right.

    `parameters` is the one map: the very values that `string_to_sign` (scheme V1) or the canonical query and the body
    hash (V3) were built from, with aliases resolved and without `Signature`. `timestamp` is unchecked text; `signature`
    is in the form it was sent in (Base64 or hex).
    """

    scheme: Scheme
    action: str
    version: str
    access_key_id: str
    nonce: str
    timestamp: str
    string_to_sign: str
    signature: bytes
    parameters: Mapping[str, str]
    response_case: Case
    response_format: ResponseFormat
