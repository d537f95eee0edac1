"""What was built: how much it weighs, and that it needs nothing from anywhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.build_console import ROOT, build

KIB = 1024
WEIGHT_BYTES_MAX = 400 * KIB  # compressed, all pages and languages together (issue 6)
FIRST_LOAD_BYTES_MAX = 250 * KIB
BUILT = ROOT / "src" / "whimbrel" / "console" / "built"
#: Addresses that scripts name and never fetch: names of XML, pages that error messages and licences point to,
NEVER_FETCHED = re.compile(
    rb"https?://(www\.w3\.org/|react\.dev/|mantine\.dev/|reactrouter\.com|github\.com/|localhost|ota\.example)"
)


@pytest.fixture(scope="module", autouse=True)
def _pages() -> None:
    """The pages of this checkout."""
    assert build() is None


def _weight_bytes(path: Path) -> int:
    """As it travels with gzip; what is too small to compress travels as it is."""
    packed = path.with_name(f"{path.name}.gz")
    return (packed if packed.exists() else path).stat().st_size


def _assets() -> list[Path]:
    return [path for path in (BUILT / "assets").iterdir() if path.suffix in (".js", ".css")]


def test_the_whole_console_weighs_less_than_400_kib() -> None:
    """All scripts and styles together, compressed."""
    assert sum(map(_weight_bytes, _assets())) < WEIGHT_BYTES_MAX


def test_the_first_load_is_a_part_of_it() -> None:
    """What index.html asks for at once, and one language."""
    names = re.findall(r'(?:src|href)="\./assets/([^"]+)"', (BUILT / "index.html").read_text())
    languages = [path for path in _assets() if re.match(r"en-", path.name)]
    assert sum(_weight_bytes(BUILT / "assets" / name) for name in names) + sum(map(_weight_bytes, languages)) < (
        FIRST_LOAD_BYTES_MAX
    )


def test_the_page_runs_under_the_strictest_policy() -> None:
    """No inline script, no inline style, no handler in markup; the nonce's place is there once."""
    page = (BUILT / "index.html").read_text()
    assert page.count("__CSP_NONCE__") == 1
    assert "<style" not in page
    assert not re.findall(r"<script(?![^>]*\bsrc=)", page)
    assert not re.findall(r"<[^>]*\s(on\w+|style)=", page)


def test_everything_is_relative() -> None:
    """Whatever path prefix the console is reached by, its files are found."""
    page = (BUILT / "index.html").read_text()
    assert [
        link for link in re.findall(r'(?:src|href)="([^"]+)"', page) if not link.startswith(("./assets/", "data:"))
    ] == []
    for path in _assets():
        assert not re.findall(rb"""["'(]/assets/""", path.read_bytes()), path.name


def test_nothing_comes_from_elsewhere() -> None:
    """No script or style names an address that a browser would fetch."""
    for path in _assets():
        named = re.findall(rb"https?://[^\s\"'`<>)]{4,60}", path.read_bytes())
        assert [address for address in named if not NEVER_FETCHED.match(address)] == [], path.name


def test_nothing_is_made_of_text() -> None:
    """No script calls eval, makes a function of text, or starts WebAssembly: the policy allows none."""
    for path in _assets():
        assert not re.findall(rb"\beval\(|new Function\(|\bWebAssembly\b", path.read_bytes()), path.name


def test_each_large_asset_stands_there_compressed_twice() -> None:
    """The server compresses nothing while it answers."""
    for path in _assets():
        if path.stat().st_size >= KIB:
            assert path.with_name(f"{path.name}.gz").exists(), path.name
            assert path.with_name(f"{path.name}.br").exists(), path.name
