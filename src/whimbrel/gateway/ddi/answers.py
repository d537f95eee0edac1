"""How DDI answers: always with a length, always 200 for success, errors with three members (ddi-protocol 1, 11, 12)."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any

import msgspec

from whimbrel.asgi import Answer, Headers
from whimbrel.gateway.ddi import cbor
from whimbrel.reports.ddi.verdict import Verdict

RETRY_AFTER_SECONDS = 10


class Media(StrEnum):
    """What is spoken here, in the order of preference."""

    HAL = "application/hal+json"
    JSON = "application/json"
    CBOR = "application/cbor"


class DdiRefusedError(Exception):
    """The request is refused with this HTTP status; `code` is ours and stable."""

    def __init__(self, status: int, code: str, fact: str, headers: Headers | None = None) -> None:
        super().__init__(fact)
        self.status = status
        self.code = code
        self.fact = fact
        self.headers = headers or []


def document(content: Any, media: Media, status: int = 200) -> Answer:
    return _answer(status, _encoded(content, media), media)


def tagged_document(content: Any, media: Media, known: str | None) -> Answer:
    """With an ETag over the body; 304 without one for who knows it already (ddi-protocol 3)."""
    answer = document(content, media)
    tag = f'"{hashlib.blake2b(answer.body, digest_size=12).hexdigest()}"'
    headers = [(b"etag", tag.encode()), (b"cache-control", b"no-cache")]
    if known is not None and tag in [given.strip().removeprefix("W/") for given in known[:1024].split(",")]:
        return Answer(304, headers)
    return Answer(answer.status, answer.headers + headers, answer.body)


def nothing(status: int = 200) -> Answer:
    return Answer(status, [(b"content-length", b"0")])


def refusal(error: DdiRefusedError, media: Media) -> Answer:
    content = {"exceptionClass": error.code, "errorCode": f"whimbrel.ddi.{error.code}", "message": error.fact}
    answer = _answer(error.status, _encoded(content, media), media)
    return Answer(answer.status, answer.headers + error.headers, answer.body)


def _encoded(content: Any, media: Media) -> bytes:
    return cbor.encode(content) if media is Media.CBOR else msgspec.json.encode(content)


def _answer(status: int, body: bytes, media: Media) -> Answer:
    # A charset is part of what clients compare the header with: they look for the media type at its beginning.
    content_type = media.value if media is Media.CBOR else f"{media.value};charset=UTF-8"
    return Answer(
        status, [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())], body
    )


#: What HTTP has for each verdict that is no success.
_REFUSED = {
    Verdict.UNKNOWN: (404, "NotFound", "the device has no such action, or none in a state that shows this"),
    Verdict.CLOSED: (410, "ActionClosed", "the action is active no more"),
    Verdict.NOT_CANCELLING: (405, "NotCancelling", "the action is not being cancelled"),
    Verdict.CONFLICT: (409, "Conflict", "that does not fit what is so already"),
    Verdict.TOO_MANY: (429, "QuotaExceeded", "the device has said more than is kept of it"),
}


def of_verdict(verdict: Verdict) -> Answer:
    """Raises DdiRefusedError."""
    if verdict is Verdict.GONE:
        return nothing(401)
    if verdict in _REFUSED:
        status, code, fact = _REFUSED[verdict]
        # A quota does not pass by itself, but clients wait for as long as they are told.
        headers = [(b"retry-after", str(RETRY_AFTER_SECONDS).encode())] if status == 429 else None
        raise DdiRefusedError(status, code, fact, headers)
    return nothing(201 if verdict is Verdict.CREATED else 200)
