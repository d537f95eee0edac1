"""The caller's side of scheme 1.0 against the server's side (api-contract 3)."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.rpc.parameters import encode_pairs
from whimbrel.rpc.signature import check_timestamp, read_call, signature_matches
from whimbrel.rpc.signed_call import RawRequest
from whimbrel.rpc.signing_caller import Credentials, sign_request_v1, timestamp_text

KEY = Credentials("testAccessKeyId", "testAccessKeySecret")
NOW_MS = 1_732_009_663_999
VALUES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


@given(st.dictionaries(st.from_regex(r"X[A-Za-z0-9._-]{0,8}", fullmatch=True), VALUES, max_size=6))
def test_the_server_accepts_what_the_caller_signs(extra: dict[str, str]) -> None:
    """Sent as a query by GET or as a form body by POST, the call is read and its signature is right."""
    parameters = {"Action": "ListOTAFirmware", **extra}
    query = encode_pairs(sign_request_v1(parameters, KEY, "n1", timestamp_text(NOW_MS)).items()).encode()
    assert signature_matches(read_call(RawRequest("GET", b"/", query, [], b"")), KEY.secret)
    body = urlencode(sign_request_v1(parameters, KEY, "n1", timestamp_text(NOW_MS), "POST")).encode()
    form = [(b"content-type", b"application/x-www-form-urlencoded")]
    call = read_call(RawRequest("POST", b"/", b"", form, body))
    assert signature_matches(call, KEY.secret)
    assert call.parameters.items() >= parameters.items()


def test_defaults_can_be_given_and_signing_parameters_cannot() -> None:
    """Format and Version are the caller's to choose; key, nonce, time, method and signature are not."""
    given = {"Action": "X", "Format": "XML", "Version": "2022-01-01", "Signature": "x", "AccessKeyId": "x"}
    signed = sign_request_v1(given, KEY, "n1", "2024-11-19T09:47:43Z")
    assert signed["Format"] == "XML"
    assert signed["Version"] == "2022-01-01"
    assert signed["AccessKeyId"] == "testAccessKeyId"
    assert signed["SignatureMethod"] == "HMAC-SHA1"
    assert signed["SignatureVersion"] == "1.0"
    assert list(signed)[-1] == "Signature"
    assert signed["Signature"] != "x"


@pytest.mark.parametrize(
    ("now_ms", "text"),
    [(0, "1970-01-01T00:00:00Z"), (NOW_MS, "2024-11-19T09:47:43Z"), (253_402_300_799_999, "9999-12-31T23:59:59Z")],
)
def test_timestamp_text(now_ms: int, text: str) -> None:
    """UTC, whole seconds, four-digit year: what check_timestamp accepts."""
    assert timestamp_text(now_ms) == text
    check_timestamp(text, now_ms)
