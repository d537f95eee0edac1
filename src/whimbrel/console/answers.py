"""Answers that no operation gave: the console's own errors, which name the fact as `{"error": …}`."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from starlette.responses import Response

from whimbrel.asgi import Answer
from whimbrel.errors import StoreFullError, StoreUnavailableError

log = logging.getLogger(__name__)

RETRY_SECONDS = 2


def document(status: int, fields: Any) -> Answer:
    """JSON that nothing keeps."""
    body = msgspec.json.encode(fields)
    length = (b"content-length", b"%d" % len(body))
    return Answer(status, [(b"content-type", b"application/json"), length, (b"cache-control", b"no-store")], body)


def error(status: int, fact: str, *, close: bool = False) -> Answer:
    # What is quoted of a request may be half of a surrogate pair, which no JSON can say.
    answer = document(status, {"error": fact.encode("utf-8", "replace").decode()})
    if close:
        answer.headers.append((b"connection", b"close"))
    if status in (429, 503):
        answer.headers.append((b"retry-after", b"%d" % RETRY_SECONDS))
    return answer


def fault(found: Exception) -> Answer:
    """For what should not happen: what happened is for the log alone."""
    if isinstance(found, StoreFullError):
        return error(507, "the server's disk is full; nothing was changed")
    if isinstance(found, StoreUnavailableError):
        return error(503, "the server cannot serve this now; repeat the request later")
    log.error("the console failed: %r", found, exc_info=found)
    return error(500, "the server failed; what happened is in its log")


def to_response(answer: Answer) -> Response:
    """As Starlette's routes answer."""
    response = Response(answer.body, answer.status)
    response.raw_headers = list(answer.headers)
    return response
