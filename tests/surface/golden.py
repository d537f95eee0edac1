"""The golden files of the surface: what they hold is computed here, compared in `test_golden.py`, reviewed as a diff.

`python -m tests.surface.golden` from the project's root (with `src` on the path) writes them anew.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

from tests.operations.signed_door import OPERATIONS, PUBLIC_URL, Answer, SignedDoor, open_signed_door
from whimbrel.cli.describe import explain
from whimbrel.domain.access import ANY, Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case, ResponseFormat
from whimbrel.rpc.envelope import ResponseWriter, Style
from whimbrel.rpc.openapi import openapi_document

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
PERMISSION_MATRIX = GOLDEN / "permission-matrix.txt"
RESPONSES = GOLDEN / "responses.json"
OPENAPI = GOLDEN / "openapi.json"
CLI_HELP = GOLDEN / "cli-help.txt"

_NAME_WIDTH = 31


def _kinds_of_keys() -> dict[str, Policy]:
    """The columns of the matrix: each permission alone; everything, but for reading; one product's; one group's."""
    alone = {permission.value: Policy.of_permissions({permission}) for permission in Permission}
    everything = frozenset({ANY})
    return alone | {
        "only-reads": Policy((Statement(everything, Access.READ),)),
        "one-product": Policy((Statement(everything, Access.WRITE, frozenset({"kabcdefgh01"})),)),
        "one-group": Policy((Statement(everything, Access.WRITE, None, frozenset({"HtMLECKbdJQL7xBz"})),)),
    }


async def permission_matrix(door: SignedDoor) -> str:
    """Action by kind of key, asked of the door: `yes` where it passes, `root` where it needs all rights as well."""
    kinds = _kinds_of_keys()
    lines = [" ".join(("action".ljust(_NAME_WIDTH), *kinds))]
    keys = {kind: await door.make_key_of(policy) for kind, policy in kinds.items()}
    for action, operation in OPERATIONS.items():
        cells = []
        for kind, key in keys.items():
            answer = await door.call(action, by=key, **operation.example.request)
            assert (answer.status == 403) is (answer.code == "Forbidden.RAM")
            cells.append(_cell(answer).ljust(len(kind)))
        lines.append(" ".join((action.ljust(_NAME_WIDTH), *cells)).rstrip())
    return "\n".join(lines) + "\n"


def _cell(answer: Answer) -> str:
    if answer.status != 403:
        return "yes"
    message: str = answer.json()["Message"]
    return "root" if "all rights" in message else "-"


def responses() -> str:
    """Each operation's example answer, as it stands on the wire in both dialects."""
    shown = {}
    for action, operation in OPERATIONS.items():
        writer = ResponseWriter(operation)
        shown[action] = {
            case.value: json.loads(
                writer.write(
                    operation.example.response,
                    "5f0c1d1e-9a0b-4c2d-8e3f-0123456789ab",
                    Style(case, ResponseFormat.JSON, "ota.example.com"),
                ).body
            )
            for case in Case
        }
    return json.dumps(shown, indent=1, ensure_ascii=False) + "\n"


def openapi() -> str:
    """The description of the management API, as a server at the address of the examples serves it."""
    return json.dumps(openapi_document(OPERATIONS, PUBLIC_URL), indent=1, ensure_ascii=False) + "\n"


def cli_help() -> str:
    """What `whimbrel call ACTION --help` says of each action."""
    return "\n\n".join(explain(operation) for operation in OPERATIONS.values())


async def write_all() -> None:
    """Put what the code says now into the golden files."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_signed_door(Path(folder)) as door:
            PERMISSION_MATRIX.write_text(await permission_matrix(door), encoding="utf-8")
    for path, text in ((RESPONSES, responses()), (OPENAPI, openapi()), (CLI_HELP, cli_help())):
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write_all())
