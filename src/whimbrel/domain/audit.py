"""The audit trail: what was changed, by which key, as a chain in which nothing can be altered unseen (I16).

Each account has a chain of its own (I15). An entry's hash is keyed and covers the hash of the entry before it: without
the server's master key nobody can write, change, move or leave out an entry, except at the very end, where only an
earlier copy of the newest hash can tell.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

FIRST_HASH = "0" * 64
PARAMETERS_LENGTH_MAX = 4096  # ours: what a call named, kept without bound, would let callers fill the disk (I17)
HIDDEN = "***"


class AuditOutcome(StrEnum):
    ACCEPTED = "ACCEPTED"  # the change is in the same transaction
    REFUSED = "REFUSED"  # the key has no right to the action; nothing was changed


class AuditDraft(NamedTuple):
    """Something to enter. `parameters` is JSON text of what the call said, `objects` of what it made."""

    account_id: int
    at_ms: int
    access_key_id: str
    action: str
    request_id: str
    outcome: AuditOutcome
    parameters: str
    objects: str


class AuditEntry(NamedTuple):
    """An entry of the chain; numbers of an account start at 1 and have no gaps."""

    account_id: int
    number: int
    at_ms: int
    access_key_id: str
    action: str
    request_id: str
    outcome: AuditOutcome
    parameters: str
    objects: str
    hash: str


class ChainHead(NamedTuple):
    """The newest entry of an account's chain; number 0 of an empty one."""

    number: int
    hash: str


EMPTY_CHAIN = ChainHead(0, FIRST_HASH)


def entry_after(head: ChainHead, draft: AuditDraft, key: bytes) -> AuditEntry:
    """The draft as the next entry of the chain."""
    number = head.number + 1
    return AuditEntry(draft.account_id, number, *draft[1:], hash=_hash(head.hash, number, draft, key))


def follows(head: ChainHead, entry: AuditEntry, key: bytes) -> bool:
    """Whether the entry is what the chain continues with, unaltered."""
    draft = AuditDraft(entry.account_id, *entry[2:-1])
    expected = _hash(head.hash, entry.number, draft, key)
    return entry.number == head.number + 1 and hmac.compare_digest(expected.encode(), entry.hash.encode())


def parameters_text(parameters: Mapping[str, str], secret: frozenset[str]) -> str:
    """The parameters as JSON, secret ones hidden; of a very long call the first ones, and a digest of all."""
    shown = {name: HIDDEN if name in secret else value for name, value in sorted(parameters.items())}
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    if len(text) <= PARAMETERS_LENGTH_MAX:
        return text
    kept: dict[str, str] = {}
    length = 0
    for name, value in shown.items():
        length += len(json.dumps({name: value}, ensure_ascii=False))
        if length > PARAMETERS_LENGTH_MAX - 200:
            break
        kept[name] = value
    kept["..."] = f"{len(shown) - len(kept)} more, SHA-256 of all {hashlib.sha256(text.encode()).hexdigest()}"
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _hash(previous: str, number: int, draft: AuditDraft, key: bytes) -> str:
    text = json.dumps([previous, number, *draft], ensure_ascii=False, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
