"""Content types: what a DDI client accepts, and what it sends (ddi-protocol 12)."""

from __future__ import annotations

from whimbrel.gateway.ddi.answers import Media

_WILDCARDS = frozenset({"*/*", "application/*"})
HEADER_CHARS_MAX = 1_024


def accepted(accept: str | None) -> Media | None:
    """What to answer in: HAL when the client does not care, else the first that it names; None when we speak none.

    Weights are not looked at: a client that names one type, as all do, gets it whatever its weight.
    """
    if accept is None or not accept.strip():
        return Media.HAL
    named = [_type_of(part) for part in accept[:HEADER_CHARS_MAX].split(",")]
    spoken = [media for name in named for media in Media if media.value == name]
    if spoken:
        return spoken[0]
    return Media.HAL if not _WILDCARDS.isdisjoint(named) else None


def sent(content_type: str | None) -> Media | None:
    """What the body is; None for what cannot be read. Without a word it is JSON; `hal+json` is for answers only."""
    if content_type is None or not content_type.strip():
        return Media.JSON
    name = _type_of(content_type)
    return Media(name) if name in (Media.JSON, Media.CBOR) else None


def _type_of(text: str) -> str:
    return text.partition(";")[0].strip().lower()
