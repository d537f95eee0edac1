"""What a setting is. They stand in `settings.py`, those of single sign-on in `sign_on_settings.py`."""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.errors import WhimbrelError


class SettingsError(WhimbrelError):
    """A setting is unusable; the message names it, what was given and what to give."""

    code = "SettingsError"


class Setting(NamedTuple):
    """One option. `default` is text as a person would write it; None has no default."""

    name: str
    default: str | None
    metavar: str
    meaning: str
    is_flag: bool = False
    is_secret: bool = False

    @property
    def variable(self) -> str:
        return f"WHIMBREL_{self.name.upper().replace('-', '_')}"

    @property
    def attribute(self) -> str:
        return self.name.replace("-", "_")
