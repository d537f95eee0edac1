"""Lock files pin everything by hash and name no address: they install from whatever registry a machine uses."""

from __future__ import annotations

import tomllib

import pytest

from tests.house.locks import (
    lock_name,
    package_lock_violations,
    pinned_names,
    required_names,
    requirements_violations,
)
from tests.house.source_tree import ROOT, listed, text_files

REMEDY = "run `make lock` and commit what it writes"


def test_requirements_locks_hold_names_versions_and_hashes_only() -> None:
    """No requirements lock names a host, a path or an index, and each pin carries a hash."""
    locks = list(text_files("requirements*.txt"))
    found = [violation for path, text in locks for violation in requirements_violations(path, text)]
    assert locks, listed([], REMEDY)
    assert not found, listed(found, REMEDY)


def test_npm_locks_name_no_address() -> None:
    """No package-lock.json records where a package was fetched, and each package carries its integrity."""
    locks = list(text_files("**/package-lock.json"))
    found = [violation for path, text in locks for violation in package_lock_violations(path, text)]
    assert locks, listed([], REMEDY)
    assert not found, listed(found, REMEDY)


def test_the_runtime_lock_follows_pyproject() -> None:
    """Each dependency and build requirement of pyproject.toml is pinned in requirements.txt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {lock_name(line) for line in (*project["project"]["dependencies"], *project["build-system"]["requires"])}
    missing = wanted - pinned_names((ROOT / "requirements.txt").read_text())
    assert not missing, listed(sorted(missing), REMEDY)


@pytest.mark.parametrize("kind", ["bench", "build", "clients", "test"])
def test_each_lock_follows_its_input(kind: str) -> None:
    """Each package that a requirements input asks for is pinned in the lock beside it."""
    wanted = required_names((ROOT / f"requirements-{kind}.in").read_text())
    missing = wanted - pinned_names((ROOT / f"requirements-{kind}.txt").read_text())
    assert not missing, listed(sorted(missing), REMEDY)
