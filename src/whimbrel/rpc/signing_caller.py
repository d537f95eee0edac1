"""The caller's side of signature scheme 1.0: what the command line signs its calls with (api-contract 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from whimbrel.rpc.signature import sign_v1, string_to_sign_v1
from whimbrel.rpc.signed_call import VERSIONS


class Credentials(NamedTuple):
    """One AccessKey as its owner holds it."""

    access_key_id: str
    secret: str


def sign_request_v1(
    parameters: Mapping[str, str], credentials: Credentials, nonce: str, timestamp: str, method: str = "GET"
) -> dict[str, str]:
    """All parameters of one signed request, `Signature` last; send them in the query or, with POST, in a form body.

    `parameters` are the Action and its own; Format (JSON), Version and SignatureVersion are added where they are not
    given. `nonce` must be new for every request; `timestamp` is `timestamp_text` of now.
    """
    signed = {
        "Format": "JSON",
        "Version": VERSIONS[0],
        "SignatureVersion": "1.0",
        **parameters,
        "AccessKeyId": credentials.access_key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": nonce,
        "Timestamp": timestamp,
    }
    signed.pop("Signature", None)
    signed["Signature"] = sign_v1(credentials.secret, string_to_sign_v1(method, signed))
    return signed


def timestamp_text(now_ms: int) -> str:
    """`2024-11-19T09:47:43Z`: the Timestamp of a request made at `now_ms`."""
    return f"{datetime.fromtimestamp(now_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
