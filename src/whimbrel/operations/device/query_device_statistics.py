"""Counts devices: all there are, those connected now, and those that ever were.

1. Of the account, of a product, of a group, or of a group's devices of one product.
2. A dynamic group of more than 10,000 devices is not counted.

Source: api-contract 13.2. The counts' names begin with a small letter also in Alibaba's dialect.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import DeviceCounts
from whimbrel.domain.group import GROUP_ID_LENGTH_MAX, Group
from whimbrel.domain.product import PRODUCT_KEY, Product
from whimbrel.errors import (
    GroupNotFoundError,
    InvalidFormattedProductKeyError,
    OtaInvalidParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product, refer_to_product
from whimbrel.operations.rights import require_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[
        str | None, Field("Only this product's.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)
    ] = None
    group_id: Annotated[
        str | None, Field("Only this group's.", length_max=GROUP_ID_LENGTH_MAX, error=GroupNotFoundError)
    ] = None


class StatisticsData(msgspec.Struct, frozen=True, kw_only=True):
    device_count: Annotated[int, Field("All devices.", wire="deviceCount")]
    online_count: Annotated[int, Field("Those that are connected.", wire="onlineCount")]
    active_count: Annotated[int, Field("Those that have been connected, ever.", wire="activeCount")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[StatisticsData, Field("The counts.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01"},
    response=Response(data=StatisticsData(device_count=100, online_count=42, active_count=95)),
)


@operation(
    action="QueryDeviceStatistics",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=(ProductNotFoundError, InvalidFormattedProductKeyError, GroupNotFoundError, OtaInvalidParameterError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    counts = await (_of_product(request, context) if request.group_id is None else _of_group(request, context))
    return Response(
        data=StatisticsData(device_count=counts.devices, online_count=counts.online, active_count=counts.active)
    )


async def _of_product(request: Request, context: Context) -> DeviceCounts:
    product_id = None if request.product_key is None else (await find_product(context, request.product_key)).id
    require_product(context, request.product_key)
    return await context.store.device_states.counts(context.caller.account_id, product_id)


async def _of_group(request: Request, context: Context) -> DeviceCounts:
    assert request.group_id is not None
    group = await context.store.groups.by_group_id(context.caller.account_id, request.group_id)
    if group is None or not context.caller.scope.covers_group(request.group_id):
        raise GroupNotFoundError(f"there is no group {request.group_id}")
    product = None if request.product_key is None else await refer_to_product(context, request.product_key)
    if group.is_dynamic:
        return await _of_dynamic_group(group, product, context)
    return await context.store.device_states.counts_of_members(group.id, product.id if product else None)


async def _of_dynamic_group(group: Group, product: Product | None, context: Context) -> DeviceCounts:
    """The expression of a dynamic group names one product: of any other it holds nothing."""
    if product is not None and group.rule.product_key != product.product_key:
        return DeviceCounts(0, 0, 0)
    devices, active, online = await context.store.group_members.counts(group)
    if devices is None or active is None or online is None:
        raise OtaInvalidParameterError("the group has too many devices to be counted one by one")
    return DeviceCounts(devices, online, active)
