"""Where a command finds the server and an AccessKey to sign with: options, environment, or the data folder's file."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from whimbrel.data_folder import ROOT_KEY_FILE
from whimbrel.rpc.signing_caller import Credentials
from whimbrel.settings import SettingsError, load_settings

DEFAULT_SERVER = "http://127.0.0.1:8686"

Command = Callable[..., Any]


class Access(NamedTuple):
    """The options as given. `credentials` reads files and environment, so help needs no key."""

    server: str
    data: str | None
    key_file: Path | None

    @property
    def credentials(self) -> Credentials:
        """The key file given; else the environment (or whimbrel.toml); else the root key in the data folder.

        Raises click.UsageError.
        """
        if self.key_file is not None:
            return _read_key(self.key_file)
        try:
            settings = load_settings({"data": self.data}, os.environ, Path.cwd())
        except SettingsError as error:
            raise click.UsageError(error.message) from None
        if settings.access_key is not None:
            return Credentials(*settings.access_key)
        return _read_key(settings.data / ROOT_KEY_FILE)


def with_access(command: Command) -> Command:
    """Adds --server, --data and --key-file; the command gets them as one argument `access`."""

    @functools.wraps(command)
    def call(*, server: str, data: str | None, key_file: Path | None, **others: Any) -> Any:
        return command(access=Access(server, data, key_file), **others)

    for option in (
        click.option(
            "--key-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="AccessKey to sign with (JSON). Default: WHIMBREL_ACCESS_KEY_ID and WHIMBREL_ACCESS_KEY_SECRET, else "
            f"{ROOT_KEY_FILE} in the data folder.",
        ),
        click.option("--data", metavar="DIR", help="The server's data folder. [WHIMBREL_DATA]  Default: var."),
        click.option(
            "--server",
            envvar="WHIMBREL_SERVER",
            default=DEFAULT_SERVER,
            metavar="URL",
            help=f"The management API. [WHIMBREL_SERVER]  Default: {DEFAULT_SERVER}.",
        ),
    ):
        call = option(call)
    return call


def _read_key(path: Path) -> Credentials:
    try:
        document = json.loads(path.read_text("utf-8"))
        key_id, secret = document["AccessKeyId"], document["AccessKeySecret"]
    except OSError as error:
        raise click.UsageError(
            f"no AccessKey: {path} cannot be read ({error.strerror}). Give --data with the server's data folder, "
            "--key-file, or WHIMBREL_ACCESS_KEY_ID and WHIMBREL_ACCESS_KEY_SECRET."
        ) from None
    except (ValueError, LookupError, TypeError):
        key_id = secret = None
    if not isinstance(key_id, str) or not isinstance(secret, str):
        raise click.UsageError(f'{path} is not {{"AccessKeyId": …, "AccessKeySecret": …}}')
    return Credentials(key_id, secret)
