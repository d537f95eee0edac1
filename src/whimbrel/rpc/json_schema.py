"""JSON Schema (2020-12) of what operations take and answer, from their declarations alone.

A request is a flat object, as a form carries it: lists are parameters `Name.1`, `Name.2`, … and `Name.1.Member`. They
are described by name patterns, whose numbers end at the list's limit; `x-lists` says the same as arrays. Of a list of
structures only the first entries are described by name, each whole: see SPELT_OUT_MAX.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from whimbrel.operations.declaration import Operation
from whimbrel.rpc.declared import NOT_SERVED, Declared, declared_fields, parameters_of
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.parameters import VALUE_SIZE_BYTES_MAX

Schema = dict[str, Any]

#: That an entry is whole has to be said entry by entry, and tools that generate requests multiply what is said out:
#: measured, Schemathesis 4.32 takes 5 entries of 4 members and refuses the schema with 6.
SPELT_OUT_MAX = 3
#: What the gate refuses in any value (threat-model 3).
_NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f-\x9f]*$"
_TYPES = {str: "string", int: "integer", bool: "boolean", float: "number"}
#: What the patterns of JSON Schema (ECMA 262) have not or read otherwise: `\d` of all scripts, `\Z`, `x*+`, `(?P<a>…)`.
_ONLY_PYTHON = re.compile(r"\\[AZdDsSwWbBN]|[*+?}]\+|\(\?[^:=!<]|\(\?<[^=!]")


def request_schema(operation: Operation) -> Schema:
    """The operation's own parameters as one flat object."""
    schema: Schema = {"type": "object", "properties": {}, "patternProperties": {}, "required": [], "x-lists": {}}
    dependent: dict[str, list[str]] = {}
    for declared in parameters_of(operation):
        if not declared.is_list:
            schema["properties"][declared.name] = _parameter_schema(declared)
        else:
            _add_list(schema, declared)
            dependent |= _whole_entries(declared)
        if declared.is_required:
            # A list that is needed has a first entry; any number would do, but a schema has to name one.
            first = [f"{declared.name}.1{end}" for end in _ends(m for m in declared.members if m.is_required)]
            schema["required"] += (first or [f"{declared.name}.1"]) if declared.is_list else [declared.name]
    schema = {word: value for word, value in schema.items() if value}
    if dependent:
        schema["dependentRequired"] = dependent
    return {**schema, "additionalProperties": False}


def _add_list(schema: Schema, declared: Declared) -> None:
    entries_max = _entries_max(declared)
    if declared.members:
        for member in declared.members:
            pattern = _name_pattern(f"{declared.name}.", min(entries_max, SPELT_OUT_MAX), f".{member.name}")
            schema["patternProperties"][pattern] = _parameter_schema(member)
        entry: Schema = {
            "type": "object",
            "properties": {member.name: _parameter_schema(member) for member in declared.members},
            "required": [member.name for member in declared.members if member.is_required],
        }
    else:
        entry = _parameter_schema(declared)
        schema["patternProperties"][_name_pattern(f"{declared.name}.", entries_max, "")] = entry
    array = {"type": "array", "description": declared.field.meaning, "maxItems": entries_max, "items": entry}
    schema["x-lists"][declared.name] = {**array, "minItems": 1} if declared.is_required else array


def _entries_max(declared: Declared) -> int:
    if declared.field.items_max is None:
        raise TypeError(f"{declared.name}: a list needs a limit; give its Field items_max")
    return declared.field.items_max


def _whole_entries(declared: Declared) -> dict[str, list[str]]:
    """`Tag.1.Key` needs `Tag.1.Value`, and the other way round."""
    needed = list(_ends(member for member in declared.members if member.is_required))
    numbers = range(1, min(_entries_max(declared), SPELT_OUT_MAX) + 1)
    found = {
        f"{declared.name}.{number}{end}": [f"{declared.name}.{number}{other}" for other in needed if other != end]
        for number in numbers
        for end in _ends(declared.members)
    }
    return {name: others for name, others in found.items() if others}


def _ends(members: Iterable[Declared]) -> Iterable[str]:
    return (f".{member.name}" for member in members)


def _name_pattern(head: str, number_max: int, end: str) -> str:
    return f"^{re.escape(head)}({up_to(number_max)}){re.escape(end)}$"


