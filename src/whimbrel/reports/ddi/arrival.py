"""An unknown DDI device makes itself: plug and play, for who proves the product's gateway token or certificate (A15).

The device gets a random DeviceSecret that nobody is told and is UNACTIVE; its first poll activates it. How many make
themselves is bounded by the product's SelfMadeMax, never exceeded by one (I17).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

from whimbrel.domain.ddi_claim import Contact, Newcomer, Refusal, contact_of
from whimbrel.domain.device import DEVICE_SECRET_LENGTH, IOT_ID_LENGTH, DeviceDraft, DeviceStatus
from whimbrel.errors import DeviceNameTakenError, EnrolmentFullError
from whimbrel.ports.randomness import Randomness
from whimbrel.ports.store import DdiPlace, Transaction

log = logging.getLogger(__name__)


class ArrivalContext(NamedTuple):
    """The open transaction, and what a new device is made of."""

    store: Transaction
    randomness: Randomness
    now_ms: int


async def arrive(newcomers: Sequence[Newcomer], context: ArrivalContext) -> list[Contact | Refusal]:
    """Makes each of them, as far as the quotas of their products have room."""
    found: dict[int, Contact | Refusal] = {}
    # In one order for all, because the first device of a product locks its count until the transaction ends.
    for number in sorted(range(len(newcomers)), key=lambda number: newcomers[number].standing.product_id):
        found[number] = await _make(newcomers[number], context)
    return [found[number] for number in range(len(newcomers))]


async def _make(newcomer: Newcomer, context: ArrivalContext) -> Contact | Refusal:
    standing = newcomer.standing
    draft = DeviceDraft(
        account_id=standing.account_id,
        product_id=standing.product_id,
        device_name=newcomer.device_name,
        iot_id=context.randomness.hex(IOT_ID_LENGTH),
        device_secret=context.randomness.text(DEVICE_SECRET_LENGTH),
        nickname=newcomer.nickname,
        created_ms=context.now_ms,
    )
    try:
        device_id = await context.store.enrolment.make_device(draft)
    except EnrolmentFullError:
        return Refusal.QUOTA_FULL
    except DeviceNameTakenError:
        return await _meanwhile_made(newcomer, context)
    log.info("the device %s of the product %s made itself", newcomer.device_name, standing.product_key)
    return contact_of(standing, device_id, newcomer.device_name, is_new=True)


async def _meanwhile_made(newcomer: Newcomer, context: ArrivalContext) -> Contact | Refusal:
    """Two polls of one device, or somebody registered it: its proof is the product's, so it is as good for this one."""
    place = DdiPlace(newcomer.standing.product_key, newcomer.device_name)
    [standing] = await context.store.ddi_access.standings([place])
    if standing is None or standing.device_id is None or standing.status is DeviceStatus.DISABLE:
        return Refusal.UNPROVED
    return contact_of(standing, standing.device_id, newcomer.device_name)
