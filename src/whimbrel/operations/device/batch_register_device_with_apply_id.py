"""Registers the devices of an apply whose names BatchCheckDeviceNames found good.

1. The answer comes at once; the devices follow within seconds, also over a restart. A name that was taken since the
   check becomes no device, and the apply ends as CREATE_FAILED, with the others registered.
2. An apply is registered once: refused while it runs, after it has ended, and when its check failed.

Source: api-contract 13.2.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device_apply import TRANSITIONS, ApplyStatus
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.errors import (
    ApplyFailedError,
    ApplyIsRunningError,
    ApplyOfAnotherProductError,
    DeviceCountExceededError,
    InvalidFormattedProductKeyError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.apply_lookup import APPLY_ERRORS, ApplyId, find_apply_of
from whimbrel.operations.device.batch_register_device import ApplyData
from whimbrel.operations.device.room import require_room
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    apply_id: ApplyId


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[ApplyData, Field("The apply.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "ApplyId": "12"}, response=Response(data=ApplyData(apply_id=12))
)


@operation(
    action="BatchRegisterDeviceWithApplyId",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        *APPLY_ERRORS,
        ApplyOfAnotherProductError,
        ApplyIsRunningError,
        ApplyFailedError,
        DeviceCountExceededError,
    ),
    manner=Manner(qps=500),
)
async def handle(request: Request, context: Context) -> Response:
    product = await find_product(context, request.product_key)
    apply = await find_apply_of(context, product, request.apply_id)
    if apply.status is ApplyStatus.CREATE:
        raise ApplyIsRunningError
    if ApplyStatus.CREATE not in TRANSITIONS[apply.status]:
        raise ApplyFailedError(f"the apply is {apply.status}; only one that is CHECK_SUCCESS can be registered")
    await require_room(context, product, apply.names)
    await context.store.applies.move(apply, apply._replace(status=ApplyStatus.CREATE), context.now_ms)
    return Response(data=ApplyData(apply_id=apply.id))
