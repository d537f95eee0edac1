"""Makes or refreshes one virtual environment from its lock files; does nothing when nothing changed.

    python3.11 scripts/make_venv.py runtime    .venv: what `whimbrel serve` needs, and whimbrel itself (editable)
    python3.11 scripts/make_venv.py test       .venv: the same, and what the tests and checks need
    python3.11 scripts/make_venv.py clients    .venv-clients: the vendors' packages for the story tests
    python3.11 scripts/make_venv.py bench      .venv-bench: the peer that the benchmarks measure beside us

Every package is pinned with its hash, the build backends too, so nothing unpinned is ever fetched: our own packages
come as wheels only, and what the vendors publish as source is built without pip's build isolation. A stamp in the
environment holds a hash of what each step depends on, written after the step: an interrupted install goes on there.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)


class Step(NamedTuple):
    """One `pip install`: the file that decides what it installs, and pip's arguments."""

    source: str
    arguments: tuple[str, ...]


class Environment(NamedTuple):
    """A virtual environment's folder, and the steps that fill it, in order."""

    folder: str
    steps: tuple[Step, ...]


def _from_lock(lock: str, *options: str) -> Step:
    return Step(lock, ("--require-hashes", *options, "-r", lock))


RUNTIME = (
    _from_lock("requirements.txt", "--only-binary=:all:"),
    Step("pyproject.toml", ("--no-deps", "--no-build-isolation", "-e", ".")),
)
ENVIRONMENTS = {
    "runtime": Environment(".venv", RUNTIME),
    "test": Environment(".venv", (*RUNTIME, _from_lock("requirements-test.txt", "--only-binary=:all:"))),
    "clients": Environment(
        ".venv-clients",
        (
            _from_lock("requirements-build.txt", "--only-binary=:all:"),
            _from_lock("requirements-clients.txt", "--no-build-isolation"),
        ),
    ),
    "bench": Environment(".venv-bench", (_from_lock("requirements-bench.txt", "--only-binary=:all:"),)),
}


def _fingerprint(step: Step) -> str:
    """Changes when the step would install something else. The folder counts, for an environment cannot be moved."""
    arguments = repr((str(ROOT), step.arguments)).encode()
    return hashlib.sha256(arguments + (ROOT / step.source).read_bytes()).hexdigest()


def _read_stamp(stamp: Path) -> dict[str, str]:
    """The fingerprint of each step that was installed, by its source."""
    lines = stamp.read_text().splitlines() if stamp.exists() else []
    return dict(line.split() for line in lines)


def _works(python: Path) -> bool:
    """False when there is no environment, or one that was left half made or lost its interpreter."""
    try:
        return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _install(environment: Environment) -> None:
    folder = ROOT / environment.folder
    python = folder / "bin" / "python"
    stamp = folder / "installed"
    installed = _read_stamp(stamp) if python.exists() else {}
    missing = [step for step in environment.steps if installed.get(step.source) != _fingerprint(step)]
    if missing and not _works(python):
        print(f"making {environment.folder} with Python {sys.version.split()[0]}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        installed, missing = {}, list(environment.steps)
    for step in missing:
        print(f"installing {step.source} into {environment.folder}", flush=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *step.arguments]
        subprocess.run(command, check=True, cwd=ROOT)
        installed[step.source] = _fingerprint(step)
        stamp.write_text("".join(f"{source} {fingerprint}\n" for source, fingerprint in installed.items()))


def main() -> int:
    """0 when the environment is as locked; pip's own message and 1 when it cannot be; 2 for wrong use."""
    if sys.version_info < OLDEST_PYTHON:
        print(f"Whimbrel needs Python 3.11 or newer, this is {sys.version.split()[0]}: try `make PYTHON=python3.11 …`")
        return 2
    if len(sys.argv) != 2 or sys.argv[1] not in ENVIRONMENTS:
        print(f"usage: make_venv.py {'|'.join(ENVIRONMENTS)}")
        return 2
    try:
        _install(ENVIRONMENTS[sys.argv[1]])
    except subprocess.CalledProcessError as error:
        print(f"failed: {' '.join(map(str, error.cmd))}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
