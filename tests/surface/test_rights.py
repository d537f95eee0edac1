"""Rights at work: what an AccessKey's statements do not open, no operation touches or shows (threat-model A06, A08).

Each operation of the registry is called with its example, about things that are there and that the key may not touch.
"""

from __future__ import annotations

import pytest

from tests.operations.fleet import make_product
from tests.operations.signed_door import OPERATIONS, Answer, SignedDoor
from tests.surface.small_world import SmallWorld, build_world
from whimbrel.domain.access import EVERYTHING, Access, Permission, Policy, Statement
from whimbrel.operations.declaration import Operation
from whimbrel.rpc.signing_caller import Credentials

EACH = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
ALL_ACTIONS = frozenset({"*"})
ANOTHER_GROUP = frozenset({"HtMLECKbdJQL7xBa"})

#: They make a place for an upload that nothing refers to yet; what is made of it is asked for then.
OF_NO_PRODUCT = {"GenerateOTAUploadURL", "GenerateDeviceNameListURL"}
#: A key that is limited to groups reads the products and firmware that jobs for its groups name.
OPEN_TO_GROUPS = {Permission.PRODUCT_READ, Permission.FIRMWARE_READ}
#: Only the operator's keys with all rights.
OF_THE_OPERATOR = {"XListAccounts"}
#: On rollouts that wait for a second person: the small world asks for none.
DECISIONS = {"XApproveOTAJob", "XRejectOTAJob"}
#: What the small world cannot answer to: the example names what is not, or what is not in that state.
NOT_DONE = {
    "CancelOTAStrategyByJob",
    "DeleteProduct",
    "ReupgradeOTATask",
    "XAdvanceOTAJob",
    "XResumeOTAJob",
    *DECISIONS,
}


async def limited_to(door: SignedDoor, products: frozenset[str] | None, groups: frozenset[str] | None) -> Credentials:
    """A key with all actions on these products and groups."""
    return await door.make_key_of(Policy((Statement(ALL_ACTIONS, Access.WRITE, products, groups),)))


def without_traces(door: SignedDoor) -> dict[str, list[tuple[object, ...]]]:
    """The rows, but for the audit trail, in which refusals are entered, and its counts."""
    rows = {name: found for name, found in door.rows().items() if not name.startswith(("audit_", "sqlite_"))}
    rows["list_count"] = [row for row in rows["list_count"] if not str(row[0]).startswith("audit:")]
    return rows


def shown_of(door: SignedDoor, answer: Answer) -> set[str]:
    """What the answer shows of the small world's devices and firmware, by their unguessable or telling texts."""
    texts = [row for name in ("device", "firmware", "device_group") for row in door.rows()[name]]
    telling = {value for row in texts for value in row if isinstance(value, str) and len(value) > 15}
    return {value for value in telling if value.encode() in answer.body}


async def assert_refused(door: SignedDoor, world: SmallWorld, operation: Operation, key: Credentials) -> None:
    """The call says "not found" or 403 and changes nothing; a list may answer, with nothing in it."""
    given = world.request_of(operation)
    before = without_traces(door)
    answer = await door.call(operation.action, by=key, **given)
    body = answer.json()
    assert without_traces(door) == before
    if answer.status == 403:
        assert body["Code"] == "Forbidden.RAM"
        return
    assert answer.status == 200
    assert body["Success"] is operation.is_read or "Not" in body["Code"], answer.body
    assert not (shown_of(door, answer) - set(given.values()))
    if not body["Success"]:
        assert "NotFound" in body["Code"] or "NotExisted" in body["Code"], answer.body


@EACH
async def test_the_examples_succeed_with_all_rights(operation: Operation, door: SignedDoor) -> None:
    """In the small world each example is done for a key with all rights: so refusals below are for want of rights."""
    world = await build_world(door)
    body = (await door.call(operation.action, **world.request_of(operation))).json()
    assert body["Success"] is (operation.action not in NOT_DONE), body


