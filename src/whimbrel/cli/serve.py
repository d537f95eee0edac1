"""`whimbrel serve`: runs the server. Its options are the settings."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from whimbrel.errors import WhimbrelError
from whimbrel.settings import SETTINGS, load_settings

Command = Callable[..., Any]


def with_settings(command: Command) -> Command:
    """Adds an option for each setting that may stand on a command line; secrets may not (other users see it)."""
    for setting in reversed(SETTINGS):
        if setting.is_secret:
            continue
        meaning = f"{setting.meaning} [{setting.variable}]"
        if setting.default is not None and not setting.is_flag:
            meaning += f" Default: {setting.default}."
        option = (
            click.option(f"--{setting.name}", is_flag=True, default=None, help=meaning)
            if setting.is_flag
            else click.option(f"--{setting.name}", metavar=setting.metavar, default=None, help=meaning)
        )
        command = option(command)
    return command


@click.command()
@with_settings
def serve(**options: str | bool | None) -> None:
    """Run the server until SIGTERM."""
    given = {setting.name: _text(options[setting.attribute]) for setting in SETTINGS if setting.attribute in options}
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for talkative in ("uvicorn.error", "python_multipart"):
        logging.getLogger(talkative).setLevel(logging.ERROR)
    try:
        settings = load_settings(given, os.environ, Path.cwd())
        logging.getLogger("whimbrel").setLevel(logging.DEBUG if settings.debug else logging.INFO)
        sys.exit(_run(settings))
    except WhimbrelError as error:
        raise click.ClickException(error.message) from None


def _run(settings: Any) -> int:
    # Imported here: `whimbrel call` must not wait for the server's parts.
    import uvloop

    from whimbrel import crash_points
    from whimbrel.app import serve as run

    crash_points.arm(os.environ.get("WHIMBREL_CRASH_AT"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run(settings, lambda line: click.echo(line)))


def _text(value: str | bool | None) -> str | None:
    return str(value).lower() if isinstance(value, bool) else value
