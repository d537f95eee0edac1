"""How far an import is, in a file: a run that was killed goes on where its last whole step ended.

Every step may be repeated, so the file may be older than what was done, never newer. It holds no secret.
"""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from whimbrel.cli.migration.folder import replace_file

STATE_VERSION = 1


class State(msgspec.Struct, kw_only=True, rename="camel"):
    """`cursors`: where to go on with a product's devices. `is_incomplete`: what was done left something open, which a
    run that goes on does not look at again. The maps are the source's id to the destination's."""

    version: int = STATE_VERSION
    source: str
    destination: str
    is_finished: bool = False
    is_incomplete: bool = False
    cursors: dict[str, str] = msgspec.field(default_factory=dict)
    products_done: list[str] = msgspec.field(default_factory=list)
    firmware: dict[str, str] = msgspec.field(default_factory=dict)
    groups: dict[str, str] = msgspec.field(default_factory=dict)
    groups_done: list[str] = msgspec.field(default_factory=list)


class StateFile:
    """A state and its place. `path` None: it is kept nowhere, as in a dry run."""

    def __init__(self, path: Path | None, source: str, destination: str) -> None:
        """Raises click.ClickException for a file of another move, or a damaged one."""
        self._path = path
        self.state = State(source=source, destination=destination)
        if path is None or not path.exists():
            return
        try:
            found = msgspec.json.decode(path.read_bytes(), type=State)
        except (OSError, msgspec.DecodeError) as error:
            raise click.ClickException(f"{path} cannot be read as an import's state ({error})") from None
        if (found.version, found.source, found.destination) != (STATE_VERSION, source, destination):
            raise click.ClickException(
                f"{path} is the state of an import from {found.source} to {found.destination}; give another --state"
            )
        if found.is_finished:
            # Everything is looked at again; the maps stay, for they name what this import made.
            found = State(source=source, destination=destination, firmware=found.firmware, groups=found.groups)
        self.state = found

    def save(self) -> None:
        """To disk. Raises OSError."""
        if self._path is not None:
            replace_file(self._path, msgspec.json.format(msgspec.json.encode(self.state)))
