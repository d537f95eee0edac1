"""Writes the generated pages of docs/reference: from the settings, the operations, the errors and the reports.

What a page says stands in the code's declarations and nowhere else, so no page of docs/reference is edited by hand.
`make docs` writes them all, and deletes those of operations that are gone; `tests/docs` compares.
"""

from __future__ import annotations

import inspect
import re
import sys
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from whimbrel import errors
from whimbrel.domain.characters import CJK
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.gateway import session
from whimbrel.gateway.vendor_json import UPGRADE_TOPIC, pull_payload, upgrade_payload
from whimbrel.operations.declaration import Operation
from whimbrel.operations.fields import Field, camel_name, wire_name
from whimbrel.operations.registry import load_operations
from whimbrel.reports.declaration import Pull, Report
from whimbrel.reports.registry import load_reports
from whimbrel.rpc.dialect import Case, ResponseFormat
from whimbrel.rpc.envelope import HTTP_STATUS, ResponseWriter, Style
from whimbrel.settings import FILE_NAME, SETTINGS
from whimbrel.transfer import upload

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by `make docs` from the code. Change the code, then run it again. -->\n\n"
EXAMPLE_HOST = "ota.example.com"
EXAMPLE_REQUEST_ID = "5f0c1d1e-9a0b-4c2d-8e3f-0123456789ab"
EXAMPLE_MS = 1735787045678
EXAMPLE_MD5 = "0cc175b9c0f1b6a831c399e269772661"
EXAMPLE_URL = f"https://{EXAMPLE_HOST}/f/t9001.1735873445.00112233445566778899aabbccddeeff"
#: Task 9001 of device 1, first attempt: firmware 1.1.0 of 1 MiB for the module `default`, of a job with one tag.
EXAMPLE_NOTICE = UpgradeNotice(
    *(1, 9001, 1, "default", "1.1.0", False, 1048576, "MD5", EXAMPLE_MD5, EXAMPLE_MD5, EXAMPLE_URL), {"ring": "early"}
)

#: Errors whose code or message is made at run time.
MADE_AT_RUN_TIME: dict[type[errors.WhimbrelError], tuple[str, str]] = {
    errors.MissingParameterError: ("Missing<Name>", "a mandatory parameter is absent; the message names it"),
    errors.InvalidParameterError: ("InvalidParameter.<Name>", "a value, or without a name the request, is unreadable"),
    errors.SignatureDoesNotMatchError: (
        "SignatureDoesNotMatch",
        "the signature is not ours; the message ends in the server's string to sign, compare it with yours",
    ),
}
NOT_SERVED = "Not served by this release."

#: What the codes of refused uploads mean: they are given out in many places of `transfer`, each with words of its own.
UPLOAD_MEANINGS = {
    "AccessDenied": "a condition of the policy is not met, or the credentials were used before or have expired",
    "EntityTooLarge": "the file is larger than the policy allows",
    "EntityTooSmall": "the file is empty",
    "FieldItemTooLong": "a field, or the form without its file, is too long",
    "IncorrectNumberOfFilesInPOSTRequest": "the form has no file, two files, or no `key` before its file",
    "InsufficientStorage": "the server's disk is full; nothing was stored",
    "InternalError": "the server failed; its log names the request id",
    "InvalidAccessKeyId": "the OSSAccessKeyId is not the one that GenerateOTAUploadURL answered",
    "InvalidArgument": "a field is missing, repeated or not UTF-8, or there are too many",
    "InvalidDigest": "the file is not the one that Content-MD5 names",
    "InvalidPolicyDocument": "the policy cannot be read",
    "MalformedPOSTRequest": "the body is no multipart form, or does not end where its form ends",
    "MethodNotAllowed": "a form upload is a POST",
    "RequestTimeout": "the upload is slower than 1 KiB a second",
    "ServiceUnavailable": "the file cannot be stored now; repeat later",
    "SignatureDoesNotMatch": "the signature is not the policy's",
}


def all_pages() -> dict[str, str]:
    """Every generated page by its path inside docs/reference."""
    operations = load_operations()
    pages = {"settings.md": settings_page(), "errors.md": errors_page(operations.values())}
    pages["reports.md"] = reports_page(load_reports().values())
    pages["operations/index.md"] = operations_index(operations.values())
    pages |= {f"operations/{action}.md": operation_page(operation) for action, operation in operations.items()}
    return {path: NOTE + text for path, text in pages.items()}


# ---- settings ------------------------------------------------------------------------------------------------------


