"""Who asks, and for a poll also what is known of it, read for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from whimbrel.domain.ddi_offer import DeviceView
from whimbrel.gateway.ddi.doorkeeper import Doorkeeper
from whimbrel.gateway.ddi.identity import Claim, Contact, Newcomer, Verdict, contacts
from whimbrel.gateway.ddi.shared_read import SharedRead
from whimbrel.ports.store import Store


class Question(NamedTuple):
    claim: Claim
    wants_view: bool


class Recognised(NamedTuple):
    """What the claim leads to; `view` when it was wanted and there is a device."""

    verdict: Verdict
    view: DeviceView | None


class Recognition:
    """One for all requests of a process."""

    def __init__(self, store: Store, doorkeeper: Doorkeeper) -> None:
        self._store = store
        self._shared = SharedRead(self._read)
        self._arrivals = SharedRead(doorkeeper.welcome)

    async def recognise(self, claim: Claim, *, wants_view: bool = False) -> Recognised:
        recognised = await self._shared.ask(Question(claim, wants_view))
        if isinstance(recognised.verdict, Newcomer):
            return Recognised(await self._arrivals.ask(recognised.verdict), None)
        return recognised

    async def _read(self, questions: Sequence[Question]) -> list[Recognised]:
        async with self._store.snapshot() as store:
            verdicts = await contacts(store, [question.claim for question in questions])
            asked = zip(questions, verdicts, strict=True)
            viewed = [v.device_id for q, v in asked if q.wants_view and isinstance(v, Contact)]
            views = await store.ddi_devices.views(viewed) if viewed else {}
        return [Recognised(v, views.get(v.device_id) if isinstance(v, Contact) else None) for v in verdicts]
