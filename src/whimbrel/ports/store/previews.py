"""What a job would do, read without making it. Part of the port `store`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Protocol

from whimbrel.domain.job import JobDraft
from whimbrel.domain.preview import Candidate


class Previews(Protocol):
    """`draft.rollout.seed` gives the order. Others get their turn between two chunks."""

    def candidates(
        self, draft: JobDraft, device_ids: tuple[int, ...], slices: frozenset[int] | None = None
    ) -> AsyncIterator[list[Candidate]]:
        """The devices that the draft selects, each once, in chunks; `device_ids` are those named one by one.

        With `slices` only those whose places are in them.
        """
        ...

    async def names(self, device_ids: Collection[int]) -> dict[int, str]:
        """The devices' names."""
        ...
