"""The surface is what the golden files say; a change of it is a diff that somebody has read."""

from __future__ import annotations

from tests.operations.signed_door import SignedDoor
from tests.surface.golden import PERMISSION_MATRIX, RESPONSES, permission_matrix, responses

REMEDY = "if the change is meant: python -m tests.surface.golden, and read its diff"


async def test_the_permission_matrix(door: SignedDoor) -> None:
    """Each action asks for one permission, and nothing passes without it."""
    found = await permission_matrix(door)
    assert found == PERMISSION_MATRIX.read_text(encoding="utf-8"), REMEDY
    assert all(line.split().count("yes") == 1 for line in found.splitlines()[1:])


def test_the_responses() -> None:
    """Every key of every answer, in both dialects."""
    assert responses() == RESPONSES.read_text(encoding="utf-8"), REMEDY
