"""Modules and firmware of several files, as back ends on the vendors' SDKs make and read them (api-contract 8, 9)."""

import hashlib
import re
import urllib.request

from tests.story.sdk_processes import BackEnd, DriverProcess
from tests.story.steps import SEABIOS, Product, create_product, debian_firmware, digest, upload

FILES = {"bios": SEABIOS / "bios.bin", "vga 文件": SEABIOS / "vgabios-stdvga.bin"}
MODULE_KEYS = {"ModuleName", "AliasName", "Desc", "ProductKey", "GmtCreate", "GmtModified"}
TO_THE_MINUTE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}Z")


def create_package(back_end: BackEnd, uploader: DriverProcess, product: Product) -> str:
    """Firmware of both files for the module mcu; its id."""
    files = [
        {
            "Name": name,
            "Url": upload(back_end, uploader, debian_firmware(path)),
            "Size": path.stat().st_size,
            "FileMd5": digest(path, "md5"),
            "SignValue": digest(path, "sha256"),
        }
        for name, path in FILES.items()
    ]
    created = back_end.succeed(
        "CreateOTAFirmware",
        FirmwareName=product.name,
        ProductKey=product.key,
        ModuleName="mcu",
        DestVersion="2.0.0",
        SignMethod="SHA256",
        MultiFiles=files,
        NeedToVerify=False,
        Udi="u",
    )
    firmware_id: str = created["Data"]["FirmwareId"]
    return firmware_id


def test_modules(back_end: BackEnd) -> None:
    """Every SDK creates, changes, lists (by GET, where the SDK does) and deletes modules, and reads a plain array."""
    product = create_product(back_end)
    for name in ("mcu", "ble"):
        back_end.succeed("CreateOTAModule", ProductKey=product.key, ModuleName=name, AliasName="马达", Desc="a & b")
    back_end.succeed("UpdateOTAModule", ProductKey=product.key, ModuleName="ble", Desc="radio")
    assert back_end.refusal("CreateOTAModule", ProductKey=product.key, ModuleName="MCU") == "iot.ota.ModuleAlreadyExist"
    rows = back_end.succeed("ListOTAModuleByProduct", ProductKey=product.key)["Data"]
    assert all(row.keys() == MODULE_KEYS for row in rows)
    assert [(row["ModuleName"], row["AliasName"], row["Desc"]) for row in rows] == [
        ("default", "", ""),
        ("mcu", "马达", "a & b"),
        ("ble", "马达", "radio"),
    ]
    assert all(TO_THE_MINUTE.fullmatch(row[name]) for row in rows for name in ("GmtCreate", "GmtModified"))
    back_end.succeed("DeleteOTAModule", ProductKey=product.key, ModuleName="ble")
    assert len(back_end.succeed("ListOTAModuleByProduct", ProductKey=product.key)["Data"]) == 2


def test_a_package_of_several_files(back_end: BackEnd, uploader: DriverProcess) -> None:
    """Every SDK creates it, reads each file with a link to its bytes, changes its texts, and deletes it."""
    product = create_product(back_end)
    back_end.succeed("CreateOTAModule", ProductKey=product.key, ModuleName="mcu")
    firmware_id = create_package(back_end, uploader, product)
    given = {"FirmwareId": firmware_id, "ProductKey": product.key, "FirmwareDesc": "新", "FirmwareUdi": "v"}
    back_end.succeed("ModifyOTAFirmware", **given)
    info = back_end.succeed("QueryOTAFirmware", FirmwareId=firmware_id)["FirmwareInfo"]
    assert (info["FirmwareDesc"], info["Udi"], info["ModuleName"]) == ("新", "v", "mcu")
    assert info["FirmwareSize"] == sum(path.stat().st_size for path in FILES.values())
    assert [file["Name"] for file in info["MultiFiles"]] == list(FILES)
    for file, path in zip(info["MultiFiles"], FILES.values(), strict=True):
        assert file["Size"] == path.stat().st_size
        assert (file["FileMd5"], file["SignValue"]) == (digest(path, "md5"), digest(path, "sha256"))
        with urllib.request.urlopen(file["Url"], timeout=30) as answer:
            assert hashlib.sha256(answer.read()).hexdigest() == digest(path, "sha256")
    named = {"ProductKey": product.key, "ModuleName": "mcu"}
    assert back_end.refusal("DeleteOTAModule", **named) == "iot.ota.ModuleInUse"
    back_end.succeed("DeleteOTAFirmware", FirmwareId=firmware_id)
    back_end.succeed("DeleteOTAModule", **named)
