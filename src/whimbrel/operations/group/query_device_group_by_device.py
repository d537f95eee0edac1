"""Answers the groups that hold a device, newest first: at most ten static ones, and dynamic ones.

A key that is limited to some groups sees those.

Source: api-contract 13.3.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.errors import DeviceNotFoundError, OtaInvalidParameterError, ProductNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.lookup import find_device
from whimbrel.operations.fields import Field
from whimbrel.operations.group.info import EXAMPLE_INFO, GroupInfo, group_info


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The device's product.", length_max=64)]
    device_name: Annotated[str, Field("Its name in the product.", length_max=64)]


class GroupList(msgspec.Struct, frozen=True, kw_only=True):
    group_info: Annotated[list[GroupInfo], Field("The groups.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    group_infos: Annotated[GroupList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"},
    response=Response(group_infos=GroupList(group_info=[EXAMPLE_INFO])),
)


@operation(
    action="QueryDeviceGroupByDevice",
    permission=Permission.GROUP_READ,
    example=EXAMPLE,
    errors=(DeviceNotFoundError, ProductNotFoundError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    device = await find_device(context, None, request.product_key, request.device_name)
    groups = await context.store.groups.of_device(device.id)
    scope = context.caller.scope
    shown = [group_info(group) for group in groups if scope.covers_group(group.group_id)]
    return Response(group_infos=GroupList(group_info=shown))
