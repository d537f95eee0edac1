"""The surface is what the golden files say; a change of it is a diff that somebody has read."""

from __future__ import annotations

from tests.operations.signed_door import SignedDoor
from tests.surface.golden import (
    CLI_HELP,
    OPENAPI,
    PERMISSION_MATRIX,
    RESPONSES,
    cli_help,
    openapi,
    permission_matrix,
    responses,
)
from whimbrel.domain.access import Permission

REMEDY = "if the change is meant: python -m tests.surface.golden, and read its diff"


async def test_the_permission_matrix(door: SignedDoor) -> None:
    """Each action asks for one permission, and nothing passes without it."""
    found = await permission_matrix(door)
    assert found == PERMISSION_MATRIX.read_text(encoding="utf-8"), REMEDY
    for line in found.splitlines()[1:]:
        alone = line.split()[1 : 1 + len(Permission)]
        assert alone.count("-") == len(Permission) - 1, line


def test_the_responses() -> None:
    """Every key of every answer, in both dialects."""
    assert responses() == RESPONSES.read_text(encoding="utf-8"), REMEDY


def test_the_openapi_description() -> None:
    """Every parameter, limit, answer and error, as tools read them."""
    assert openapi() == OPENAPI.read_text(encoding="utf-8"), REMEDY


def test_the_command_lines_help() -> None:
    """What the terminal says of every action."""
    assert cli_help() == CLI_HELP.read_text(encoding="utf-8"), REMEDY
