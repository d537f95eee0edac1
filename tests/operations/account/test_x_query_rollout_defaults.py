"""XQueryRolloutDefaults through the signed door (design.md part 4)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.group.keys import key_without
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XQueryRolloutDefaults"
RELEASE = {"XGate": "ON", "XGateLimit": "3", "XGateSilentMinutes": 30, "XGateSilentHours": 24, "XPace": "NONE"}


async def test_the_defaults_of_this_release(door: SignedDoor, case: Case) -> None:
    """A gate of 3 %, no pace."""
    check_answer(await door.call(ACTION, case=case), case, {"Data": {**RELEASE, "IsOwn": False, "XApproval": "OFF"}})


async def test_its_own(door: SignedDoor) -> None:
    """What the account set, and only that account reads it (I15)."""
    await door.ok("XUpdateRolloutDefaults", XPace="EVIDENCE", XPaceFirst=12)
    own = {**RELEASE, "XPace": "EVIDENCE", "XPaceFirst": 12, "XPaceGrowth": 5, "IsOwn": True, "XApproval": "OFF"}
    assert (await door.ok(ACTION))["Data"] == own
    stranger = await door.make_key(account="other")
    assert (await door.ok(ACTION, by=stranger))["Data"]["IsOwn"] is False


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to read defaults."""
    assert await door.refusal(ACTION, by=await key_without(door, Permission.ROLLOUT_READ)) == "Forbidden.RAM"
