"""XListAuditEvents through the signed door, and what is entered by whom (threat-model I16, A05)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.operations.access.keyring import make
from tests.operations.answers import check_answer
from tests.operations.fleet import make_product
from tests.operations.signed_door import NOW_MS, NOW_TEXT, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.signing_caller import Credentials

ACTION = "XListAuditEvents"
FORBIDDEN = "Forbidden.RAM"


async def events(door: SignedDoor, page: int = 1, size: int = 100, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a page."""
    body = await door.ok(ACTION, CurrentPage=page, PageSize=size, **parameters)
    found: list[dict[str, Any]] = body["Data"]["AuditEvent"]
    return found


async def summary(door: SignedDoor, **parameters: Any) -> list[str]:
    """Number, Action and outcome of each event, newest first."""
    return [f"{row['Number']} {row['Action']} {row['Outcome']}" for row in await events(door, **parameters)]


async def test_an_event(door: SignedDoor, case: Case) -> None:
    """A change is entered with who, when, what it said, what it made, and its place in the chain."""
    made = await door.call("CreateProduct", ProductName="lamp", NodeType=0, Unheard="x", ClientToken="t-1")
    product_key, request_id = made.json()["ProductKey"], made.json()["RequestId"]
    async with door.store.snapshot() as store:
        head = await store.audit.head(await door.account_id())
    row = {
        "Number": 1,
        "UtcTime": NOW_TEXT,
        "AccessKeyId": door.root.access_key_id,
        "Action": "CreateProduct",
        "CallRequestId": request_id,
        "Outcome": "ACCEPTED",
        "Parameters": '{"ClientToken":"t-1","NodeType":"0","ProductName":"lamp"}',
        "Objects": json.dumps({"ProductKey": product_key}, separators=(",", ":")),
        "Hash": head.hash,
    }
    expected = {"Total": 1, "PageCount": 1, "PageSize": 10, "CurrentPage": 1, "Data": {"AuditEvent": [row]}}
    check_answer(await door.call(ACTION, case=case, CurrentPage=1, PageSize=10), case, expected)


async def test_I16_each_change_has_one_entry(door: SignedDoor) -> None:
    """Accepted changes are entered once each; reads, refused values and repeated tokens are not."""
    await make_product(door, "lamp")
    await door.ok("XListAccessKeys", CurrentPage=1, PageSize=10)
    await door.refusal("CreateProduct", ProductName="lamp", NodeType=0)
    for _ in range(2):
        await door.ok("CreateProduct", ProductName="plug", NodeType=0, ClientToken="t")
    assert await summary(door) == ["2 CreateProduct ACCEPTED", "1 CreateProduct ACCEPTED"]


async def test_lists_are_entered(door: SignedDoor) -> None:
    """List parameters stand as they were sent."""
    await make(door, {"Actions": "QueryProduct", "Products": "pk1"}, Name="reader")
    [row] = await events(door)
    assert json.loads(row["Parameters"]) == {
        "Name": "reader",
        "Statement.1.Actions": "QueryProduct",
        "Statement.1.Products": "pk1",
    }


async def test_A05_no_secret_is_entered(door: SignedDoor) -> None:
    """Neither what operations answer once nor what a caller sends by mistake stands in the trail."""
    key = await make(door, {"Actions": "*"})
    other = await make(door, {"Actions": "*"})
    rotated = await door.ok("XRotateAccessKey", UserAccessKeyId=other.access_key_id)
    made = (await door.ok("CreateProduct", ProductName="lamp", NodeType=0, AccessKeySecret=door.root.secret))["Data"]
    given = {"ProductKey": made["ProductKey"], "DeviceName": "lamp-0001"}
    device = (await door.ok("RegisterDevice", **given, DeviceSecret="d" * 32))["Data"]
    secrets = [key.secret, rotated["Data"]["AccessKeySecret"], door.root.secret]
    secrets += [made["ProductSecret"], device["DeviceSecret"], "d" * 32]
    assert len(await events(door)) == 5
    body = (await door.call(ACTION, CurrentPage=1, PageSize=100)).body
    assert [secret for secret in secrets if secret.encode() in body] == []


async def test_refused_calls_are_entered(door: SignedDoor) -> None:
    """What a key has no right to is entered with what it asked for: by its policy, or by the operation's own rule."""
    reader = await make(door, {"Actions": "*", "Access": "read"})
    limited = await make(door, {"Actions": "*", "Products": "pk1"})
    await door.refusal("CreateProduct", by=reader, ProductName="lamp", NodeType=0, Unheard="x")
    await door.refusal("XListAccessKeys", by=limited, CurrentPage=1, PageSize=10)
    limited_row, reader_row, *_ = await events(door)
    assert (limited_row["Action"], limited_row["Outcome"]) == ("XListAccessKeys", "REFUSED")
    assert limited_row["AccessKeyId"] == limited.access_key_id
    assert (reader_row["Action"], reader_row["Outcome"]) == ("CreateProduct", "REFUSED")
    assert json.loads(reader_row["Parameters"]) == {"NodeType": "0", "ProductName": "lamp"}
    assert reader_row["Objects"] == "{}"


