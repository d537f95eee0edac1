"""The pages of docs/reference/operations: one for each Action, and the index; `make_docs.py` writes them."""

from __future__ import annotations

import importlib
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping

from scripts.markdown import code, pretty, table
from whimbrel import errors
from whimbrel.operations.declaration import Operation
from whimbrel.operations.fields import Field
from whimbrel.rpc.declared import (
    EXAMPLE_HOST,
    EXAMPLE_REQUEST_ID,
    NOT_SERVED,
    Declared,
    code_of,
    declared_fields,
    meaning_of,
    noun_of,
    parameters_of,
    readable,
    refusals_of,
    repeating,
    summary_of,
)
from whimbrel.rpc.dialect import Case, ResponseFormat
from whimbrel.rpc.envelope import ResponseWriter, Style
from whimbrel.rpc.openapi import example_request
from whimbrel.rpc.parameters import encode_pairs

_TYPES = {str: "text", int: "number", bool: "`true` or `false`", float: "number"}
#: What whoever signs adds to the example: placeholders, but for what is always so.
_COMMON = {
    "Version": "2018-01-20",
    "AccessKeyId": "YourAccessKeyId",
    "SignatureMethod": "HMAC-SHA1",
    "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
    "Timestamp": "2025-01-02T03:04:05Z",
    "Signature": "YourSignature",
}
#: Ours, which no vendor's SDK knows: actions and parameters with the prefix X, and the client's token.
_OURS = re.compile(r"X[A-Z]|ClientToken\Z")
_BROKEN_EMPTY = re.compile(r"<(\w+)>\n</\1>")
_IN_A_NAME = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def operations_index(operations: Iterable[Operation]) -> str:
    """All operations by noun, and what they have in common."""
    by_noun: dict[str, list[Operation]] = {}
    for operation in operations:
        by_noun.setdefault(noun_of(operation), []).append(operation)
    return (
        "# Operations of the management API\n\n"
        "Every operation is `GET` or `POST` on `/`, with its name in `Action` (signature 1.0) or in the header "
        "`x-acs-action` (V3). Parameters stand in the query, in a form body, or in both. Every business answer is "
        "HTTP 200 and has `RequestId`, `Success` and `Code`; a refusal has `Success` false, a `Code` and an "
        "`ErrorMessage`. What the gate refuses is HTTP 4xx or 5xx, see [errors](../errors.md).\n\n"
        "Names are PascalCase for callers that send an `x-acs-` or `x-sdk-` header, `RegionId` or `SignatureType`, "
        "and lowerCamelCase for all others. The header `X-Response-Case: camel` or `pascal` decides it. `Format=XML` "
        "asks for XML.\n\n"
        "The same as OpenAPI 3.1: `/openapi.json` of a server, or `whimbrel call --openapi`.\n"
        + "".join(_noun_section(noun, found) for noun, found in sorted(by_noun.items()))
    )


def _noun_section(noun: str, operations: list[Operation]) -> str:
    room = importlib.import_module(operations[0].module.rpartition(".")[0])
    rows = [
        (f"[{o.action}]({o.action}.md)", summary_of(o), f"`{o.permission}`", "yes" if o.manner.idempotent else "no")
        for o in operations
    ]
    head = noun.replace("_", " ").replace("ota", "OTA")
    meaning = " ".join(readable(room.__doc__ or "").partition("\n\n")[0].split())
    return f"\n## {head[0].upper()}{head[1:]}\n\n{meaning}\n\n" + table(
        ("operation", "meaning", "permission", "repeating it changes nothing more"), rows
    )


def operation_page(operation: Operation) -> str:
    """One operation: rules, parameters, answer, errors, and an example in every form."""
    rows = list(_parameter_rows(parameters_of(operation)))
    refused = [name for name, *_, meaning in rows if meaning == NOT_SERVED]
    served = [row for row in rows if row[-1] != NOT_SERVED]
    parts = [
        f"# {operation.action}\n\n{readable(operation.meaning)}\n",
        f"Permission: `{operation.permission}`. {repeating(operation)}\n\n",
        "## Parameters\n\n" + table(("parameter", "type", "required", "constraint", "default", "meaning"), served),
        f"\nNot served by this release, and refused when given: {', '.join(refused)}.\n" if refused else "",
        "\n## Answer\n\n" + _answer_section(operation),
        "\n## Errors\n\nAny operation can also be refused by the gate: see [errors](../errors.md).\n\n",
        table(("code", "meaning"), [(f"`{code_of(e)}`", meaning_of(e)) for e in refusals_of(operation)]),
        "\n## Example\n\n" + _requests(operation) + _answers(operation),
        _sdk_section(operation),
    ]
    return "".join(parts)


