"""The forger at large: one change of a rightly signed request, drawn at random from all that the forger knows.

`forger.py` makes every change of one request; here each request gets one, so that many requests of many actions do.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from tests.surface.forger import TELLING_BYTES, moved_parameters, pair_changes
from tests.surface.signing import FORM_HEADER
from whimbrel.rpc.server import ALIASES
from whimbrel.rpc.signed_call import RawRequest
from whimbrel.rpc.signing_caller import Credentials

METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "get", "POST ", "")
PATHS = (b"//", b"/.", b"/%2F", b"/?", b"/x", b"", b"/openapi.json", b"/;a=b", b"*", b"/%00", b"/../")
#: Headers that some server, proxy or framework lets decide what a request says.
HEADERS = (
    (b"x-http-method-override", b"GET"),
    (b"x-method-override", b"POST"),
    (b"x-original-url", b"/?Action=DeleteProduct"),
    (b"x-rewrite-url", b"/"),
    (b"x-acs-action", b"DeleteProduct"),
    (b"x_acs_action", b"DeleteProduct"),
    (b"x-acs-version", b"2022-01-01"),
    (b"x-acs-accesskey-id", b"another"),
    (b"x-acs-security-token", b"token"),
    (b"x-sdk-client", b"python"),
    (b"x-forwarded-host", b"other.example.com"),
    (b"x-forwarded-for", b"192.0.2.1"),
    (b"host", b"other.example.com"),
    (b"authorization", b"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=" + b"0" * 64),
    (b"authorization", b"Basic cm9vdDpyb290"),
    (b"content-type", b"text/plain"),
    (b"content-type", b"application/json"),
    (b"content-type", b"application/x-www-form-urlencoded; charset=utf-16"),
    (b"content-type", b"APPLICATION/X-WWW-FORM-URLENCODED"),
    (b"content-type", b"multipart/form-data; boundary=x"),
    (b"content-encoding", b"gzip"),
    (b"transfer-encoding", b"chunked"),
    (b"accept", b"application/xml"),
    FORM_HEADER,
)

Change = Callable[[RawRequest, "Booty", random.Random], RawRequest]


class Booty(NamedTuple):
    """What the forger has beside the request: another one that is right as well, and the ids of other keys."""

    other: RawRequest
    key: Credentials
    other_key_ids: tuple[str, ...]


def _byte(text: bytes, random_: random.Random) -> bytes:
    """A byte out, in, for another, or two exchanged."""
    place = random_.randrange(len(text) + 1)
    before, after = text[:place], text[place:]
    byte = bytes((random_.choice(TELLING_BYTES),))
    return random_.choice(
        (
            before + byte + after,
            before + byte + after[1:],
            before + after[1:],
            before + after[1:2] + after[:1] + after[2:],
        )
    )


def _query_byte(request: RawRequest, _: Booty, random_: random.Random) -> RawRequest:
    return request._replace(query=_byte(request.query, random_))


def _body_byte(request: RawRequest, _: Booty, random_: random.Random) -> RawRequest:
    return request._replace(body=_byte(request.body, random_))


def _header_byte(request: RawRequest, _: Booty, random_: random.Random) -> RawRequest:
    headers = list(request.headers)
    place = random_.randrange(len(headers))
    name, value = headers[place]
    headers[place] = (name, _byte(value, random_)) if random_.random() < 0.9 else (_byte(name, random_).lower(), value)
    return request._replace(headers=tuple(headers))


def _pair(request: RawRequest, _: Booty, random_: random.Random) -> RawRequest:
    """A parameter dropped, doubled, moved inside its part, or named otherwise: also by an alias, either way."""
    part = random_.choice(("query", "body"))
    pairs = getattr(request, part).split(b"&")
    place = random_.randrange(len(pairs))
    changed = pair_changes(pairs, place)
    for alias, real in ALIASES.items():
        for here, there in ((alias, real), (real, alias)):
            renamed = pairs[place].replace(here.encode(), there.encode(), 1)
            changed.append(b"&".join([*pairs[:place], renamed, *pairs[place + 1 :]]))
    return request._replace(**{part: random_.choice(changed)})


def _spelling(request: RawRequest, _: Booty, random_: random.Random) -> RawRequest:
    """Other bytes for the same text: an escape for a byte, a byte for an escape, hex digits in lower case."""
    part = random_.choice(("query", "body"))
    text: bytes = getattr(request, part)
    place = random_.randrange(len(text) + 1)
    if text[place : place + 1] == b"%":
        escape = text[place : place + 3]
        changed = random_.choice((escape.lower(), unquote_to_bytes(escape), escape.replace(b"%", b"%25")))
        spelt = text[:place] + changed + text[place + 3 :]
    else:
        spelt = text[:place] + b"".join(b"%%%02x" % byte for byte in text[place : place + 1]) + text[place + 1 :]
    return request._replace(**{part: spelt})


def _move(request: RawRequest, _: Booty, random_: random.Random) -> RawRequest:
    return random_.choice(list(moved_parameters(request)))


def _whole_part(request: RawRequest, _: Booty, random_: random.Random) -> RawRequest:
    """The whole query into the body, the whole body into the query, or both exchanged."""
    joined = b"&".join(part for part in (request.query, request.body) if part)
    query, body = random_.choice(((joined, b""), (b"", joined), (request.body, request.query), (joined, request.body)))
    headers = random_.choice((tuple(request.headers), (*request.headers, FORM_HEADER)))
    return request._replace(query=query, body=body, headers=headers, method="POST" if body else request.method)


def _header(request: RawRequest, _: Booty, random_: random.Random) -> RawRequest:
    """A header dropped, doubled, moved, put in; or instead of the one of its name."""
    headers = list(request.headers)
    place = random_.randrange(len(headers))
    given = random_.choice(HEADERS)
    changed = random_.choice(
        (
            headers[:place] + headers[place + 1 :],
            [*headers, headers[place]],
            [headers[place], *headers[:place], *headers[place + 1 :]],
            [*headers, given],
            [given, *headers],
            [given, *(header for header in headers if header[0] != given[0])],
        )
    )
    return request._replace(headers=tuple(changed))


def _method(request: RawRequest, _: Booty, random_: random.Random) -> RawRequest:
    return request._replace(method=random_.choice(METHODS))


def _path(request: RawRequest, _: Booty, random_: random.Random) -> RawRequest:
    return request._replace(path=random_.choice(PATHS))


def _key_id(request: RawRequest, booty: Booty, random_: random.Random) -> RawRequest:
    """Another key's id where the key's id stands."""
    here, there = booty.key.access_key_id.encode(), random_.choice(booty.other_key_ids).encode()
    headers = tuple((name, value.replace(here, there)) for name, value in request.headers)
    return request._replace(
        query=request.query.replace(here, there), body=request.body.replace(here, there), headers=headers
    )


def _graft(request: RawRequest, booty: Booty, random_: random.Random) -> RawRequest:
    """A part of another right request in the place of this one's, or beside it: schemes and calls mixed."""
    other = booty.other
    name = random_.choice(("method", "query", "body", "headers", "one header", "more headers", "pair", "pairs"))
    if name in RawRequest._fields:
        return request._replace(**{name: getattr(other, name)})
    if name == "one header":
        taken = random_.choice(tuple(other.headers))
        kept = tuple(header for header in request.headers if header[0] != taken[0])
        return request._replace(headers=(*kept, taken))
    if name == "more headers":
        has = {header for header, _ in request.headers}
        return request._replace(
            headers=(*request.headers, *(header for header in other.headers if header[0] not in has))
        )
    part = random_.choice(("query", "body"))
    foreign = other.query.split(b"&") + other.body.split(b"&")
    taken_pairs = [random_.choice(foreign)] if name == "pair" else foreign
    names = {pair.partition(b"=")[0] for pair in taken_pairs}
    kept_pairs = [pair for pair in getattr(request, part).split(b"&") if pair.partition(b"=")[0] not in names]
    pairs = kept_pairs if random_.random() < 0.8 else getattr(request, part).split(b"&")
    return request._replace(**{part: b"&".join(filter(None, [*pairs, *taken_pairs]))})


CHANGES: dict[str, tuple[Change, int]] = {
    "a byte of the query": (_query_byte, 8),
    "a byte of the body": (_body_byte, 8),
    "a byte of a header": (_header_byte, 6),
    "a parameter": (_pair, 6),
    "another spelling": (_spelling, 3),
    "a parameter elsewhere": (_move, 4),
    "query and body": (_whole_part, 2),
    "a header": (_header, 5),
    "the method": (_method, 1),
    "the path": (_path, 1),
    "the key's id": (_key_id, 2),
    "a part of another request": (_graft, 6),
}
_WEIGHTS = [weight for _, weight in CHANGES.values()]


def one_change(request: RawRequest, booty: Booty, random_: random.Random) -> tuple[str, RawRequest]:
    """A change's name and the request with it; it may be the request as it was."""
    (name,) = random_.choices(list(CHANGES), _WEIGHTS)
    return name, CHANGES[name][0](request, booty, random_)
