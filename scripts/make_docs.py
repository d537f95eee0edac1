"""Writes the generated pages of docs/reference: from the settings, the operations, the errors and the reports.

What a page says stands in the code's declarations and nowhere else, so no page of docs/reference is edited by hand.
`make docs` writes them all, and deletes those of operations that are gone; `tests/docs` compares.
"""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from scripts.markdown import code, pretty, table
from scripts.operation_pages import operation_page, operations_index
from whimbrel import errors
from whimbrel.console import signing_in
from whimbrel.domain.finding import Code
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.gateway import block_frames, blocks, https, session
from whimbrel.gateway.vendor_json import UPGRADE_TOPIC, pull_payload, upgrade_payload
from whimbrel.operations.declaration import Operation
from whimbrel.operations.registry import load_operations
from whimbrel.reports.declaration import Pull, Report
from whimbrel.reports.registry import load_reports
from whimbrel.rpc.declared import EXAMPLE_HOST, code_of, errors_below, meaning_of, readable, refusals_of
from whimbrel.rpc.envelope import HTTP_STATUS
from whimbrel.settings import FILE_NAME, SETTINGS
from whimbrel.transfer import upload

#: Held to the code by tests of their own.
WRITTEN_BY_HAND = frozenset({"release-events.md"})
REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by `make docs` from the code. Change the code, then run it again. -->\n\n"
EXAMPLE_MS = 1735787045678
EXAMPLE_MD5 = "0cc175b9c0f1b6a831c399e269772661"
EXAMPLE_URL = f"https://{EXAMPLE_HOST}/f/t9001.1735873445.00112233445566778899aabbccddeeff"
#: Task 9001 of device 1, first attempt: firmware 1.1.0 of 1 MiB for the module `default`, of a job with one tag.
EXAMPLE_NOTICE = UpgradeNotice(
    *(1, 9001, 1, "default", "1.1.0", False, 1048576, "MD5", EXAMPLE_MD5, EXAMPLE_MD5, EXAMPLE_URL), {"ring": "early"}
)

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
    pages["findings.md"] = findings_page()
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
        + table(("setting", "value", "variable", "default", "meaning"), rows)
        + f"\nThe same in `{FILE_NAME}`:\n\n"
        + code("toml", 'listen = "0.0.0.0:8686"\npublic-url = "https://ota.example.com"\ninsecure = true')
    )


# ---- errors --------------------------------------------------------------------------------------------------------


def errors_page(operations: Iterable[Operation]) -> str:
    """Every code that a caller can meet."""
    users: dict[Any, list[str]] = {}
    for operation in operations:
        for error in refusals_of(operation):
            users.setdefault(error, []).append(f"[{operation.action}](operations/{operation.action}.md)")
    gateway = [
        (f"`{code_of(e)}`", str(HTTP_STATUS.get(e, 400)), meaning_of(e)) for e in errors_below(errors.GatewayError)
    ]
    named = {error: "most operations" if len(links) > 6 else ", ".join(links) for error, links in users.items()}
    business = [(f"`{code_of(e)}`", meaning_of(e), named.get(e, "")) for e in errors_below(errors.BusinessError)]
    uploads = [(f"`{name}`", str(upload.HTTP_STATUS.get(name, 400)), words) for name, words in UPLOAD_MEANINGS.items()]
    sign_ins = [
        (f"`{e.code}`", str(signing_in.HTTP_STATUS.get(e, 400)), meaning_of(e))
        for e in errors_below(errors.ConsoleError)
    ]
    return (
        "# Errors\n\n## Refused by the gate\n\n"
        "HTTP 4xx or 5xx, before an operation runs; nothing was changed. The body has `RequestId`, `HostId`, `Code` "
        "and `Message`; in lowerCamelCase also `success` false and `errorMessage`.\n\n"
        + table(("code", "HTTP status", "meaning"), gateway)
        + "\n## Refused by an operation\n\n"
        "HTTP 200 with `Success` false, `Code` and `ErrorMessage`; nothing was changed. A fault of the server is "
        "`iot.system.SystemException`, from any operation.\n\n"
        + table(("code", "meaning", "declared by"), business)
        + "\n## Refused uploads\n\n"
        "The form upload answers like an object store: XML with `Code`, `Message`, `RequestId` and `HostId`.\n\n"
        + table(("code", "HTTP status", "meaning"), uploads)
        + "\n## Refused by the console's door\n\n"
        'What signs people in and out below `/console/api/` answers `{"error": …, "code": …}`.\n\n'
        + table(("code", "HTTP status", "meaning"), sign_ins)
    )


# ---- findings ------------------------------------------------------------------------------------------------------


def findings_page() -> str:
    """Every code of XExplainOTADevice, in its order."""
    rows = [(f"`{found.name}`", found.value, "yes" if found.is_in_the_way else "no") for found in Code]
    return (
        "# Why a device does not update\n\n"
        "The codes of [XExplainOTADevice](operations/XExplainOTADevice.md), in the order in which what is in the way "
        "has to be cleared. [How to find out](../how-to/find-out-why-a-device-does-not-update.md) says what to do.\n\n"
        + table(("code", "meaning", "in the way"), rows)
    )


# ---- reports -------------------------------------------------------------------------------------------------------


