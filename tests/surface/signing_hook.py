"""Signs the requests that tools make from the description: fresh nonce, right time, either scheme."""

from __future__ import annotations

import random
import secrets
import time
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import requests

from tests.surface.signing import FORM_HEADER, Stamp, v3_headers
from whimbrel.rpc.dialect import Scheme
from whimbrel.rpc.signed_call import RawRequest
from whimbrel.rpc.signing_caller import Credentials, sign_request_v1, timestamp_text

SIGNING_PARAMETERS = frozenset(
    ("AccessKeyId", "Signature", "SignatureMethod", "SignatureNonce", "SignatureType", "SignatureVersion", "Timestamp")
)


class SigningHook(requests.auth.AuthBase):
    """What `requests` calls with each request before it is sent."""

    def __init__(self, key: Credentials, random_: random.Random) -> None:
        self._key = key
        self._random = random_
        self.scheme: Scheme | None = None
        """Which to sign with; None: mostly the older, as the description has it."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        url = urlsplit(str(request.url))
        query = {n: v for n, v in parse_qsl(url.query, keep_blank_values=True) if n not in SIGNING_PARAMETERS}
        scheme = self.scheme or (Scheme.V3 if self._random.random() < 0.2 else Scheme.V1)
        stamp = Stamp(self._key, secrets.token_hex(16), timestamp_text(time.time_ns() // 1_000_000))
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        if scheme is Scheme.V1:
            request.headers.pop("Authorization", None)
            form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True)) if _is_form(request) else {}
            signed = sign_request_v1({**form, **query}, stamp.key, stamp.nonce, stamp.timestamp, str(request.method))
            query = {name: value for name, value in signed.items() if name not in form}
        else:
            action = query.pop("Action", "")
            headers = [(b"host", url.netloc.encode())]
            headers += [(b"content-type", FORM_HEADER[1])] if body and _is_form(request) else []
            raw = RawRequest(str(request.method), b"/", b"", tuple(headers), body)
            for name, value in v3_headers(action, stamp, raw, query):
                request.headers[name.decode()] = value.decode()
        request.url = urlunsplit((url.scheme, url.netloc, url.path, urlencode(query, quote_via=quote), ""))
        return request


def _is_form(request: requests.PreparedRequest) -> bool:
    media_type = request.headers.get("Content-Type", "")
    text = media_type.decode("latin-1") if isinstance(media_type, bytes) else media_type
    return text.partition(";")[0].strip().lower() == FORM_HEADER[1].decode()
