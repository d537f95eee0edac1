"""Who asks, and for a poll also what is known of it, read for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from whimbrel.domain.ddi_offer import DeviceView
from whimbrel.gateway.ddi.doorkeeper import Doorkeeper
from whimbrel.gateway.ddi.identity import Claim, Contact, Refusal, contacts
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
    """One for all requests of a process."""

    def __init__(self, store: Store, doorkeeper: Doorkeeper) -> None:
        self._store = store
        self._doorkeeper = doorkeeper
        self._shared = SharedRead(self._read)

    async def recognise(self, claim: Claim, *, wants_view: bool = False) -> Recognised:
        return await self._shared.ask(Question(claim, wants_view))

    async def _read(self, questions: Sequence[Question]) -> list[Recognised]:
        async with self._store.snapshot() as store:
            verdicts = await contacts(store, [question.claim for question in questions])
            asked = zip(questions, verdicts, strict=True)
            viewed = [v.device_id for q, v in asked if q.wants_view and isinstance(v, Contact)]
            views = await store.ddi_devices.views(viewed) if viewed else {}
        welcome = await self._doorkeeper.welcome(verdicts)
        return [Recognised(v, views.get(v.device_id) if isinstance(v, Contact) else None) for v in welcome]
