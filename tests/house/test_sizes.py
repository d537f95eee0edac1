"""Files, functions and parameter lists stay small enough to read in one go (style anchors 3.1)."""

from __future__ import annotations

from tests.house import shape
from tests.house.source_tree import listed, python_files


def test_files_are_short() -> None:
    """No file of ours, tests included, has more than 400 lines."""
    found = [violation for file in python_files() for violation in shape.file_size_violations(file)]
    assert not found, listed(found, f"split it by job: at most {shape.FILE_LINES_MAX} lines, aim at 150")


def test_functions_are_short() -> None:
    """No function has more than 50 lines, its docstring aside."""
    found = [violation for file in python_files() for violation in shape.function_size_violations(file)]
    assert not found, listed(found, f"name its steps as functions: at most {shape.FUNCTION_LINES_MAX} lines, aim at 10")


def test_functions_take_few_parameters() -> None:
    """No function outside the tests takes more than five parameters; commands of the terminal door may."""
    files = python_files("src", "scripts", "bench")
    found = [violation for file in files for violation in shape.parameter_violations(file)]
    assert not found, listed(found, f"more than {shape.PARAMETERS_MAX} mean that a value (a NamedTuple) is missing")
