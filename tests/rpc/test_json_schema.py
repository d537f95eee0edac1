"""How declarations become JSON Schema: lists as parameter names, limits, patterns, and what cannot be described."""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import Annotated, Any

import msgspec
import pytest

from tests.operations.signed_door import OPERATIONS
from whimbrel.operations.declaration import EmptyResponse, Operation
from whimbrel.operations.fields import Field
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.json_schema import SPELT_OUT_MAX, request_schema, response_schema, up_to


class Ring(StrEnum):
    EARLY = "early"
    LATE = "late"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Label(msgspec.Struct, frozen=True, kw_only=True):
    key: Annotated[str, Field("The key.", length_max=5)]
    value: Annotated[str, Field("The value.", pattern=re.compile(r"[a-z]{1,3}"))]
    note: Annotated[str | None, Field("A note.")] = None


def operation_with(**fields: Any) -> Operation:
    """An operation with this request; a pair is a type and its default."""
    members = [
        (name, *declared) if isinstance(declared, tuple) else (name, declared) for name, declared in fields.items()
    ]
    request = msgspec.defstruct("Request", members, frozen=True, kw_only=True)
    return next(iter(OPERATIONS.values()))._replace(request=request, response=EmptyResponse)


@pytest.mark.parametrize("number_max", [1, 2, 5, 9, 10, 11, 19, 20, 99, 100, 101, 200, 256, 1000, 1999, 2500])
def test_numbers_of_entries(number_max: int) -> None:
    """The pattern takes each number from 1 to the limit, and nothing else."""
    pattern = re.compile(up_to(number_max))
    for number in range(1, number_max + 1):
        assert pattern.fullmatch(str(number)), number
    for text in ("0", "01", "", "-1", str(number_max + 1), str(number_max + 10), str(10 * number_max), "1x"):
        assert not pattern.fullmatch(text), text


def test_values() -> None:
    """Types, limits, enumerations, defaults, secrets and case are said; what is None is not a default."""
    schema = request_schema(
        operation_with(
            plain=(Annotated[str | None, Field("Plain.")], None),
            size=(Annotated[int, Field("Size.", minimum=1, maximum=9)], 3),
            ring=(Annotated[Ring, Field("Ring.", any_case=True)], Ring.EARLY),
            level=Annotated[Level, Field("Level.")],
            flag=(Annotated[bool, Field("Flag.")], False),
            secret=(Annotated[str, Field("Secret.", length_min=2, length_max=4, is_secret=True)], ""),
            odd_id=(Annotated[str | None, Field("Odd.", wire="OddID")], None),
        )
    )
    found = schema["properties"]
    assert found["Size"] == {
        "type": "integer",
        "format": "int64",
        "description": "Size.",
        "minimum": 1,
        "maximum": 9,
        "default": 3,
    }
    assert found["Ring"] == {
        "type": "string",
        "enum": ["early", "late"],
        "default": "early",
        "description": "Ring. In any case.",
    }
    assert found["Level"] == {"type": "integer", "enum": [1, 2], "description": "Level."}
    assert found["Flag"] == {"type": "boolean", "description": "Flag.", "default": False}
    assert (found["Secret"]["minLength"], found["Secret"]["maxLength"]) == (2, 4)
    assert (found["Secret"]["writeOnly"], found["Secret"]["x-secret"]) == (True, True)
    assert (found["Plain"]["minLength"], found["Plain"]["maxLength"]) == (1, 8192)
    assert "default" not in found["Plain"]
    assert "OddID" in found
    assert schema["required"] == ["Level"]


def test_lists() -> None:
    """A list is the names that its limit allows, and an entry of a list of structs is whole."""
    schema = request_schema(
        operation_with(
            name=Annotated[tuple[str, ...], Field("Names.", items_max=12, length_max=4)],
            label=(Annotated[tuple[Label, ...], Field("Labels.", items_max=2)], ()),
        )
    )
    names, keys, values, notes = (re.compile(pattern) for pattern in schema["patternProperties"])
    assert all(names.search(name) for name in ("Name.1", "Name.12"))
    assert not any(names.search(name) for name in ("Name.0", "Name.13", "Name", "Name.1.x", "xName.1", "NameX1"))
    assert keys.search("Label.2.Key")
    assert values.search("Label.1.Value")
    assert notes.search("Label.1.Note")
    assert schema["required"] == ["Name.1"]
    assert schema["dependentRequired"] == {
        "Label.1.Key": ["Label.1.Value"],
        "Label.1.Value": ["Label.1.Key"],
        "Label.1.Note": ["Label.1.Key", "Label.1.Value"],
        "Label.2.Key": ["Label.2.Value"],
        "Label.2.Value": ["Label.2.Key"],
        "Label.2.Note": ["Label.2.Key", "Label.2.Value"],
    }
    assert schema["x-lists"]["Name"]["maxItems"] == 12
    assert schema["x-lists"]["Label"]["items"]["required"] == ["Key", "Value"]
    assert "properties" not in schema


