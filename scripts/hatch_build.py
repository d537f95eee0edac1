"""Wheels and sdists carry the console's built pages, so that whoever installs one needs no Node (ADR 0057)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "src/whimbrel/console/built"


class CustomBuildHook(BuildHookInterface[Any]):
    """Builds the pages where the sources of a checkout or an sdist are; an editable install serves them from there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        has_sources = (root / "console" / "web").exists()
        if has_sources and (reason := _builder(root).build(root)):
            self.app.display_warning(f"without the console: {reason}")
        # git ignores what is built, and hatch what git ignores.
        build_data["artifacts"].append(f"/{BUILT}/**")


def _builder(root: Path) -> Any:
    """scripts/build_console.py of this checkout: the build runs in an environment that knows none of our modules."""
    spec = importlib.util.spec_from_file_location("build_console", root / "scripts" / "build_console.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(root / "scripts" / "build_console.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
