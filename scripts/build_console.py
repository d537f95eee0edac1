"""Builds the console's pages into src/whimbrel/console/built/; does nothing when nothing changed.

    python3.11 scripts/build_console.py                  the pages
    python3.11 scripts/build_console.py --with-checks    and the packages that check console/web

Node is needed here and nowhere else: nothing of it runs in production. Where it is missing or too old, or npm fails,
the reason is written to built/reason.txt, said in one line, and the exit status is 0 all the same: the server runs
without its pages, and the console's address says what to install. A stamp in built/ holds a hash of all that a build
depends on; a new build is made beside the old one and takes its place whole (ADR 0057).
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_NODE = (20, 19)
STAMP, REASON = "stamp.txt", "reason.txt"
BUILD_SECONDS_MAX = 900
#: What a build is made of; the rest of console/web checks it, or was made by it.
SOURCES = ("package.json", "package-lock.json", "index.html", "vite.config.ts", "plugins", "src")
HELP = "docs/how-to"  # shown beside the pages that it is about
GENERATED = "schema.d.ts"  # types alone: no build reads them


class CannotBuildError(Exception):
    """Why there is no console, in words for who installs."""


def build(root: Path = ROOT) -> str | None:
    """Makes `built/` current below `root`; None, or why it could not be."""
    web, built = root / "console" / "web", root / "src" / "whimbrel" / "console" / "built"
    fingerprint = fingerprint_of(web)
    if (built / "index.html").exists() and _read(built / STAMP) == fingerprint:
        return None
    try:
        _require_node()
        _build_beside(web, built, fingerprint)
    except CannotBuildError as error:
        built.mkdir(parents=True, exist_ok=True)
        (built / REASON).write_text(f"{error}\n")
        return str(error)
    return None


def fingerprint_of(web: Path) -> str:
    """Changes when a build would come out otherwise."""
    digest = hashlib.sha256()
    for path in _files(web):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(web.parent.parent)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def node_problem(version: str | None) -> str | None:
    """What is wrong with a Node that calls itself `version`, like `v20.19.1`; None is not installed."""
    wanted = f"Node {'.'.join(map(str, OLDEST_NODE))} or newer, with npm"
    if version is None:
        return f"building it needs {wanted}, and there is none"
    try:
        numbers = tuple(int(part) for part in version.strip().removeprefix("v").split(".")[:2])
    except ValueError:
        return f"building it needs {wanted}, and this one calls itself {version.strip()!r}"
    return None if numbers >= OLDEST_NODE else f"building it needs {wanted}, and this is {version.strip()}"


def _files(web: Path) -> Iterator[Path]:
    for name in SOURCES:
        top = web / name
        found = sorted(path for path in top.rglob("*") if path.is_file()) if top.is_dir() else [top]
        yield from (path for path in found if path.name != GENERATED)
    yield from sorted((web.parent.parent / HELP).glob("*.md"))


def _read(path: Path) -> str | None:
    return path.read_text().strip() if path.exists() else None


def _require_node() -> None:
    node, version = shutil.which("node"), None
    if node and shutil.which("npm"):
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    if problem := node_problem(version):
        raise CannotBuildError(problem)


def _build_beside(web: Path, built: Path, fingerprint: str) -> None:
    """A build that fails leaves the one that was there; who reads meanwhile sees one of the two, whole."""
    built.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".built-", dir=built.parent))
    try:
        print("building the console (console/web)", flush=True)
        _install_packages(web)
        vite = web / "node_modules" / "vite" / "bin" / "vite.js"
        _run(["node", str(vite), "build", "--logLevel", "warn", "--outDir", str(beside)], web)
        (beside / STAMP).write_text(f"{fingerprint}\n")
        beside.chmod(0o755)  # mkdtemp's folder is its maker's alone, and the server may be another user
        if built.exists():
            shutil.rmtree(built)
        beside.rename(built)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _install_packages(web: Path, *, with_checks: bool = False) -> None:
    """The locked packages of the build. Where those of the checks are too, as `make check` leaves it, they stay."""
    lock, stamp = web / "package-lock.json", web / "node_modules" / ".installed-package-lock.json"
    if _read(stamp) == _read(lock) and (not with_checks or (web / "node_modules" / "typescript").exists()):
        return
    omitted = [] if with_checks else ["--omit=dev"]
    _run(["npm", "ci", *omitted, "--silent", "--no-audit", "--no-fund", "--no-update-notifier"], web)
    shutil.copyfile(lock, stamp)


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS_MAX
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBuildError(f"{command[0]} did not finish: {error}") from error
    if done.returncode != 0:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise CannotBuildError(f"{' '.join(command[:2])} failed: {said[-1].strip() if said else 'without a word'}")


def main() -> int:
    """0 whether there is a console or not; 1 when it cannot be checked; 2 for wrong use."""
    if sys.argv[1:] not in ([], ["--with-checks"]):
        print("usage: build_console.py [--with-checks]")
        return 2
    if sys.argv[1:]:
        try:
            _require_node()
            _install_packages(ROOT / "console" / "web", with_checks=True)
        except CannotBuildError as error:
            print(f"the console cannot be checked: {error}")
            return 1
    if reason := build():
        print(f"the console was not built: {reason}. The server runs without it; `make install` tries again.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
