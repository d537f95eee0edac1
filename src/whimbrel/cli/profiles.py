"""The file of named servers and AccessKeys: what it may hold, who may read it, and how it is written."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import click

from whimbrel.data_folder import write_secret
from whimbrel.rpc.signing_caller import Credentials

PROFILES_FILE = Path("whimbrel") / "profiles.toml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PRINTABLE = re.compile(r"[\x21-\x7e]{1,256}")
_MEMBERS = ("server", "access-key-id", "access-key-secret")


class Profile(NamedTuple):
    """A server, and the key to sign with there."""

    server: str
    credentials: Credentials


class Profiles(NamedTuple):
    """All of the file. `chosen` is the one that counts when a command names none; None when none was chosen."""

    by_name: Mapping[str, Profile] = {}
    chosen: str | None = None

    def find(self, name: str) -> Profile:
        """The profile of that name. Raises click.UsageError."""
        if name not in self.by_name:
            known = ", ".join(sorted(self.by_name)) or "there are none; `whimbrel profile add` makes one"
            raise click.UsageError(f"there is no profile {name} (known: {known})")
        return self.by_name[name]


def profiles_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the file is: below XDG_CONFIG_HOME, or ~/.config where that is not an absolute path."""
    given = Path(environment.get("XDG_CONFIG_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".config") / PROFILES_FILE


def load_profiles(path: Path) -> Profiles:
    """What the file says; nothing when there is none. Raises click.UsageError, also when others may read it."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise click.UsageError(
                    f"{path} holds secrets and others may read it (mode {mode:04o}): run `chmod 600 {path}`, and "
                    "rotate its keys if others have accounts on this machine"
                )
            document = tomllib.load(file)
    except FileNotFoundError:
        return Profiles()
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise click.UsageError(f"{path} is not TOML: {error}") from None
    return _read(path, document)


def save_profiles(path: Path, profiles: Profiles) -> None:
    """Write the file whole or not at all, for its owner alone. Raises click.ClickException."""
    text = "# Written by `whimbrel profile`. It holds secrets: keep it to yourself.\n"
    if profiles.chosen is not None:
        text += f"chosen = {json.dumps(profiles.chosen)}\n"
    for name, (server, key) in sorted(profiles.by_name.items()):
        members = zip(_MEMBERS, (server, key.access_key_id, key.secret), strict=True)
        text += f"\n[profiles.{json.dumps(name)}]\n"
        text += "".join(f"{member} = {json.dumps(content)}\n" for member, content in members)
    try:
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            path.parent.mkdir(mode=0o700)
        write_secret(path, text.encode())
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None


def is_writable_text(text: str) -> bool:
    """True for what an id, a secret or a URL may be: printable ASCII without blanks, which needs no care in TOML."""
    return _PRINTABLE.fullmatch(text) is not None


def _read(path: Path, document: Mapping[str, object]) -> Profiles:
    tables, chosen = document.get("profiles", {}), document.get("chosen")
    if not isinstance(tables, dict) or not isinstance(chosen, str | None):
        raise click.UsageError(f"{path} must have `chosen` as text and tables [profiles.NAME]")
    by_name = {}
    for name, table in tables.items():
        members = [table.get(member) if isinstance(table, dict) else None for member in _MEMBERS]
        texts = [member for member in members if isinstance(member, str)]
        if len(texts) != len(_MEMBERS):
            raise click.UsageError(f"{path}: the profile {name} must have {', '.join(_MEMBERS)}")
        by_name[name] = Profile(texts[0], Credentials(texts[1], texts[2]))
    return Profiles(by_name, chosen)
