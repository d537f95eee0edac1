"""`whimbrel profile`: names for servers and the keys to sign with there. A secret goes in, and is never shown."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from whimbrel.cli.access import read_key
from whimbrel.cli.api import open_connection
from whimbrel.cli.profiles import NAME, Profile, Profiles, is_writable_text, load_profiles, profiles_path, save_profiles
from whimbrel.rpc.signing_caller import Credentials


@click.group()
def profile() -> None:
    """Servers and AccessKeys under names, for --profile."""


@profile.command()
@click.argument("name")
@click.option("--server", required=True, metavar="URL", help="The management API.")
@click.option("--key-file", type=click.Path(path_type=Path), metavar="FILE", help="The AccessKey (JSON); it is copied.")
@click.option("--key-id", metavar="ID", help="The AccessKey's id; its secret is asked for, or the first line of stdin.")
def add(name: str, server: str, key_file: Path | None, key_id: str | None) -> None:
    """Add a profile, or replace the one of this name. The first one is in use at once."""
    if NAME.fullmatch(name) is None:
        raise click.UsageError(f"a profile's name has 1 to 64 letters, digits, dots, _ and -, given was {name}")
    open_connection(server)
    if (key_file is None) == (key_id is None):
        raise click.UsageError("give either --key-file or --key-id")
    key = read_key(key_file) if key_file is not None else Credentials(key_id or "", _secret())
    if not all(map(is_writable_text, (server, key.access_key_id, key.secret))):
        raise click.UsageError("URL, id and secret have printable characters without blanks, and are not empty")
    path = profiles_path()
    known = load_profiles(path)
    save_profiles(path, Profiles({**known.by_name, name: Profile(server, key)}, known.chosen or name))
    click.echo(f"{name} is {server} with the key {key.access_key_id}, in {path}", err=True)


@profile.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_profiles(as_json: bool) -> None:
    """List the profiles, without secrets; the one in use has a star."""
    known = load_profiles(profiles_path())
    rows = [_row(known, name) for name in sorted(known.by_name)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif rows:
        width = max(len(name) for name in known.by_name)
        for row in rows:
            star = "*" if row["is_chosen"] else " "
            click.echo(f"{star} {row['name']:{width}}  {row['server']}  {row['access_key_id']}")
    else:
        click.echo("There are no profiles; `whimbrel profile add` makes one.", err=True)


@profile.command()
@click.argument("name", required=False)
def show(name: str | None) -> None:
    """Show one profile, without its secret: the one in use when no NAME is given."""
    known = load_profiles(profiles_path())
    chosen = name or known.chosen
    if chosen is None:
        raise click.UsageError("no profile is in use; give a NAME")
    known.find(chosen)
    click.echo(json.dumps(_row(known, chosen), indent=2))


@profile.command()
@click.argument("name")
def use(name: str) -> None:
    """Let commands that name no server and no profile use this one."""
    path = profiles_path()
    known = load_profiles(path)
    server = known.find(name).server
    save_profiles(path, known._replace(chosen=name))
    click.echo(f"{name} is in use: {server}", err=True)


@profile.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove a profile and its secret from the file."""
    path = profiles_path()
    known = load_profiles(path)
    known.find(name)
    left = {other: kept for other, kept in known.by_name.items() if other != name}
    save_profiles(path, Profiles(left, None if known.chosen == name else known.chosen))
    click.echo(f"{name} is removed", err=True)


def _row(known: Profiles, name: str) -> dict[str, object]:
    server, key = known.by_name[name]
    return {"name": name, "server": server, "access_key_id": key.access_key_id, "is_chosen": name == known.chosen}


def _secret() -> str:
    """Typed unseen on a terminal, else the first line of stdin: it is no option, or other users would see it."""
    if sys.stdin.isatty():
        typed: str = click.prompt("AccessKeySecret", hide_input=True, err=True)
        return typed
    return sys.stdin.readline().strip()
