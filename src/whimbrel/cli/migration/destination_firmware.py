"""Firmware and groups at the destination, whose ids are new there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from whimbrel.cli.api import RefusedError
from whimbrel.cli.form_upload import UploadRefusedError, suffix_of, upload_firmware
from whimbrel.cli.migration.destination import Destination
from whimbrel.cli.migration.files import FileMissingError, Files, FoundFile, fetched
from whimbrel.cli.migration.records import FirmwareRecord, GroupRecord, MemberRecord
from whimbrel.cli.migration.telling import Kind, Outcome
from whimbrel.domain.firmware import FirmwareStatus, SignMethod
from whimbrel.domain.group import BATCH_DEVICES_MAX, GroupType

ROWS_PER_PAGE = 100
VERIFIED = (FirmwareStatus.VERIFIED, FirmwareStatus.NO_VERIFICATION)


class FirmwareDestination:
    """`trusts`: what the source had verified needs no verification here."""

    def __init__(self, destination: Destination, files: Files | None, *, trusts: bool) -> None:
        self._destination = destination
        self._files = files
        self._trusts = trusts
        self._there: tuple[str, dict[tuple[Any, ...], dict[str, Any]]] = ("", {})

    def put(self, firmware: FirmwareRecord) -> str | None:
        """The destination's id of it; None when it is not there. Raises RefusedError, ConnectionError."""
        telling = self._destination.telling
        there = self._of_product(firmware.product_key).get(firmware.identity)
        if there is not None:
            wrong = _difference(firmware, there)
            outcome = Outcome.EQUAL if wrong is None else Outcome.DIFFERS
            telling.tell(Kind.FIRMWARE, outcome, firmware.firmware_name, wrong or "")
            return None if outcome is Outcome.DIFFERS else str(there["firmwareId"])
        if self._files is None:
            telling.tell(Kind.FIRMWARE, Outcome.MISSING, firmware.firmware_name, "files were not asked for")
            return None
        if self._destination.is_dry:
            there_all = all(self._files.may_find(file) for file in firmware.files)
            telling.tell(Kind.FIRMWARE, Outcome.ADDED if there_all else Outcome.MISSING, firmware.firmware_name)
            return None
        try:
            with fetched(self._files, firmware.files) as found:
                return self._create(firmware, found)
        except FileMissingError as error:
            telling.tell(Kind.FIRMWARE, Outcome.MISSING, firmware.firmware_name, str(error))
        except (RefusedError, UploadRefusedError) as error:
            if isinstance(error, RefusedError) and error.is_of_gateway:
                raise
            telling.tell(Kind.FIRMWARE, Outcome.REFUSED, firmware.firmware_name, str(error))
        return None

    def _create(self, firmware: FirmwareRecord, found: Sequence[FoundFile]) -> str:
        telling = self._destination.telling
        urls = [upload_firmware(self._destination.api, file.path, suffix_of(file.name)).url for file in found]
        parameters = self._parameters(firmware) | _file_parameters(firmware, found, urls)
        firmware_id = str(self._destination.write("CreateOTAFirmware", parameters)["data"]["firmwareId"])
        telling.tell(Kind.FIRMWARE, Outcome.ADDED, firmware.firmware_name, f"{firmware.firmware_id} is {firmware_id}")
        return firmware_id

    def _parameters(self, firmware: FirmwareRecord) -> dict[str, object]:
        needs_none = firmware.status == FirmwareStatus.NO_VERIFICATION or (
            self._trusts and firmware.status == FirmwareStatus.VERIFIED
        )
        return {
            "FirmwareName": firmware.firmware_name,
            "ProductKey": firmware.product_key,
            "ModuleName": firmware.module_name,
            "DestVersion": firmware.dest_version,
            "SrcVersion": firmware.src_version,
            "Type": firmware.type,
            "SignMethod": firmware.sign_method,
            "FirmwareDesc": firmware.description,
            "Udi": firmware.udi,
            "NeedToVerify": "false" if needs_none else "true",
        }

    def _of_product(self, product_key: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        """What the destination has of the product, read once for each product."""
        if self._there[0] != product_key:
            rows = {}
            for row in self._rows(product_key):
                rows[(row["moduleName"], row["destVersion"], row["type"], row["srcVersion"])] = row
            self._there = (product_key, rows)
        return self._there[1]

    def _rows(self, product_key: str) -> Iterator[dict[str, Any]]:
        page = pages = 1
        while page <= pages:
            asked = {"ProductKey": product_key, "CurrentPage": page, "PageSize": ROWS_PER_PAGE}
            answer = self._destination.api.ask("ListOTAFirmware", asked)
            page, pages = page + 1, answer["pageCount"]
            yield from answer["firmwareInfo"]["simpleFirmwareInfo"]


class GroupDestination:
    """Groups by their names, which are unique in an account."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._there: dict[str, dict[str, Any]] | None = None

    def put(self, group: GroupRecord, ids: dict[str, str]) -> str | None:
        """The destination's id of it; None when it is not there. `ids` has those of the groups above."""
        telling = self._destination.telling
        there = self._groups().get(group.group_name)
        if there is None:
            return self._create(group, ids)
        if there["groupType"] != group.group_type:
            telling.tell(
                Kind.GROUP, Outcome.DIFFERS, group.group_name, "it is static in one place, dynamic in the other"
            )
            return None
        if there["groupDesc"] == group.description:
            telling.tell(Kind.GROUP, Outcome.EQUAL, group.group_name)
        elif self._destination.overwrites and group.description:
            described: dict[str, object] = {"GroupId": there["groupId"], "GroupDesc": group.description}
            self._destination.write("UpdateDeviceGroup", described)
            telling.tell(Kind.GROUP, Outcome.UPDATED, group.group_name)
        else:
            telling.tell(Kind.GROUP, Outcome.DIFFERS, group.group_name, "groupDesc")
        return str(there["groupId"])

    def put_members(self, group_id: str, members: Sequence[MemberRecord]) -> None:
        telling = self._destination.telling
        for start in range(0, len(members), BATCH_DEVICES_MAX):
            chunk = members[start : start + BATCH_DEVICES_MAX]
            parameters: dict[str, object] = {"GroupId": group_id}
            for number, member in enumerate(chunk, 1):
                parameters |= {
                    f"Device.{number}.ProductKey": member.product_key,
                    f"Device.{number}.DeviceName": member.device_name,
                }
            answer = self._destination.api.ask("BatchAddDeviceGroupRelations", parameters)
            telling.count(Kind.MEMBER, Outcome.ADDED, answer["successAddedDeviceCount"])
            telling.count(Kind.MEMBER, Outcome.EQUAL, answer["alreadyRelatedGroupDeviceCount"])
            telling.count(Kind.MEMBER, Outcome.REFUSED, answer["exceedTenGroupDeviceCount"])
            telling.count(Kind.MEMBER, Outcome.MISSING, len(chunk) - answer["validDeviceCount"])

    def _create(self, group: GroupRecord, ids: dict[str, str]) -> str | None:
        telling = self._destination.telling
        parameters: dict[str, object] = {"GroupName": group.group_name, "GroupDesc": group.description}
        if group.group_type == GroupType.DYNAMIC:
            action, parameters["DynamicGroupExpression"] = "CreateDeviceDynamicGroup", group.expression
        else:
            action, parameters["SuperGroupId"] = "CreateDeviceGroup", ids.get(group.super_group_id)
        try:
            answer = self._destination.write(action, parameters)
        except RefusedError as error:
            if error.is_of_gateway:
                raise
            telling.tell(Kind.GROUP, Outcome.REFUSED, group.group_name, f"{error.code}: {error.message}")
            return None
        telling.tell(Kind.GROUP, Outcome.ADDED, group.group_name)
        return str(answer["data"]["groupId"]) if answer else None

    def _groups(self) -> dict[str, dict[str, Any]]:
        if self._there is None:
            self._there = {row["groupName"]: row for row in self._rows()}
        return self._there

    def _rows(self) -> Iterator[dict[str, Any]]:
        page = pages = 1
        while page <= pages:
            asked = {
                "CurrentPage": page,
                "PageSize": ROWS_PER_PAGE,
                "GroupTypes.1": GroupType.STATIC,
                "GroupTypes.2": GroupType.DYNAMIC,
            }
            answer = self._destination.api.ask("QueryDeviceGroupList", asked)
            page, pages = page + 1, answer["pageCount"]
            yield from answer["data"]["groupInfo"]


def _difference(firmware: FirmwareRecord, there: dict[str, Any]) -> str | None:
    """Of bytes or name; of several files the list tells the size alone."""
    if there["firmwareName"] != firmware.firmware_name:
        return f"its name is {there['firmwareName']}"
    sizes = [file.size_bytes for file in firmware.files]
    if None not in sizes and there["firmwareSize"] != sum(size for size in sizes if size is not None):
        return f"it has {there['firmwareSize']} bytes"
    only = firmware.files[0] if len(firmware.files) == 1 else None
    if only is not None and there["signMethod"] == firmware.sign_method:
        sign = only.md5 if firmware.sign_method == SignMethod.MD5 else only.sha256
        if sign and there["firmwareSign"] and sign != there["firmwareSign"]:
            return f"its {firmware.sign_method} is {there['firmwareSign']}"
    return None


def _file_parameters(firmware: FirmwareRecord, found: Sequence[FoundFile], urls: Sequence[str]) -> dict[str, object]:
    """With digest and size, so that the destination itself compares them with what it has stored (I11)."""
    if not firmware.has_several_files:
        return {"FirmwareUrl": urls[0], "FirmwareSign": _sign(firmware, found[0]), "FirmwareSize": found[0].size_bytes}
    parameters: dict[str, object] = {}
    for number, (file, there, url) in enumerate(zip(firmware.files, found, urls, strict=True), 1):
        parameters |= {
            f"MultiFiles.{number}.Name": file.name,
            f"MultiFiles.{number}.Url": url,
            f"MultiFiles.{number}.Size": there.size_bytes,
            f"MultiFiles.{number}.FileMd5": there.md5,
            f"MultiFiles.{number}.SignValue": _sign(firmware, there),
        }
    return parameters


def _sign(firmware: FirmwareRecord, file: FoundFile) -> str:
    return file.md5 if firmware.sign_method == SignMethod.MD5 else file.sha256
