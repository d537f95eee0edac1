"""What the adapters of port `Nonces` share: how long a nonce is kept, as what, and what a full disk does."""

from __future__ import annotations

from hashlib import blake2b
from itertools import islice

from whimbrel.errors import StoreFullError

KEPT_MS = 35 * 60 * 1000  # threat-model part 3: nonces are kept for at least 35 minutes
STORED_PER_USE = 500
WHILE_FULL_MAX = 200_000  # nonces kept in memory while the disk is full: about 20 MiB


def digest_of(access_key_id: str, nonce: str) -> bytes:
    # 128 bits are enough against chance, and an attacker who finds two colliding nonces has refused himself.
    return blake2b(f"{access_key_id}\0{nonce}".encode(), digest_size=16).digest()


class KeptWhileFull:
    """A full disk must not stop reads and halts (threat-model part 4): this process remembers by itself, up to a bound,
    and stores what it remembered when there is room again. What the database knows is refused still."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._digests

    @property
    def has_room(self) -> bool:
        return len(self._digests) < WHILE_FULL_MAX

    def keep(self, digest: bytes, error: StoreFullError) -> None:
        """Raises the error when there is no more room here either."""
        if not self.has_room:
            raise error
        self._digests.add(digest)

    def some(self) -> list[bytes]:
        """What to store next: so much at each use that no use is long."""
        return list(islice(self._digests, STORED_PER_USE)) if self._digests else []

    def stored(self, digests: list[bytes]) -> None:
        self._digests.difference_update(digests)
