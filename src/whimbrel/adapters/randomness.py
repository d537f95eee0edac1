"""Port `randomness`: the operating system's."""

from __future__ import annotations

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


class SystemRandomness:
    def text(self, length: int) -> str:
        return "".join(secrets.choice(_ALPHABET) for _ in range(length))

    def hex(self, length: int) -> str:
        return secrets.token_hex((length + 1) // 2)[:length]
