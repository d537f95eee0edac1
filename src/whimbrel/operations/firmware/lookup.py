"""How operations find the firmware that a request names (api-contract 5.3)."""

from __future__ import annotations

from whimbrel.domain.firmware import Firmware
from whimbrel.errors import FirmwareNotFoundError
from whimbrel.operations.declaration import Context
from whimbrel.operations.ids import row_id


async def find_firmware(context: Context, firmware_id: str, product_key: str | None = None) -> Firmware:
    """The caller's firmware; with a ProductKey it must be that product's.

    Raises FirmwareNotFoundError, also where the AccessKey may not touch the product (A06).
    """
    firmware = await refer_to_firmware(context, firmware_id, product_key)
    if not context.caller.scope.covers_product(firmware.product_key):
        raise FirmwareNotFoundError
    return firmware


async def refer_to_firmware(context: Context, firmware_id: str, product_key: str | None = None) -> Firmware:
    """As `find_firmware`, where the firmware is only named and something else changes (a job for a group)."""
    number = row_id(firmware_id)
    firmware = await context.store.firmware.by_id(context.caller.account_id, number) if number else None
    if firmware is None or product_key not in (None, firmware.product_key):
        raise FirmwareNotFoundError
    if not context.caller.scope.may_name_product(firmware.product_key):
        raise FirmwareNotFoundError
    return firmware