# ---- parameters ----------------------------------------------------------------------------------------------------


def _parameter_rows(
    fields: Iterable[Declared], prefix: str = "", always: str = "yes"
) -> Iterator[tuple[str, str, str, str, str, str]]:
    for declared in fields:
        name = f"{prefix}{declared.name}{'.N' if declared.is_list else ''}"
        if declared.members:
            entries = f"in each of {_entries(declared)}"
            yield from _parameter_rows(declared.members, f"{name}.", entries)
        else:
            needed = always if declared.is_required else "no"
            default = f"`{_json(declared.shown_default)}`" if declared.shown_default is not None else ""
            yield f"`{name}`", _type_of(declared), needed, _constraint(declared), default, declared.field.meaning


def _entries(declared: Declared) -> str:
    least = "1 to" if declared.is_required else "at most"
    return f"{least} {declared.field.items_max} entries"


def _constraint(declared: Declared) -> str:
    field = declared.field
    words = [_entries(declared)] if declared.is_list else []
    if field.minimum is not None or field.maximum is not None:
        words.append(_range(field))
    if declared.shown_pattern is not None:
        words.append(f"`{declared.shown_pattern}`")
    elif field.length_min is not None:
        words.append(f"{field.length_min} to {field.length_max or 'any number of'} characters")
    elif field.length_max is not None:
        words.append(f"at most {field.length_max} characters")
    if field.any_case:
        words.append("in any case")
    if words and field.error is not errors.OtaInvalidParameterError:
        words.append(f"else `{field.error.code}`")
    if field.is_secret:
        words.append("secret")
    return ", ".join(words)


def _range(field: Field) -> str:
    if field.maximum is None:
        return f"at least {field.minimum}"
    return f"at most {field.maximum}" if field.minimum is None else f"{field.minimum} to {field.maximum}"


def _type_of(declared: Declared) -> str:
    return " or ".join(f"`{choice}`" for choice in declared.choices) or _TYPES[declared.kind]


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# ---- answer --------------------------------------------------------------------------------------------------------


def _answer_section(operation: Operation) -> str:
    rows = list(_answer_rows(declared_fields(operation.response), "", ""))
    if not rows:
        return "`RequestId`, `Success` and `Code` alone.\n"
    return "Beside `RequestId`, `Success` and `Code`:\n\n" + table(
        ("field", "in lowerCamelCase", "type", "meaning"), rows
    )


def _answer_rows(fields: Iterable[Declared], pascal: str, camel: str) -> Iterator[tuple[str, str, str, str]]:
    for declared in fields:
        end = "[]" if declared.is_list else ""
        name, spellings = f"{pascal}{declared.name}{end}", [f"{camel}{name}{end}" for name in declared.camel]
        if declared.members:
            yield from _answer_rows(declared.members, f"{name}.", f"{spellings[0]}.")
        else:
            shown = ", ".join(f"`{spelling}`" for spelling in spellings)
            yield f"`{name}`", shown, _type_of(declared), declared.field.meaning + _remarks(declared)


def _remarks(declared: Declared) -> str:
    words = " A secret: keep it out of logs." if declared.field.is_secret else ""
    says_when = "absent" in declared.field.meaning.lower()
    return words + ("" if declared.is_always_there or says_when else " Absent when there is none.")


# ---- example -------------------------------------------------------------------------------------------------------


def _requests(operation: Operation) -> str:
    given = operation.example.request
    url = f"https://{EXAMPLE_HOST}/?" + encode_pairs({"Action": operation.action, **given, **_COMMON}.items())
    words = " ".join(shlex.quote(f"{name}={text}") for name, text in given.items())
    return (
        "A signed request; `Signature` is computed from all the others:\n\n"
        + code("text", f"GET {url}")
        + "\nThe same from the command line:\n\n"
        + code("sh", f"whimbrel call {operation.action} {words}".strip())
    )


