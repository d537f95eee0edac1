"""CreateOTAFirmware through the signed door (api-contract 8.2, 7.1, 6.1)."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import CONTENT, firmware_status, make_firmware, make_product, upload_file
from tests.operations.signed_door import NOW_MS, NOW_TEXT, PUBLIC_URL, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

MD5, SHA256 = hashlib.md5(CONTENT).hexdigest(), hashlib.sha256(CONTENT).hexdigest()
HOUR_MS = 3_600_000


async def given(door: SignedDoor, **changes: Any) -> dict[str, Any]:
    """Parameters that create firmware of a new product, with these changes."""
    product_key = changes.get("ProductKey") or await make_product(door)
    url = changes.get("FirmwareUrl") or await upload_file(door)
    return {
        "FirmwareName": "fw-a",
        "DestVersion": "1.1.0",
        "ProductKey": product_key,
        "FirmwareUrl": url,
        **changes,
    }


async def test_a_firmware(door: SignedDoor, case: Case) -> None:
    """The answer holds the id, quoted, and the time."""
    answer = await door.call("CreateOTAFirmware", case=case, **await given(door))
    row = (await door.ok("ListOTAFirmware", CurrentPage=1, PageSize=10))["FirmwareInfo"]["SimpleFirmwareInfo"][0]
    check_answer(answer, case, {"Data": {"FirmwareId": row["FirmwareId"], "UtcCreate": NOW_TEXT}})


async def test_what_is_stored_by_default(door: SignedDoor) -> None:
    """Digest and size are the file's; full, of module default, MD5, to be verified."""
    created = await door.ok("CreateOTAFirmware", **await given(door))
    row = (await door.ok("QueryOTAFirmware", FirmwareId=created["Data"]["FirmwareId"]))["FirmwareInfo"]
    wanted = {"FirmwareSign": MD5, "SignMethod": "MD5", "FirmwareSize": len(CONTENT), "Type": 0, "Status": 0}
    assert row.items() >= (wanted | {"ModuleName": "default", "SrcVersion": "", "FirmwareDesc": "", "Udi": ""}).items()


async def test_what_is_stored_when_all_is_given(door: SignedDoor) -> None:
    """Every parameter is kept and answered."""
    extra = {
        "FirmwareSign": SHA256.upper(),
        "SignMethod": "sha256",
        "FirmwareSize": len(CONTENT),
        "FirmwareDesc": "传感器 <1> & 'x'",
        "Type": 1,
        "SrcVersion": "1.0.0",
        "ModuleName": "default",
        "NeedToVerify": "False",
        "Udi": '{"a": 1}',
    }
    created = await door.ok("CreateOTAFirmware", **await given(door, **extra))
    row = (await door.ok("QueryOTAFirmware", FirmwareId=created["Data"]["FirmwareId"]))["FirmwareInfo"]
    changed = {"FirmwareSign": SHA256, "SignMethod": "SHA256", "Type": 1, "Status": -1, "SrcVersion": "1.0.0"}
    assert row.items() >= (changed | {"FirmwareDesc": "传感器 <1> & 'x'", "Udi": '{"a": 1}'}).items()


@pytest.mark.parametrize("name", ["a", "a" * 39, "a" * 40, "1-x_(9)", "固件-1", "ファーム", "灯" * 40])
async def test_names_at_the_limits(name: str, door: SignedDoor) -> None:
    """1 to 40 characters; letters, digits, CJK, kana, and after the first - _ ( )."""
    await door.ok("CreateOTAFirmware", **await given(door, FirmwareName=name))


@pytest.mark.parametrize("name", ["a" * 41, "灯" * 41, "-a", "_a", "(a)", "a.b", "a b", "a/b", "é"])
async def test_names_outside_the_rule(name: str, door: SignedDoor) -> None:
    """Longer, or with another character: refused."""
    assert await door.refusal("CreateOTAFirmware", **await given(door, FirmwareName=name)) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize(("length", "is_taken"), [(1, True), (63, True), (64, True), (65, False)])
