"""The command `whimbrel`: each subcommand is a module of this folder."""

from __future__ import annotations

import click

from whimbrel.cli.serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="whimbrel")
def main() -> None:
    """Whimbrel: a self-hosted OTA firmware update server."""


main.add_command(serve)
