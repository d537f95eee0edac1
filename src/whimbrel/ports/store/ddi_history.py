"""What people are shown of a DDI device's actions. Part of the port `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.ddi_action import ActionState
from whimbrel.domain.paging import Listing, Page


class ActionEntry(NamedTuple):
    """An action as it is listed. `messages`: how many feedbacks it had, also those that are kept no more."""

    number: int
    task_id: int
    job_id: int
    attempt: int
    state: ActionState
    messages: int
    created_ms: int
    modified_ms: int


class DdiHistory(Protocol):
    async def actions(self, device_id: int, page: Page) -> Listing[ActionEntry]:
        """Newest first. A device has few: one for each attempt of each of its tasks."""
        ...
