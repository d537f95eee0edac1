"""Firmware of several files through the signed door, from its creation to the devices (api-contract 7.1, 8.2, 8.6)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import (
    make_device,
    make_firmware,
    make_job,
    make_multi_firmware,
    make_product,
    set_quotas,
    upload_file,
)
from tests.operations.signed_door import LINK_KEY, NOW_MS, NOW_TEXT, PUBLIC_URL, SignedDoor
from whimbrel.domain.download_link import LinkedFile, make_firmware_link
from whimbrel.domain.firmware import FILES_MAX
from whimbrel.rpc.dialect import Case
from whimbrel.transfer.desk import Links
from whimbrel.transfer.download import DownloadGrant, DownloadRefusal

ACTION = "CreateOTAFirmware"
DAY_SECONDS = 86_400
HOUR_MS = 3_600_000


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def given(door: SignedDoor, *files: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Parameters that create firmware of a new product of these files, each uploaded unless it has a Url."""
    named = [{"Name": f"f{n}", "Url": await upload_file(door, b"%d" % n)} | file for n, file in enumerate(files, 1)]
    product_key = await make_product(door)
    return {
        "FirmwareName": "fw-a",
        "DestVersion": "1.1.0",
        "ProductKey": product_key,
        "MultiFiles": named,
        **changes,
    }


async def grant_of(door: SignedDoor, url: str) -> DownloadGrant | DownloadRefusal:
    assert url.startswith(f"{PUBLIC_URL}/f/")
    return await Links(door.store, door.clock, LINK_KEY).resolve(url.removeprefix(f"{PUBLIC_URL}/f/"))