def settings_page() -> str:
    """Each setting with its three names."""
    rows = [
        (f"`{s.name}`", s.metavar, f"`{s.variable}`", f"`{s.default}`" if s.default else "", s.meaning)
        for s in SETTINGS
    ]
    return (
        "# Settings\n\n"
        "Each setting is an option of `whimbrel serve` (`data` is `--data DIR`), an environment variable and a key of "
        f"`{FILE_NAME}` in the folder the server is started in. The command line wins, then the environment, then the "
        "file. An unknown key in the file, or a value that cannot be used, ends the start with a sentence that says "
        "what to give. Secrets are no options: other users of a machine see its command lines.\n\n"
        + _table(("setting", "value", "variable", "default", "meaning"), rows)
        + f"\nThe same in `{FILE_NAME}`:\n\n"
        + _code("toml", 'listen = "0.0.0.0:8686"\npublic-url = "https://ota.example.com"\ninsecure = true')
    )


# ---- operations ----------------------------------------------------------------------------------------------------


def operations_index(operations: Iterable[Operation]) -> str:
    """All operations, and what they have in common."""
    rows = [
        (f"[{o.action}]({o.action}.md)", _summary(o.meaning), f"`{o.permission}`", "yes" if o.idempotent else "no")
        for o in operations
    ]
    return (
        "# Operations of the management API\n\n"
        "Every operation is `GET` or `POST` on `/`, with its name in `Action` (signature 1.0) or in the header "
        "`x-acs-action` (V3). Parameters stand in the query, in a form body, or in both. Every business answer is "
        "HTTP 200 and has `RequestId`, `Success` and `Code`; a refusal has `Success` false, a `Code` and an "
        "`ErrorMessage`. What the gate refuses is HTTP 4xx or 5xx, see [errors](../errors.md).\n\n"
        "Names are PascalCase for callers that send an `x-acs-` or `x-sdk-` header, `RegionId` or `SignatureType`, "
        "and lowerCamelCase for all others. The header `X-Response-Case: camel` or `pascal` decides it. `Format=XML` "
        "asks for XML.\n\n" + _table(("operation", "meaning", "permission", "repeating it changes nothing more"), rows)
    )


def operation_page(operation: Operation) -> str:
    """One operation: rules, parameters, answer, errors, an example in both dialects."""
    rows = list(_parameter_rows(operation.request))
    refused = [name for name, *_, meaning in rows if meaning == NOT_SERVED]
    served = [row for row in rows if row[-1] != NOT_SERVED]
    parts = [
        f"# {operation.action}\n\n{_readable(operation.meaning)}\nPermission: `{operation.permission}`.\n\n",
        "## Parameters\n\n" + _table(("parameter", "type", "needed", "limits", "meaning"), served),
        f"\nNot served by this release, and refused when given: {', '.join(refused)}.\n" if refused else "",
        "\n## Answer\n\n" + _answer_section(operation),
        "\n## Errors\n\nAny operation can also be refused by the gate: see [errors](../errors.md).\n\n",
        _table(("code", "meaning"), [(_code_of(e), _meaning_of(e)) for e in _errors_of(operation)]),
        "\n## Example\n\n" + _example(operation),
    ]
    return "".join(parts)


def _answer_section(operation: Operation) -> str:
    rows = list(_answer_rows(operation.response, ""))
    if not rows:
        return "`RequestId`, `Success` and `Code` alone.\n"
    return "Beside `RequestId`, `Success` and `Code`:\n\n" + _table(("field", "type", "meaning"), rows)


def _example(operation: Operation) -> str:
    words = " ".join(f"{name}={value}" for name, value in operation.example.request.items())
    writer = ResponseWriter(operation)
    text = [_code("sh", f"whimbrel call {operation.action} {words}".strip())]
    for case, request_id in ((Case.PASCAL, EXAMPLE_REQUEST_ID.upper()), (Case.CAMEL, EXAMPLE_REQUEST_ID)):
        style = Style(case, ResponseFormat.JSON, EXAMPLE_HOST)
        text.append(f"\nAnswered in {'PascalCase' if case is Case.PASCAL else 'lowerCamelCase'}:\n\n")
        text.append(_code("json", _pretty(writer.write(operation.example.response, request_id, style).body)))
    return "".join(text)


class _Declared(NamedTuple):
    """A field as its operation declares it."""

    name: str
    kind: Any
    field: Field
    is_optional: bool
    default: Any


def _declared(struct: type[msgspec.Struct]) -> Iterator[_Declared]:
    for info in msgspec.structs.fields(struct):
        kind, field = typing.get_args(info.type)
        is_optional = types.NoneType in typing.get_args(kind)
        if is_optional:
            (kind,) = (option for option in typing.get_args(kind) if option is not types.NoneType)
        yield _Declared(info.name, kind, field, is_optional or not info.required, info.default)


