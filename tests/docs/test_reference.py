"""The reference is what the code says: generated, whole, and without marks that only the source explains."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

from scripts import make_docs, operation_pages
from tests.story.sdk_processes import CLIENTS_PYTHON
from whimbrel import errors
from whimbrel.operations.registry import load_operations
from whimbrel.reports.registry import load_reports
from whimbrel.rpc import declared
from whimbrel.rpc.signature import read_call
from whimbrel.rpc.signed_call import RawRequest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
OPERATIONS = load_operations()


def test_the_committed_reference_is_fresh() -> None:
    """docs/reference holds exactly the pages that a fresh generation writes."""
    stale = make_docs.differences(REFERENCE)
    assert not stale, f"run `make docs`; these differ from the code: {stale}"


def test_write_makes_corrects_and_deletes(tmp_path: Path) -> None:
    """`write` makes what is missing, corrects what was edited by hand, and deletes the page of a lost operation."""
    make_docs.write(tmp_path)
    (tmp_path / "errors.md").write_text("by hand", encoding="utf-8")
    (tmp_path / "operations" / "MakeCoffee.md").write_text("gone", encoding="utf-8")
    (tmp_path / "settings.md").unlink()
    assert make_docs.differences(tmp_path) == ["errors.md", "operations/MakeCoffee.md", "settings.md"]
    make_docs.write(tmp_path)
    assert make_docs.differences(tmp_path) == []
    assert not (tmp_path / "operations" / "MakeCoffee.md").exists()


@pytest.mark.parametrize("action", OPERATIONS)
def test_each_parameter_and_field_is_documented(action: str) -> None:
    """A page names each parameter its operation declares, and each key of its example in either dialect."""
    operation = OPERATIONS[action]
    page = operation_pages.operation_page(operation)
    head = page.split("## Errors")[0]
    for name in operation.example.request:
        assert f"`{re.sub(r'[.][0-9]+', '.N', name)}`" in head
    example = page.split("Answered in PascalCase")[1].split("Answered in lowerCamelCase")[0]
    documented = set(re.findall(r"[A-Za-z0-9]+", head))
    keys = set(re.findall(r'"([A-Za-z0-9]+)":', example))
    assert keys, "the example shows no answer"
    assert keys <= documented | {"RequestId", "Success", "Code"}


def test_the_index_lists_every_operation_once() -> None:
    """Each operation has one line of the index, below its noun, which leads to its page."""
    index = make_docs.all_pages()["operations/index.md"]
    for action, operation in OPERATIONS.items():
        assert index.count(f"[{action}]({action}.md)") == 1
        before = index.split(f"[{action}]")[0]
        heading = re.findall(r"^## (.+)$", before, re.MULTILINE)[-1]
        assert heading.lower().replace(" ", "_") == declared.noun_of(operation)


@pytest.mark.parametrize("action", OPERATIONS)
def test_the_signed_request_can_be_read(action: str) -> None:
    """The URL of a page is a request that the gate reads as the example; only its signature is a placeholder."""
    (url,) = re.findall(r"^GET (\S+)$", page_of(action), re.MULTILINE)
    call = read_call(RawRequest("GET", b"/", url.partition("?")[2].encode(), (), b""))
    assert call.action == action
    assert OPERATIONS[action].example.request.items() <= call.parameters.items()


def test_the_python_of_pages_sends_the_example() -> None:
    """Run with the vendors' unmodified packages, each page's Python makes exactly the request of its example."""
    blocks = {action: re.findall(r"^```python\n(.*?)^```$", page_of(action), re.M | re.S) for action in OPERATIONS}
    runner = Path(__file__).with_name("snippet_runner.py")
    ended = subprocess.run(
        [CLIENTS_PYTHON, runner], input=json.dumps(blocks), capture_output=True, text=True, check=True, timeout=120
    )
    for action, sent in json.loads(ended.stdout).items():
        example = {
            name: text.lower() if text in ("True", "False") else text
            for name, text in OPERATIONS[action].example.request.items()
        }
        assert sent, f"{action} has no Python"
        for request in sent:
            assert "error" not in request, f"{action}: {request}; an action of ours needs the prefix X"
            assert (request["action"], example.items() <= request["parameters"].items()) == (action, True), request


def page_of(action: str) -> str:
    """The page as it would be written now."""
    return operation_pages.operation_page(OPERATIONS[action])


def test_every_error_code_is_documented() -> None:
    """errors.md has the code of every gateway and business error that `errors` holds."""
    page = make_docs.errors_page(load_operations().values())
    roots = (errors.GatewayError, errors.BusinessError)
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, roots)]
    at_run_time = {*roots, *declared.MADE_AT_RUN_TIME}
    missing = [kind.code for kind in kinds if kind not in at_run_time and f"`{kind.code}`" not in page]
    assert len(kinds) > len(at_run_time)
    assert not missing


def test_every_upload_code_is_documented() -> None:
    """Each code that an UploadError is raised with anywhere has a row of its own."""
    given: set[str] = set()
    for path in (ROOT / "src" / "whimbrel").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UploadError" and node.args:
                code = node.args[0]
                assert isinstance(code, ast.Constant), f"{path}:{node.lineno}: a code that cannot be read here"
                given.add(str(code.value))
    assert len(given) > 5
    assert given <= make_docs.UPLOAD_MEANINGS.keys()


def test_every_topic_is_documented() -> None:
    """reports.md names the topic of every report, and where its answer goes."""
    page = make_docs.reports_page(load_reports().values())
    for report in load_reports().values():
        assert f"`{report.topic}`" in page
        assert report.reply_topic is None or f"`{report.reply_topic}`" in page


@pytest.mark.parametrize(
    ("docstring", "shown"),
    [
        ("Answers.\n\nSource: api-contract 8.2, 7.1.", "Answers.\n"),
        ("Answers.\n\nSource: api-contract 8.2, 7.1. What is left.", "Answers.\n\nWhat is left.\n"),
        ("1. Verified (I10), or not (at all).", "1. Verified, or not (at all).\n"),
    ],
)
def test_pages_are_for_readers_without_the_source(docstring: str, shown: str) -> None:
    """What a docstring says of its sources is not shown; all else is."""
    assert declared.readable(docstring) == shown


def test_no_page_cites_what_its_reader_does_not_have() -> None:
    """No generated page names the project's work sheets or its invariants by number."""
    marks = re.compile(r"api-contract|device-protocol|threat-model|\([AFI][0-9]+\)")
    found = {path: marks.findall(text) for path, text in make_docs.all_pages().items() if marks.search(text)}
    assert not found