def reports_page(reports: Iterable[Report]) -> str:
    """What devices send and get over MQTT."""
    limits = [
        ("keep-alive", f"{session.KEEP_ALIVE_SECONDS_MIN} to {session.KEEP_ALIVE_SECONDS_MAX} seconds, else it ends"),
        ("from the open connection to the end of CONNECT", f"{session.CONNECT_SECONDS_MAX:.0f} seconds"),
        ("payload", f"{session.PAYLOAD_BYTES_MAX} bytes; a larger message has no effect"),
        ("refused messages before the connection ends", str(session.REFUSED_PUBLISHES_MAX)),
        ("filters in one SUBSCRIBE", str(session.SUBSCRIBE_FILTERS_MAX)),
        ("a block of firmware", f"{block_frames.BLOCK_BYTES_MAX} bytes"),
        ("requests for a block that wait", str(blocks.REQUESTS_WAITING_MAX)),
        ("QoS", "0 and 1; a QoS 1 report is acknowledged after the commit that holds its effect"),
    ]  # fmt: skip
    pull = pull_payload(Pull("123", EXAMPLE_NOTICE))
    streamed = upgrade_payload(EXAMPLE_NOTICE._replace(is_streamed=True), EXAMPLE_MS)
    return (
        "# Device messages\n\n"
        "MQTT 3.1.1 or 5. `{pk}` is the ProductKey and `{dn}` the DeviceName of the connected device; a device has no "
        "other topics. It need not subscribe to get what is sent to it.\n\n"
        "## From the device\n\n"
        + "\n".join(_report_section(report) for report in reports)
        + f"\n## To the device\n\n### `{UPGRADE_TOPIC}`\n\n"
        "The notice of an upgrade: when its job pushes, again at every connect while the task is open, and as the "
        "answer to `request_firmware`. The link in `url` lives 24 hours. `isDiff` 1, `module` and `extData` are there "
        "when they say something.\n\n"
        + code("json", pretty(upgrade_payload(EXAMPLE_NOTICE, EXAMPLE_MS)))
        + "\n### `/sys/{pk}/{dn}/thing/ota/firmware/get_reply`\n\n"
        "The answer to `get_firmware`, with the `id` of the question; `data` is empty when there is nothing to do.\n\n"
        + code("json", pretty(pull))
        + "\n## Download over MQTT\n\n"
        "Of a job with `DownloadProtocol` `MQTT` the notice and the answer name a stream in the place of `url`:\n\n"
        + code("json", pretty(streamed))
        + f"\n### `{block_frames.REQUEST_TOPIC}`\n\n"
        "A request for a block. Numbers may be written as text, and a comma before a closing brace is passed over.\n\n"
        + table(("member", "type", "needed"), _message_rows(block_frames.BlockRequest, ""))
        + f"\n### `{block_frames.REPLY_TOPIC}`\n\n"
        "The answer, with QoS 0: the header's length in 2 bytes (big-endian), the header, the block, and its "
        "CRC-16/ARC in 2 bytes (little-endian).\n\n"
        + code("json", pretty(_example_header()))
        + "\nWithout a block, the header has `bSize` 0 and one of these codes:\n\n"
        + table(("code", "message"), _block_codes())
        + "\n## Over HTTPS\n\n"
        + "Devices that keep no connection post "
        + ", ".join(f"`{name}`" for name in https.SERVED)
        + " to `/topic` and the topic. See [write a device](../how-to/write-a-device.md#over-https-alone).\n"
        + "\n## Limits of a connection\n\n"
        + table(("what", "limit"), limits)
    )


def _example_header() -> bytes:
    """The header of a block, out of the answer that holds it."""
    info, block = block_frames.FileInfo(9001, 1), block_frames.FileBlock(5120, 0)
    request = block_frames.BlockRequest(block_frames.BlockParams(info, block), "5")
    found = block_frames.FoundBlock(block_frames.CODE_FOUND, EXAMPLE_NOTICE.size_bytes, bytes(5120))
    payload = block_frames.reply_payload(request, found)
    return payload[2 : 2 + int.from_bytes(payload[:2], "big")]


def _block_codes() -> list[tuple[str, str]]:
    return [
        (str(value), message) for value, message in block_frames.MESSAGES.items() if value != block_frames.CODE_FOUND
    ]


def _report_section(report: Report) -> str:
    module = sys.modules[report.handle.__module__]
    reply = f"\nAnswered on `{report.reply_topic}`.\n" if report.reply_topic else ""
    rules = readable(inspect.getdoc(module) or "")
    members = table(("member", "type", "needed"), _message_rows(report.message, ""))
    return f"### {report.name}: `{report.topic}`\n\n{rules}{reply}\n{members}"


def _message_rows(struct: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, ...]]:
    for info in msgspec.structs.fields(struct):
        options = typing.get_args(info.type) or (info.type,)
        structs = [kind for kind in options if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
        for inner in structs:
            yield from _message_rows(inner, f"{prefix}{info.encode_name}.")
        if not structs:
            words = dict.fromkeys(_type_words(kind) for kind in options if kind is not types.NoneType)
            yield f"`{prefix}{info.encode_name}`", " or ".join(words), "yes" if info.required else "no"


def _type_words(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " or ".join(f"`{choice.value}`" for choice in kind)
    return {str: "text", int: "number", bool: "`true` or `false`", float: "number"}[kind]


def differences(folder: Path) -> list[str]:
    """The paths inside `folder` that a fresh generation would write otherwise, make, or delete."""
    fresh = all_pages()
    present = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.md")}
    found = (path for path in fresh.keys() | present.keys() if fresh.get(path) != present.get(path))
    return sorted(path for path in found if path not in WRITTEN_BY_HAND)


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
