"""XUpdateAccessKey through the signed door (threat-model A06)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.access.keyring import EVERYTHING, look, make, statements_of
from tests.operations.answers import check_answer
from tests.operations.fleet import make_product
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XUpdateAccessKey"
FORBIDDEN = "Forbidden.RAM"
LAST_ROOT = "whimbrel.access.LastRootKey"
READER = {"Actions": "QueryProduct", "Access": "read", "Products": "*", "Groups": "*"}

#: What takes an account's only root key its rights.
NARROWINGS: list[dict[str, Any]] = [
    {"Status": "Inactive"},
    {"Statement": [READER]},
    {"Statement": [{"Actions": "*", "Access": "read"}]},
    {"Statement": [{"Actions": "*", "Products": "pk1"}]},
    {"Statement": [{"Actions": "*", "Groups": "g1"}]},
    {"Status": "Inactive", "Statement": [{"Actions": "*"}]},
]


async def test_a_change(door: SignedDoor, case: Case) -> None:
    """Name, state and policy change together; the birth stays, the last change is now."""
    key = await make(door, {"Actions": "*"}, Name="old")
    door.clock.at_ms += 1000
    given = {"Name": "new", "Status": "Inactive", "Statement": [READER]}
    answer = await door.call(ACTION, case=case, UserAccessKeyId=key.access_key_id, **given)
    expected = {
        "AccessKeyId": key.access_key_id,
        "Name": "new",
        "Status": "Inactive",
        "UtcCreate": NOW_TEXT,
        "UtcModified": NOW_TEXT.replace(":05.", ":06."),
        "Statements": {"Statement": [READER]},
    }
    check_answer(answer, case, {"Data": expected})
    assert await look(door, key) == expected


@pytest.mark.parametrize(
    "given", [{}, {"Name": "new"}, {"Status": "Inactive"}, {"Statement": [{"Actions": "job:read"}]}]
)
async def test_what_is_not_given_stays(given: dict[str, Any], door: SignedDoor) -> None:
    """Each parameter changes its own part alone, and never the secret."""
    key = await make(door, READER, Name="old")
    before = await look(door, key)
    await door.ok(ACTION, UserAccessKeyId=key.access_key_id, **given)
    after = await look(door, key)
    parts = {"Name": "Name", "Status": "Status", "Statement": "Statements"}
    assert {part for part in before if before[part] != after[part]} == {parts[name] for name in given}
    await door.ok(ACTION, UserAccessKeyId=key.access_key_id, Status="Active", Statement=[{"Actions": "QueryProduct*"}])
    assert (await door.call("QueryProduct", by=key, ProductKey="nobody")).code == "iot.prod.NotExistedProduct"


async def test_the_next_call_is_judged_by_the_new_policy(door: SignedDoor) -> None:
    """A right that is taken is gone with the answer, one that is given is there; switched off, nothing is served."""
    key = await make(door, {"Actions": "QueryProduct"})
    statuses = []
    for given in (
        {},
        {"Statement": [{"Actions": "QueryDevice"}]},
        {"Statement": [{"Actions": "product:read"}]},
        {"Status": "Inactive"},
        {"Status": "Active"},
    ):
        await door.ok(ACTION, UserAccessKeyId=key.access_key_id, **given)
        answer = await door.call("QueryProduct", by=key, ProductKey="nobody")
        statuses.append(answer.status if answer.status != 400 else answer.code)
    assert statuses == [200, 403, 200, "InvalidAccessKeyId.Inactive", 200]


@pytest.mark.parametrize("given", NARROWINGS)
async def test_the_last_root_key_keeps_its_rights(given: dict[str, Any], door: SignedDoor) -> None:
    """The only active key with all rights is neither switched off nor narrowed, while lesser or sleeping keys exist."""
    await make(door, {"Actions": "*", "Access": "read"})
    asleep = await make(door, {"Actions": "*"})
    await door.ok(ACTION, UserAccessKeyId=asleep.access_key_id, Status="Inactive")
    await door.make_key("neighbour")
    assert await door.refusal(ACTION, UserAccessKeyId=door.root.access_key_id, **given) == LAST_ROOT


@pytest.mark.parametrize("given", NARROWINGS)
async def test_one_of_two_root_keys(given: dict[str, Any], door: SignedDoor) -> None:
    """With another active one it may be, by itself too; then the other is the last."""
    other = await make(door, {"Actions": "*"})
    await door.ok(ACTION, UserAccessKeyId=door.root.access_key_id, **given)
    assert await door.refusal(ACTION, by=other, UserAccessKeyId=other.access_key_id, **given) == LAST_ROOT


async def test_the_last_root_key_may_change_otherwise(door: SignedDoor) -> None:
    """A new name, or a policy that still has all rights."""
    given = {"Name": "root", "Status": "Active", "Statement": [READER, {"Actions": "*"}]}
    await door.ok(ACTION, UserAccessKeyId=door.root.access_key_id, **given)
    assert await statements_of(door, door.root) == [READER, EVERYTHING]
    assert await door.refusal(ACTION, UserAccessKeyId=door.root.access_key_id, Statement=[READER]) == LAST_ROOT


async def test_A06_no_escalation(door: SignedDoor) -> None:
    """A key without all rights changes no key: not another's rights and not its own."""
    key = await door.make_key(permissions=frozenset(Permission))
    limited = await make(door, {"Actions": "*", "Products": "pk1"})
    for by in (key, limited):
        for target in (by, door.root):
            given: dict[str, Any] = {"UserAccessKeyId": target.access_key_id, "Statement": [{"Actions": "*"}]}
            assert await door.refusal(ACTION, by=by, **given) == FORBIDDEN
            assert await door.refusal(ACTION, by=by, UserAccessKeyId=target.access_key_id, Name="x") == FORBIDDEN


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Status": "active"}, "iot.ota.InvalidParameter"),
        ({"Status": "Deleted"}, "iot.ota.InvalidParameter"),
        ({"Name": "a" * 65}, "iot.ota.InvalidParameter"),
        ({"Statement": [{"Actions": "QueryNothing"}]}, "whimbrel.access.InvalidPolicy"),
        ({"Statement": [{"Actions": "*"}] * 21}, "whimbrel.access.InvalidPolicy"),
        ({"UserAccessKeyId": "nobody"}, "whimbrel.access.AccessKeyNotFound"),
        ({"UserAccessKeyId": "k" * 65}, "whimbrel.access.AccessKeyNotFound"),
    ],
)
async def test_refused_values(given: dict[str, Any], code: str, door: SignedDoor) -> None:
    """Words that are none, and keys that are not there."""
    key = await make(door)
    assert await door.refusal(ACTION, **{"UserAccessKeyId": key.access_key_id, **given}) == code


