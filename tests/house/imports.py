"""The rules of direction (style anchors 3.2) as functions of one file: what it imports, and what it should not."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import NamedTuple

from tests.house.rooms import MAY_IMPORT, NOT_IN_DOMAIN, PACKAGE, THIRD_PARTY_ROOMS, is_within, room_of
from tests.house.source_tree import PythonFile

_CLOCK_CALLS = {"now", "utcnow", "today"}


class Import(NamedTuple):
    """One imported name, absolute and dotted to its end (`whimbrel.errors.JobNotFoundError`), and its line."""

    name: str
    line: int

    @property
    def top(self) -> str:
        return self.name.split(".")[0]


def imports_of(file: PythonFile) -> Iterator[Import]:
    """Every import, wherever in the file it stands: under TYPE_CHECKING and inside functions too."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(f"{_origin(file, node)}.{alias.name}", node.lineno) for alias in node.names)


def _origin(file: PythonFile, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = [PACKAGE, *filter(None, file.dotted.split("."))]
    keep = len(parts) - node.level + file.is_package
    return ".".join([*parts[:keep], *filter(None, [node.module])])


def direction_violations(file: PythonFile) -> Iterator[str]:
    """Imports of our own rooms that do not point down."""
    room = room_of(file.dotted)
    if not room or (file.is_package and room == "adapters"):
        allowed: frozenset[str] = frozenset()
    elif room in MAY_IMPORT:
        allowed = MAY_IMPORT[room]
    else:
        yield f"{file.path}: the room {room} is not on the map"
        return
    for name, line in imports_of(file):
        if not is_within(name, PACKAGE) or name == f"{PACKAGE}.__version__":
            continue
        target = name.removeprefix(PACKAGE).lstrip(".")
        if not is_within(target, room) and not any(is_within(target, seen) for seen in allowed):
            yield f"{file.path}:{line}: {room or PACKAGE} imports {target or PACKAGE}"


def third_party_violations(file: PythonFile) -> Iterator[str]:
    """Third-party names outside their room."""
    for found in imports_of(file):
        if found.top in sys.stdlib_module_names or found.top == PACKAGE:
            continue
        rooms = THIRD_PARTY_ROOMS.get(found.top, ())
        if not any(is_within(file.dotted, room) for room in rooms):
            yield f"{file.path}:{found.line}: {found.top} lives in {', '.join(rooms) or 'no room yet'}"


def domain_violations(file: PythonFile) -> Iterator[str]:
    """What the domain may not do: IO, waiting, looking at a clock, rolling dice."""
    for found in imports_of(file):
        if found.top in NOT_IN_DOMAIN:
            yield f"{file.path}:{found.line}: imports {found.top}"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield f"{file.path}:{node.lineno}: waits"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CLOCK_CALLS:
            yield f"{file.path}:{node.lineno}: calls {node.func.attr}()"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"open", "print"}:
            yield f"{file.path}:{node.lineno}: calls {node.func.id}()"
