"""Answers how carefully the account's new jobs go out where the call that makes them does not say.

1. A key that is limited to some products or groups is refused.

Source: ours; design.md part 4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.approval import ApprovalChoice
from whimbrel.domain.rollout import GUARDED
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.job.rollout_info import GatePaceInfo, gate_pace_members
from whimbrel.operations.rights import require_whole_account


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """No parameters."""


class DefaultsData(GatePaceInfo, msgspec.Struct, frozen=True, kw_only=True):
    is_own: Annotated[bool, Field("Whether the account set them; else they are this release's.")]
    x_approval: Annotated[str, Field("ON when new upgrade jobs need somebody else's approval, else OFF.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[DefaultsData, Field("The defaults.")]


EXAMPLE = Example(
    request={},
    response=Response(
        data=DefaultsData(
            x_gate="ON",
            x_gate_limit="2.5",
            x_gate_silent_minutes=30,
            x_gate_silent_hours=24,
            x_pace="EVIDENCE",
            x_pace_first=None,
            x_pace_growth=5,
            is_own=True,
            x_approval="OFF",
        )
    ),
)


@operation(
    action="XQueryRolloutDefaults",
    permission=Permission.ROLLOUT_READ,
    example=EXAMPLE,
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context)
    own = await context.store.accounts.rollout_defaults(context.caller.account_id)
    policy = own or GUARDED
    is_asked = await context.store.accounts.asks_approval(context.caller.account_id)
    members = gate_pace_members(policy.gate, policy.pace) | {
        "is_own": own is not None,
        "x_approval": ApprovalChoice.ON if is_asked else ApprovalChoice.OFF,
    }
    return Response(data=msgspec.convert(members, DefaultsData))