async def test_length_of_a_version(length: int, is_taken: bool, door: SignedDoor) -> None:
    """DestVersion and SrcVersion have 1 to 64 characters."""
    for name in ("DestVersion", "SrcVersion"):
        changes = {"FirmwareName": name, "Type": 1, "DestVersion": "2", "SrcVersion": "1", name: "v" * length}
        parameters = await given(door, ProductKey=await make_product(door, f"lamp_{name[:3]}"), **changes)
        if is_taken:
            await door.ok("CreateOTAFirmware", **parameters)
        else:
            assert await door.refusal("CreateOTAFirmware", **parameters) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize(
    "changes",
    [
        {"DestVersion": "1 0"},
        {"DestVersion": "版"},
        {"FirmwareDesc": "x" * 101},
        {"Udi": "x" * 4097},
        {"FirmwareSize": 0},
        {"FirmwareSize": 1_048_576_001},
        {"FirmwareSize": "28.0"},
        {"SignMethod": "SHA1"},
        {"Type": 2},
        {"NeedToVerify": "yes"},
        {"Type": 1, "SrcVersion": "1.1.0"},
        {"ModuleName": "a b"},
        {"FirmwareSign": "x" * 129},
    ],
)
async def test_values_outside_their_sets(changes: dict[str, Any], door: SignedDoor) -> None:
    """A value outside its documented set, or one that this release does not serve, is refused."""
    assert await door.refusal("CreateOTAFirmware", **await given(door, **changes)) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize("changes", [{"FirmwareDesc": "述" * 100}, {"FirmwareDesc": "x" * 99}, {"Udi": "x" * 4096}])
async def test_texts_at_the_limits(changes: dict[str, Any], door: SignedDoor) -> None:
    """A description of 100 characters and a Udi of 4096."""
    await door.ok("CreateOTAFirmware", **await given(door, **changes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"FirmwareName": ""}, "MissingFirmwareName"),
        ({"DestVersion": ""}, "MissingDestVersion"),
        ({"Type": 1}, "iot.ota.MissingParameter"),
        ({"ModuleName": "mcu"}, "iot.ota.ModuleNotFound"),
        ({"FirmwareSign": "0" * 32}, "iot.ota.FirmwareSignMismatch"),
        ({"FirmwareSign": MD5, "SignMethod": "SHA256"}, "iot.ota.FirmwareSignMismatch"),
        ({"FirmwareSize": len(CONTENT) - 1}, "iot.ota.FirmwareSignMismatch"),
        ({"FirmwareSize": len(CONTENT) + 1}, "iot.ota.FirmwareSignMismatch"),
    ],
)
async def test_declared_refusals(changes: dict[str, Any], code: str, door: SignedDoor) -> None:
    """Each with the code that the contract gives it, and without effect: the file can be used afterwards."""
    parameters = await given(door)
    assert await door.refusal("CreateOTAFirmware", **(parameters | changes)) == code
    await door.ok("CreateOTAFirmware", **parameters)


@pytest.mark.parametrize("name", ["ProductKey", "FirmwareUrl"])
async def test_product_and_file_are_needed(name: str, door: SignedDoor) -> None:
    """Optional by the vendors' tables, needed by this server: a business error names what is missing."""
    parameters = await given(door)
    parameters[name] = None
    assert await door.refusal("CreateOTAFirmware", **parameters) == "iot.ota.MissingParameter"


@pytest.mark.parametrize(
    "url",
    ["ota/firmware/x.bin", f"{PUBLIC_URL}/", f"{PUBLIC_URL}/ota/firmware/{'0' * 32}.bin", "https://evil.example/x.bin"],
)
async def test_urls_that_name_no_upload(url: str, door: SignedDoor) -> None:
    """Only a FirmwareUrl of ours names a file."""
    assert (
        await door.refusal("CreateOTAFirmware", **await given(door, FirmwareUrl=url)) == "iot.ota.FirmwareFileNotFound"
    )


async def test_an_upload_that_never_came(door: SignedDoor) -> None:
    """Credentials alone are no file."""
    url = (await door.ok("GenerateOTAUploadURL"))["Data"]["FirmwareUrl"]
    assert (
        await door.refusal("CreateOTAFirmware", **await given(door, FirmwareUrl=url)) == "iot.ota.FirmwareFileNotFound"
    )


