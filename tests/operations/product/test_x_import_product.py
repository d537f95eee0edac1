"""XImportProduct through the signed door (ours; ADR 0063)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_job, make_product, set_quotas
from tests.operations.group.keys import limited_key
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

KEY, SECRET = "a1Bcdefgh01", "wNc1mVpKyTq7x0aB"
KEY_TAKEN = "whimbrel.prod.ProductKeyTaken"
GIVEN: dict[str, Any] = {"ProductKey": KEY, "ProductSecret": SECRET, "ProductName": "lantern", "NodeType": 0}


async def test_a_product_keeps_its_key_and_secret(door: SignedDoor, case: Case) -> None:
    """What devices were made with is what they find here."""
    answer = await door.call("XImportProduct", case=case, **GIVEN)
    data = {
        "ProductKey": KEY,
        "ProductName": "lantern",
        "ProductSecret": SECRET,
        "NodeType": 0,
        "AuthType": "secret",
        "Description": "",
        "Id2": False,
    }
    check_answer(answer, case, {"Data": data, "ProductKey": KEY})
    stored = (await door.ok("QueryProduct", ProductKey=KEY))["Data"]
    assert (stored["ProductSecret"], stored["ProductName"]) == (SECRET, "lantern")
    await door.check_consistency()


async def test_without_a_secret_there_is_a_new_one(door: SignedDoor) -> None:
    """An export without secrets makes products whose devices must be told new ones."""
    data = (await door.ok("XImportProduct", **{**GIVEN, "ProductSecret": ""}))["Data"]
    assert len(data["ProductSecret"]) == 16
    assert data["ProductSecret"].isalnum()


@pytest.mark.parametrize("key", ["a", "K" * 30])
async def test_A16_keys_at_the_limits(key: str, door: SignedDoor) -> None:
    """1 to 30 letters and digits."""
    assert (await door.ok("XImportProduct", **{**GIVEN, "ProductKey": key}))["ProductKey"] == key


@pytest.mark.parametrize("key", ["k" * 31, "k~1", "k-1", "k/1", "k 1", "灯", "k&1"])
async def test_A16_keys_outside_the_rule(key: str, door: SignedDoor) -> None:
    """A key that could be mistaken for something else in a topic, a list or a user name is refused."""
    assert await door.refusal("XImportProduct", **{**GIVEN, "ProductKey": key}) == "iot.prod.InvalidFormattedProductkey"


@pytest.mark.parametrize(("length", "is_taken"), [(15, False), (16, True), (64, True), (65, False)])
async def test_A15_secrets_at_the_limits(length: int, is_taken: bool, door: SignedDoor) -> None:
    """16 to 64 letters and digits."""
    given = {**GIVEN, "ProductSecret": "s" * length}
    if is_taken:
        await door.ok("XImportProduct", **given)
    else:
        assert await door.refusal("XImportProduct", **given) == "iot.ota.InvalidParameter"


async def test_what_a_product_is_follows_the_rules_of_CreateProduct(door: SignedDoor) -> None:
    """Every refusal that CreateProduct declares."""
    refused = {
        "iot.prod.InvalidFormattedProductName": {"ProductName": "x"},
        "iot.prod.InvalidNodeType": {"NodeType": 2},
        "iot.prod.LongProductDesc": {"Description": "x" * 101},
        "iot.prod.InvalidAliyunCommodityCode": {"AliyunCommodityCode": "other"},
        "iot.ota.MissingParameter": {"AliyunCommodityCode": "iothub_senior"},
        "iot.ota.InvalidParameter": {"AuthType": "x509"},
    }
    for code, more in refused.items():
        assert await door.refusal("XImportProduct", **{**GIVEN, **more}) == code
    assert await door.refusal("XImportProduct", ProductName="lantern", NodeType=0) == "MissingProductKey"


async def test_a_name_of_another_product_is_refused(door: SignedDoor) -> None:
    """Names are unique in the account, as everywhere."""
    await make_product(door, "lantern")
    assert await door.refusal("XImportProduct", **GIVEN) == "iot.prod.AlreadyExistedProductName"


async def test_the_quota(door: SignedDoor) -> None:
    """An account gets no more products by importing them."""
    set_quotas(door, "XImportProduct", products=1)
    await door.ok("XImportProduct", **GIVEN)
    more = {**GIVEN, "ProductKey": "a1second", "ProductName": "lantern2"}
    assert await door.refusal("XImportProduct", **more) == "iot.prod.ProductCountExceedMax"


async def test_I15_a_key_in_use_is_refused_in_the_same_words_whoever_has_it(door: SignedDoor) -> None:
    """Who tries a key learns that the server has it, which no unique key can hide, and nothing of whose it is."""
    neighbour = await door.make_key("neighbour")
    texts = set()
    for owner, others in ((door.root, neighbour), (neighbour, door.root)):
        key = f"a1of{len(texts)}"
        given = {**GIVEN, "ProductKey": key, "ProductName": f"lantern{key}"}
        await door.ok("XImportProduct", by=owner, **given)
        for caller in (owner, others):
            again = await door.call("XImportProduct", by=caller, **{**given, "ProductName": "other_name"})
            assert again.code == KEY_TAKEN
            texts.add(again.json()["ErrorMessage"].replace(key, "KEY"))
    assert len(texts) == 1


async def test_I15_two_accounts_at_once(door: SignedDoor) -> None:
    """One of them has the product, and the other reads that the key is in use."""
    neighbour = await door.make_key("neighbour")
    answers = await asyncio.gather(*(door.call("XImportProduct", by=key, **GIVEN) for key in (door.root, neighbour)))
    assert sorted(answer.code for answer in answers) == ["", KEY_TAKEN]


async def test_a_deleted_product_gives_its_key_up(door: SignedDoor) -> None:
    """A rehearsed import can be thrown away and repeated; the jobs of the first one stay."""
    await door.ok("XImportProduct", **GIVEN)
    await make_device(door, KEY, "lamp-0001", "1.0.0")
    job_id = await make_job(door, KEY, await make_firmware(door, KEY))
    await door.engine.settle()
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True, CancelNotifiedTask=True)
    await door.engine.settle()
    await door.ok("DeleteDevice", ProductKey=KEY, DeviceName="lamp-0001")
    await door.ok("DeleteProduct", ProductKey=KEY)
    await door.ok("XImportProduct", **GIVEN)
    assert (await door.ok("QueryProduct", ProductKey=KEY))["Data"]["DeviceCount"] == 0
    assert (await door.ok("QueryOTAJob", JobId=job_id))["Data"]["ProductKey"].startswith(f"{KEY}~")
    await door.check_consistency()


async def test_I15_another_accounts_deleted_product_keeps_its_key(door: SignedDoor) -> None:
    """Devices that still call by it are not handed to a stranger."""
    await door.ok("XImportProduct", **GIVEN)
    await door.ok("DeleteProduct", ProductKey=KEY)
    neighbour = await door.make_key("neighbour")
    assert await door.refusal("XImportProduct", by=neighbour, **GIVEN) == KEY_TAKEN


async def test_A05_the_audit_trail_hides_the_secret(door: SignedDoor) -> None:
    """The entry says that there was one."""
    await door.ok("XImportProduct", **GIVEN)
    body = await door.ok("XListAuditEvents", EventName="XImportProduct", CurrentPage=1, PageSize=10)
    [entry] = body["Data"]["AuditEvent"]
    assert KEY in str(entry)
    assert SECRET not in str(entry)


async def test_A06_rights(door: SignedDoor) -> None:
    """A key without the permission, and one that is limited to a product, even to this one, may not."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_WRITE})
    assert await door.refusal("XImportProduct", by=key, **GIVEN) == "Forbidden.RAM"
    assert await door.refusal("XImportProduct", by=await limited_key(door, products=[KEY]), **GIVEN) == "Forbidden.RAM"
