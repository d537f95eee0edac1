"""The rules of size, names and habits (style anchors 3.1, 3.6, 3.9) as functions of one file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.house.source_tree import Function, PythonFile, functions

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
PARAMETERS_MAX = 5
ROOM_DOCSTRING_CHARACTERS_MIN = 30

#: A name with one of these words says nothing about its job.
DRAWER_WORDS = frozenset({"util", "utils", "helper", "helpers", "common", "misc", "manager"})
#: Words that others use for what we call job, firmware and OTA module (style anchors 3.6).
FOREIGN_WORDS = {
    "campaign": "job",
    "campaigns": "jobs",
    "artifact": "firmware",
    "artifacts": "firmware",
    "component": "module",
    "components": "modules",
}
# Written in halves, so that this file does not break its own rule.
_UNFINISHED = re.compile(rf"\b(?:TO{'DO'}|FIX{'ME'})\b")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words_of(identifier: str) -> list[str]:
    """The lower-case words of a snake_case or CamelCase name: `OTAModuleManager` gives ota, module, manager."""
    return [word.lower() for word in _WORDS.findall(identifier)]


def _length(function: Function) -> int:
    """Lines from `def` to the end, the docstring aside."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        docstring = function.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


def _parameter_count(function: Function) -> int:
    """Parameters that a caller may give: not `self` and `cls`."""
    declared = function.args
    named = [*declared.posonlyargs, *declared.args]
    if named and named[0].arg in {"self", "cls"}:
        named = named[1:]
    return len(named) + len(declared.kwonlyargs) + sum(extra is not None for extra in (declared.vararg, declared.kwarg))


def _is_command(function: Function) -> bool:
    """A click command: click passes every option as an argument, so their number is the user's business."""
    called = (node.func if isinstance(node, ast.Call) else node for node in function.decorator_list)
    return any(isinstance(name, ast.Attribute) and name.attr in {"command", "group"} for name in called)


def file_size_violations(file: PythonFile) -> Iterator[str]:
    """A file that is too long."""
    lines = file.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield f"{file.path}: {lines} lines"


def function_size_violations(file: PythonFile) -> Iterator[str]:
    """Functions that are too long."""
    for function in functions(file.tree):
        if (lines := _length(function)) > FUNCTION_LINES_MAX:
            yield f"{file.path}:{function.lineno}: {function.name} has {lines} lines"


def parameter_violations(file: PythonFile) -> Iterator[str]:
    """Functions that take too much, commands aside."""
    for function in functions(file.tree):
        if (count := _parameter_count(function)) > PARAMETERS_MAX and not _is_command(function):
            yield f"{file.path}:{function.lineno}: {function.name} takes {count} parameters"


def drawer_violations(file: PythonFile) -> Iterator[str]:
    """Modules, folders and classes named after no job."""
    for part in file.path.removesuffix(".py").split("/"):
        if drawers := DRAWER_WORDS & set(words_of(part)):
            yield f"{file.path}: named {', '.join(sorted(drawers))}"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ClassDef) and (drawers := DRAWER_WORDS & set(words_of(node.name))):
            yield f"{file.path}:{node.lineno}: class {node.name} is named {', '.join(sorted(drawers))}"


def foreign_word_violations(file: PythonFile) -> Iterator[str]:
    """Modules, classes and functions named in another product's words."""
    named = [(file.path.removesuffix(".py").rsplit("/", 1)[-1], 1)]
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            named.append((node.name, node.lineno))
    for name, line in named:
        for word in words_of(name):
            if word in FOREIGN_WORDS:
                yield f"{file.path}:{line}: {name} says {word}, our word is {FOREIGN_WORDS[word]}"


def global_violations(file: PythonFile) -> Iterator[str]:
    """`global` statements."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Global):
            yield f"{file.path}:{node.lineno}: global {', '.join(node.names)}"


def _is_catch_all(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id in {"Exception", "BaseException"} for name in caught)


def _is_idle(statement: ast.stmt) -> bool:
    """`pass`, `continue`, `...` or a text."""
    return isinstance(statement, ast.Pass | ast.Continue) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def swallowed_error_violations(file: PythonFile) -> Iterator[str]:
    """`except:` at all, and `except Exception:` that does nothing with what it caught."""
    for node in ast.walk(file.tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        does_nothing = all(map(_is_idle, node.body))
        if node.type is None or (does_nothing and _is_catch_all(node)):
            yield f"{file.path}:{node.lineno}: catches everything{' and says nothing' if does_nothing else ''}"


def declares_operation(file: PythonFile) -> bool:
    """True for a module that holds an Action, not for what several Actions of a folder share."""
    decorators = (mark for function in functions(file.tree) for mark in function.decorator_list)
    return any(
        isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "operation"
        for mark in decorators
    )


def room_docstring_violations(file: PythonFile) -> Iterator[str]:
    """An `__init__.py` that does not say its room's job."""
    if file.is_package and len(ast.get_docstring(file.tree) or "") < ROOM_DOCSTRING_CHARACTERS_MIN:
        yield f"{file.path}: no docstring that says the room's job"


def unproved_test_violations(file: PythonFile) -> Iterator[str]:
    """Tests without a docstring."""
    for function in functions(file.tree):
        if function.name.startswith("test_") and not ast.get_docstring(function):
            yield f"{file.path}:{function.lineno}: {function.name} has no docstring"


def unfinished_violations(path: str, text: str) -> Iterator[str]:
    """Marks of unfinished work, in any text file."""
    for number, line in enumerate(text.splitlines(), 1):
        if _UNFINISHED.search(line):
            yield f"{path}:{number}: {line.strip()}"
