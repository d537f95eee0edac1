"""Secrets are left out by declaration, however deep they stand (A05)."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest

from tests.operations.signed_door import OPERATIONS
from whimbrel.operations.fields import Field
from whimbrel.rpc.blanking import blanker_of

#: Texts whose names sound like secrets and that are none.
HARMLESS = {"next_token"}


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Field("A name.")] = "n"
    key: Annotated[str, Field("A secret.", is_secret=True)] = "s3cret"
    token: Annotated[str | None, Field("Another.", is_secret=True)] = "s3cret"


class Wrapper(msgspec.Struct, frozen=True, kw_only=True):
    rows: Annotated[list[Inner], Field("Rows.")]
    one: Annotated[Inner | None, Field("Or nothing.")] = Inner()
    none: Annotated[Inner | None, Field("Nothing.")] = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[Wrapper, Field("Wrapper.")]
    rows: Annotated[list[Inner] | None, Field("Or nothing.")] = None
    total: Annotated[int, Field("How many.")] = 3


class Plain(msgspec.Struct, frozen=True):
    total: Annotated[int, Field("How many.")] = 3


class Odd(msgspec.Struct, frozen=True):
    pin: Annotated[int, Field("A secret that can be neither empty nor absent.", is_secret=True)] = 1234


def test_A05_at_any_depth() -> None:
    """In lists, behind wrappers, where it may be absent; all else stays, and the answer itself is not touched."""
    answer = Answer(data=Wrapper(rows=[Inner(), Inner(token=None)]))
    hidden = Inner(key="", token=None)
    assert blanker_of(Answer)(answer) == Answer(data=Wrapper(rows=[hidden, hidden], one=hidden))
    assert answer == Answer(data=Wrapper(rows=[Inner(), Inner(token=None)]))
    assert blanker_of(Answer)(Answer(data=Wrapper(rows=[]), rows=[Inner()])).rows == [hidden]


def test_what_has_no_secrets_is_given_as_it_is() -> None:
    """Not even copied."""
    plain = Plain()
    assert blanker_of(Plain)(plain) is plain


def test_a_secret_must_have_an_empty_form() -> None:
    """What cannot be left out is found when the server starts, not when somebody looks at it."""
    with pytest.raises(TypeError):
        blanker_of(Odd)


@pytest.mark.parametrize("action", sorted(OPERATIONS))
def test_A05_no_example_keeps_a_secret(action: str) -> None:
    """Every operation's own example, blanked, has none of the texts that its declaration calls secret."""
    response = OPERATIONS[action].example.response
    secrets = {text for field, text in _texts(response) if field.is_secret}
    blanked = blanker_of(OPERATIONS[action].response)(response)
    assert not secrets & {text for _, text in _texts(blanked)}
    assert msgspec.json.decode(msgspec.json.encode(blanked), type=OPERATIONS[action].response)


def test_A05_what_sounds_like_a_secret_is_declared_as_one() -> None:
    """A text of an answer whose name speaks of a secret, a token or a password; requests too, for the audit trail."""
    found = {
        f"{action}: {name}"
        for action, operation in OPERATIONS.items()
        for struct in (operation.request, operation.response)
        for name, kind, field in _fields(struct)
        if name.rpartition("_")[2] in ("secret", "token", "password") and name not in HARMLESS
        if str in (kind, *typing.get_args(kind)) and not field.is_secret
    }
    assert not found - {f"{action}: client_token" for action in OPERATIONS}


def _fields(struct: type[msgspec.Struct]) -> Iterator[tuple[str, Any, Field]]:
    for declared in msgspec.structs.fields(struct):
        kind, field = typing.get_args(declared.type)
        yield declared.name, kind, field
        for inner in (kind, *typing.get_args(kind)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                yield from _fields(inner)


def _texts(value: Any) -> Iterator[tuple[Field, str]]:
    for declared in msgspec.structs.fields(type(value)):
        found, field = getattr(value, declared.name), typing.get_args(declared.type)[1]
        if isinstance(found, str) and found:
            yield field, found
        for item in found if isinstance(found, list) else [found]:
            if isinstance(item, msgspec.Struct):
                yield from _texts(item)
