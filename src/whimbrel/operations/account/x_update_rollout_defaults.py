"""Says how carefully the account's new jobs go out where the call that makes them does not say.

1. All of it is replaced: what is left out is this release's default, a gate of 3 % (30 minutes, 24 hours) and no pace.
   Without any parameter the account has no defaults of its own.
2. Jobs that are there keep what they pinned. Verify jobs have neither gate nor pace.
3. XApproval ON: each new upgrade job starts held, and goes when somebody other than its maker approves it
   (XApproveOTAJob). It stays as it is when it is left out. Only who has all rights sets it OFF; jobs that wait then
   still wait.
4. The right to it is its own (rollout:write): who may make jobs may not change what all of them carry. A key that is
   limited to some products or groups is refused.

Source: ours; design.md part 4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.approval import ApprovalChoice
from whimbrel.domain.rollout import GUARDED
from whimbrel.errors import OtaInvalidParameterError
from whimbrel.operations.access.keys import require_root
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.job.rollout_parameters import (
    GateLimit,
    GateSwitch,
    PaceFirst,
    PaceGrowth,
    PaceSwitch,
    SilentHours,
    SilentMinutes,
    gate_of,
    pace_of,
)
from whimbrel.operations.rights import require_whole_account


class Request(msgspec.Struct, frozen=True, kw_only=True):
    x_gate: GateSwitch = None
    x_gate_limit: GateLimit = None
    x_gate_silent_minutes: SilentMinutes = None
    x_gate_silent_hours: SilentHours = None
    x_pace: PaceSwitch = None
    x_pace_first: PaceFirst = None
    x_pace_growth: PaceGrowth = None
    x_approval: Annotated[
        ApprovalChoice | None, Field("Whether new upgrade jobs need somebody else's approval: ON or OFF.")
    ] = None


EXAMPLE = Example(request={"XPace": "EVIDENCE", "XGateLimit": "2.5"}, response=EmptyResponse())


@operation(
    action="XUpdateRolloutDefaults",
    permission=Permission.ROLLOUT_WRITE,
    example=EXAMPLE,
    errors=(OtaInvalidParameterError,),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    require_whole_account(context)
    policy = GUARDED._replace(gate=gate_of(request, GUARDED.gate), pace=pace_of(request, GUARDED.pace))
    defaults = None if request == Request(x_approval=request.x_approval) else policy
    if request.x_approval is not None:
        await _put_approval(context, is_asked=request.x_approval is ApprovalChoice.ON)
    await context.store.accounts.put_rollout_defaults(context.caller.account_id, defaults)
    return EmptyResponse()


async def _put_approval(context: Context, *, is_asked: bool) -> None:
    """Raises ForbiddenError when somebody without all rights would do away with the second person."""
    account_id = context.caller.account_id
    if not is_asked and await context.store.accounts.asks_approval(account_id):
        await require_root(context)
    await context.store.accounts.put_asks_approval(account_id, is_asked)
