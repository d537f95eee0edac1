"""The audit trail's chain: no entry can be altered, moved or left out unseen, and none holds a secret (I16, A05)."""

from __future__ import annotations

import hashlib
import json

import pytest

from whimbrel.domain.audit import (
    EMPTY_CHAIN,
    HIDDEN,
    PARAMETERS_LENGTH_MAX,
    AuditDraft,
    AuditEntry,
    AuditOutcome,
    ChainHead,
    entry_after,
    follows,
    parameters_text,
)

KEY = b"k" * 32
DRAFT = AuditDraft(1, 1_700_000_000_000, "key", "CreateProduct", "R-1", AuditOutcome.ACCEPTED, '{"a":"1"}', "{}")

#: Another value for each field of an entry.
CHANGES = {
    "account_id": 2,
    "number": 3,
    "at_ms": 1_700_000_000_001,
    "access_key_id": "kez",
    "action": "DeleteProduct",
    "request_id": "R-2",
    "outcome": AuditOutcome.REFUSED,
    "parameters": '{"a":"2"}',
    "objects": '{"x":"1"}',
    "hash": "0" * 64,
}


def chain(*drafts: AuditDraft, key: bytes = KEY) -> list[AuditEntry]:
    """These drafts as a chain from its beginning."""
    head, entries = EMPTY_CHAIN, []
    for draft in drafts:
        entries.append(entry_after(head, draft, key))
        head = ChainHead(entries[-1].number, entries[-1].hash)
    return entries


def is_whole(entries: list[AuditEntry]) -> bool:
    """Whether each follows the one before."""
    head = EMPTY_CHAIN
    for entry in entries:
        if not follows(head, entry, KEY):
            return False
        head = ChainHead(entry.number, entry.hash)
    return True


def test_a_chain_is_whole() -> None:
    """Entries are numbered from 1, keep what was drafted, and each follows the one before."""
    entries = chain(DRAFT, DRAFT, DRAFT._replace(action="X"))
    assert [entry.number for entry in entries] == [1, 2, 3]
    assert [AuditDraft(entry.account_id, *entry[2:-1]) for entry in entries] == [
        DRAFT,
        DRAFT,
        DRAFT._replace(action="X"),
    ]
    assert is_whole(entries)


def test_there_is_a_change_for_every_field() -> None:
    """The test below tries each field that an entry has."""
    assert set(CHANGES) == set(AuditEntry._fields)


@pytest.mark.parametrize("field", CHANGES)
def test_I16_no_field_can_be_altered(field: str) -> None:
    """A change of any field of an entry breaks the chain there."""
    entries = chain(DRAFT, DRAFT, DRAFT)
    entries[1] = entries[1]._replace(**{field: CHANGES[field]})
    assert not is_whole(entries)


@pytest.mark.parametrize("order", [(0, 2), (1, 2), (0, 2, 1), (0, 1, 1, 2), (0, 0, 1, 2)])
def test_I16_no_entry_can_be_left_out_moved_or_repeated(order: tuple[int, ...]) -> None:
    """Neither as it is, nor numbered anew."""
    entries = chain(DRAFT, DRAFT._replace(action="B"), DRAFT._replace(action="C"))
    moved = [entries[place] for place in order]
    assert not is_whole(moved)
    assert not is_whole([entry._replace(number=number) for number, entry in enumerate(moved, 1)])


def test_I16_the_key_is_needed() -> None:
    """A chain written anew without the server's key is none."""
    assert not is_whole(chain(DRAFT, key=b"x" * 32))


def test_equal_texts_in_other_fields_are_other_entries() -> None:
    """Moving text from one field to its neighbour changes the hash: fields are not just joined (A16)."""
    one = entry_after(EMPTY_CHAIN, DRAFT._replace(access_key_id="ab", action="c"), KEY)
    other = entry_after(EMPTY_CHAIN, DRAFT._replace(access_key_id="a", action="bc"), KEY)
    assert one.hash != other.hash


def test_parameters() -> None:
    """Sorted JSON, whatever script, with secrets hidden."""
    text = parameters_text({"b": "灯", "a": '"', "Secret": "s3cret"}, frozenset({"Secret"}))
    assert text == '{"Secret":"***","a":"\\"","b":"灯"}'
    assert parameters_text({}, frozenset()) == "{}"


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_long_parameters(over: int) -> None:
    """Up to 4,096 characters all are kept; beyond it the first ones, and a digest of all."""
    given = {"A": "short", "B": "", "Secret": "s3cret"}
    length = len(parameters_text(given, frozenset({"Secret"})))
    given["B"] = "b" * (PARAMETERS_LENGTH_MAX - length + over)
    text = parameters_text(given, frozenset({"Secret"}))
    full = json.dumps({**given, "Secret": HIDDEN}, sort_keys=True, separators=(",", ":"))
    if over <= 0:
        assert text == full
        return
    kept = json.loads(text)
    assert len(text) <= PARAMETERS_LENGTH_MAX
    assert kept["A"] == "short"
    assert kept["..."] == f"2 more, SHA-256 of all {hashlib.sha256(full.encode()).hexdigest()}"


def test_I17_parameters_are_bounded() -> None:
    """Whatever a call says, its entry stays small, and is JSON."""
    for given in (
        {f"N.{number}": '"' * 40 for number in range(9_999)},
        {"a" * 9_999: ""},
        {"a": "\x00" * 1_800},
        {"\x00" * 1_800: ""},
    ):
        text = parameters_text(given, frozenset())
        assert len(text) <= PARAMETERS_LENGTH_MAX
        json.loads(text)