def up_to(number_max: int) -> str:
    """A pattern of the decimal numbers from 1 to `number_max`."""
    text = str(number_max)
    shorter = ["[1-9]" + _digits(length) for length in range(len(text) - 1)]
    longest = []
    for place, digit in enumerate(text):
        smallest = 1 if place == 0 else 0
        if int(digit) > smallest:
            longest.append(text[:place] + _range(smallest, int(digit) - 1) + _digits(len(text) - place - 1))
    return "|".join([*shorter, *longest, text])


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"[{first}-{last}]"


def _digits(count: int) -> str:
    return {0: "", 1: "[0-9]"}.get(count, f"[0-9]{{{count}}}")


def _parameter_schema(declared: Declared) -> Schema:
    """One value of a request. An empty value counts as not given, so no text is empty (api-contract 1.2)."""
    field = declared.field
    schema = _value_schema(declared)
    if declared.kind is str:
        schema["minLength"] = max(1, field.length_min or 0)
        if field.pattern is None:
            schema |= {"maxLength": field.length_max or VALUE_SIZE_BYTES_MAX, "pattern": _NO_CONTROL_CHARACTERS}
    if declared.shown_default is not None and not declared.is_required:
        schema["default"] = declared.shown_default
    if field.any_case:
        schema["description"] += " In any case."
    if field.is_secret:
        schema |= {"writeOnly": True, "format": "password"}
    return {**schema, "x-not-served": True} if field.meaning == NOT_SERVED else schema


def _value_schema(declared: Declared) -> Schema:
    field = declared.field
    schema: Schema = {"type": _type_of(declared), "description": field.meaning}
    if declared.choices:
        schema["enum"] = list(declared.choices)
    if declared.kind is int:
        schema["format"] = "int64"
    if field.pattern is not None:
        schema["pattern"] = _ecma(field.pattern, declared.name)
    limits = {
        "minimum": field.minimum,
        "maximum": field.maximum,
        "minLength": field.length_min,
        "maxLength": field.length_max,
        "x-secret": field.is_secret or None,
    }
    return schema | {word: value for word, value in limits.items() if value is not None}


def _type_of(declared: Declared) -> str:
    for kind, name in _TYPES.items():
        if declared.kind is kind or (declared.choices and kind in (str, int) and issubclass(declared.kind, kind)):
            return name
    raise TypeError(
        f"{declared.name}: {declared.kind} has no JSON type here; declare text, a number, a boolean, a struct, or an "
        "enumeration of texts or numbers, or teach rpc/json_schema.py the type"
    )


def _ecma(pattern: re.Pattern[str], name: str) -> str:
    found = _ONLY_PYTHON.search(pattern.pattern)
    if found is not None or pattern.flags & ~re.UNICODE:
        what = found[0] if found is not None else "a flag"
        raise TypeError(f"{name}: its pattern has {what}, which JSON Schema has not; write it with plain classes")
    return f"^(?:{pattern.pattern})$"


def response_schema(response: type[msgspec.Struct], case: Case) -> Schema:
    """The answer of a call that succeeded, envelope and all, in one dialect."""
    envelope: Schema = {
        "RequestId": {"type": "string", "description": "Names this call in the server's log."},
        "Success": {"type": "boolean", "const": True},
        "Code": {"type": "string", "const": "", "description": "Empty on success."},
    }
    schema = _object_schema(declared_fields(response), case)
    own: Schema = schema["properties"]
    head = {name if case is Case.PASCAL else name[0].lower() + name[1:]: value for name, value in envelope.items()}
    return {**schema, "properties": {**head, **own}, "required": [*head, *schema.get("required", [])]}


def _object_schema(members: Iterable[Declared], case: Case) -> Schema:
    properties: Schema = {}
    required: list[str] = []
    for declared in members:
        spellings = (declared.name,) if case is Case.PASCAL else declared.camel
        properties |= dict.fromkeys(spellings, _answer_schema(declared, case))
        required += spellings if declared.is_always_there else ()
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _answer_schema(declared: Declared, case: Case) -> Schema:
    if declared.members:
        schema = {**_object_schema(declared.members, case), "description": declared.field.meaning}
    else:
        schema = _value_schema(declared)
    if declared.field.is_secret:
        schema |= {"readOnly": True, "x-secret": True}
    if not declared.is_list:
        return schema
    entry = {word: value for word, value in schema.items() if word != "description"}
    return {"type": "array", "description": declared.field.meaning, "items": entry}
