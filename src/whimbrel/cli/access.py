"""Where a command finds the server and an AccessKey: options, environment, a profile, or the data folder's file."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from whimbrel.cli.profiles import Profile, Profiles, load_profiles, profiles_path
from whimbrel.data_folder import ROOT_KEY_FILE
from whimbrel.rpc.signing_caller import Credentials
from whimbrel.settings import SettingsError, load_settings

DEFAULT_SERVER = "http://127.0.0.1:8686"
PROFILE_VARIABLE = "WHIMBREL_PROFILE"
SERVER_VARIABLE = "WHIMBREL_SERVER"
DATA_VARIABLE = "WHIMBREL_DATA"

Command = Callable[..., Any]


class Access(NamedTuple):
    """The options as given; `server` and `credentials` read files and environment, so help needs neither.

    What is said counts in this order: the command line, the environment, the chosen profile, the data folder. The
    chosen profile counts as a whole: who names another server or data folder does not get its key.
    """

    server_given: str | None = None
    data: str | None = None
    key_file: Path | None = None
    profile_given: str | None = None

    @property
    def server(self) -> str:
        """The URL of the management API. Raises click.UsageError for a profile that is not there."""
        if self.server_given is not None:
            return self.server_given
        if self.profile_given is not None:
            return self._named(self.profile_given).server
        if said := os.environ.get(SERVER_VARIABLE):
            return said
        profile = self._profile_of_environment() or self._chosen()
        return DEFAULT_SERVER if profile is None else profile.server

    @property
    def credentials(self) -> Credentials:
        """The key to sign with. Raises click.UsageError."""
        if self.key_file is not None:
            return read_key(self.key_file)
        if self.profile_given is not None:
            return self._named(self.profile_given).credentials
        try:
            settings = load_settings({"data": self.data}, os.environ, Path.cwd())
        except SettingsError as error:
            raise click.UsageError(error.message) from None
        if settings.access_key is not None:
            return Credentials(*settings.access_key)
        profile = self._profile_of_environment() or self._chosen()
        return read_key(settings.data / ROOT_KEY_FILE) if profile is None else profile.credentials

    def _profile_of_environment(self) -> Profile | None:
        name = os.environ.get(PROFILE_VARIABLE)
        return self._named(name) if name and self.data is None else None

    def _chosen(self) -> Profile | None:
        names_another = self.server_given or self.data or {SERVER_VARIABLE, DATA_VARIABLE} & os.environ.keys()
        if names_another:
            return None
        profiles = self._profiles()
        return None if profiles.chosen is None else profiles.find(profiles.chosen)

    def _named(self, name: str) -> Profile:
        return self._profiles().find(name)

    @staticmethod
    def _profiles() -> Profiles:
        return load_profiles(profiles_path())


def with_access(command: Command) -> Command:
    """Adds --server, --profile, --data and --key-file; the command gets them as one argument `access`."""

    @functools.wraps(command)
    def call(*, server: str | None, data: str | None, key_file: Path | None, profile: str | None, **more: Any) -> Any:
        return command(access=Access(server, data, key_file, profile), **more)

    for option in (
        click.option(
            "--key-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="AccessKey to sign with (JSON). Default: WHIMBREL_ACCESS_KEY_ID and WHIMBREL_ACCESS_KEY_SECRET, else "
            f"the profile's, else {ROOT_KEY_FILE} in the data folder.",
        ),
        click.option("--data", metavar="DIR", help="The server's data folder. [WHIMBREL_DATA]  Default: var."),
        click.option(
            "--profile",
            metavar="NAME",
            help=f"Server and key of `whimbrel profile`. [{PROFILE_VARIABLE}]  Default: the one in use.",
        ),
        click.option(
            "--server",
            metavar="URL",
            help=f"The management API. [{SERVER_VARIABLE}]  Default: the profile's, else {DEFAULT_SERVER}.",
        ),
    ):
        call = option(call)
    return call


def read_key(path: Path) -> Credentials:
    """The AccessKey of a JSON file. Raises click.UsageError."""
    try:
        document = json.loads(path.read_text("utf-8"))
        key_id, secret = document["AccessKeyId"], document["AccessKeySecret"]
    except OSError as error:
        raise click.UsageError(
            f"no AccessKey: {path} cannot be read ({error.strerror}). Give --data with the server's data folder, "
            "--key-file, --profile, or WHIMBREL_ACCESS_KEY_ID and WHIMBREL_ACCESS_KEY_SECRET."
        ) from None
    except (ValueError, LookupError, TypeError):
        key_id = secret = None
    if not isinstance(key_id, str) or not isinstance(secret, str):
        raise click.UsageError(f'{path} is not {{"AccessKeyId": …, "AccessKeySecret": …}}')
    return Credentials(key_id, secret)
