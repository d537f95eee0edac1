"""Port: secrets at rest (threat-model A05). Adapter: `adapters/sealing`, authenticated encryption under master.key."""

from __future__ import annotations

from typing import Protocol


class Sealer(Protocol):
    def seal(self, secret: str, owner: str) -> bytes:
        """The secret, encrypted so that only this server opens it, and only for the same `owner` (a row's identity)."""
        ...

    def open(self, sealed: bytes, owner: str) -> str:
        """Raises StoreUnavailableError when the master key is another one or the bytes were changed or moved."""
        ...

    def derive_key(self, purpose: str) -> bytes:
        """32 bytes that belong to `purpose` alone: for link and upload signatures."""
        ...
