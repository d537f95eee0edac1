"""What a start prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from whimbrel.app import announce_start
from whimbrel.settings import load_settings


def lines_of(tmp_path: Path, given: dict[str, str]) -> list[str]:
    lines: list[str] = []
    announce_start(lines.append, "http://x", load_settings(given, {}, tmp_path), 1883)
    return lines


def test_where_the_console_is(tmp_path: Path) -> None:
    """A process that has its role says so, before the last line, which says that it serves."""
    lines = lines_of(tmp_path, {})
    assert lines.index("Console          http://x/console/") < len(lines) - 1
    assert not any(line.startswith("Console") for line in lines_of(tmp_path, {"role": "api,gateway"}))


@pytest.mark.parametrize(
    ("given", "warned_of"),
    [
        ({}, []),
        ({"listen": "0.0.0.0:8686", "insecure": "true"}, ["--public-url", "--insecure"]),
        ({"listen": "[::]:8686", "insecure": "true", "public-url": "https://ota.example"}, ["--insecure"]),
        ({"listen": "0.0.0.0:8686", "tls-cert": "c", "tls-key": "k"}, ["--public-url"]),
    ],
)
def test_what_is_dangerous_is_said(tmp_path: Path, given: dict[str, str], warned_of: list[str]) -> None:
    """Links that lead nowhere and plain text beyond loopback each have their warning."""
    warnings = [line for line in lines_of(tmp_path, given) if line.startswith("WARNING")]
    assert len(warnings) == len(warned_of)
    assert all(words in line for words, line in zip(warned_of, warnings, strict=True))
