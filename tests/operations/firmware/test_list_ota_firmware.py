"""ListOTAFirmware through the signed door (api-contract 8.5). Deep pages: `tests/operations/test_deep_pages.py`."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import CONTENT, make_firmware, make_module, make_product
from tests.operations.signed_door import NOW_TEXT, SignedDoor
from whimbrel.adapters.store.repositories import firmware as firmware_rows
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.rpc.dialect import Case

MD5, SHA256 = hashlib.md5(CONTENT).hexdigest(), hashlib.sha256(CONTENT).hexdigest()


async def ids(door: SignedDoor, **filters: Any) -> list[str]:
    body = await door.ok("ListOTAFirmware", CurrentPage=1, PageSize=100, **filters)
    rows = body["FirmwareInfo"]["SimpleFirmwareInfo"]
    assert body["Total"] == len(rows)
    return [row["FirmwareId"] for row in rows]


async def test_rows_in_full_newest_first(door: SignedDoor, case: Case) -> None:
    """Every field of the contract with its type; the digest is the one of the sign method."""
    product_key = await make_product(door)
    full = await make_firmware(door, product_key, "1.1.0", FirmwareDesc='"1" <2> & 灯', NeedToVerify=True)
    difference = {"Type": 1, "SrcVersion": "1.0.0", "SignMethod": "SHA256", "FirmwareName": "diff"}
    diff = await make_firmware(door, product_key, "1.1.0", **difference)
    shared = {
        "FirmwareSize": len(CONTENT),
        "DestVersion": "1.1.0",
        "ModuleName": "default",
        "ProductKey": product_key,
        "ProductName": "lamp",
        "UtcCreate": NOW_TEXT,
        "UtcModified": NOW_TEXT,
    }
    rows = [
        {"FirmwareId": diff, "FirmwareDesc": "", "FirmwareSign": SHA256, "Status": -1, **difference, **shared},
        {
            "FirmwareId": full,
            "FirmwareName": "fw-1_1_0",
            "FirmwareDesc": '"1" <2> & 灯',
            "FirmwareSign": MD5,
            "SignMethod": "MD5",
            "Status": 0,
            "Type": 0,
            "SrcVersion": "",
            **shared,
        },
    ]
    expected = {"Total": 2, "PageCount": 1, "PageSize": 10, "CurrentPage": 1}
    answer = await door.call("ListOTAFirmware", case=case, CurrentPage=1, PageSize=10)
    check_answer(answer, case, {**expected, "FirmwareInfo": {"SimpleFirmwareInfo": rows}})


async def test_filters(door: SignedDoor) -> None:
    """ProductKey and DestVersion alone and together, exactly; an unknown one has no firmware and is no error."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    a = await make_firmware(door, lamp, "1.0.0", FirmwareName="a")
    b = await make_firmware(door, lamp, "1.0.0-a", FirmwareName="b")
    c = await make_firmware(door, plug, "1.0.0", FirmwareName="c")
    assert await ids(door) == [c, b, a]
    assert await ids(door, ProductKey=lamp) == [b, a]
    assert await ids(door, DestVersion="1.0.0") == [c, a]
    assert await ids(door, ProductKey=plug, DestVersion="1.0.0") == [c]
    for nothing in ({"DestVersion": "1.0._"}, {"DestVersion": "1.0.0-A"}, {"ProductKey": "k404"}, {"DestVersion": "%"}):
        assert await ids(door, **nothing) == []
    assert await ids(door, ProductKey="", DestVersion="") == [c, b, a]


async def test_by_module_and_status(door: SignedDoor) -> None:
    """XModuleName and XStatus, alone and with the others; none has an empty page and no error."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_module(door, lamp, "mcu")
    a = await make_firmware(door, lamp, "1", FirmwareName="a")
    b = await make_firmware(door, lamp, "1", FirmwareName="b", ModuleName="mcu", NeedToVerify=True)
    c = await make_firmware(door, lamp, "2", FirmwareName="c", ModuleName="mcu")
    d = await make_firmware(door, plug, "2", FirmwareName="d", NeedToVerify=True)
    for filters, expected in (
        ({"XModuleName": "mcu"}, [c, b]),
        ({"XModuleName": "default"}, [d, a]),
        ({"XModuleName": ""}, [d, c, b, a]),
        ({"XStatus": -1}, [c, a]),
        ({"XStatus": 0}, [d, b]),
        ({"XStatus": 3}, []),
        ({"XModuleName": "mcu", "XStatus": 0}, [b]),
        ({"XModuleName": "MCU"}, []),
        ({"ProductKey": plug, "XModuleName": "mcu"}, []),
        ({"ProductKey": lamp, "XStatus": 0}, [b]),
        ({"DestVersion": "2", "XStatus": 0}, [d]),
        ({"ProductKey": lamp, "DestVersion": "1", "XModuleName": "mcu"}, [b]),
        ({"ProductKey": "k404", "XStatus": 0}, []),
    ):
        assert await ids(door, **filters) == expected, filters
    answer = await door.ok("ListOTAFirmware", CurrentPage=2, PageSize=1, XStatus=0)
    assert [row["FirmwareId"] for row in answer["FirmwareInfo"]["SimpleFirmwareInfo"]] == [b]
    answer = await door.ok("ListOTAFirmware", CurrentPage=3, PageSize=1, XStatus=0)
    assert (answer["FirmwareInfo"]["SimpleFirmwareInfo"], answer["Total"], answer["PageCount"]) == ([], 2, 2)
    for status in ("4", "-2", "VERIFIED"):
        assert await door.refusal("ListOTAFirmware", CurrentPage=1, PageSize=1, XStatus=status) != ""


async def test_I17_a_search_looks_at_the_newest(door: SignedDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit all are found; of one more the oldest is not."""
    lamp = await make_product(door)
    made = [await make_firmware(door, lamp, f"{number}") for number in range(3)]
    for searched, found in ((2, made[:0:-1]), (3, made[::-1]), (4, made[::-1])):
        monkeypatch.setattr(firmware_rows, "SEARCHED_MAX", searched)
        for filters in ({}, {"ProductKey": lamp}):
            assert await ids(door, XStatus=-1, **filters) == found