def _answers(operation: Operation) -> str:
    written = []
    for head, case, form in (
        ("PascalCase", Case.PASCAL, ResponseFormat.JSON),
        ("lowerCamelCase", Case.CAMEL, ResponseFormat.JSON),
        ("XML", Case.PASCAL, ResponseFormat.XML),
    ):
        request_id = EXAMPLE_REQUEST_ID.upper() if case is Case.PASCAL else EXAMPLE_REQUEST_ID
        style = Style(case, form, EXAMPLE_HOST)
        body = ResponseWriter(operation).write(operation.example.response, request_id, style).body
        is_json = form is ResponseFormat.JSON
        text = pretty(body) if is_json else _lines_of_xml(body)
        written.append(f"\nAnswered in {head}:\n\n" + code("json" if is_json else "xml", text))
    return "".join(written)


def _lines_of_xml(body: bytes) -> str:
    """Element by element; an empty one stays on its line."""
    return _BROKEN_EMPTY.sub(r"<\1></\1>", body.decode().replace("><", ">\n<"))


# ---- SDKs ----------------------------------------------------------------------------------------------------------


def _sdk_section(operation: Operation) -> str:
    given = _nested(example_request(operation))
    text = "\n## From Python\n\nWith `aliyun-python-sdk-iot`:\n\n" + code("python", _classic(operation.action, given))
    if not any(map(_OURS.match, (operation.action, *given))):
        text += "\nWith `alibabacloud-iot20180120`:\n\n" + code("python", _tea(operation.action, given))
    return text + "\nHow `client` is made: [point an SDK at Whimbrel](../../how-to/point-an-sdk-at-whimbrel.md).\n"


def _nested(given: Mapping[str, object]) -> dict[str, object]:
    """`Tag.1.Key` and `Tag.1.Value` as the list of one dictionary that SDKs take."""
    found: dict[str, object] = {}
    lists: dict[str, dict[int, object]] = {}
    for name, value in given.items():
        first, _, rest = name.partition(".")
        if not rest:
            found[name] = value
            continue
        number, _, member = rest.partition(".")
        entries = lists.setdefault(first, {})
        if member:
            entry = entries.setdefault(int(number), {})
            assert isinstance(entry, dict)
            entry[member] = value
        else:
            entries[int(number)] = value
        found[first] = [entries[place] for place in sorted(entries)]
    return found


def _classic(action: str, given: Mapping[str, object]) -> str:
    if _OURS.match(action):
        head = (
            f'from aliyunsdkcore.request import RpcRequest\n\nrequest = RpcRequest("Iot", "2018-01-20", "{action}")\n'
        )
        head += 'request.set_method("POST")\n'
    else:
        module = f"aliyunsdkiot.request.v20180120.{action}Request"
        head = f"from {module} import {action}Request\n\nrequest = {action}Request()\n"
    lines = [_setter(action, name, value) for name, value in given.items()]
    return head + "".join(f"{line}\n" for line in lines) + "answer = client.do_action_with_exception(request)"


def _setter(action: str, name: str, value: object) -> str:
    if not _OURS.match(action) and not _OURS.match(name):
        return f"request.set_{name}{'s' if isinstance(value, list) else ''}({_python(value)})"
    return "\n".join(f"request.add_query_param({_python(key)}, {_python(text)})" for key, text in _flat(name, value))


def _flat(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, list):
        for number, entry in enumerate(value, 1):
            yield from _flat(f"{name}.{number}", entry)
    elif isinstance(value, dict):
        for member, inner in value.items():
            yield from _flat(f"{name}.{member}", inner)
    else:
        yield name, value


def _tea(action: str, given: Mapping[str, object]) -> str:
    arguments = ", ".join(f"{_snake(name)}={_tea_value(action, name, value)}" for name, value in given.items())
    return (
        "from alibabacloud_iot20180120 import models\n\n"
        f"request = models.{action}Request({arguments})\n"
        f"answer = client.{_snake(action)}(request).body"
    )


def _tea_value(action: str, name: str, value: object) -> str:
    if not isinstance(value, list) or not isinstance(value[0], dict):
        return _python(value)
    entries = (", ".join(f"{_snake(n)}={_python(v)}" for n, v in entry.items()) for entry in value)
    return f"[{', '.join(f'models.{action}Request{name}({entry})' for entry in entries)}]"


def _snake(name: str) -> str:
    """As the Tea generator does it: `CreateOTAFirmware` is `create_otafirmware`."""
    return _IN_A_NAME.sub("_", name).lower()


def _python(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
