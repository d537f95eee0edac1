"""The command `whimbrel`: each subcommand is in a module of this folder, and is imported when it is asked for."""

from __future__ import annotations

import importlib
import keyword

import click

#: Command by module, where the module has another name than its command; else they share it.
_MODULES = {
    **dict.fromkeys(("pause", "resume", "approve", "reject", "cancel"), "steering"),
    "import": "import_",
}
COMMANDS = (
    "serve",
    "release",
    "follow",
    "pause",
    "resume",
    "approve",
    "reject",
    "cancel",
    "fleet",
    "why",
    "call",
    "upload",
    "invite",
    "simulate",
    "import",
    "export",
    "check",
    "audit",
    "profile",
    "completion",
)


class _Commands(click.Group):
    """Imports a subcommand when it is asked for: measured, a server starts 0.15 s sooner without the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"whimbrel.cli.{_MODULES.get(cmd_name, cmd_name)}")
        # No object can have the name of a keyword.
        command: click.Command = getattr(module, f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="whimbrel")
def main() -> None:
    """Whimbrel: a self-hosted OTA firmware update server."""
