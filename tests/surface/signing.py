"""Rightly signed requests in every shape that the gate takes: both schemes, parameters in query, form, or both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from tests.operations.signed_door import PUBLIC_URL, query_bytes
from whimbrel.rpc.dialect import Scheme
from whimbrel.rpc.signature_v3 import canonical_request_v3, sign_v3, string_to_sign_v3
from whimbrel.rpc.signed_call import VERSIONS, RawRequest
from whimbrel.rpc.signing_caller import Credentials, sign_request_v1

FORM_HEADER = (b"content-type", b"application/x-www-form-urlencoded")
HOST_HEADER = (b"host", PUBLIC_URL.partition("://")[2].encode())

Headers = tuple[tuple[bytes, bytes], ...]


class Layout(NamedTuple):
    """A scheme, and how much of the parameters stands in the query: 0, a half, or all, which makes it a GET."""

    scheme: Scheme
    halves_in_query: int

    @property
    def method(self) -> str:
        return "GET" if self.halves_in_query == 2 else "POST"


LAYOUTS = {
    f"{scheme.name.lower()}-{word}": Layout(scheme, halves)
    for scheme in Scheme
    for word, halves in (("get", 2), ("post", 1), ("form", 0))
}


class Stamp(NamedTuple):
    """Who signs, with which nonce, at what time."""

    key: Credentials
    nonce: str
    timestamp: str


def signed_request(action: str, parameters: Mapping[str, str], stamp: Stamp, layout: Layout) -> RawRequest:
    """The call of `action` as `stamp` and `layout` have it."""
    if layout.scheme is Scheme.V1:
        named = {"Action": action, **parameters}
        pairs = sign_request_v1(named, stamp.key, stamp.nonce, stamp.timestamp, layout.method)
        query, body = _parted(pairs, layout)
        # `+` for a space, as many forms have it.
        return RawRequest(
            layout.method,
            b"/",
            query_bytes(query),
            (HOST_HEADER, *_form(body)),
            query_bytes(body).replace(b"%20", b"+"),
        )
    query, form = _parted(parameters, layout)
    body = query_bytes(form)
    headers = (HOST_HEADER, *_form(form))
    signing = v3_headers(action, stamp, RawRequest(layout.method, b"/", b"", headers, body), query)
    return RawRequest(layout.method, b"/", query_bytes(query), signing, body)


def v3_headers(action: str, stamp: Stamp, request: RawRequest, query: Mapping[str, str]) -> Headers:
    """The request's headers, which must have `host`, and those that scheme V3 adds: all of them are signed."""
    body_sha256 = hashlib.sha256(request.body).hexdigest()
    signed = dict(request.headers) | {
        b"x-acs-action": action.encode(),
        b"x-acs-content-sha256": body_sha256.encode(),
        b"x-acs-date": stamp.timestamp.encode(),
        b"x-acs-signature-nonce": stamp.nonce.encode(),
        b"x-acs-version": VERSIONS[0].encode(),
    }
    canonical = canonical_request_v3(request.method, query, signed, body_sha256)
    authorization = (
        f"{Scheme.V3} Credential={stamp.key.access_key_id},SignedHeaders={b';'.join(sorted(signed)).decode()},"
        f"Signature={sign_v3(stamp.key.secret, string_to_sign_v3(canonical))}"
    )
    return (*signed.items(), (b"authorization", authorization.encode()))


def _form(body: Mapping[str, str]) -> Headers:
    return (FORM_HEADER,) if body else ()


def _parted(parameters: Mapping[str, str], layout: Layout) -> tuple[dict[str, str], dict[str, str]]:
    pairs = list(parameters.items())
    middle = len(pairs) * layout.halves_in_query // 2
    return dict(pairs[:middle]), dict(pairs[middle:])
