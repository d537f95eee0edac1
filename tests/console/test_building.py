"""The console is built at the install, and an install without Node works all the same (ADR 0057)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from scripts.build_console import OLDEST_NODE, ROOT, build, fingerprint_of, node_problem

WEB = ROOT / "console" / "web"
MAJOR, MINOR = OLDEST_NODE


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the sources of the pages and nothing built."""
    ignored = shutil.ignore_patterns("node_modules", "schema.d.ts")
    shutil.copytree(WEB, tmp_path / "console" / "web", ignore=ignored)
    shutil.copytree(ROOT / "docs" / "how-to", tmp_path / "docs" / "how-to")
    (tmp_path / "src" / "whimbrel" / "console").mkdir(parents=True)
    return tmp_path


def _programs(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    """A PATH with these programs and none besides but the shell's."""
    folder.mkdir()
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def _built(checkout: Path) -> Path:
    return checkout / "src" / "whimbrel" / "console" / "built"


@pytest.mark.parametrize("version", [f"v{MAJOR}.{MINOR}.0", f"v{MAJOR}.{MINOR + 1}.0", f"v{MAJOR + 1}.0.0\n"])
def test_a_node_that_is_new_enough_builds(version: str) -> None:
    """The oldest Node that builds, and newer ones, are taken."""
    assert node_problem(version) is None


@pytest.mark.parametrize("version", [f"v{MAJOR}.{MINOR - 1}.9", f"v{MAJOR - 1}.99.0", "", "something else", None])
def test_an_older_node_is_named(version: str | None) -> None:
    """What is too old, or no Node at all, is answered with what to install."""
    assert f"{MAJOR}.{MINOR} or newer" in (node_problem(version) or "")


def test_without_node_the_reason_is_left_for_the_server(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Node is no error of the install: the reason stands where the server looks for the pages."""
    _programs(checkout / "bin", monkeypatch)
    reason = build(checkout)
    assert reason is not None
    assert (_built(checkout) / "reason.txt").read_text().strip() == reason


def test_a_failing_npm_leaves_the_pages_that_were_there(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of before are better than none; the last line that npm said is the reason."""
    _programs(checkout / "bin", monkeypatch, node="echo v99.0.0", npm="echo first >&2; echo 'no network' >&2; exit 1")
    _built(checkout).mkdir()
    (_built(checkout) / "index.html").write_text("old")
    assert "no network" in (build(checkout) or "")
    assert (_built(checkout) / "index.html").read_text() == "old"
    assert [path.name for path in _built(checkout).parent.iterdir()] == ["built"]


def test_a_build_takes_the_place_of_the_old_one_whole(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a build nothing of the old one is left, its reason neither, and the next build has nothing to do."""
    vite = 'for last; do :; done; case "$1" in --version) echo v99.0.0;; *) echo new >"$last/index.html";; esac'
    modules = f"{shutil.which('mkdir')} -p node_modules"
    _programs(checkout / "bin", monkeypatch, node=vite, npm=modules)
    _built(checkout).mkdir()
    for name in ("reason.txt", "old.js"):
        (_built(checkout) / name).write_text("old")
    assert build(checkout) is None
    assert sorted(path.name for path in _built(checkout).iterdir()) == ["index.html", "stamp.txt"]
    monkeypatch.setenv("PATH", "")
    assert build(checkout) is None


@pytest.mark.parametrize(
    "name",
    [
        "console/web/package-lock.json",
        "console/web/index.html",
        "console/web/src/theme.ts",
        "console/web/src/words/zh/common.json",
        "docs/how-to/roll-out-carefully.md",
    ],
)
def test_what_a_build_is_made_of_decides_whether_there_is_one(checkout: Path, name: str) -> None:
    """A changed source, lock or page of help is built again."""
    web = checkout / "console" / "web"
    before = fingerprint_of(web)
    (checkout / name).write_text((checkout / name).read_text() + "\n")
    assert fingerprint_of(web) != before


@pytest.mark.parametrize("name", ["README.md", "tests/new.test.ts", "src/api/schema.d.ts"])
def test_what_only_checks_is_not_built_again(checkout: Path, name: str) -> None:
    """Tests, words for colleagues and generated types are no part of the pages."""
    web = checkout / "console" / "web"
    before = fingerprint_of(web)
    (web / name).write_text("changed\n")
    assert fingerprint_of(web) == before


def test_wheels_and_sdists_carry_the_pages(tmp_path: Path) -> None:
    """Who installs a wheel or an sdist needs no Node."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,), (sdist,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as packed:
        in_wheel = packed.namelist()
    with tarfile.open(sdist) as unpacked:
        in_sdist = unpacked.getnames()
    assert "whimbrel/console/built/index.html" in in_wheel
    assert any(name.startswith("whimbrel/console/built/assets/") and name.endswith(".js.br") for name in in_wheel)
    assert any(name.endswith("src/whimbrel/console/built/index.html") for name in in_sdist)
    assert any(name.endswith("console/web/package-lock.json") for name in in_sdist)
    assert not [name for name in (*in_wheel, *in_sdist) if "node_modules" in name]
