"""Pages that people wrote: their links lead somewhere, and their code does what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from whimbrel.domain.device_credential import (
    DeviceCredential,
    expected_password,
    parse_credential,
    parse_registration,
    registration_matches,
)
from whimbrel.operations.registry import load_operations
from whimbrel.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(text)}


def code(page: str, language: str) -> list[str]:
    """The blocks of a page in that language."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [block for found, block in _BLOCK.findall(text) if found == language]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Every link inside the project names a file that exists, and a heading that the file has."""
    broken = []
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        is_there = "://" in link or target.is_file()
        if not is_there or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    assert not broken


def test_every_decision_is_in_the_list() -> None:
    """The list of decisions names each decision once, and each has context, options and outcome."""
    folder = ROOT / "docs" / "adr"
    listed = _LINK.findall((folder / "README.md").read_text(encoding="utf-8"))
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert listed == pages
    for name in pages:
        found = _HEADING.findall((folder / name).read_text(encoding="utf-8"))
        assert found[0].startswith(f"{name[:4]}: "), name
        assert found[1:] == ["Context", "Options", "Outcome"], name


def test_the_readme_lists_the_operations() -> None:
    """README.md names exactly the operations of this release as being there."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## What is there\n")[1].split("\n## ")[0]
    words = set(re.findall(r"\bX?[A-Z][a-z]+(?:[A-Z]+[a-z]*)+\b", section))
    assert words & load_operations().keys() == load_operations().keys()
    assert {word for word in words if word.startswith(("Create", "Query", "List", "Delete", "Cancel"))} <= (
        load_operations().keys()
    )


def test_the_page_for_device_writers_computes_the_password() -> None:
    """The function that the page shows makes a CONNECT that the server reads and accepts (device-protocol 1)."""
    (source,) = code("how-to/write-a-device.md", "python")
    shown: dict[str, Any] = {}
    exec(source, shown)
    client_id, username, password = shown["connect_fields"]("kabcdefgh01", "lamp-0001", "s3cret")
    credential = parse_credential(client_id, username)
    assert isinstance(credential, DeviceCredential)
    assert credential.identity == ("kabcdefgh01", "lamp-0001")
    assert password == expected_password(credential, "s3cret")


def test_the_page_for_registration_signs_as_the_protocol_says() -> None:
    """The form that the page shows is read, and proved by the product's secret (device-protocol 11)."""
    (source,) = code("how-to/register-devices-dynamically.md", "python")
    shown: dict[str, Any] = {}
    exec(source, shown)
    form = dict(parse_qsl(shown["registration_form"]("a19mzPZ0001", "dev-0001", "productSecret01", "567345")))
    claim = parse_registration(form)
    assert claim is not None
    assert form["sign"] == "d03d7ca7fca43ae165851bb4249709886db2192918daf407836f0c854990f0a7"
    assert registration_matches(claim, form["sign"].encode(), "productSecret01")


def test_python_on_pages_compiles() -> None:
    """Each Python block of the pages is Python."""
    blocks = [block for page in PAGES for found, block in _BLOCK.findall(page.read_text("utf-8")) if found == "python"]
    assert len(blocks) > 5
    for block in blocks:
        compile(block, "page", "exec")


def test_settings_on_pages_exist() -> None:
    """A `whimbrel.toml` shown for running it for real holds settings of this release only."""
    names = {setting.name for setting in SETTINGS}
    shown = re.findall(r"^([a-z-]+) =", "\n".join(code("how-to/run-it-for-real.md", "toml")), re.MULTILINE)
    assert shown
    assert set(shown) <= names
