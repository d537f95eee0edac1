"""The pages about `whimbrel release` and profiles say what the command does: its lines, outcomes and options."""

import re
import shlex
from pathlib import Path

import click
import pytest

from whimbrel.cli.main import COMMANDS, main
from whimbrel.cli.release_events import EVENTS, Outcome

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = DOCS / "reference/release-events.md"
HOW_TO = DOCS / "how-to/release-from-a-pipeline.md"
_ROW = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections(page: Path) -> dict[str, str]:
    """A page's second-level sections by their headings."""
    parts = page.read_text(encoding="utf-8").split("\n## ")[1:]
    return {part.partition("\n")[0]: part for part in parts}


def test_every_line_is_documented() -> None:
    """The reference has each event with exactly its members, in their order."""
    found = {name: _ROW.findall(text) for name, text in sections(REFERENCE).items() if name != "Outcomes"}
    assert found == {name: list(kind._fields) for name, kind in EVENTS.items()}  # type: ignore[attr-defined]


def test_every_outcome_is_documented() -> None:
    """The reference and the how-to page have each outcome with its exit status."""
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|$", sections(REFERENCE)["Outcomes"], re.MULTILINE)
    assert rows == [(outcome.word, str(outcome.exit_status)) for outcome in Outcome]
    table = sections(HOW_TO)["What came of it"]
    for outcome in Outcome:
        assert re.search(rf"^\| {outcome.exit_status} \|.*`{outcome.word}`", table, re.MULTILINE), outcome


@pytest.mark.parametrize("page", ["release-from-a-pipeline", "use-profiles"])
def test_every_command_line_is_understood(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command that a page shows has these options; its files are made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").mkdir()
    text = (DOCS / f"how-to/{page}.md").read_text(encoding="utf-8")
    lines = [shlex.split(line) for block in _SHELL.findall(text) for line in block.splitlines()]
    lines += [
        shlex.split(" ".join(found.split())) for found in re.findall(r"(whimbrel release build.*?) \|", text, re.S)
    ]
    shown = [words[1:] for words in lines if words[0] == "whimbrel"]
    assert shown
    for words in shown:
        for file in (word for word in words if word.endswith(".bin")):
            Path(file).write_bytes(b"firmware")
        understand(main, words)


def understand(command: click.Command, words: list[str]) -> None:
    """Parse the words with the command's options. Raises click.UsageError."""
    if isinstance(command, click.Group):
        below = command.get_command(click.Context(command), words[0])
        assert below is not None, words
        understand(below, words[1:])
        return
    command.make_context("whimbrel", words)


def test_the_readme_lists_the_commands() -> None:
    """Its table has every command."""
    text = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    table = text.split("\n## Commands\n")[1].split("\n## ")[0]
    assert set(re.findall(r"\b[a-z]+\b", table)) >= set(COMMANDS)
