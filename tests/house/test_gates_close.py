"""Each rule of the house refuses what it is there to refuse, and lets good code pass."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.house import imports, locks, shape
from tests.house.documents import is_there, named_files
from tests.house.rooms import MAY_IMPORT, THIRD_PARTY_ROOMS, room_of
from tests.house.source_tree import PythonFile, listed, parse

HASH = "    --hash=sha256:" + "0" * 64
Rule = Callable[[PythonFile], Iterator[str]]


def body_of(lines: int) -> str:
    """A function of so many lines, its `def` counted."""
    return "def f():\n" + "    a = 1\n" * (lines - 1)


def file_in(room: str, text: str) -> PythonFile:
    """A file of the package; `room` is its dotted path below it, ending in a dot for a package's own file."""
    path = room.replace(".", "/") + "__init__" if room.endswith(".") else room.replace(".", "/")
    return parse(f"src/whimbrel/{path}.py", text)


REFUSED: list[tuple[Rule, str, str]] = [
    (imports.direction_violations, "domain.job", "import whimbrel.ports.store"),
    (imports.direction_violations, "domain.job", "from whimbrel import ports"),
    (imports.direction_violations, "domain.job", "from ..ports import store"),
    (imports.direction_violations, "domain.job", "def f():\n    from whimbrel.rpc import wire"),
    (imports.direction_violations, "domain.", "from ..ports import store"),
    (imports.direction_violations, "domain.job", "from whimbrel.crash_points import crash_here"),
    (imports.direction_violations, "errors", "import whimbrel.domain.job"),
    (imports.direction_violations, "ports.store", "import whimbrel.adapters.store.sqlite"),
    (imports.direction_violations, "adapters.store.sqlite", "import whimbrel.adapters.firmware_store.disk"),
    (imports.direction_violations, "adapters.store.sqlite", "import whimbrel.operations.declaration"),
    (imports.direction_violations, "operations.job.list_ota_task_by_job", "import whimbrel.adapters.store.sqlite"),
    (imports.direction_violations, "operations.job.list_ota_task_by_job", "import whimbrel.rpc.wire"),
    (imports.direction_violations, "operations.job.list_ota_task_by_job", "import whimbrel.settings"),
    (imports.direction_violations, "rpc.server", "import whimbrel.adapters.store.sqlite"),
    (imports.direction_violations, "rpc.server", "import whimbrel.gateway.mqtt"),
    (imports.direction_violations, "cli.serve", "import whimbrel.adapters.store.sqlite"),
    (imports.direction_violations, "settings", "import whimbrel.app"),
    (imports.direction_violations, "attic.trunk", "x = 1"),
    (imports.direction_violations, ".", "import whimbrel.app"),
    (imports.third_party_violations, "rpc.server", "import apsw"),
    (imports.third_party_violations, "gateway.mqtt", "from starlette.responses import Response"),
    (imports.third_party_violations, "domain.job", "import msgspec"),
    (imports.third_party_violations, "adapters.store.sqlite", "import requests"),
    (imports.domain_violations, "domain.job", "import time"),
    (imports.domain_violations, "domain.job", "from os import environ"),
    (imports.domain_violations, "domain.job", "async def f(): ..."),
    (imports.domain_violations, "domain.job", "x = datetime.now()"),
    (imports.domain_violations, "domain.job", "x = open('a')"),
    (shape.file_size_violations, "domain.job", "x = 1\n" * 401),
    (shape.function_size_violations, "domain.job", body_of(51)),
    (shape.function_size_violations, "domain.job", "async " + body_of(51)),
    (shape.parameter_violations, "domain.job", "def f(a, b, /, c, *, d, e, f): ..."),
    (shape.parameter_violations, "domain.job", "def f(a, b, c, d, *e, **f): ..."),
    (shape.parameter_violations, "domain.job", "class A:\n    def f(self, a, b, c, d, e, f): ..."),
    (shape.drawer_violations, "domain.job_utils", ""),
    (shape.drawer_violations, "common.job", ""),
    (shape.drawer_violations, "domain.job", "class JobManager: ..."),
    (shape.drawer_violations, "domain.job", "class OTAHelper: ..."),
    (shape.foreign_word_violations, "domain.campaign", ""),
    (shape.foreign_word_violations, "domain.job", "class FirmwareArtifact: ..."),
    (shape.foreign_word_violations, "domain.job", "def list_components(): ..."),
    (shape.global_violations, "domain.job", "def f():\n    global x\n    x = 1"),
    (shape.swallowed_error_violations, "domain.job", "try:\n    f()\nexcept:\n    raise"),
    (shape.swallowed_error_violations, "domain.job", "try:\n    f()\nexcept Exception:\n    pass"),
    (shape.swallowed_error_violations, "domain.job", "try:\n    f()\nexcept (OSError, Exception):\n    ..."),
    (
        shape.swallowed_error_violations,
        "domain.job",
        "for x in y:\n  try:\n    f()\n  except BaseException:\n    continue",
    ),
    (shape.room_docstring_violations, "domain.", '""""""'),
    (shape.unproved_test_violations, "domain.job", "def test_x(): ..."),
    (shape.unproved_test_violations, "domain.job", "class A:\n    async def test_x(self): ..."),
]

