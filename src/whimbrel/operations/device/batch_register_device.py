"""Registers up to 10,000 devices with random names.

1. The answer comes at once; the devices follow within seconds, also over a restart. QueryBatchRegisterDeviceStatus says
   when all are there, QueryPageByApplyId shows them with their secrets.
2. Where a product may have a limited number of devices, those to come count already.

Source: api-contract 13.2.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device_apply import APPLY_NAMES_MAX, ApplyDraft, ApplyStatus
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.errors import (
    DeviceCountExceededError,
    InvalidFormattedProductKeyError,
    OtaInvalidParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.room import require_room
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product
from whimbrel.operations.rights import require_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    count: Annotated[int, Field("How many devices.", minimum=1, maximum=APPLY_NAMES_MAX)]


class ApplyData(msgspec.Struct, frozen=True, kw_only=True):
    apply_id: Annotated[int, Field("The apply, for the operations that ask for it.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[ApplyData, Field("The apply.")]


EXAMPLE = Example(request={"ProductKey": "kabcdefgh01", "Count": "100"}, response=Response(data=ApplyData(apply_id=12)))


@operation(
    action="BatchRegisterDevice",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        DeviceCountExceededError,
        OtaInvalidParameterError,
    ),
    manner=Manner(creates=True),
)
async def handle(request: Request, context: Context) -> Response:
    product = await find_product(context, request.product_key)
    require_product(context, product.product_key)
    await require_room(context, product, request.count)
    draft = ApplyDraft(
        account_id=product.account_id,
        product_id=product.id,
        status=ApplyStatus.CREATE,
        is_random=True,
        names=request.count,
        created_ms=context.now_ms,
    )
    return Response(data=ApplyData(apply_id=await context.store.applies.add(draft)))
