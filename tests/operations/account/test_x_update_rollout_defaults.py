"""XUpdateRolloutDefaults through the signed door (design.md part 4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_job, make_product
from tests.operations.group.keys import key_without
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case

ACTION = "XUpdateRolloutDefaults"


async def gate_and_pace(door: SignedDoor, **parameters: Any) -> dict[str, Any]:
    """What a new job pins when its call says this."""
    product_key = await make_product(door, f"lamp{door.ports.randomness.text(6)}")
    await make_device(door, product_key, "lamp-1")
    job_id = await make_job(
        door, product_key, await make_firmware(door, product_key, "1.1.0", **named(door)), **parameters
    )
    policy = (await door.ok("XQueryOTARollout", JobId=job_id))["Data"]["Policy"]
    return {name: policy[name] for name in policy if name.startswith(("XGate", "XPace"))}


def named(door: SignedDoor) -> dict[str, str]:
    return {"FirmwareName": f"fw{door.ports.randomness.text(6)}"}


async def test_new_jobs_carry_them(door: SignedDoor, case: Case) -> None:
    """Also jobs of the vendor's calls, which know nothing of it; a job that is there keeps what it pinned."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1")
    old = await make_job(door, product_key, await make_firmware(door, product_key))
    given = {"XGateLimit": "1.5", "XGateSilentHours": 4, "XPace": "EVIDENCE", "XPaceFirst": 9}
    check_answer(await door.call(ACTION, case=case, **given), case, {})
    assert await gate_and_pace(door) == {**given, "XGate": "ON", "XGateSilentMinutes": 30, "XPaceGrowth": 5}
    assert (await door.ok("XQueryOTARollout", JobId=old))["Data"]["Policy"]["XGateLimit"] == "3"


async def test_the_call_wins(door: SignedDoor) -> None:
    """What it says replaces the default, member by member."""
    await door.ok(ACTION, XPace="EVIDENCE", XPaceFirst=9, XPaceGrowth=2, XGateLimit="1.5")
    assert await gate_and_pace(door, XPaceGrowth=7, XGateSilentMinutes=1) == {
        "XGate": "ON",
        "XGateLimit": "1.5",
        "XGateSilentMinutes": 1,
        "XGateSilentHours": 24,
        "XPace": "EVIDENCE",
        "XPaceFirst": 9,
        "XPaceGrowth": 7,
    }
    assert await gate_and_pace(door, XPace="NONE", XGate="OFF") == {"XGate": "OFF", "XPace": "NONE"}


async def test_a_gate_that_is_off(door: SignedDoor) -> None:
    """Then a call has to switch it on before it may set its limit."""
    await door.ok(ACTION, XGate="OFF")
    assert await gate_and_pace(door) == {"XGate": "OFF", "XPace": "NONE"}
    assert (await gate_and_pace(door, XGate="ON"))["XGateLimit"] == "3"
    product_key = await make_product(door)
    given = {"FirmwareId": await make_firmware(door, product_key), "ProductKey": product_key, "TargetSelection": "ALL"}
    assert await door.refusal("CreateOTAStaticUpgradeJob", **given, XGateLimit="3") == "iot.ota.InvalidParameter"


async def test_without_parameters_they_are_this_releases(door: SignedDoor) -> None:
    """Each call replaces all of them."""
    await door.ok(ACTION, XPace="EVIDENCE")
    await door.ok(ACTION, XGateLimit="2")
    assert (await gate_and_pace(door))["XPace"] == "NONE"
    await door.ok(ACTION)
    assert (await gate_and_pace(door))["XGateLimit"] == "3"
    assert (await door.ok("XQueryRolloutDefaults"))["Data"]["IsOwn"] is False


@pytest.mark.parametrize(
    "given", [{"XGateLimit": "51"}, {"XGate": "OFF", "XGateLimit": "3"}, {"XPaceFirst": 3}], ids=str
)
async def test_refused(door: SignedDoor, given: dict[str, Any]) -> None:
    """As jobs are; nothing has changed."""
    assert await door.refusal(ACTION, **given) == "iot.ota.InvalidParameter"


async def test_I15_other_accounts(door: SignedDoor) -> None:
    """The defaults of one account are nobody else's."""
    stranger = await door.make_key(account="other")
    await door.ok(ACTION, by=stranger, XPace="EVIDENCE")
    assert (await gate_and_pace(door))["XPace"] == "NONE"


async def test_permissions(door: SignedDoor) -> None:
    """Who may make jobs may not change them, nor may a key for one product (A06)."""
    assert await door.refusal(ACTION, by=await key_without(door, Permission.ROLLOUT_WRITE)) == "Forbidden.RAM"
    statement = Statement(frozenset({"*"}), Access.WRITE, frozenset({await make_product(door)}))
    assert await door.refusal(ACTION, by=await door.make_key_of(Policy((statement,)))) == "Forbidden.RAM"


async def test_approval_is_kept_where_it_is_not_named(door: SignedDoor) -> None:
    """A call that sets the pace, as it did before there were approvals, does not do away with the second person."""
    await door.ok(ACTION, XApproval="ON")
    assert await defaults(door) == {"XApproval": "ON", "IsOwn": False}
    for given in ({"XPace": "EVIDENCE"}, {}):
        await door.ok(ACTION, **given)
        assert (await defaults(door))["XApproval"] == "ON"
    await door.ok(ACTION, XApproval="OFF", XPace="EVIDENCE")
    assert await defaults(door) == {"XApproval": "OFF", "IsOwn": True}
    assert await door.refusal(ACTION, XApproval="MAYBE") == "iot.ota.InvalidParameter"


async def test_A29_off_takes_all_rights(door: SignedDoor) -> None:
    """Who may set the defaults may ask for approval; only who could go around it anyhow does away with it."""
    key = await door.make_key(permissions=frozenset({Permission.ROLLOUT_WRITE}))
    await door.ok(ACTION, by=key, XApproval="OFF")
    await door.ok(ACTION, by=key, XApproval="ON")
    assert await door.refusal(ACTION, by=key, XApproval="OFF", XPace="EVIDENCE") == "Forbidden.RAM"
    assert await defaults(door) == {"XApproval": "ON", "IsOwn": False}
    await door.ok(ACTION, XApproval="OFF")
    audit = await door.ok("XListAuditEvents", CurrentPage=1, PageSize=10)
    entry = audit["Data"]["AuditEvent"][0]
    assert (entry["Action"], entry["AccessKeyId"]) == (ACTION, door.root.access_key_id)


async def defaults(door: SignedDoor) -> dict[str, Any]:
    data = (await door.ok("XQueryRolloutDefaults"))["Data"]
    return {name: data[name] for name in ("XApproval", "IsOwn")}