async def test_deleted_firmware_is_neither_listed_nor_counted(door: SignedDoor) -> None:
    """Rows and totals of every filter follow a deletion."""
    lamp = await make_product(door)
    a, b = await make_firmware(door, lamp, "1"), await make_firmware(door, lamp, "2")
    await door.ok("DeleteOTAFirmware", FirmwareId=b)
    assert await ids(door) == await ids(door, ProductKey=lamp) == [a]
    assert await ids(door, DestVersion="2") == await ids(door, ProductKey=lamp, DestVersion="2") == []


async def test_pages(door: SignedDoor) -> None:
    """Three in pages of two; beyond the end an empty page with the true total."""
    lamp = await make_product(door)
    made = [await make_firmware(door, lamp, f"{number}") for number in range(3)]
    pages = [await door.ok("ListOTAFirmware", CurrentPage=page, PageSize=2) for page in (1, 2, 3)]
    listed = [[row["FirmwareId"] for row in page["FirmwareInfo"]["SimpleFirmwareInfo"]] for page in pages]
    assert listed == [made[:0:-1], made[:1], []]
    assert all((page["Total"], page["PageCount"]) == (3, 2) for page in pages)


@pytest.mark.parametrize(("page", "size"), [(1, 1), (1, 2), (2, 99), (1_000_000_000, 100)])
async def test_pages_at_the_limits(page: int, size: int, door: SignedDoor) -> None:
    """PageSize 1 to 100 are allowed, and both are echoed."""
    body = await door.ok("ListOTAFirmware", CurrentPage=page, PageSize=size)
    assert (body["CurrentPage"], body["PageSize"], body["PageCount"]) == (page, size, 0)


@pytest.mark.parametrize(
    ("page", "size"), [(1, 0), (1, 101), (0, 1), (-1, 1), (1_000_000_001, 1), ("", "٣"), (1, "10 "), (1, "0x1")]
)
async def test_pages_out_of_range(page: object, size: object, door: SignedDoor) -> None:
    """InvalidPageParams, HTTP 200; but an empty number is a missing one."""
    code = await door.refusal("ListOTAFirmware", CurrentPage=page, PageSize=size)
    assert code == ("iot.common.InvalidPageParams" if page != "" else "MissingCurrentPage")


@pytest.mark.parametrize("missing", ["CurrentPage", "PageSize"])
async def test_required_parameters(missing: str, door: SignedDoor) -> None:
    """Both page parameters are required: HTTP 400."""
    given = {"CurrentPage": 1, "PageSize": 10, missing: None}
    assert await door.refusal("ListOTAFirmware", **given) == f"Missing{missing}"


async def test_I15_other_accounts_firmware_is_not_listed(door: SignedDoor) -> None:
    """Not even when their product is named."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    await make_firmware(door, theirs, by=neighbour)
    for filters in ({}, {"ProductKey": theirs}, {"DestVersion": "1.1.0"}, {"XStatus": -1}):
        assert await ids(door, **filters) == []


@pytest.mark.parametrize("words", ["a\u200bb", "\ufffe", "\uffff", "a & b < c > d ]]>", "\U0001fffe"])
async def test_any_description_makes_good_xml(words: str, door: SignedDoor) -> None:
    """Whatever a description holds, the XML answer can be read; noncharacters that XML lacks are replaced."""
    await make_firmware(door, await make_product(door), FirmwareDesc=words)
    answer = await door.call("ListOTAFirmware", Format="XML", CurrentPage=1, PageSize=10)
    root = ET.fromstring(answer.body.decode())
    described = root.findtext("FirmwareInfo/SimpleFirmwareInfo/FirmwareDesc")
    assert described in (words, "\ufffd")


async def test_A06_a_key_for_some_products(door: SignedDoor) -> None:
    """It must name one of its products; another one, which may exist or not, is refused in the same words."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    made = await make_firmware(door, lamp, FirmwareName="a")
    await make_firmware(door, plug, FirmwareName="b")
    statement = Statement(frozenset({"firmware:read"}), Access.READ, products=frozenset({lamp, "kgone"}))
    key = await door.make_key_of(Policy((statement,)))
    assert await ids(door, by=key, ProductKey=lamp) == await ids(door, by=key, ProductKey=lamp, DestVersion="1.1.0")
    assert await ids(door, by=key, ProductKey=lamp) == [made]
    assert await ids(door, by=key, ProductKey="kgone") == []
    words = set()
    for filters in ({}, {"DestVersion": "1.1.0"}, {"ProductKey": plug}, {"ProductKey": "k404"}):
        assert await door.refusal("ListOTAFirmware", by=key, CurrentPage=1, PageSize=10, **filters) == "Forbidden.RAM"
        answer = await door.call("ListOTAFirmware", by=key, CurrentPage=1, PageSize=10, **filters)
        words.add(answer.json()["Message"].replace(filters.get("ProductKey", "-"), "X"))
    assert len(words) == 2


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not list firmware."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.FIRMWARE_READ})
    assert await door.refusal("ListOTAFirmware", by=key, CurrentPage=1, PageSize=10) == "Forbidden.RAM"
