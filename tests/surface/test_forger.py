"""No single change of a signed request makes a call that was not signed (threat-model A02)."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

import pytest

from tests.operations.signed_door import NOW_MS, query_bytes
from tests.surface.forger import body_changes, forged, header_changes, heard, moved_parameters, query_changes
from whimbrel.rpc.signature_v3 import canonical_request_v3, sign_v3, string_to_sign_v3
from whimbrel.rpc.signed_call import RawRequest
from whimbrel.rpc.signing_caller import Credentials, sign_request_v1, timestamp_text

KEY = Credentials("testAccessKeyId", "testAccessKeySecret")
FORM_HEADER = (b"content-type", b"application/x-www-form-urlencoded")
#: What an attacker would like to change: ids, lists, spaces, escapes, a text in another script, an empty value.
PARAMETERS = {
    "Action": "ConfirmOTATask",
    "TaskId.1": "9001",
    "TaskId.2": "9010",
    "FirmwareID": "1001",
    "Note": "a b+c%20d&e=f",
    "Name": "灯~*",
    "SignatureType": "",
}


def v1(method: str) -> dict[str, str]:
    return sign_request_v1(PARAMETERS, KEY, "nonce-0001", timestamp_text(NOW_MS), method)


def v1_get() -> RawRequest:
    """Everything in the query, as the seed does it."""
    return RawRequest("GET", b"/", query_bytes(v1("GET")), (), b"")


def v1_post() -> RawRequest:
    """Half in the query, half in a form body, with `+` for spaces."""
    pairs = list(v1("POST").items())
    body = query_bytes(dict(pairs[5:])).replace(b"%20", b"+")
    return RawRequest("POST", b"/", query_bytes(dict(pairs[:5])), (FORM_HEADER,), body)


def v3_post() -> RawRequest:
    """Parameters in the query and in a form body; action, time, nonce in signed headers."""
    query, body = {"TaskId.1": "9001", "Note": "a b"}, b"TaskId.2=9010&Name=%E7%81%AF"
    body_sha256 = hashlib.sha256(body).hexdigest()
    headers = {
        b"content-type": FORM_HEADER[1],
        b"host": b"ota.example.com",
        b"x-acs-action": b"ConfirmOTATask",
        b"x-acs-content-sha256": body_sha256.encode(),
        b"x-acs-date": timestamp_text(NOW_MS).encode(),
        b"x-acs-signature-nonce": b"nonce-0001",
        b"x-acs-version": b"2018-01-20",
    }
    signature = sign_v3(KEY.secret, string_to_sign_v3(canonical_request_v3("POST", query, headers, body_sha256)))
    authorization = (
        f"ACS3-HMAC-SHA256 Credential={KEY.access_key_id},"
        f"SignedHeaders={b';'.join(headers).decode()},Signature={signature}"
    )
    sent = (*headers.items(), (b"authorization", authorization.encode()), (b"user-agent", b"x"))
    return RawRequest("POST", b"/", query_bytes(query), sent, body)


REQUESTS = {"v1-get": v1_get(), "v1-post": v1_post(), "v3-post": v3_post()}
EACH = pytest.mark.parametrize("request_name", REQUESTS)


def changes(request: RawRequest, random_: random.Random | None) -> Iterator[RawRequest]:
    """All that the forger knows to do with this request."""
    yield from query_changes(request, random_)
    yield from body_changes(request, random_)
    yield from header_changes(request, random_)
    yield from moved_parameters(request)


def run(request: RawRequest, random_: random.Random | None) -> tuple[int, int]:
    """How many changes were tried, and how many of them were let through because they said the same."""
    tried = let_through = 0
    for changed in changes(request, random_):
        if changed == request:
            continue
        assert not forged(request, changed, KEY), f"forged: {changed}"
        tried += 1
        let_through += heard(changed, KEY) is not None
    return tried, let_through


@EACH
def test_A02_no_single_change_forges_a_call(request_name: str) -> None:
    """Thousands of changes are refused, or say the same; and some do say the same, so the judge can tell."""
    tried, let_through = run(REQUESTS[request_name], random.Random(5))
    assert tried > 1_500
    assert let_through > 0


@pytest.mark.fuzz
@EACH
def test_A02_no_single_change_forges_a_call_at_large(request_name: str) -> None:
    """The same with every telling byte at every place."""
    tried, _ = run(REQUESTS[request_name], None)
    assert tried > 40_000


@EACH
def test_the_judge_sees_a_forgery(request_name: str) -> None:
    """A request that says something else and is signed again would be called a forgery: the test can fail."""
    other = REQUESTS["v1-get" if request_name != "v1-get" else "v1-post"]
    changed = sign_request_v1({**PARAMETERS, "TaskId.1": "1"}, KEY, "nonce-0001", timestamp_text(NOW_MS))
    assert forged(REQUESTS[request_name], RawRequest("GET", b"/", query_bytes(changed), (), b""), KEY)
    assert not forged(other, other, KEY)
