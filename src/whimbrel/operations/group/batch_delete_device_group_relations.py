"""Takes devices out of a static group.

1. Device.N: at most 200. A device that does not exist is not counted as valid, and is no error.
2. AlreadyRelatedGroupDeviceCount says how many of the devices were in the group: those have left it.
3. Devices that the key may not touch are not valid, as if they were not (A06).

Source: api-contract 13.3.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.group import BATCH_DEVICES_MAX, Group
from whimbrel.errors import GroupNotFoundError, GroupTypeError, OtaInvalidParameterError, TooManyGroupDevicesError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.group.devices import DeviceParameter, possible_names
from whimbrel.operations.group.lookup import find_static_group
from whimbrel.ports.store import DevicePlace


class Request(msgspec.Struct, frozen=True, kw_only=True):
    group_id: Annotated[str, Field("The group.", error=GroupNotFoundError)]
    device: Annotated[
        tuple[DeviceParameter, ...],
        Field("The devices.", items_max=BATCH_DEVICES_MAX, items_error=TooManyGroupDevicesError),
    ]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    valid_device_count: Annotated[int, Field("How many of the devices exist.")]
    success_device_count: Annotated[int, Field("How many have left the group.")]
    already_related_group_device_count: Annotated[int, Field("How many were in the group.")]


EXAMPLE = Example(
    request={"GroupId": "HtMLECKbdJQL7xBz", "Device.1.ProductKey": "kabcdefgh01", "Device.1.DeviceName": "lamp-0001"},
    response=Response(valid_device_count=1, success_device_count=1, already_related_group_device_count=1),
)


@operation(
    action="BatchDeleteDeviceGroupRelations",
    permission=Permission.GROUP_WRITE,
    example=EXAMPLE,
    errors=(GroupNotFoundError, GroupTypeError, TooManyGroupDevicesError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    group = await find_static_group(context, request.group_id)
    named = await context.store.group_members.named(group, possible_names(request.device))
    places = [place for place in named if _may_touch(context, group, place)]
    members = [place.device_id for place in places if place.is_member]
    await context.store.group_members.remove(group, members)
    return Response(
        valid_device_count=len(places),
        success_device_count=len(members),
        already_related_group_device_count=len(members),
    )


def _may_touch(context: Context, group: Group, place: DevicePlace) -> bool:
    """For a device outside the group it is not asked which other groups of the key's may hold it: nothing happens."""
    groups = frozenset({group.group_id}) if place.is_member else frozenset[str]()
    return context.caller.scope.covers_device(place.product_key, groups)
