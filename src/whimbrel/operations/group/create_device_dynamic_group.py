"""Creates a group that holds whatever devices its expression describes, now and later.

1. The expression: `product_key = "..."`, and optionally `name = "..."` or `name LIKE "begin%"`, and optionally
   `tag.tag_name = "..." and tag.tag_value = "..."`, joined by `and`; at most 400 characters and 5 conditions.
2. GroupName as for CreateDeviceGroup; both kinds of groups share the names. A dynamic group has no group below it.
3. An account has at most 10 dynamic groups.

Source: api-contract 13.3; the fields are those of the vendor's QueryDeviceBySQL. What else that has is refused.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.group import (
    DESCRIPTION_LENGTH_MAX,
    DYNAMIC_GROUPS_PER_ACCOUNT_MAX,
    GROUP_ID_LENGTH,
    NAME_LENGTH_MAX,
    GroupDraft,
    GroupFilter,
    GroupType,
    is_valid_name,
)
from whimbrel.domain.group_expression import (
    EXPRESSION_LENGTH_MAX,
    GroupExpressionError,
    GroupRule,
    parse_group_expression,
)
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import (
    GroupCountExceededError,
    GroupNameTakenError,
    InvalidFormattedGroupNameError,
    InvalidGroupExpressionError,
    LongGroupDescError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.group.info import count_groups, require_room
from whimbrel.operations.product.lookup import find_product
from whimbrel.operations.rights import require_whole_account


class Request(msgspec.Struct, frozen=True, kw_only=True):
    group_name: Annotated[
        str, Field("The group's name.", length_max=NAME_LENGTH_MAX, error=InvalidFormattedGroupNameError)
    ]
    dynamic_group_expression: Annotated[
        str, Field("Which devices.", length_max=EXPRESSION_LENGTH_MAX, error=InvalidGroupExpressionError)
    ]
    group_desc: Annotated[
        str, Field("What the group is for.", length_max=DESCRIPTION_LENGTH_MAX, error=LongGroupDescError)
    ] = ""


class GroupData(msgspec.Struct, frozen=True, kw_only=True):
    group_id: Annotated[str, Field("The new group's id.")]
    group_name: Annotated[str, Field("As given.")]
    group_desc: Annotated[str, Field("As given.")]
    dynamic_group_expression: Annotated[str, Field("As given.")]
    utc_create: Annotated[str, Field("Creation.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[GroupData, Field("The new group.")]


EXAMPLE = Example(
    request={"GroupName": "test_lamps", "DynamicGroupExpression": 'product_key = "kabcdefgh01" and name LIKE "test%"'},
    response=Response(
        data=GroupData(
            group_id="HtMLECKbdJQL7xBz",
            group_name="test_lamps",
            group_desc="",
            dynamic_group_expression='product_key = "kabcdefgh01" and name LIKE "test%"',
            utc_create="2025-01-02T03:04:05.678Z",
        )
    ),
)


@operation(
    action="CreateDeviceDynamicGroup",
    permission=Permission.GROUP_WRITE,
    example=EXAMPLE,
    errors=(
        InvalidFormattedGroupNameError,
        GroupNameTakenError,
        LongGroupDescError,
        InvalidGroupExpressionError,
        ProductNotFoundError,
        GroupCountExceededError,
    ),
    manner=Manner(creates=True),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context)
    if not is_valid_name(request.group_name):
        raise InvalidFormattedGroupNameError
    rule = _parse(request.dynamic_group_expression)
    await find_product(context, rule.product_key)
    await require_room(context)
    if await count_groups(context, GroupFilter(frozenset({GroupType.DYNAMIC}))) >= DYNAMIC_GROUPS_PER_ACCOUNT_MAX:
        raise GroupCountExceededError(
            f"the account has {DYNAMIC_GROUPS_PER_ACCOUNT_MAX} dynamic groups, which is the most"
        )
    draft = GroupDraft(
        account_id=context.caller.account_id,
        group_id=context.services.randomness.text(GROUP_ID_LENGTH),
        name=request.group_name,
        description=request.group_desc,
        super_group_id="",
        group_type=GroupType.DYNAMIC,
        created_ms=context.now_ms,
        expression=request.dynamic_group_expression,
        rule=rule,
    )
    await context.store.groups.add(draft)
    return Response(data=_answer(draft))


def _parse(expression: str) -> GroupRule:
    try:
        return parse_group_expression(expression)
    except GroupExpressionError as error:
        raise InvalidGroupExpressionError(f"DynamicGroupExpression describes no group, {error}") from None


def _answer(draft: GroupDraft) -> GroupData:
    return GroupData(
        group_id=draft.group_id,
        group_name=draft.name,
        group_desc=draft.description,
        dynamic_group_expression=draft.expression,
        utc_create=utc_text(draft.created_ms),
    )
