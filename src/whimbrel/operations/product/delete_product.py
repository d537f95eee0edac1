"""Deletes a product with its firmware and modules.

1. Refused while it has devices, or applies that are registering some, and while a job of it is planned or running.
2. Its name may be given again; no other product ever gets its ProductKey. Its ended jobs stay.

Source: api-contract 13.1; it names no code for the two refusals: ours.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.paging import Page
from whimbrel.domain.product import PRODUCT_KEY, Product
from whimbrel.errors import (
    InvalidFormattedProductKeyError,
    ProductHasDevicesError,
    ProductHasJobsError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product
from whimbrel.ports.store import FirmwareFilter

FIRMWARE_PER_PIECE = 100


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]


EXAMPLE = Example(request={"ProductKey": "kabcdefgh01"}, response=EmptyResponse())


@operation(
    action="DeleteProduct",
    permission=Permission.PRODUCT_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        ProductHasDevicesError,
        ProductHasJobsError,
    ),
    manner=Manner(qps=500),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    product = await find_product(context, request.product_key)
    if product.device_count or await context.store.applies.devices_to_come(product.id):
        raise ProductHasDevicesError(f"the product has {product.device_count} devices or is getting some")
    if await context.store.products.has_unfinished_jobs(product.id):
        raise ProductHasJobsError
    await _delete_firmware(product, context)
    for module in await context.store.ota_modules.of_product(product.id):
        await context.store.ota_modules.delete(module)
    await context.store.products.delete(product, context.now_ms)
    return EmptyResponse()


async def _delete_firmware(product: Product, context: Context) -> None:
    """As DeleteOTAFirmware does it: the files are swept when nothing refers to them."""
    search, page = FirmwareFilter(product.product_key), Page(1, FIRMWARE_PER_PIECE)
    firmware = context.store.firmware
    while rows := (await firmware.page(product.account_id, search, page)).rows:
        for row in rows:
            await firmware.delete(row)
