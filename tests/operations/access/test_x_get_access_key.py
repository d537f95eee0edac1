"""XGetAccessKey through the signed door (threat-model A05, I15)."""

from __future__ import annotations

import pytest

from tests.operations.access.keyring import EVERYTHING, look, make
from tests.operations.answers import check_answer
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

NOT_FOUND = "whimbrel.access.AccessKeyNotFound"


async def test_a_key(door: SignedDoor, case: Case) -> None:
    """The key in full, without its secret."""
    expected = {
        "AccessKeyId": door.root.access_key_id,
        "Name": "",
        "Status": "Active",
        "UtcCreate": NOW_TEXT,
        "UtcModified": NOW_TEXT,
        "Statements": {"Statement": [EVERYTHING]},
    }
    answer = await door.call("XGetAccessKey", case=case, UserAccessKeyId=door.root.access_key_id)
    check_answer(answer, case, {"Data": expected})


async def test_statements_keep_their_order(door: SignedDoor) -> None:
    """What an answer shows can be sent again as it is."""
    statements = [
        {"Actions": "QueryProduct", "Access": "read", "Products": "b,c", "Groups": "*"},
        {"Actions": "QueryDevice", "Access": "write", "Products": "a", "Groups": "g"},
    ]
    first = (await look(door, await make(door, *statements)))["Statements"]["Statement"]
    assert first == statements
    assert (await look(door, await make(door, *first)))["Statements"]["Statement"] == statements


@pytest.mark.parametrize("key_id", ["nobody", "k" * 64, "k" * 65, "密", "%", "*"])
async def test_unknown_keys(key_id: str, door: SignedDoor) -> None:
    """No key: not found, whatever the text."""
    assert await door.refusal("XGetAccessKey", UserAccessKeyId=key_id) == NOT_FOUND


async def test_I15_another_accounts_key(door: SignedDoor) -> None:
    """Another account's key is not found, exactly like an absent one."""
    neighbour = await door.make_key("neighbour")
    assert await door.refusal("XGetAccessKey", UserAccessKeyId=neighbour.access_key_id) == NOT_FOUND
    theirs, absent = [
        (await door.call("XGetAccessKey", UserAccessKeyId=key_id)).json()["ErrorMessage"].replace(key_id, "KEY")
        for key_id in (neighbour.access_key_id, "n" * 24)
    ]
    assert theirs == absent


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not look at keys, nor may one that is limited, not even at itself."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.ACCESS_READ})
    limited = await make(door, {"Actions": "*", "Products": "pk1"})
    for by in (key, limited):
        assert await door.refusal("XGetAccessKey", by=by, UserAccessKeyId=by.access_key_id) == "Forbidden.RAM"
