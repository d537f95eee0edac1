"""The project's own files as values: a parsed Python file, and which files there are. Reads only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
#: Where our own Python stands; rules of size and habit hold in all of them.
PYTHON_FOLDERS = ("src", "tests", "scripts", "bench")
_NOT_OURS = {"node_modules", "__pycache__"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


class PythonFile(NamedTuple):
    """One file: its path from the project's root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def dotted(self) -> str:
        """The module's name below the package, for a file of `src/whimbrel`: `domain.job`; empty for the package."""
        parts = self.path.removesuffix(".py").split("/")[2:]
        return ".".join(parts[:-1] if parts[-1:] == ["__init__"] else parts)

    @property
    def is_package(self) -> bool:
        return self.path.endswith("/__init__.py")


def parse(path: str, text: str) -> PythonFile:
    """A file from its text; `path` is relative to the project's root."""
    return PythonFile(path, text, ast.parse(text, path))


@cache
def python_files(*folders: str) -> tuple[PythonFile, ...]:
    """Every Python file under the folders (all of ours by default), in the order of their paths."""
    found = []
    for folder in folders or PYTHON_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not _NOT_OURS & set(path.parts):
                found.append(parse(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")))
    return tuple(found)


def functions(tree: ast.Module) -> Iterator[Function]:
    """Every function and method, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def text_files(*patterns: str) -> Iterator[tuple[str, str]]:
    """(path, text) of the files that match the patterns, relative to the project's root."""
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and not _NOT_OURS & set(path.parts):
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def listed(violations: list[str], remedy: str) -> str:
    """The message of a failed gate: each violation on a line, then what to do about them."""
    return "\n".join(["", *violations, f"→ {remedy}"])
