"""The golden files of the surface: what they hold is computed here, compared in `test_golden.py`, reviewed as a diff.

`python -m tests.surface.golden` from the project's root (with `src` on the path) writes them anew.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

from tests.operations.signed_door import OPERATIONS, SignedDoor, open_signed_door
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case, ResponseFormat
from whimbrel.rpc.envelope import ResponseWriter, Style

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
PERMISSION_MATRIX = GOLDEN / "permission-matrix.txt"
RESPONSES = GOLDEN / "responses.json"

_NAME_WIDTH = 31


async def permission_matrix(door: SignedDoor) -> str:
    """Action by permission: `yes` where a key that holds this permission alone passes the gate, asked of the door."""
    lines = [" ".join(("action".ljust(_NAME_WIDTH), *Permission))]
    keys = {permission: await door.make_key(permissions=frozenset({permission})) for permission in Permission}
    for action, operation in OPERATIONS.items():
        cells = []
        for permission, key in keys.items():
            answer = await door.call(action, by=key, **operation.example.request)
            assert (answer.status == 403) is (answer.code == "Forbidden.RAM")
            cells.append(("-" if answer.status == 403 else "yes").ljust(len(permission)))
        lines.append(" ".join((action.ljust(_NAME_WIDTH), *cells)).rstrip())
    return "\n".join(lines) + "\n"


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


async def write_all() -> None:
    """Put what the code says now into the golden files."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_signed_door(Path(folder)) as door:
            PERMISSION_MATRIX.write_text(await permission_matrix(door), encoding="utf-8")
    RESPONSES.write_text(responses(), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write_all())