@pytest.mark.parametrize("sign_method", ["MD5", "SHA256"])
async def test_files_in_full(sign_method: str, door: SignedDoor, case: Case) -> None:
    """QueryOTAFirmware answers a plain array of the files, each with its link, and no FirmwareUrl; the sizes add up."""
    product_key = await make_product(door)
    contents = {"boot": b"first", "root 文件": b"second file"}
    firmware_id = await make_multi_firmware(door, product_key, contents, SignMethod=sign_method)
    files = []
    for number, (name, content) in enumerate(contents.items(), 1):
        file = LinkedFile(sha256(content), number)
        token = make_firmware_link(LINK_KEY, int(firmware_id), file, NOW_MS // 1000 + DAY_SECONDS)
        sign = md5(content) if sign_method == "MD5" else sha256(content)
        url = f"{PUBLIC_URL}/f/{token}"
        files.append({"Name": name, "Url": url, "Size": len(content), "FileMd5": md5(content), "SignValue": sign})
        assert await grant_of(door, url) == DownloadGrant(sha256(content), len(content), f"fw-1_1_0-1.1.0-{name}")
    simple = {
        "FirmwareId": firmware_id,
        "FirmwareName": "fw-1_1_0",
        "FirmwareDesc": "",
        "FirmwareSign": "",
        "SignMethod": sign_method,
        "FirmwareSize": 16,
        "DestVersion": "1.1.0",
        "SrcVersion": "",
        "ModuleName": "default",
        "ProductKey": product_key,
        "ProductName": "lamp",
        "Status": -1,
        "Type": 0,
        "UtcCreate": NOW_TEXT,
        "UtcModified": NOW_TEXT,
    }
    answer = await door.call("QueryOTAFirmware", case=case, FirmwareId=firmware_id)
    check_answer(answer, case, {"FirmwareInfo": {**simple, "MultiFiles": files, "Udi": "", "VerifyProgress": 0}})
    listed = await door.call("ListOTAFirmware", case=case, CurrentPage=1, PageSize=10)
    paging = {"Total": 1, "PageCount": 1, "PageSize": 10, "CurrentPage": 1}
    check_answer(listed, case, {**paging, "FirmwareInfo": {"SimpleFirmwareInfo": [simple]}})


async def test_a_list_of_one_file(door: SignedDoor) -> None:
    """It is answered as a list and as a file, by one link, and its sign is the file's."""
    firmware_id = await make_multi_firmware(door, await make_product(door), {"only": b"content"})
    info = (await door.ok("QueryOTAFirmware", FirmwareId=firmware_id))["FirmwareInfo"]
    assert (info["FirmwareSign"], info["FirmwareSize"]) == (md5(b"content"), 7)
    assert [(file["Name"], file["Url"]) for file in info["MultiFiles"]] == [("only", info["FirmwareUrl"])]
    assert await grant_of(door, info["FirmwareUrl"]) == DownloadGrant(sha256(b"content"), 7, "fw-1_1_0-1.1.0")


async def test_the_only_file_of_FirmwareUrl_is_no_list(door: SignedDoor) -> None:
    """Firmware made without MultiFiles has none."""
    firmware_id = await make_firmware(door, await make_product(door))
    assert "MultiFiles" not in (await door.ok("QueryOTAFirmware", FirmwareId=firmware_id))["FirmwareInfo"]


@pytest.mark.parametrize(("count", "is_taken"), [(19, True), (20, True), (21, False)])
async def test_at_most_twenty_files(count: int, is_taken: bool, door: SignedDoor) -> None:
    """1 to 20 files, kept in the order of their numbers and not of their text."""
    assert FILES_MAX == 20
    parameters = await given(door, *[{} for _ in range(count)])
    if not is_taken:
        assert await door.refusal(ACTION, **parameters) == "iot.ota.InvalidParameter"
        return
    firmware_id = (await door.ok(ACTION, **parameters))["Data"]["FirmwareId"]
    info = (await door.ok("QueryOTAFirmware", FirmwareId=firmware_id))["FirmwareInfo"]
    assert [file["Name"] for file in info["MultiFiles"]] == [f"f{n}" for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("name", "is_taken"), [("n" * 31, True), ("名" * 32, True), ("../etc", True), ("n" * 33, False)]
)
async def test_names_of_files(name: str, is_taken: bool, door: SignedDoor) -> None:
    """1 to 32 characters; a name is a word to devices and never a path here."""
    parameters = await given(door, {"Name": name}, {})
    if is_taken:
        await door.ok(ACTION, **parameters)
    else:
        assert await door.refusal(ACTION, **parameters) == "iot.ota.InvalidParameter"


@pytest.mark.parametrize(
    ("file", "is_taken"),
    [
        ({"Size": 1}, True),
        ({"FileMd5": md5(b"1").upper()}, True),
        ({"SignValue": md5(b"1")}, True),
        ({"Size": 1, "FileMd5": md5(b"1"), "SignValue": md5(b"1").upper()}, True),
        ({"Size": 2}, False),
        ({"FileMd5": md5(b"2")}, False),
        ({"SignValue": sha256(b"1")}, False),
    ],
)
async def test_each_file_is_what_the_caller_says(file: dict[str, Any], is_taken: bool, door: SignedDoor) -> None:
    """A size, an MD5 or a sign that is given must be that file's own, or nothing is made and the files stay usable."""
    parameters = await given(door, file, {})
    if not is_taken:
        assert await door.refusal(ACTION, **parameters) == "iot.ota.FirmwareSignMismatch"
        for name in file:
            del parameters["MultiFiles"][0][name]
    await door.ok(ACTION, **parameters)


async def test_the_sign_of_a_file_is_by_the_firmwares_method(door: SignedDoor) -> None:
    """With SHA256 a SignValue is the SHA-256; FileMd5 stays the MD5."""
    file = {"SignValue": sha256(b"1"), "FileMd5": md5(b"1")}
    parameters = await given(door, file, {}, SignMethod="SHA256")
    wrong = {**parameters, "SignMethod": "MD5"}
    assert await door.refusal(ACTION, **wrong) == "iot.ota.FirmwareSignMismatch"
    await door.ok(ACTION, **parameters)


@pytest.mark.parametrize(
    "changes",
    [
        {"FirmwareUrl": f"{PUBLIC_URL}/ota/firmware/x.bin"},
        {"FirmwareSign": "0" * 32},
        {"FirmwareSize": 2},
        {"MultiFiles.1.Size": 0},
        {"MultiFiles.1.Size": 1_048_576_001},
        {"MultiFiles.1.Size": "1.0"},
        {"MultiFiles.1.FileMd5": "0" * 129},
        {"MultiFiles.1.SignValue": "0" * 129},
        {"MultiFiles.1.Name": "f2"},
    ],
)
async def test_values_that_do_not_go_together(changes: dict[str, Any], door: SignedDoor) -> None:
    """One file and several at once, a name twice, and values outside their sets."""
    parameters = await given(door, {}, {})
    for name, value in changes.items():
        if name.startswith("MultiFiles"):
            parameters["MultiFiles"][0][name.rpartition(".")[2]] = value
        else:
            parameters[name] = value
    assert await door.refusal(ACTION, **parameters) == "iot.ota.InvalidParameter"


async def test_each_file_is_an_upload_of_its_own(door: SignedDoor) -> None:
    """A URL twice is refused; files of equal bytes are not, when each was uploaded."""
    parameters = await given(door, {}, {})
    urls = [file["Url"] for file in parameters["MultiFiles"]]
    parameters["MultiFiles"][1]["Url"] = urls[0]
    assert await door.refusal(ACTION, **parameters) == "iot.ota.InvalidParameter"
    parameters["MultiFiles"][1]["Url"] = await upload_file(door, b"1")
    await door.ok(ACTION, **parameters)


@pytest.mark.parametrize(("member", "code"), [("Name", "MissingMultiFiles1Name"), ("Url", "MissingMultiFiles1Url")])
async def test_each_file_has_a_name_and_a_url(member: str, code: str, door: SignedDoor) -> None:
    """Without either: HTTP 400."""
    assert await door.refusal(ACTION, **await given(door, {member: ""}, {})) == code


async def test_every_file_is_used_once(door: SignedDoor) -> None:
    """None of the files can become firmware again, in a list or alone; nothing is left of the attempt."""
    parameters = await given(door, {}, {})
    await door.ok(ACTION, **parameters)
    other = {**parameters, "FirmwareName": "fw-b", "DestVersion": "1.2.0"}
    for file in parameters["MultiFiles"]:
        fresh = {"Name": "fresh", "Url": await upload_file(door, b"x")}
        again = {**other, "MultiFiles": [fresh, file]}
        assert await door.refusal(ACTION, **again) == "iot.ota.FirmwareFileNotFound"
        alone = {**other, "MultiFiles": None, "FirmwareUrl": file["Url"]}
        assert await door.refusal(ACTION, **alone) == "iot.ota.FirmwareFileNotFound"


@pytest.mark.parametrize("number", [0, 1])
async def test_every_file_is_an_uploaded_one(number: int, door: SignedDoor) -> None:
    """A URL that names nothing, wherever it stands, another account's file (I15), and one uploaded too long ago."""
    parameters = await given(door, {}, {})
    good = parameters["MultiFiles"][number]["Url"]
    theirs = await upload_file(door, by=await door.make_key("neighbour"))
    for url in (f"{PUBLIC_URL}/ota/firmware/{'0' * 32}.bin", "https://evil.example/x.bin", theirs):
        parameters["MultiFiles"][number]["Url"] = url
        assert await door.refusal(ACTION, **parameters) == "iot.ota.FirmwareFileNotFound"
    door.clock.at_ms += HOUR_MS + 1
    parameters["MultiFiles"][1 - number]["Url"] = await upload_file(door)
    parameters["MultiFiles"][number]["Url"] = good
    assert await door.refusal(ACTION, **parameters) == "iot.ota.FirmwareFileNotFound"


async def test_I14_a_repeated_call_reads_that_the_firmware_exists(door: SignedDoor) -> None:
    """After a lost answer, also an hour later, and not that its files are gone."""
    parameters = await given(door, {}, {})
    await door.ok(ACTION, **parameters)
    for _ in range(2):
        assert await door.refusal(ACTION, **parameters) == "iot.ota.FirmwareAlreadyExist"
        door.clock.at_ms += HOUR_MS + 1


async def test_the_vendors_quota(door: SignedDoor) -> None:
    """With a quota of 2 the second firmware is made, the third refused; a repeated call reads that its own exists."""
    product_key = await make_product(door)
    set_quotas(door, ACTION, "GenerateOTAUploadURL", "DeleteOTAFirmware", "CreateProduct", firmware=2)
    made = [await make_firmware(door, product_key, version) for version in ("1", "2")]
    parameters = {"FirmwareName": "fw-3", "DestVersion": "3", "ProductKey": product_key}
    parameters["FirmwareUrl"] = await upload_file(door)
    assert await door.refusal(ACTION, **parameters) == "iot.ota.FirmwareCountExceedMax"
    repeated = {**parameters, "FirmwareName": "fw-2", "DestVersion": "2"}
    assert await door.refusal(ACTION, **repeated) == "iot.ota.FirmwareAlreadyExist"
    neighbour = await door.make_key("neighbour")
    await make_firmware(door, await make_product(door, by=neighbour), by=neighbour)
    await door.ok("DeleteOTAFirmware", FirmwareId=made[0])
    await door.ok(ACTION, **parameters)


async def test_I11_deleting_frees_every_file(door: SignedDoor) -> None:
    """Links to the files die with the firmware, and nothing refers to their bytes any more."""
    contents = {"a": b"one", "b": b"two"}
    firmware_id = await make_multi_firmware(door, await make_product(door), contents)
    info = (await door.ok("QueryOTAFirmware", FirmwareId=firmware_id))["FirmwareInfo"]
    later_ms = door.clock.at_ms + 1

    async def needed() -> list[bool]:
        async with door.store.snapshot() as store:
            return [await store.firmware.is_referenced(sha256(content), later_ms) for content in contents.values()]

    assert await needed() == [True, True]
    await door.ok("DeleteOTAFirmware", FirmwareId=firmware_id)
    assert await needed() == [False, False]
    for file in info["MultiFiles"]:
        assert await grant_of(door, file["Url"]) is DownloadRefusal.FORBIDDEN


async def test_A14_a_link_leads_to_its_file_alone(door: SignedDoor) -> None:
    """The number in a link cannot be changed, left out or added."""
    several = await make_multi_firmware(door, await make_product(door), {"a": b"one", "b": b"two"})
    files = (await door.ok("QueryOTAFirmware", FirmwareId=several))["FirmwareInfo"]["MultiFiles"]
    for changed in ("-2.", "-3.", "."):
        assert await grant_of(door, files[0]["Url"].replace("-1.", changed)) is DownloadRefusal.FORBIDDEN
    single = await make_firmware(door, await make_product(door, "plug"), FirmwareName="single")
    url = (await door.ok("QueryOTAFirmware", FirmwareId=single))["FirmwareInfo"]["FirmwareUrl"]
    front, _, token = url.rpartition("/")
    assert await grant_of(door, f"{front}/{token.replace('.', '-1.', 1)}") is DownloadRefusal.FORBIDDEN


async def test_what_devices_are_told(door: SignedDoor) -> None:
    """A push and a pull name each file with its digests and a link to exactly its bytes (A14)."""
    product_key = await make_product(door)
    contents = {"a": b"one", "b": b"second", "c": b"one"}
    firmware_id = await make_multi_firmware(door, product_key, contents, Udi="u")
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    await make_job(door, product_key, firmware_id, "lamp-0001")
    await device.connect()
    pulled = await device.ask()
    assert pulled is not None
    for notice in (*device.notices, pulled):
        assert (notice.dest_version, notice.url, notice.extra) == ("1.1.0", "", {"_package_udi": "u"})
        told = [(file.name, file.size_bytes, file.md5, file.sign) for file in notice.files]
        assert told == [(name, len(content), md5(content), md5(content)) for name, content in contents.items()]
        for file, content in zip(notice.files, contents.values(), strict=True):
            grant = await grant_of(door, file.url)
            assert isinstance(grant, DownloadGrant)
            assert (grant.sha256, grant.size_bytes) == (sha256(content), len(content))
    await device.report_version("1.1.0")
    await door.engine.settle()
    await door.ok("DeleteOTAFirmware", FirmwareId=firmware_id)
    assert isinstance(await grant_of(door, pulled.files[1].url), DownloadGrant)


async def test_a_list_of_one_is_told_as_one_file(door: SignedDoor) -> None:
    """The C SDK reads a list only when it has two entries or more (device-protocol 4)."""
    product_key = await make_product(door)
    firmware_id = await make_multi_firmware(door, product_key, {"only": b"content"})
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    await make_job(door, product_key, firmware_id, "lamp-0001")
    notice = await device.ask()
    assert notice is not None
    assert (notice.files, notice.size_bytes, notice.sign) == ((), 7, md5(b"content"))
    named = (sha256(b"content"), 7, "fw-1_1_0-1.1.0")
    grant = DownloadGrant(*named, is_for_device=True, task_id=notice.task_id)
    assert await grant_of(door, notice.url) == grant