ALLOWED: list[tuple[Rule, str, str]] = [
    (imports.direction_violations, "domain.job", "from whimbrel.domain.task import Task\nimport whimbrel.errors"),
    (imports.direction_violations, "domain.job", "from .task import Task\nfrom ..errors import JobStatusError"),
    (imports.direction_violations, "adapters.store.sqlite", "import whimbrel.ports.store, whimbrel.crash_points"),
    (imports.direction_violations, "adapters.store.sqlite", "from whimbrel.adapters.store import session"),
    (imports.direction_violations, "operations.job.create_ota_verify_job", "import whimbrel.operations.declaration"),
    (imports.direction_violations, "cli.serve", "import whimbrel.app, whimbrel.settings"),
    (imports.direction_violations, "app", "import whimbrel.adapters.store.sqlite, whimbrel.rpc.server"),
    (imports.third_party_violations, "adapters.store.repositories.jobs", "import apsw"),
    (imports.third_party_violations, "console.pages", "import starlette.requests"),
    (imports.domain_violations, "domain.job", "import hashlib, hmac\nfrom datetime import UTC, datetime"),
    (shape.file_size_violations, "domain.job", "x = 1\n" * 400),
    (shape.function_size_violations, "domain.job", body_of(50)),
    (shape.function_size_violations, "domain.job", body_of(50).replace("a = 1", '"""One.\n\n    Two."""', 1)),
    (shape.parameter_violations, "domain.job", "class A:\n    def f(self, a, b, c, d, e): ..."),
    (shape.parameter_violations, "cli.serve", "@main.command()\ndef f(a, b, c, d, e, f): ..."),
    (shape.drawer_violations, "domain.commonwealth", "class Managed: ..."),
    (shape.foreign_word_violations, "domain.job", "class Decomposition: ..."),
    (shape.swallowed_error_violations, "domain.job", "try:\n    f()\nexcept OSError:\n    pass"),
    (shape.swallowed_error_violations, "domain.job", "try:\n    f()\nexcept Exception:\n    log()"),
    (shape.room_docstring_violations, "domain.", '"""What is true of OTA. No IO may live here."""'),
    (shape.unproved_test_violations, "domain.job", 'def test_x():\n    """The fact."""'),
]


@pytest.mark.parametrize(("rule", "room", "text"), REFUSED)
def test_a_rule_refuses_what_breaks_it(rule: Rule, room: str, text: str) -> None:
    """Code that breaks a rule is named with its file."""
    found = list(rule(file_in(room, text)))
    assert found
    assert all(violation.startswith("src/whimbrel/") for violation in found)


@pytest.mark.parametrize(("rule", "room", "text"), ALLOWED)
def test_a_rule_lets_good_code_pass(rule: Rule, room: str, text: str) -> None:
    """Code that keeps a rule, on the limit or just inside it, is not named."""
    assert list(rule(file_in(room, text))) == []


