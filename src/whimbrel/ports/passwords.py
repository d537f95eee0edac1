"""Port: hashing of people's passwords, which is slow on purpose. Adapter: `adapters/passwords.py` (argon2id)."""

from __future__ import annotations

from typing import Protocol


class Passwords(Protocol):
    async def hash(self, password: str) -> str:
        """What is stored of a password. Raises ServiceUnavailableError when too many wait."""
        ...

    async def matches(self, password: str, password_hash: str) -> bool:
        """Whether it is the password of the hash; '' matches none and takes as long (A04).

        Raises ServiceUnavailableError when too many wait.
        """
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other costs than today's."""
        ...
