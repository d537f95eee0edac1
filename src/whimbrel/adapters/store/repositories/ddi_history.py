"""What people are shown of a DDI device's actions."""

from __future__ import annotations

from whimbrel.adapters.store.session import Session
from whimbrel.domain.ddi_action import ActionState
from whimbrel.domain.paging import Listing, Page
from whimbrel.ports.store.ddi_history import ActionEntry


class DdiHistoryRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def actions(self, device_id: int, page: Page) -> Listing[ActionEntry]:
        total = await self._session.one("ddi_actions_total", device_id=device_id)
        assert total is not None, "a count has a row"
        rows = await self._session.all("ddi_actions_page", device_id=device_id, size=page.size, skip=page.offset)
        entries = [ActionEntry._make((*row[:4], ActionState(row[4]), *row[5:])) for row in rows]
        return Listing(entries, total[0])
