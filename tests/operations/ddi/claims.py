"""What the tests of the DDI operations share: a device at the DDI door, which proves who it is or does not."""

from __future__ import annotations

from tests.operations.signed_door import SignedDoor
from whimbrel.domain.ddi_claim import Claim, Contact, Verdict
from whimbrel.gateway.ddi.identity import contacts


async def verdict_on(door: SignedDoor, claim: Claim) -> Verdict:
    """What the DDI door would make of this claim."""
    async with door.store.snapshot() as store:
        [verdict] = await contacts(store, [claim])
    return verdict


async def is_known(door: SignedDoor, tenant: str, name: str, authorization: str | None) -> bool:
    """Whether a device with this Authorization header is let in."""
    return isinstance(await verdict_on(door, Claim(tenant, name, authorization)), Contact)
