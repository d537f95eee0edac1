"""Documents name what is there (style anchors 3.7)."""

from __future__ import annotations

import re

from tests.house.documents import is_there, named_files
from tests.house.source_tree import ROOT, listed, text_files

ONE_REQUEST = "docs/explanation/one-request.md"
SETTINGS_PAGE = "docs/reference/settings.md"
#: One request and one progress report pass through at least this many rooms each.
STATIONS_MIN = 5


def test_one_request_passes_through_real_files() -> None:
    """The page that follows one request through the house names files, and all of them exist."""
    text = (ROOT / ONE_REQUEST).read_text(encoding="utf-8")
    names = named_files(text)
    found = [f"{ONE_REQUEST}: {name} is not there" for name in names if not is_there(ROOT, name)]
    assert len(set(names)) >= STATIONS_MIN, listed([f"{ONE_REQUEST} names {names}"], "name each file a request passes")
    assert not found, listed(found, "follow the request again through the code, and name the files it passes now")


def test_documents_name_real_files() -> None:
    """Every path of ours that a document puts in backticks exists; decisions and history may name what is gone."""
    pages = text_files("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/[!a]*/**/*.md")
    ours = ("src/", "tests/", "scripts/", "docs/", "bench/")
    found = [
        f"{path}: {name} is not there"
        for path, text in pages
        for name in named_files(text)
        if name.startswith(ours) and not is_there(ROOT, name)
    ]
    assert not found, listed(found, "name the file that took its place")


def test_each_setting_is_documented() -> None:
    """Each setting stands by its name in the settings page."""
    # Imported here, so that a broken import fails this test and not the whole file.
    from whimbrel.settings import SETTINGS

    page = (ROOT / SETTINGS_PAGE).read_text(encoding="utf-8")
    words = set(re.findall(r"[A-Za-z0-9_]+(?:[-.][A-Za-z0-9_]+)*", page))
    names = [setting.name for setting in SETTINGS]
    missing = [f"{SETTINGS_PAGE}: {name} is missing" for name in names if name not in words]
    assert names, "whimbrel.settings.SETTINGS is empty"
    assert not missing, listed(missing, "run `make docs`")
