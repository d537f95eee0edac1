"""XRotateAccessKey through the signed door (threat-model A05)."""

from __future__ import annotations

import pytest

from tests.operations.access.keyring import look, make
from tests.operations.answers import check_answer
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XRotateAccessKey"
FORBIDDEN = "Forbidden.RAM"


async def test_a_rotation(door: SignedDoor, case: Case) -> None:
    """The answer shows the key with a new secret; all else stays."""
    statement = {"Actions": "QueryProduct", "Access": "read", "Products": "pk1", "Groups": "*"}
    key = await make(door, statement, Name="reader")
    answer = await door.call(ACTION, case=case, UserAccessKeyId=key.access_key_id)
    body = answer.json()
    secret = body["data"]["accessKeySecret"] if case is Case.CAMEL else body["Data"]["AccessKeySecret"]
    assert len(secret) == 32
    assert secret != key.secret
    expected = {
        "AccessKeyId": key.access_key_id,
        "AccessKeySecret": secret,
        "Name": "reader",
        "Status": "Active",
        "UtcCreate": NOW_TEXT,
        "Statements": {"Statement": [statement]},
    }
    check_answer(answer, case, {"Data": expected})


async def test_the_old_secret_is_over_at_once(door: SignedDoor) -> None:
    """Calls signed with the old secret are refused, with the new one they are served."""
    key = await make(door, {"Actions": "*"})
    door.clock.at_ms += 1000
    data = (await door.ok(ACTION, by=key, UserAccessKeyId=key.access_key_id))["Data"]
    assert (await door.call("XListAccessKeys", by=key, CurrentPage=1, PageSize=1)).code == "SignatureDoesNotMatch"
    new = key._replace(secret=data["AccessKeySecret"])
    assert (await look(door, new, by=new))["UtcModified"] == NOW_TEXT.replace(":05.", ":06.")


async def test_an_inactive_key_stays_inactive(door: SignedDoor) -> None:
    """A new secret does not switch a key on."""
    key = await make(door, {"Actions": "*"})
    await door.ok("XUpdateAccessKey", UserAccessKeyId=key.access_key_id, Status="Inactive")
    assert (await door.ok(ACTION, UserAccessKeyId=key.access_key_id))["Data"]["Status"] == "Inactive"


async def test_the_last_root_key(door: SignedDoor) -> None:
    """It is not rotated: were the answer lost, nobody could sign."""
    await make(door, {"Actions": "*", "Access": "read"})
    code = await door.refusal(ACTION, UserAccessKeyId=door.root.access_key_id)
    assert code == "whimbrel.access.LastRootKey"


@pytest.mark.parametrize("key_id", ["nobody", "k" * 65])
async def test_unknown_keys(key_id: str, door: SignedDoor) -> None:
    """No key: not found."""
    assert await door.refusal(ACTION, UserAccessKeyId=key_id) == "whimbrel.access.AccessKeyNotFound"


async def test_I15_another_accounts_key(door: SignedDoor) -> None:
    """Another account's key is not found and keeps its secret."""
    neighbour = await door.make_key("neighbour")
    code = await door.refusal(ACTION, UserAccessKeyId=neighbour.access_key_id)
    assert code == "whimbrel.access.AccessKeyNotFound"


async def test_A06_no_escalation(door: SignedDoor) -> None:
    """A key without all rights gets no key's new secret, not even its own."""
    limited = await make(door, {"Actions": "*", "Products": "pk1"})
    for by in (await door.make_key(permissions=frozenset(Permission)), limited):
        for target in (by, door.root):
            assert await door.refusal(ACTION, by=by, UserAccessKeyId=target.access_key_id) == FORBIDDEN


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not rotate keys."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.ACCESS_WRITE})
    assert await door.refusal(ACTION, by=key, UserAccessKeyId=key.access_key_id) == FORBIDDEN
