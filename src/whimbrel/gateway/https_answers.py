"""What the HTTPS door answers: the vendor's codes in JSON (device-protocol 10.2)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec

from whimbrel.asgi import Answer, Headers


class Code(IntEnum):
    """The vendor's codes; 20004, a session that cannot be updated, does not happen without sessions."""

    SUCCESS = 0
    GENERAL = 10000
    PARAMETER = 10001
    NOT_AUTHENTICATED = 20000
    TOKEN_EXPIRED = 20001
    TOKEN_MISSING = 20002
    TOKEN_INVALID = 20003
    SESSION = 20004
    NOT_PUBLISHED = 30001
    TOO_MANY = 40000


RETRY_AFTER_S = 2
_encode = msgspec.json.Encoder().encode


def success(info: dict[str, Any]) -> Answer:
    return _answer(200, {"code": Code.SUCCESS, "message": "success", "info": info})


def failure(code: Code, fact: str, *, close: bool = False) -> Answer:
    """`close` ends the connection with it: what is left of the request would else be read for nothing."""
    more = [(b"connection", b"close")] if close else []
    return _answer(200, {"code": code, "message": fact, "info": {}}, more)


def unavailable(fact: str) -> Answer:
    """The server cannot tell: an HTTP failure, so that nothing between it and the device takes it for an answer."""
    later = [(b"retry-after", str(RETRY_AFTER_S).encode()), (b"connection", b"close")]
    return _answer(503, {"code": Code.GENERAL, "message": fact, "info": {}}, later)


def _answer(status: int, content: dict[str, Any], more: Headers | None = None) -> Answer:
    body = _encode(content)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    return Answer(status, headers + (more or []), body)
