"""XDeleteAccessKey through the signed door (threat-model A06)."""

from __future__ import annotations

import asyncio

import pytest

from tests.operations.access.keyring import ids, make
from tests.operations.answers import check_answer
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XDeleteAccessKey"
FORBIDDEN = "Forbidden.RAM"
LAST_ROOT = "whimbrel.access.LastRootKey"


async def test_a_deletion(door: SignedDoor, case: Case) -> None:
    """The envelope alone; afterwards calls signed with the key are refused as if it had never been."""
    key = await make(door, {"Actions": "*"})
    check_answer(await door.call(ACTION, case=case, UserAccessKeyId=key.access_key_id), case, {})
    assert await ids(door) == [door.root.access_key_id]
    answer = await door.call("XListAccessKeys", by=key, CurrentPage=1, PageSize=1)
    assert (answer.status, answer.code) == (404, "InvalidAccessKeyId.NotFound")


async def test_a_key_may_delete_itself(door: SignedDoor) -> None:
    """Another root key is left; the deleted one is unknown from then on."""
    key = await make(door, {"Actions": "*"})
    await door.ok(ACTION, by=key, UserAccessKeyId=key.access_key_id)
    assert (
        await door.call("QueryProductList", by=key, CurrentPage=1, PageSize=1)
    ).code == "InvalidAccessKeyId.NotFound"
    await door.ok("QueryProductList", CurrentPage=1, PageSize=1)


async def test_the_last_root_key_stays(door: SignedDoor) -> None:
    """The only active key with all rights is not deleted, while lesser, sleeping and foreign keys exist."""
    await make(door, {"Actions": "*", "Access": "read"})
    asleep = await make(door, {"Actions": "*"})
    await door.ok("XUpdateAccessKey", UserAccessKeyId=asleep.access_key_id, Status="Inactive")
    await door.make_key("neighbour")
    assert await door.refusal(ACTION, UserAccessKeyId=door.root.access_key_id) == LAST_ROOT
    await door.ok(ACTION, UserAccessKeyId=asleep.access_key_id)


async def test_F25_two_root_keys_delete_each_other(door: SignedDoor) -> None:
    """Of two calls at once the second finds its own key deleted, or the other's the last: one root key is left."""
    one, other = await make(door, {"Actions": "*"}), await make(door, {"Actions": "*"})
    await door.ok(ACTION, UserAccessKeyId=door.root.access_key_id, by=one)
    answers = await asyncio.gather(
        door.call(ACTION, by=one, UserAccessKeyId=other.access_key_id),
        door.call(ACTION, by=other, UserAccessKeyId=one.access_key_id),
    )
    assert sorted(answer.json().get("Success", False) for answer in answers) == [False, True]
    left = one if answers[0].json().get("Success") else other
    assert await ids(door, by=left) == [left.access_key_id]
    door.root = left


@pytest.mark.parametrize("key_id", ["nobody", "k" * 65])
async def test_unknown_keys(key_id: str, door: SignedDoor) -> None:
    """No key: not found."""
    assert await door.refusal(ACTION, UserAccessKeyId=key_id) == "whimbrel.access.AccessKeyNotFound"


async def test_I15_another_accounts_key(door: SignedDoor) -> None:
    """Another account's key is not found and stays."""
    neighbour = await door.make_key("neighbour")
    code = await door.refusal(ACTION, UserAccessKeyId=neighbour.access_key_id)
    assert code == "whimbrel.access.AccessKeyNotFound"


async def test_A06_only_with_all_rights(door: SignedDoor) -> None:
    """A key without all rights deletes none, not even itself."""
    limited = await make(door, {"Actions": "*", "Groups": "g1"})
    for by in (await door.make_key(permissions=frozenset(Permission)), limited):
        assert await door.refusal(ACTION, by=by, UserAccessKeyId=by.access_key_id) == FORBIDDEN


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not delete keys."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.ACCESS_WRITE})
    assert await door.refusal(ACTION, by=key, UserAccessKeyId=key.access_key_id) == FORBIDDEN
