"""What documents promise about files, as functions of their text."""

from __future__ import annotations

import re
from pathlib import Path

_BACKTICKED = re.compile(r"`([^`\n]+)`")
_OUR_FILE = re.compile(r"(?:[A-Za-z0-9_.-]+/)+[A-Za-z0-9_.-]*\.(?:py|sql|md|js|sh|toml)(?::[0-9]+)?", re.ASCII)


def named_files(text: str) -> list[str]:
    """The paths with a folder that stand in backticks: `src/whimbrel/rpc/server.py`, or shorter `rpc/server.py`."""
    names = (name.strip() for name in _BACKTICKED.findall(text))
    return [name.split(":")[0] for name in names if _OUR_FILE.fullmatch(name)]


def is_there(root: Path, name: str) -> bool:
    """True when the name is a file of the project, seen from its root or from the package."""
    return any((base / name).is_file() for base in (root, root / "src" / "whimbrel", root / "docs"))
