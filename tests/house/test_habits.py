"""What our code never does, and what every room and test says about itself (style anchors 3.2, 3.7, 3.8, 3.9)."""

from __future__ import annotations

from pathlib import Path

from tests.house import shape
from tests.house.source_tree import ROOT, SOURCE, listed, python_files, text_files

CODE = (
    "src/**/*.py",
    "src/**/*.sql",
    "tests/**/*.py",
    "tests/**/*.js",
    "scripts/*",
    "bench/**/*.py",
    ".ci/*",
    "Makefile",
    "pyproject.toml",
)


def test_no_state_hides_in_globals() -> None:
    """No function rebinds a module's variable: two servers can live in one process."""
    found = [violation for file in python_files() for violation in shape.global_violations(file)]
    assert not found, listed(found, "keep the state in an object that app.py makes and passes in")


def test_no_error_is_swallowed() -> None:
    """Nothing catches everything and goes on as if nothing had happened."""
    found = [violation for file in python_files() for violation in shape.swallowed_error_violations(file)]
    assert not found, listed(found, "name the exception you expect, or log it and say why going on is safe")


def test_every_room_says_its_job() -> None:
    """Each folder of the package is a package, whose docstring says its job and what may not live there."""
    found = [violation for file in python_files("src") for violation in shape.room_docstring_violations(file)]
    folders = {path.parent for path in (SOURCE / "whimbrel").rglob("*.py")}
    found += [f"{_relative(folder)}/__init__.py is missing" for folder in sorted(folders) if not _has_init(folder)]
    assert not found, listed(found, "write one sentence for the room's job and one for what may not live there")


def _has_init(folder: Path) -> bool:
    return (folder / "__init__.py").exists()


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_test_states_its_fact() -> None:
    """Each test's docstring is the fact it proves, so that a failure reads as a sentence that is no longer true."""
    found = [violation for file in python_files("tests") for violation in shape.unproved_test_violations(file)]
    assert not found, listed(found, "write the proved fact as one present-tense sentence")


def test_nothing_is_left_unfinished() -> None:
    """No code is marked as to be done later."""
    found = [violation for path, text in text_files(*CODE) for violation in shape.unfinished_violations(path, text)]
    assert not found, listed(found, "do it now, or write an issue and delete the mark")


def test_every_operation_has_its_test_file() -> None:
    """`operations/<noun>/<action>.py` is proved by `tests/operations/<noun>/test_<action>.py`."""
    operations = [file for file in python_files("src") if shape.declares_operation(file)]
    found = []
    for file in operations:
        folder, _, module = file.path.removeprefix("src/whimbrel/").rpartition("/")
        test = f"tests/{folder}/test_{module}"
        if not (ROOT / test).exists():
            found.append(f"{file.path}: {test} is missing")
    assert operations, "no module declares an operation: has the decorator another name?"
    assert not found, listed(found, "prove the happy answer, each declared error and the wrong permission there")
