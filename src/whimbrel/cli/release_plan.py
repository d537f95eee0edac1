"""What a release is, as its command line says it: the words become parameters of the management API."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click

READ_BYTES = 1_048_576
SEED_MAX = (1 << 31) - 1
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_UNIT_MINUTES = {"": 1, "m": 1, "h": 60, "d": 1440}
_DURATION = re.compile(r"([0-9]{1,7})([mhd]?)")
_STAGE = re.compile(r"([0-9.]{1,12})(%?):([0-9]{1,7}[mhd]?)(?::([0-9]{1,3})%)?")
_WINDOW = re.compile(r"([A-Za-z,-]{3,64}) +([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
_TARGET_HELP = "all, group:NAME, devices:NAME,…, @FILE or gray:PERCENT"


class ReleaseFile(NamedTuple):
    """One file to be released, read once before anything is sent."""

    path: Path
    size_bytes: int
    sha256: str
    md5: str


class Target(NamedTuple):
    """Whom the release is for. Of the other members the selection's own is set."""

    selection: str
    device_names: tuple[str, ...] = ()
    list_path: Path | None = None
    group: str = ""
    percent: str = ""


class Plan(NamedTuple):
    """One release. `policy` are the parameters of how carefully it goes out."""

    files: tuple[ReleaseFile, ...]
    product: str
    version: str
    module: str
    name: str | None
    sign_method: str
    target: Target
    source_versions: tuple[str, ...]
    policy: Mapping[str, str]

    @property
    def is_at_once(self) -> bool:
        """True when everybody would be told at once: then the exact number of devices is asked for (threat-model 6)."""
        return self.policy["XPace"] == "NONE" and "XStages.1.SoakMinutes" not in self.policy

    def seed(self, product_key: str) -> int:
        """Names the release among the firmware's jobs, and orders its devices: the same command, the same seed.

        How carefully it goes out is no part of it: who changes that means the same release.
        """
        whom = self.target._replace(list_path=None)
        names = [*device_names_in(self.target.list_path)] if self.target.list_path else []
        digests = [(file.path.name, file.sha256) for file in self.files]
        identity = [product_key, self.version, self.module, digests, whom, sorted(self.source_versions), sorted(names)]
        digest = hashlib.sha256(json.dumps(identity).encode()).digest()
        return 1 + int.from_bytes(digest[:8], "big") % SEED_MAX


def read_file(path: Path) -> ReleaseFile:
    """The file's digests and size. Raises click.UsageError for an empty or unreadable one."""
    sha256, md5, size_bytes = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    try:
        with path.open("rb") as file:
            while block := file.read(READ_BYTES):
                sha256.update(block)
                md5.update(block)
                size_bytes += len(block)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}") from None
    if size_bytes == 0:
        raise click.UsageError(f"{path} is empty")
    return ReleaseFile(path, size_bytes, sha256.hexdigest(), md5.hexdigest())


def read_target(text: str) -> Target:
    """Whom `--target` names. Raises click.UsageError."""
    kind, _, rest = text.partition(":")
    if text == "all":
        return Target("ALL")
    if text.startswith("@") and Path(text[1:]).is_file():
        return Target("SPECIFIC", list_path=Path(text[1:]))
    if kind == "group" and rest:
        return Target("GROUP", group=rest)
    if kind == "gray" and rest:
        return Target("GRAY", percent=rest.removesuffix("%"))
    names = split_names(rest)
    if kind == "devices" and names:
        return Target("SPECIFIC", device_names=tuple(sorted(set(names))))
    raise click.UsageError(f"--target must be {_TARGET_HELP}; given was {text}")


def split_names(text: str) -> list[str]:
    """Names between commas; nothing of an empty text."""
    return [name for name in (part.strip() for part in text.split(",")) if name]


def device_names_in(path: Path) -> Iterator[str]:
    """The names of a list of devices, as the server reads it: the first column, a header `DeviceName` aside."""
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines()):
        name = line.partition(",")[0].strip().strip('"')
        if name and not (number == 0 and name == "DeviceName"):
            yield name


def read_minutes(option: str, text: str) -> int:
    """Minutes of `90`, `90m`, `4h`, `2d`. Raises click.UsageError."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise click.UsageError(f"{option} must be a time like 60m, 4h or 2d, given was {text}")
    return int(found[1]) * _UNIT_MINUTES[found[2]]


def read_stages(text: str) -> dict[str, str]:
    """XStages of `1%:60m,500:4h:90%`: up to a share or a number, soak time, and how many must have succeeded.

    Raises click.UsageError.
    """
    parameters = {}
    for number, part in enumerate(split_names(text), 1):
        found = _STAGE.fullmatch(part)
        if found is None:
            raise click.UsageError(
                f"--stages must be PERCENT%:TIME or COUNT:TIME between commas, like 1%:60m,10%:4h; given was {part}"
            )
        parameters[f"XStages.{number}.{'Percent' if found[2] else 'Count'}"] = found[1]
        parameters[f"XStages.{number}.SoakMinutes"] = str(read_minutes("--stages", found[3]))
        if found[4]:
            parameters[f"XStages.{number}.SucceededPercent"] = found[4]
    return parameters


def read_windows(texts: Sequence[str], time_zone: str | None) -> dict[str, str]:
    """XWindows of `MON-THU 22:00-05:00`, each option one window. Raises click.UsageError."""
    if bool(texts) != bool(time_zone):
        raise click.UsageError("--window and --time-zone go together: a window is open by somebody's clock")
    parameters = {"XTimeZone": time_zone} if time_zone else {}
    for number, text in enumerate(texts, 1):
        found = _WINDOW.fullmatch(text.strip())
        if found is None:
            raise click.UsageError(f"--window must be like `MON-THU 22:00-05:00`, given was {text}")
        parameters[f"XWindows.{number}.Days"] = _days(found[1].upper())
        parameters[f"XWindows.{number}.Start"] = found[2]
        parameters[f"XWindows.{number}.End"] = found[3]
    return parameters


def _days(text: str) -> str:
    """`MON-THU` as `MON,TUE,WED,THU`; `SAT-MON` goes over the week's end. `ALL` and lists stay."""
    days: list[str] = []
    for part in text.split(","):
        first, is_range, last = part.partition("-")
        if is_range and first in _DAYS and last in _DAYS:
            start, end = _DAYS.index(first), _DAYS.index(last)
            days += [_DAYS[place % 7] for place in range(start, end + 1 if end >= start else end + 8)]
        else:
            days.append(part)
    return ",".join(days)