def _parameter_rows(struct: type[msgspec.Struct], prefix: str = "", always: str = "yes") -> Iterator[tuple[str, ...]]:
    for declared in _declared(struct):
        name = prefix + (declared.field.wire or wire_name(declared.name))
        is_list = typing.get_origin(declared.kind) is tuple
        kind = typing.get_args(declared.kind)[0] if is_list else declared.kind
        name += ".N" if is_list else ""
        if issubclass(kind, msgspec.Struct):
            yield from _parameter_rows(kind, f"{name}.", f"in each of at most {declared.field.items_max} entries")
        else:
            yield _parameter_row(declared, name, kind, "no" if declared.is_optional else always)


def _parameter_row(declared: _Declared, name: str, kind: Any, needed: str) -> tuple[str, ...]:
    default = declared.default
    if declared.is_optional and default not in (None, "", (), msgspec.NODEFAULT):
        shown = str(default).lower() if isinstance(default, bool) else default
        needed = f"no, `{shown.value if isinstance(shown, Enum) else shown}`"
    return f"`{name}`", _type_words(kind), needed, _limits(declared.field), declared.field.meaning


def _limits(field: Field) -> str:
    words = []
    if field.items_max is not None:
        words.append(f"at most {field.items_max} entries")
    if field.minimum is not None:
        words.append(f"{field.minimum} to {field.maximum}")
    if field.pattern is not None:
        words.append(f"`{field.pattern.pattern.replace(CJK, '<CJK>')}`")
    elif field.length_max is not None:
        words.append(f"at most {field.length_max} characters")
    if words and field.error is not errors.OtaInvalidParameterError:
        words.append(f"else `{field.error.code}`")
    return ", ".join(words)


def _type_words(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " or ".join(f"`{choice.value}`" for choice in kind)
    return {str: "text", int: "number", bool: "`true` or `false`", float: "number"}[kind]


def _answer_rows(struct: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, ...]]:
    for declared in _declared(struct):
        name = prefix + (declared.field.wire or wire_name(declared.name))
        kind, suffix = declared.kind, ""
        if typing.get_origin(kind) is list:
            (kind,), suffix = typing.get_args(kind), "[]"
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            yield from _answer_rows(kind, f"{name}{suffix}.")
        else:
            yield f"`{name}{suffix}`", _type_words(kind), declared.field.meaning + _remarks(declared)


def _remarks(declared: _Declared) -> str:
    spellings = declared.field.camel if declared.field.camel != (camel_name(declared.name),) else ()
    words = f" In lowerCamelCase: {', '.join(f'`{name}`' for name in spellings)}." if spellings else ""
    if declared.field.is_secret:
        words += " A secret: keep it out of logs."
    says_when = "absent" in declared.field.meaning.lower()
    return words + (" Absent when there is none." if declared.is_optional and not says_when else "")


def _errors_of(operation: Operation) -> list[type[errors.BusinessError]]:
    """What the operation declares, and what its parameters are refused with."""
    found = dict.fromkeys(operation.errors)
    for declared in _declared(operation.request):
        found.setdefault(declared.field.error)
    return sorted(found, key=lambda error: error.code)


# ---- errors --------------------------------------------------------------------------------------------------------


def errors_page(operations: Iterable[Operation]) -> str:
    """Every code that a caller can meet."""
    users: dict[Any, list[str]] = {}
    for operation in operations:
        for error in _errors_of(operation):
            users.setdefault(error, []).append(f"[{operation.action}](operations/{operation.action}.md)")
    gateway = [(_code_of(e), str(HTTP_STATUS.get(e, 400)), _meaning_of(e)) for e in _classes(errors.GatewayError)]
    named = {error: "most operations" if len(links) > 6 else ", ".join(links) for error, links in users.items()}
    business = [(_code_of(e), _meaning_of(e), named.get(e, "")) for e in _classes(errors.BusinessError)]
    uploads = [(f"`{code}`", str(upload.HTTP_STATUS.get(code, 400)), words) for code, words in UPLOAD_MEANINGS.items()]
    return (
        "# Errors\n\n## Refused by the gate\n\n"
        "HTTP 4xx or 5xx, before an operation runs; nothing was changed. The body has `RequestId`, `HostId`, `Code` "
        "and `Message`; in lowerCamelCase also `success` false and `errorMessage`.\n\n"
        + _table(("code", "HTTP status", "meaning"), gateway)
        + "\n## Refused by an operation\n\n"
        "HTTP 200 with `Success` false, `Code` and `ErrorMessage`; nothing was changed. A fault of the server is "
        "`iot.system.SystemException`, from any operation.\n\n"
        + _table(("code", "meaning", "declared by"), business)
        + "\n## Refused uploads\n\n"
        "The form upload answers like an object store: XML with `Code`, `Message`, `RequestId` and `HostId`.\n\n"
        + _table(("code", "HTTP status", "meaning"), uploads)
    )


def _classes(root: type[errors.WhimbrelError]) -> list[Any]:
    """The classes below `root`, in the order they stand in `errors`."""
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind)]
    return [kind for kind in kinds if issubclass(kind, root) and kind is not root]


