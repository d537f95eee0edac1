"""XCreateAccount through the signed door (threat-model I15, A05, A07)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.paging import Page
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.signing_caller import Credentials

ACTION = "XCreateAccount"
FORBIDDEN = "Forbidden.RAM"


async def make_account(door: SignedDoor, name: str = "workshop") -> Credentials:
    """The first key of a new account."""
    data = (await door.ok(ACTION, Name=name))["Data"]
    return Credentials(data["AccessKeyId"], data["AccessKeySecret"])


async def test_an_account(door: SignedDoor, case: Case) -> None:
    """The answer shows the account and its first key, which is stored with that secret."""
    answer = await door.call(ACTION, case=case, Name="workshop")
    async with door.store.snapshot() as store:
        account_id = await store.accounts.id_of("workshop")
        assert account_id is not None
        [key] = (await store.keys.page(account_id, Page(1, 10))).rows
    expected = {
        "AccountId": str(account_id),
        "Name": "workshop",
        "AccessKeyId": key.access_key_id,
        "AccessKeySecret": key.secret,
    }
    check_answer(answer, case, {"Data": expected})
    assert (len(key.access_key_id), len(key.secret), key.is_root) == (24, 32, True)


async def test_I15_its_key_has_all_rights_in_it_alone(door: SignedDoor) -> None:
    """The first key makes keys and products in its own account, and sees nothing of the operator's."""
    await make_product(door, "lamp")
    key = await make_account(door)
    product_key = await make_product(door, "lamp", by=key)
    await door.ok("XCreateAccessKey", by=key, Statement=[{"Actions": "*"}])
    assert (await door.ok("QueryProduct", by=key, ProductKey=product_key))["Data"]["ProductName"] == "lamp"
    assert await door.refusal("QueryProduct", ProductKey=product_key) == "iot.prod.NotExistedProduct"
    assert (await door.ok("XListAccessKeys", CurrentPage=1, PageSize=10))["Total"] == 1


async def test_only_the_operator(door: SignedDoor) -> None:
    """A tenant's key with all rights makes no account, nor does a lesser key of the operator."""
    tenant = await make_account(door)
    lesser = await door.make_key(permissions=frozenset(Permission))
    for by in (tenant, lesser, await door.make_key("Default")):
        assert await door.refusal(ACTION, by=by, Name="another") == FORBIDDEN


@pytest.mark.parametrize("name", ["a", "0", "a" * 63, "a" * 64, "Workshop-1_a.b"])
async def test_names(name: str, door: SignedDoor) -> None:
    """1 to 64 letters, digits, `_`, `.` and `-`."""
    assert (await door.ok(ACTION, Name=name))["Data"]["Name"] == name


@pytest.mark.parametrize("name", ["a" * 65, ".a", "-a", "a b", "a:b", "ä", "灯"])
async def test_names_that_are_refused(name: str, door: SignedDoor) -> None:
    """Longer ones, and other characters."""
    assert await door.refusal(ACTION, Name=name) == "iot.ota.InvalidParameter"


async def test_a_taken_name(door: SignedDoor) -> None:
    """A name is taken once on this server, the operator's too; letters differ by case."""
    await make_account(door)
    for name in ("workshop", "default"):
        assert await door.refusal(ACTION, Name=name) == "whimbrel.access.AccountAlreadyExist"
    await make_account(door, "Workshop")


async def test_A05_no_secret_is_entered(door: SignedDoor) -> None:
    """The audit trail names the account and the key, and holds no secret."""
    key = await make_account(door)
    answer = await door.call("XListAuditEvents", CurrentPage=1, PageSize=10)
    assert key.access_key_id.encode() in answer.body
    assert key.secret.encode() not in answer.body


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not make accounts."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.ACCOUNT_WRITE})
    assert await door.refusal(ACTION, by=key, Name="workshop") == FORBIDDEN