def test_an_operation_is_known_by_its_decorator() -> None:
    """A module with a function under `operation(...)` is an operation; what operations share is none."""
    declared = "@operation(action='A')\nasync def handle(request, context): ..."
    assert shape.declares_operation(file_in("operations.job.a", declared))
    assert not shape.declares_operation(file_in("operations.job.lookup", "def find_job(): ..."))


def test_unfinished_work_is_named_by_its_line() -> None:
    """A mark of unfinished work is found as a word of its own, and not inside another word."""
    marks = ["TO" + "DO", "FIX" + "ME"]
    text = "\n".join(["mastodon", *(f"# {mark}: later" for mark in marks), marks[0] + "S"])
    assert [found.split(" ")[0] for found in shape.unfinished_violations("a.py", text)] == ["a.py:2:", "a.py:3:"]


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://registry.example/simple",
        "--find-links /somewhere",
        "-i x",
        "-e .",
        "a @ https://registry.example/a.whl \\",
        "a>=1.0 \\",
        "    # via -r /home/someone/requirements.in",
        "# from https://registry.example",
    ],
)
def test_a_lock_line_that_names_an_address_or_no_version_is_refused(line: str) -> None:
    """Only pins, hashes and comments without an address or an absolute path may stand in a requirements lock."""
    assert list(locks.requirements_violations("lock", f"{line}\n{HASH}\n"))


def test_a_pin_needs_a_hash() -> None:
    """A pinned package whose hash is missing is refused, with its line."""
    good = f"a==1.0 \\\n{HASH} \\\n{HASH}\n    # via -r requirements.in, b (pyproject.toml)\n"
    assert list(locks.requirements_violations("lock", good)) == []
    assert list(locks.requirements_violations("lock", "a==1.0 \\\n    # via b\n")) == ["lock:1: a==1.0 \\ has no hash"]


def test_an_npm_package_needs_integrity_and_no_address() -> None:
    """A package of an npm lock is refused when it has no integrity, or says where it came from."""
    packages = {"": {}, "node_modules/a": {"resolved": "https://registry.example/a.tgz"}}
    found = list(locks.package_lock_violations("lock", json.dumps({"packages": packages})))
    assert [violation.split(" ", 2)[2] for violation in found] == [
        "names https://registry.example/a.tgz",
        "has no integrity",
    ]


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("python_multipart>=0.0.20", "python-multipart"),
        ("apsw", "apsw"),
        ("paho-mqtt<2", "paho-mqtt"),
        ("A[b]==1", "a"),
    ],
)
def test_a_requirement_is_known_by_its_locked_name(requirement: str, name: str) -> None:
    """Extras, ranges, case and underscores do not hide that a requirement is locked."""
    assert locks.lock_name(requirement) == name


def test_documents_are_held_to_the_files_they_name(tmp_path: Path) -> None:
    """A path in backticks counts, from the root or from the package; prose, commands and bare names do not."""
    (tmp_path / "src/whimbrel/rpc").mkdir(parents=True)
    (tmp_path / "src/whimbrel/rpc/server.py").touch()
    text = "`rpc/server.py:12` and `src/whimbrel/rpc/server.py`, not `rpc/gone.py`; `make run`, rpc/wire.py, `job.py`"
    names = named_files(text)
    assert names == ["rpc/server.py", "src/whimbrel/rpc/server.py", "rpc/gone.py"]
    assert [is_there(tmp_path, name) for name in names] == [True, True, False]


def test_the_map_names_rooms_that_can_be() -> None:
    """Every room in a table of the map is a room of the map: a misspelt one would allow nothing or everything."""
    known = set(MAY_IMPORT) | {"adapters"}
    seen = {room for rooms in MAY_IMPORT.values() for room in rooms}
    homes = {room_of(room) for rooms in THIRD_PARTY_ROOMS.values() for room in rooms}
    assert seen | homes <= known


def test_a_failed_gate_says_what_to_do() -> None:
    """The message of a gate lists each violation and ends with the remedy."""
    assert listed(["a.py:1: x", "b.py:2: y"], "split it") == "\na.py:1: x\nb.py:2: y\n→ split it"
