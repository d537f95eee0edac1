"""Port: nonces that were used (I14). Adapters: `adapters/store/sqlite_nonces.py`, `postgresql_nonces.py`."""

from __future__ import annotations

from typing import Protocol


class Nonces(Protocol):
    async def use(self, access_key_id: str, nonce: str, now_ms: int) -> bool:
        """Record the nonce; False when this key used it within at least the last 35 minutes.

        Survives a crash of the process; a power cut may forget the last fraction of a second (design.md part 3).
        """
        ...