async def test_I15_another_accounts_key(door: SignedDoor) -> None:
    """Another account's key is not found and stays as it is."""
    neighbour = await door.make_key("neighbour")
    code = await door.refusal(ACTION, UserAccessKeyId=neighbour.access_key_id, Status="Inactive")
    assert code == "whimbrel.access.AccessKeyNotFound"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change keys."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.ACCESS_WRITE})
    assert await door.refusal(ACTION, by=key, UserAccessKeyId=key.access_key_id) == FORBIDDEN


async def test_A06_a_token_answers_no_secret_under_other_rights(door: SignedDoor) -> None:
    """What a ClientToken made under rights that the key has lost is not answered again, nor made twice."""
    lamp, plug = await make_product(door), await make_product(door, "plug")
    key = await make(door, EVERYTHING)
    key_call = {"Name": "made", "Statement": [EVERYTHING], "ClientToken": "t"}
    device_call = {"ProductKey": lamp, "DeviceName": "lamp-0001", "ClientToken": "t"}
    for action, parameters in (("XCreateAccessKey", key_call), ("RegisterDevice", device_call)):
        made = await door.ok(action, by=key, **parameters)
        assert (await door.ok(action, by=key, **parameters))["Data"] == made["Data"]
    narrower = {"Actions": "XCreateAccessKey,RegisterDevice", "Products": plug}
    await door.ok(ACTION, UserAccessKeyId=key.access_key_id, Statement=[narrower])
    assert await door.refusal("XCreateAccessKey", by=key, **key_call) in (FORBIDDEN, "IdempotentParameterMismatch")
    assert await door.refusal("RegisterDevice", by=key, **device_call) == "IdempotentParameterMismatch"