@pytest.mark.parametrize(("age_ms", "is_there"), [(HOUR_MS - 1, True), (HOUR_MS, True), (HOUR_MS + 1, False)])
async def test_a_file_waits_an_hour(age_ms: int, is_there: bool, door: SignedDoor) -> None:
    """The file becomes firmware within 60 minutes, or is gone."""
    parameters = await given(door)
    door.clock.at_ms = NOW_MS + age_ms
    if is_there:
        await door.ok("CreateOTAFirmware", **parameters)
    else:
        assert await door.refusal("CreateOTAFirmware", **parameters) == "iot.ota.FirmwareFileNotFound"


async def test_a_file_becomes_firmware_once(door: SignedDoor) -> None:
    """The same FirmwareUrl again, under another name and version: refused."""
    parameters = await given(door)
    await door.ok("CreateOTAFirmware", **parameters)
    again = parameters | {"FirmwareName": "fw-b", "DestVersion": "1.2.0"}
    assert await door.refusal("CreateOTAFirmware", **again) == "iot.ota.FirmwareFileNotFound"


async def test_a_name_is_taken_once_per_account(door: SignedDoor) -> None:
    """Also in another product; not by another account (I15)."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_firmware(door, lamp, "1", FirmwareName="fw")
    refused = await given(door, ProductKey=plug, FirmwareName="fw", DestVersion="2")
    assert await door.refusal("CreateOTAFirmware", **refused) == "iot.ota.FirmwareAlreadyExist"
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    await make_firmware(door, theirs, "1", FirmwareName="fw", by=neighbour)


async def test_a_version_is_taken_once_per_product_and_kind(door: SignedDoor) -> None:
    """One full firmware a version, and one difference a pair of versions; another product is free."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_firmware(door, lamp, "2", FirmwareName="full")
    for name, kind in (("d1", {"Type": 1, "SrcVersion": "1"}), ("d0", {"Type": 1, "SrcVersion": "0"})):
        await make_firmware(door, lamp, "2", FirmwareName=name, **kind)
        again = await given(door, ProductKey=lamp, DestVersion="2", FirmwareName="x", **kind)
        assert await door.refusal("CreateOTAFirmware", **again) == "iot.ota.FirmwareAlreadyExist"
    again = await given(door, ProductKey=lamp, DestVersion="2", FirmwareName="x")
    assert await door.refusal("CreateOTAFirmware", **again) == "iot.ota.FirmwareAlreadyExist"
    await make_firmware(door, plug, "2", FirmwareName="other")


async def test_simultaneous_creates_of_one_file(door: SignedDoor) -> None:
    """Of five at once, each with a name and version of its own, one gets the file."""
    parameters = await given(door)
    answers = await asyncio.gather(
        *(
            door.call("CreateOTAFirmware", **(parameters | {"FirmwareName": f"fw{n}", "DestVersion": f"{n}"}))
            for n in range(5)
        )
    )
    assert sorted(answer.code for answer in answers) == ["", *["iot.ota.FirmwareFileNotFound"] * 4]


@pytest.mark.parametrize(("need", "status"), [(None, 0), (True, 0), (False, -1), ("TRUE", 0), ("", 0)])
async def test_first_status(need: Any, status: int, door: SignedDoor) -> None:
    """NeedToVerify, which is the default, makes status 0; false makes -1."""
    firmware_id = await make_firmware(door, await make_product(door), NeedToVerify=need)
    assert await firmware_status(door, firmware_id) == status


async def test_I15_products_and_files_of_others(door: SignedDoor) -> None:
    """Neither another account's product nor its uploaded file can be used."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_product(door, by=neighbour)
    parameters = await given(door, ProductKey=theirs)
    assert await door.refusal("CreateOTAFirmware", **parameters) == "iot.prod.NotExistedProduct"
    url = await upload_file(door, by=neighbour)
    assert (
        await door.refusal("CreateOTAFirmware", **await given(door, FirmwareUrl=url)) == "iot.ota.FirmwareFileNotFound"
    )


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not create firmware."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.FIRMWARE_WRITE})
    assert await door.refusal("CreateOTAFirmware", by=key, **await given(door)) == "Forbidden.RAM"