def _code_of(error: type[errors.WhimbrelError]) -> str:
    return f"`{MADE_AT_RUN_TIME.get(error, (error.code,))[0]}`"


def _meaning_of(error: type[errors.WhimbrelError]) -> str:
    return MADE_AT_RUN_TIME.get(error, ("", error.default_message))[1]


# ---- reports -------------------------------------------------------------------------------------------------------


def reports_page(reports: Iterable[Report]) -> str:
    """What devices send and get over MQTT."""
    limits = [
        ("keep-alive", f"{session.KEEP_ALIVE_SECONDS_MIN} to {session.KEEP_ALIVE_SECONDS_MAX} seconds, else it ends"),
        ("from the open connection to the end of CONNECT", f"{session.CONNECT_SECONDS_MAX:.0f} seconds"),
        ("payload", f"{session.PAYLOAD_BYTES_MAX} bytes; a larger message has no effect"),
        ("refused messages before the connection ends", str(session.REFUSED_PUBLISHES_MAX)),
        ("filters in one SUBSCRIBE", str(session.SUBSCRIBE_FILTERS_MAX)),
        ("QoS", "0 and 1; a QoS 1 report is acknowledged after the commit that holds its effect"),
    ]  # fmt: skip
    pull = pull_payload(Pull("123", EXAMPLE_NOTICE))
    return (
        "# Device messages\n\n"
        "MQTT 3.1.1. `{pk}` is the ProductKey and `{dn}` the DeviceName of the connected device; a device has no other "
        "topics. It need not subscribe to get what is sent to it.\n\n"
        "## From the device\n\n"
        + "\n".join(_report_section(report) for report in reports)
        + f"\n## To the device\n\n### `{UPGRADE_TOPIC}`\n\n"
        "The notice of an upgrade: when its job pushes, again at every connect while the task is open, and as the "
        "answer to `request_firmware`. The link in `url` lives 24 hours. `isDiff` 1, `module` and `extData` are there "
        "when they say something.\n\n"
        + _code("json", _pretty(upgrade_payload(EXAMPLE_NOTICE, EXAMPLE_MS)))
        + "\n### `/sys/{pk}/{dn}/thing/ota/firmware/get_reply`\n\n"
        "The answer to `get_firmware`, with the `id` of the question; `data` is empty when there is nothing to do.\n\n"
        + _code("json", _pretty(pull))
        + "\n## Limits of a connection\n\n"
        + _table(("what", "limit"), limits)
    )


def _report_section(report: Report) -> str:
    module = sys.modules[report.handle.__module__]
    reply = f"\nAnswered on `{report.reply_topic}`.\n" if report.reply_topic else ""
    rules = _readable(inspect.getdoc(module) or "")
    table = _table(("member", "type", "needed"), _message_rows(report.message, ""))
    return f"### {report.name}: `{report.topic}`\n\n{rules}{reply}\n{table}"


def _message_rows(struct: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, ...]]:
    for info in msgspec.structs.fields(struct):
        options = typing.get_args(info.type) or (info.type,)
        structs = [kind for kind in options if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
        for inner in structs:
            yield from _message_rows(inner, f"{prefix}{info.name}.")
        if not structs:
            words = dict.fromkeys(_type_words(kind) for kind in options if kind is not types.NoneType)
            yield f"`{prefix}{info.name}`", " or ".join(words), "yes" if info.required else "no"


def _readable(docstring: str) -> str:
    """A docstring without the sentence and the marks that name its source: pages are for people without the source."""
    text = re.sub(r"Source: .*?\.(?=\s|\Z) ?", "", docstring, flags=re.DOTALL)
    text = re.sub(r" \((?:api-contract|device-protocol|threat-model|[AFI][0-9]+|domain/)[^()]*\)", "", text)
    return text.strip() + "\n"


def _summary(docstring: str) -> str:
    return _readable(docstring).split("\n\n")[0].replace("\n", " ").strip()


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    found = list(rows)
    if not found:
        return "None.\n"
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in found)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _code(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```\n"


def _pretty(body: bytes) -> str:
    return msgspec.json.format(body, indent=2).decode()


def differences(folder: Path) -> list[str]:
    """The paths inside `folder` that a fresh generation would write otherwise, make, or delete."""
    fresh = all_pages()
    present = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.md")}
    return sorted(path for path in fresh.keys() | present.keys() if fresh.get(path) != present.get(path))


def write(folder: Path) -> None:
    """Bring the folder to what `all_pages` says."""
    fresh = all_pages()
    for path in differences(folder):
        page = folder / path
        if path in fresh:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(fresh[path], encoding="utf-8")
        else:
            page.unlink()


if __name__ == "__main__":
    write(REFERENCE)