@EACH
async def test_A06_products(operation: Operation, door: SignedDoor) -> None:
    """A key for one product touches and sees nothing of another's."""
    world = await build_world(door)
    key = await limited_to(door, frozenset({await make_product(door, "another")}), None)
    if operation.action in OF_NO_PRODUCT:
        assert (await door.call(operation.action, by=key, **world.request_of(operation))).status == 200
    else:
        await assert_refused(door, world, operation, key)


@EACH
async def test_A06_groups(operation: Operation, door: SignedDoor) -> None:
    """A key for one group touches and sees nothing of another's devices, nor of those in none; products it may read."""
    world = await build_world(door)
    if operation.action not in OF_NO_PRODUCT and operation.permission not in OPEN_TO_GROUPS:
        await assert_refused(door, world, operation, await limited_to(door, None, ANOTHER_GROUP))
    of_another_product = await limited_to(door, frozenset({await make_product(door, "another")}), ANOTHER_GROUP)
    if operation.action not in OF_NO_PRODUCT:
        await assert_refused(door, world, operation, of_another_product)


@EACH
async def test_A06_statements_are_not_merged(operation: Operation, door: SignedDoor) -> None:
    """This action on another product, and all other actions on this one, do not make this action on this one."""
    world = await build_world(door)
    another = frozenset({await make_product(door, "another")})
    others = frozenset(OPERATIONS) - {operation.action}
    policy = Policy(
        (
            Statement(frozenset({operation.action}), Access.WRITE, another),
            Statement(frozenset({operation.action}), Access.WRITE, None, ANOTHER_GROUP & another),
            Statement(others, Access.WRITE, frozenset({world.product_key}), frozenset({world.group_id})),
            Statement(others, Access.WRITE),
        )
    )
    if operation.action not in OF_NO_PRODUCT and operation.permission not in OPEN_TO_GROUPS:
        await assert_refused(door, world, operation, await door.make_key_of(policy))


@EACH
async def test_A08_reading_changes_nothing(operation: Operation, door: SignedDoor) -> None:
    """A key that may read everything calls every operation that reads, and none that changes something."""
    world = await build_world(door)
    key = await door.make_key_of(Policy((Statement(ALL_ACTIONS, Access.READ),)))
    before = without_traces(door)
    answer = await door.call(operation.action, by=key, **world.request_of(operation))
    is_served = operation.is_read and operation.action not in OF_THE_OPERATOR
    assert (answer.status == 200) is is_served
    assert (answer.status == 403) is not is_served
    assert without_traces(door) == before


@EACH
async def test_without_statements(operation: Operation, door: SignedDoor) -> None:
    """A key without statements is refused by every operation, whatever the request says."""
    key = await door.make_key_of(Policy(()))
    assert await door.refusal(operation.action, by=key) == "Forbidden.RAM"


@EACH
async def test_all_rights_of_another_account(operation: Operation, door: SignedDoor) -> None:
    """A key with all rights of another account touches and sees nothing of this one (I15)."""
    world = await build_world(door)
    key = await door.make_key_of(EVERYTHING, "neighbour")
    given = world.request_of(operation)
    kept = {name: set(rows) for name, rows in without_traces(door).items() if name != "list_count"}
    kept["account"] = {row for row in kept["account"] if "neighbour" not in row}  # its own it may change
    answer = await door.call(operation.action, by=key, **given)
    after = {name: set(rows) for name, rows in without_traces(door).items()}
    assert {name: rows - after[name] for name, rows in kept.items() if not rows <= after[name]} == {}
    assert not (shown_of(door, answer) - set(given.values()) - made_by(answer))


def made_by(answer: Answer) -> set[str]:
    """Texts of what the call itself has made."""
    data = answer.json().get("Data")
    return {value for value in data.values() if isinstance(value, str)} if isinstance(data, dict) else set()
