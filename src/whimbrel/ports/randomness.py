"""Port: random names and ids, so that tests can repeat a run. Adapter: `adapters/randomness.py`."""

from __future__ import annotations

from typing import Protocol


class Randomness(Protocol):
    def text(self, length: int) -> str:
        """`length` characters of [A-Za-z0-9], unpredictable: 22 of them hold 128 bits."""
        ...

    def hex(self, length: int) -> str:
        """`length` lower-case hexadecimal digits, unpredictable."""
        ...