async def test_I17_a_key_enters_sixty_refusals_an_hour(door: SignedDoor) -> None:
    """More are refused all the same, and not entered; another key has its own sixty, and so has the next hour."""
    door.clock.at_ms = NOW_MS - NOW_MS % 3_600_000 + 3_600_000
    one, other = await make(door), await make(door)

    async def refuse(key: Credentials, times: int) -> int:
        for _ in range(times):
            assert (await door.call("XListAccounts", by=key, CurrentPage=1, PageSize=1)).code == FORBIDDEN
        body = await door.ok(ACTION, CurrentPage=1, PageSize=1, EventAccessKeyId=key.access_key_id)
        total: int = body["Total"]
        return total

    assert [await refuse(one, times) for times in (59, 1, 1, 5)] == [59, 60, 60, 60]
    assert await refuse(other, 1) == 1
    door.clock.at_ms += 3_600_000
    assert await refuse(one, 1) == 61


async def test_filters(door: SignedDoor) -> None:
    """By the key that called, or by what was called; unknown ones have no entries; both together are refused."""
    key = await make(door, {"Actions": "*"})
    await make_product(door, "lamp", by=key)
    await make_product(door, "plug")
    assert await summary(door, EventAccessKeyId=key.access_key_id) == ["2 CreateProduct ACCEPTED"]
    assert await summary(door, EventName="CreateProduct") == ["3 CreateProduct ACCEPTED", "2 CreateProduct ACCEPTED"]
    assert await summary(door, EventAccessKeyId="nobody") == []
    assert await summary(door, EventName="Nothing") == []
    both = {"EventName": "CreateProduct", "EventAccessKeyId": key.access_key_id}
    assert await door.refusal(ACTION, CurrentPage=1, PageSize=10, **both) == "iot.ota.InvalidParameter"


async def test_entries_before_a_time(door: SignedDoor) -> None:
    """Those that were entered before, and their number is the total; nothing else narrows with it."""
    for name in ("lamp", "plug"):
        door.clock.at_ms += 1_000
        await make_product(door, name)
    last_ms = door.clock.at_ms
    for before_ms, found in ((last_ms + 1, ["2", "1"]), (last_ms, ["1"]), (last_ms - 1_000, []), (0, [])):
        events_before = await summary(door, EventBefore=before_ms)
        assert [text.partition(" ")[0] for text in events_before] == found
    both = {"EventBefore": last_ms, "EventName": "CreateProduct"}
    assert await door.refusal(ACTION, CurrentPage=1, PageSize=10, **both) == "iot.ota.InvalidParameter"


async def test_a_person_with_the_longest_name_is_found(door: SignedDoor) -> None:
    """`user:` and 64 characters are no refusal."""
    assert await summary(door, EventAccessKeyId="user:" + "n" * 64) == []


@pytest.mark.parametrize(
    "given",
    [
        {"EventAccessKeyId": "k" * 70},
        {"EventName": "a b"},
        {"EventName": "A" * 65},
        {"EventBefore": "-1"},
        {"EventBefore": "253402300800000"},
    ],
)
async def test_filters_that_are_refused(given: dict[str, str], door: SignedDoor) -> None:
    """Texts that no key and no Action can have."""
    assert await door.refusal(ACTION, CurrentPage=1, PageSize=10, **given) == "iot.ota.InvalidParameter"


async def test_pages(door: SignedDoor) -> None:
    """Four entries in pages of three; the page beyond the end is empty."""
    for _ in range(4):
        await make(door)
    pages = [[row["Number"] for row in await events(door, page, 3)] for page in (1, 2, 3)]
    assert pages == [[4, 3, 2], [1], []]
    body = await door.ok(ACTION, CurrentPage=2, PageSize=3)
    assert (body["Total"], body["PageCount"]) == (4, 2)


@pytest.mark.parametrize("size", [1, 99, 100])
async def test_page_sizes_at_the_limits(size: int, door: SignedDoor) -> None:
    """1 to 100 are allowed."""
    assert (await door.ok(ACTION, CurrentPage=1_000_000_000, PageSize=size))["PageSize"] == size


@pytest.mark.parametrize(("page", "size"), [(1, 0), (1, 101), (0, 10), (1_000_000_001, 10), ("x", 10)])
async def test_pages_out_of_range(page: object, size: object, door: SignedDoor) -> None:
    """Zero, more than the maximum, or no number: InvalidPageParams."""
    assert await door.refusal(ACTION, CurrentPage=page, PageSize=size) == "iot.common.InvalidPageParams"


async def test_I15_each_account_has_its_trail(door: SignedDoor) -> None:
    """Another account's changes stand in its own trail alone, numbered from 1."""
    neighbour = await door.make_key("neighbour")
    await make_product(door, "lamp")
    await make_product(door, "lamp", by=neighbour)
    assert await summary(door) == await summary(door, by=neighbour) == ["1 CreateProduct ACCEPTED"]
    assert await summary(door, EventAccessKeyId=neighbour.access_key_id) == []


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not read the trail, nor may one that is limited to a product or group."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.AUDIT_READ})
    limited = [await make(door, {"Actions": "*", member: "x"}) for member in ("Products", "Groups")]
    for by in (key, *limited):
        assert await door.refusal(ACTION, by=by, CurrentPage=1, PageSize=10) == FORBIDDEN
