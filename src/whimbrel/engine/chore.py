"""Work of the engine besides jobs: bounded steps that are taken in turn with the jobs' steps."""

from __future__ import annotations

from typing import Protocol


class Chore(Protocol):
    async def step(self) -> bool:
        """Do one bounded piece; False when there is nothing to do. It may be interrupted or repeated anywhere."""
        ...
