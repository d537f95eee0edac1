"""A forger who changes one detail of a rightly signed request, and the judge of what the gate makes of it.

What must hold: the change is refused, or it leaves what the call says exactly as it was signed. Any other outcome is a
forged call (threat-model A02).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from whimbrel.errors import GatewayError
from whimbrel.rpc.server import ALIASES
from whimbrel.rpc.signature import read_call, signature_matches
from whimbrel.rpc.signed_call import RawRequest, SignedCall
from whimbrel.rpc.signing_caller import Credentials

#: Bytes that mean something to some parser of queries, forms or headers.
TELLING_BYTES = b"&=%+;?#/ .,:\"'\\<>0123456789aAfFzZ~*-_\x00\t\n\r\x7f\x80\xc0\xe2\xff[]{}()@!$^|`"


class Said(NamedTuple):
    """All that a call says; how the answer is written is not part of it."""

    action: str
    version: str
    access_key_id: str
    nonce: str
    timestamp: str
    parameters: dict[str, str]


def heard(request: RawRequest, *keys: Credentials) -> Said | None:
    """What the gate would let through on a server that knows these keys: None when it refuses."""
    try:
        call = read_call(request, ALIASES)
    except GatewayError:
        return None
    secrets = [key.secret for key in keys if key.access_key_id == call.access_key_id]
    return _said(call) if any(signature_matches(call, secret) for secret in secrets) else None


def _said(call: SignedCall) -> Said:
    named = (call.action, call.version, call.access_key_id, call.nonce, call.timestamp)
    return Said(*named, dict(sorted(call.parameters.items())))


def query_changes(request: RawRequest, random_: random.Random | None = None) -> Iterator[RawRequest]:
    """Every single change of the query's bytes that `text_changes` makes."""
    return (request._replace(query=query) for query in text_changes(request.query, random_))


def body_changes(request: RawRequest, random_: random.Random | None = None) -> Iterator[RawRequest]:
    """The same of the body."""
    return (request._replace(body=body) for body in text_changes(request.body, random_))


def header_changes(request: RawRequest, random_: random.Random | None = None) -> Iterator[RawRequest]:
    """Each header's value changed in one place, each header dropped, doubled, and moved to the front."""
    headers = tuple(request.headers)
    for place, (name, value) in enumerate(headers):
        rest = headers[:place] + headers[place + 1 :]
        for changed in (rest, (*headers, headers[place]), (headers[place], *rest), (*rest, (name + b"x", value))):
            yield request._replace(headers=changed)
        for text in text_changes(value, random_):
            yield request._replace(headers=(*headers[:place], (name, text), *headers[place + 1 :]))


def moved_parameters(request: RawRequest) -> Iterator[RawRequest]:
    """Each pair moved from the query to a form body or back, and the method exchanged: the same words elsewhere."""
    yield request._replace(method="POST" if request.method == "GET" else "GET")
    for source, target in (("query", "body"), ("body", "query")):
        pairs = getattr(request, source).split(b"&")
        for place, pair in enumerate(pairs):
            rest = b"&".join(pairs[:place] + pairs[place + 1 :])
            joined = b"&".join(part for part in (getattr(request, target), pair) if part)
            yield request._replace(**{source: rest, target: joined})
            yield request._replace(**{target: joined})


def text_changes(text: bytes, random_: random.Random | None = None) -> Iterator[bytes]:
    """At each place: a byte out, a byte in, a byte for another, two exchanged; and each pair dropped, doubled, moved.

    With `random_` two bytes are tried at each place, without it all of TELLING_BYTES.
    """
    choose: Callable[[], bytes] = (
        (lambda: TELLING_BYTES) if random_ is None else (lambda: bytes(random_.choices(TELLING_BYTES, k=2)))
    )
    for place in range(len(text) + 1):
        before, after = text[:place], text[place:]
        for byte in choose():
            yield before + bytes((byte,)) + after
            if after:
                yield before + bytes((byte,)) + after[1:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1:2] + after[:1] + after[2:]
    yield from _pair_changes(text.split(b"&"))


def _pair_changes(pairs: list[bytes]) -> Iterator[bytes]:
    for place in range(len(pairs)):
        yield from pair_changes(pairs, place)


def pair_changes(pairs: list[bytes], place: int) -> list[bytes]:
    """What becomes of all pairs when the one at `place` is dropped, doubled, moved, or named otherwise."""
    pair = pairs[place]
    rest = pairs[:place] + pairs[place + 1 :]
    name, _, value = pair.partition(b"=")
    changed = (
        rest,
        [*pairs, pair],
        [*rest, pair],
        [pair, *rest],
        [*rest, name],
        [*rest, name + b"="],
        [*rest, name.lower() + b"=" + value],
        [*rest, name.upper() + b"=" + value],
        [*rest, name + b".1=" + value],
        [*rest, name + b"[]=" + value],
        [*pairs, name + b"=" + value + b"x"],
    )
    return [b"&".join(found) for found in changed]


def forged(request: RawRequest, changed: RawRequest, key: Credentials) -> bool:
    """Whether the change says something else than was signed and is let through."""
    original = heard(request, key)
    assert original is not None, "the forger starts from a request that is right"
    now = heard(changed, key)
    return now is not None and now != original
