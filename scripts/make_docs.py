"""Writes the generated pages of docs/reference: from the settings, the operations, the errors and the reports.

    python scripts/make_docs.py            write the pages, delete those of operations that are gone
    python scripts/make_docs.py --check    write nothing; exit 1 and name the pages that differ

What a page says stands in the code's declarations and nowhere else, so a page is never edited by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # a script sees only its own folder

from scripts.reference import device_pages, error_pages, operation_pages, setting_pages  # noqa: E402

REFERENCE = ROOT / "docs" / "reference"
ROOMS: tuple[Callable[[], dict[str, str]], ...] = (
    setting_pages.pages,
    operation_pages.pages,
    error_pages.pages,
    device_pages.pages,
)


def all_pages() -> dict[str, str]:
    """Every generated page by its path inside docs/reference."""
    return {path: text for pages in ROOMS for path, text in pages().items()}


def differences(folder: Path) -> list[str]:
    """The paths inside `folder` that a fresh generation would write otherwise, make, or delete."""
    fresh = all_pages()
    present = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.md")}
    return sorted(path for path in fresh.keys() | present.keys() if fresh.get(path) != present.get(path))


def write(folder: Path) -> None:
    """Bring the folder to what `all_pages` says."""
    fresh = all_pages()
    for path in differences(folder):
        page = folder / path
        if path in fresh:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(fresh[path], encoding="utf-8")
        else:
            page.unlink()


def main(arguments: list[str]) -> int:
    """The exit status."""
    if arguments == ["--check"]:
        found = differences(REFERENCE)
        for path in found:
            print(f"docs/reference/{path} is not what the code says now; run `make docs`")
        return 1 if found else 0
    if arguments:
        print(__doc__)
        return 2
    write(REFERENCE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
