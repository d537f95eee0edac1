"""Puts devices into a static group.

1. Device.N: at most 200. A device that does not exist is not counted as valid, and is no error.
2. A device that is in the group already, or in ten groups, is counted as that and left as it is.
3. A key whose statements name groups cannot put devices into one by that alone: it needs a right to all devices of the
   device's product, else any device would be one call away from it (A06). Others are not valid, as if they were not.

Source: api-contract 13.3.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.group import BATCH_DEVICES_MAX, GROUPS_PER_DEVICE_MAX
from whimbrel.errors import GroupNotFoundError, GroupTypeError, OtaInvalidParameterError, TooManyGroupDevicesError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.group.devices import DeviceParameter, possible_names
from whimbrel.operations.group.lookup import find_static_group


class Request(msgspec.Struct, frozen=True, kw_only=True):
    group_id: Annotated[str, Field("The group.", error=GroupNotFoundError)]
    device: Annotated[
        tuple[DeviceParameter, ...],
        Field("The devices.", items_max=BATCH_DEVICES_MAX, items_error=TooManyGroupDevicesError),
    ]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    valid_device_count: Annotated[int, Field("How many of the devices exist.")]
    success_added_device_count: Annotated[int, Field("How many are in the group by this call.")]
    already_related_group_device_count: Annotated[int, Field("How many were in it already.")]
    exceed_ten_group_device_count: Annotated[int, Field("How many were not added, because they are in ten groups.")]


EXAMPLE = Example(
    request={"GroupId": "HtMLECKbdJQL7xBz", "Device.1.ProductKey": "kabcdefgh01", "Device.1.DeviceName": "lamp-0001"},
    response=Response(
        valid_device_count=1,
        success_added_device_count=1,
        already_related_group_device_count=0,
        exceed_ten_group_device_count=0,
    ),
)


@operation(
    action="BatchAddDeviceGroupRelations",
    permission=Permission.GROUP_WRITE,
    example=EXAMPLE,
    errors=(GroupNotFoundError, GroupTypeError, TooManyGroupDevicesError, OtaInvalidParameterError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    group = await find_static_group(context, request.group_id)
    scope = context.caller.scope
    names = [name for name in possible_names(request.device) if scope.covers_all_devices_of(name[0])]
    places = await context.store.group_members.named(group, names)
    outside = [place for place in places if not place.is_member]
    fitting = [place.device_id for place in outside if place.group_count < GROUPS_PER_DEVICE_MAX]
    await context.store.group_members.add(group, fitting)
    return Response(
        valid_device_count=len(places),
        success_added_device_count=len(fitting),
        already_related_group_device_count=len(places) - len(outside),
        exceed_ten_group_device_count=len(outside) - len(fitting),
    )
