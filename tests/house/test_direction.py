"""Imports point down only, and third-party names stay in their room (style anchors 3.2)."""

from __future__ import annotations

from tests.house.imports import direction_violations, domain_violations, third_party_violations
from tests.house.rooms import room_of
from tests.house.source_tree import listed, python_files

MAP = "tests/house/rooms.py"


def test_imports_point_down() -> None:
    """No room imports a room beside or above it: doors see uses, uses see ports and domain, only app sees adapters."""
    found = [violation for file in python_files("src") for violation in direction_violations(file)]
    assert not found, listed(
        found,
        "pass the value or the port in from app.py, or move the code to the room it belongs to; "
        f"a new room is entered in MAY_IMPORT of {MAP} with what it may see",
    )


def test_third_party_names_stay_in_their_room() -> None:
    """A dependency can be replaced by rewriting one room, because no other room names it."""
    found = [violation for file in python_files("src") for violation in third_party_violations(file)]
    assert not found, listed(
        found, f"call it through that room's own names; a new dependency is entered in THIRD_PARTY_ROOMS of {MAP}"
    )


def test_the_domain_is_pure() -> None:
    """The domain does no IO, never waits, and is told the time: its tests need no fixture and no clock."""
    rooms = {"domain", "errors"}
    found = [
        violation
        for file in python_files("src")
        if room_of(file.dotted) in rooms
        for violation in domain_violations(file)
    ]
    assert not found, listed(found, "take the time, the random id, the bytes as arguments; do the IO in the caller")