@pytest.mark.parametrize(
    ("entries_max", "named"),
    [(SPELT_OUT_MAX - 1, SPELT_OUT_MAX - 1), (SPELT_OUT_MAX, SPELT_OUT_MAX), (SPELT_OUT_MAX + 1, SPELT_OUT_MAX)],
)
def test_the_first_entries_of_structures_are_spelt_out(entries_max: int, named: int) -> None:
    """By name and whole up to SPELT_OUT_MAX; `x-lists` has the list's own limit."""
    labels = Annotated[tuple[Label, ...], Field("Labels.", items_max=entries_max)]
    schema = request_schema(operation_with(label=labels))
    pattern = re.compile(next(iter(schema["patternProperties"])))
    assert [number for number in range(9) if pattern.search(f"Label.{number}.Key")] == list(range(1, named + 1))
    assert len(schema["dependentRequired"]) == 3 * named
    assert schema["x-lists"]["Label"]["maxItems"] == entries_max


def test_a_required_list_of_structs_has_a_whole_first_entry() -> None:
    """The needed members of entry 1 are required, the others are not."""
    schema = request_schema(operation_with(label=Annotated[tuple[Label, ...], Field("Labels.", items_max=2)]))
    assert schema["required"] == ["Label.1.Key", "Label.1.Value"]


@pytest.mark.parametrize("pattern", [r"\d+", r"\w", r"a\Z", r"a*+", r"(?P<x>a)", r"(?i)a", r"a{1,2}+"])
def test_patterns_that_only_python_has(pattern: str) -> None:
    """What JSON Schema would read otherwise is refused with what to write."""
    with pytest.raises(TypeError, match="write it with plain classes"):
        request_schema(operation_with(a=Annotated[str, Field("A.", pattern=re.compile(pattern))]))


def test_flags_of_patterns_are_refused() -> None:
    """JSON Schema has no flags."""
    with pytest.raises(TypeError, match="a flag"):
        request_schema(operation_with(a=Annotated[str, Field("A.", pattern=re.compile("a", re.IGNORECASE))]))


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (str, r"write Annotated\[type, Field"),
        (Annotated[str, "no field"], r"write Annotated\[type, Field"),
        (Annotated[str, Field("")], r"write Annotated\[type, Field"),
        (Annotated[str | int, Field("Either.")], "one type or None"),
        (Annotated[bytes, Field("Bytes.")], "no JSON type"),
        (Annotated[tuple[str, ...], Field("No limit.")], "items_max"),
    ],
)
def test_what_cannot_be_described_says_what_to_do(declared: Any, words: str) -> None:
    """The message names the field and what to write."""
    with pytest.raises(TypeError, match=words):
        request_schema(operation_with(mine=declared))


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    own_id: Annotated[str, Field("Id.", wire="OwnID", camel=("ownId", "oWNID"))]
    token: Annotated[str | None, Field("Token.", is_secret=True)] = None


class Outer(msgspec.Struct, frozen=True, kw_only=True):
    inner_list: Annotated[list[Inner], Field("Inners.")]
    count: Annotated[int | None, Field("Count.")] = None


def test_answers_in_both_dialects() -> None:
    """Every spelling is there, the envelope comes first, and what may be absent is not required."""
    pascal, camel = (response_schema(Outer, case) for case in (Case.PASCAL, Case.CAMEL))
    assert list(pascal["properties"]) == ["RequestId", "Success", "Code", "InnerList", "Count"]
    assert pascal["required"] == ["RequestId", "Success", "Code", "InnerList"]
    inner = pascal["properties"]["InnerList"]["items"]
    assert (list(inner["properties"]), inner["required"]) == (["OwnID", "Token"], ["OwnID"])
    assert inner["properties"]["Token"]["x-secret"] is True
    assert camel["required"] == ["requestId", "success", "code", "innerList"]
    assert camel["properties"]["innerList"]["items"]["required"] == ["ownId", "oWNID"]
    assert pascal["properties"]["Success"]["const"] is True
