"""Answers a group and how many devices it has.

DeviceCount is exact at any size of a static group. DeviceActive and DeviceOnline are counted device by device and left
out above 20,000 devices (the vendor's most in a group). Of a dynamic group all three are left out above 10,000.

Source: api-contract 13.3.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.group import Group, GroupCounts, GroupType
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import GroupNotFoundError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.group.lookup import find_group


class Request(msgspec.Struct, frozen=True, kw_only=True):
    group_id: Annotated[str, Field("The group.", error=GroupNotFoundError)]
    group_type: Annotated[GroupType | None, Field("Only a group of this type.")] = None


class GroupData(msgspec.Struct, frozen=True, kw_only=True):
    group_id: Annotated[str, Field("Its id.")]
    group_name: Annotated[str, Field("Its name.")]
    group_desc: Annotated[str, Field("What it is for.")]
    device_count: Annotated[int | None, Field("Its devices.")]
    device_active: Annotated[int | None, Field("Those that have ever been connected.")]
    device_online: Annotated[int | None, Field("Those that are connected now.")]
    dynamic_group_expression: Annotated[str | None, Field("What devices a dynamic group has.")]
    utc_create: Annotated[str, Field("Creation.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[GroupData, Field("The group.")]


EXAMPLE = Example(
    request={"GroupId": "HtMLECKbdJQL7xBz"},
    response=Response(
        data=GroupData(
            group_id="HtMLECKbdJQL7xBz",
            group_name="north_hall",
            group_desc="",
            device_count=200,
            device_active=180,
            device_online=150,
            dynamic_group_expression=None,
            utc_create="2025-01-02T03:04:05.678Z",
        )
    ),
)


@operation(
    action="QueryDeviceGroupInfo",
    permission=Permission.GROUP_READ,
    example=EXAMPLE,
    errors=(GroupNotFoundError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=30),
)
async def handle(request: Request, context: Context) -> Response:
    group = await find_group(context, request.group_id, request.group_type)
    return Response(data=_answer(group, await context.store.group_members.counts(group)))


def _answer(group: Group, counts: GroupCounts) -> GroupData:
    return GroupData(
        group_id=group.group_id,
        group_name=group.name,
        group_desc=group.description,
        device_count=counts.devices,
        device_active=counts.active,
        device_online=counts.online,
        dynamic_group_expression=group.expression or None,
        utc_create=utc_text(group.created_ms),
    )
