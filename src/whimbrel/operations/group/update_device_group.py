"""Changes what a group says it is for.

GroupDesc is all that can change; without it nothing does. A given GroupType must be the group's own.

Source: api-contract 13.3.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.group import DESCRIPTION_LENGTH_MAX, GroupType
from whimbrel.errors import GroupNotFoundError, LongGroupDescError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.group.lookup import find_group


class Request(msgspec.Struct, frozen=True, kw_only=True):
    group_id: Annotated[str, Field("The group.", error=GroupNotFoundError)]
    group_desc: Annotated[
        str | None, Field("What the group is for.", length_max=DESCRIPTION_LENGTH_MAX, error=LongGroupDescError)
    ] = None
    group_type: Annotated[GroupType | None, Field("The group's type.")] = None


EXAMPLE = Example(
    request={"GroupId": "HtMLECKbdJQL7xBz", "GroupDesc": "lamps of the north hall"}, response=EmptyResponse()
)


@operation(
    action="UpdateDeviceGroup",
    permission=Permission.GROUP_WRITE,
    example=EXAMPLE,
    errors=(GroupNotFoundError, LongGroupDescError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    group = await find_group(context, request.group_id, request.group_type)
    if request.group_desc is not None:
        await context.store.groups.describe(group, request.group_desc)
    return EmptyResponse()
