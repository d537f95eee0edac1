"""Who asks, and for a poll also what is known of it, read for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from whimbrel.domain.ddi_offer import DeviceView
from whimbrel.gateway.ddi.doorkeeper import Doorkeeper
from whimbrel.gateway.ddi.identity import Claim, Contact, Newcomer, Refusal, Verdict, contacts
from whimbrel.gateway.ddi.shared_read import SharedRead
from whimbrel.ports.store import Store


class Question(NamedTuple):
    claim: Claim
    wants_view: bool


class Recognised(NamedTuple):
    """What the claim leads to; `view` when it was wanted and the device is not a new one."""

    verdict: Contact | Refusal
    view: DeviceView | None


class Recognition:
    """One for all requests of a process. Newcomers wait for each other's transaction, and nobody else does."""

    def __init__(self, store: Store, doorkeeper: Doorkeeper) -> None:
        self._store = store
        self._shared = SharedRead(self._read)
        self._arrivals = SharedRead(doorkeeper.welcome)

    async def recognise(self, claim: Claim, *, wants_view: bool = False) -> Recognised:
        verdict, view = await self._shared.ask(Question(claim, wants_view))
        if isinstance(verdict, Newcomer):
            return Recognised(await self._arrivals.ask(verdict), None)
        return Recognised(verdict, view)

    async def _read(self, questions: Sequence[Question]) -> list[tuple[Verdict, DeviceView | None]]:
        async with self._store.snapshot() as store:
            verdicts = await contacts(store, [question.claim for question in questions])
            asked = zip(questions, verdicts, strict=True)
            viewed = [v.device_id for q, v in asked if q.wants_view and isinstance(v, Contact)]
            views = await store.ddi_devices.views(viewed) if viewed else {}
        return [(v, views.get(v.device_id) if isinstance(v, Contact) else None) for v in verdicts]
