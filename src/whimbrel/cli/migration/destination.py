"""The server that an account moves to: what is there and equal is left, what differs is told and never changed unasked.

Every step compares before it makes, so each may be repeated after a crash. Secrets, IotIds and keys are never changed:
a device that differs in one is somebody's decision.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from whimbrel.cli.api import RefusedError
from whimbrel.cli.migration.paced_api import PacedApi
from whimbrel.cli.migration.records import DeviceRecord, ModuleRecord, ProductRecord
from whimbrel.cli.migration.telling import Kind, Outcome, Telling
from whimbrel.domain.device import DEVICE_NAME, is_valid_nickname
from whimbrel.domain.device_import import IMPORTED_DEVICE_SECRET, IMPORTED_IOT_ID, ImportConflict
from whimbrel.domain.product import NET_TYPE_NUMBERS, NetType

#: Half of what a call may have: 500 devices hold up other changes of the account for some 70 ms.
DEVICES_PER_CALL = 500
DETAILS_PER_CALL = 100
_NO_PRODUCT = "iot.prod.NotExistedProduct"


class Destination:
    """`overwrites`: names for people, descriptions and tags that differ become the source's. `makes_secrets`: a device
    that comes without its secret gets a new one; else it is left out, for it could not connect any more.
    """

    def __init__(
        self, api: PacedApi, telling: Telling, *, overwrites: bool, is_dry: bool, makes_secrets: bool = False
    ) -> None:
        self.api = api
        self.telling = telling
        self.overwrites = overwrites
        self.is_dry = is_dry
        self.makes_secrets = makes_secrets

    def write(self, action: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        """A call that changes something; an empty answer in a dry run. Raises RefusedError, ConnectionError."""
        return {} if self.is_dry else self.api.ask(action, parameters)

    def put_product(self, product: ProductRecord) -> bool:
        """Whether the product is there afterwards (in a dry run: would be), so that its devices can follow."""
        there = self._product(product.product_key)
        if there is None:
            return self._attempt(Kind.PRODUCT, product.product_key, "XImportProduct", _product_parameters(product))
        differing = _differing_members(product, there)
        changeable = {"productName", "description"}
        if not differing:
            self.telling.tell(Kind.PRODUCT, Outcome.EQUAL, product.product_key)
        elif self.overwrites and differing <= changeable:
            changed = {
                "ProductKey": product.product_key,
                "ProductName": product.product_name,
                "Description": product.description,
            }
            self._attempt(Kind.PRODUCT, product.product_key, "UpdateProduct", changed, Outcome.UPDATED)
        else:
            self.telling.tell(Kind.PRODUCT, Outcome.DIFFERS, product.product_key, ", ".join(sorted(differing)))
        return True

    def put_modules(self, product_key: str, modules: Sequence[ModuleRecord]) -> None:
        if not modules:
            return
        rows = [] if self._product(product_key) is None else self._modules(product_key)
        there = {row["moduleName"].lower(): row for row in rows}
        for module in modules:
            row = there.get(module.module_name.lower())
            parameters = {
                "ProductKey": product_key,
                "ModuleName": module.module_name,
                "AliasName": module.alias_name,
                "Desc": module.desc,
            }
            name = f"{product_key}/{module.module_name}"
            if row is None:
                self._attempt(Kind.MODULE, name, "CreateOTAModule", parameters)
            elif (row["aliasName"], row["desc"]) == (module.alias_name, module.desc):
                self.telling.tell(Kind.MODULE, Outcome.EQUAL, name)
            elif self.overwrites:
                self._attempt(Kind.MODULE, name, "UpdateOTAModule", parameters, Outcome.UPDATED)
            else:
                self.telling.tell(Kind.MODULE, Outcome.DIFFERS, name, "aliasName or desc")

    def put_devices(self, product_key: str, devices: Sequence[DeviceRecord]) -> None:
        """Devices with their tags; those that were disabled are disabled."""
        good = [device for device in devices if self._may_come(product_key, device)]
        for chunk in _chunks(good, DEVICES_PER_CALL):
            conflicts = self._compare(product_key, chunk) if self.is_dry else self._import(product_key, chunk)
            there = [device for device in chunk if self._is_there(product_key, device, conflicts)]
            for device in there:
                if device.is_disabled:
                    named = {"ProductKey": product_key, "DeviceName": device.device_name}
                    self.write("DisableThing", named)
                if device.tags and not self.is_dry:
                    self._put_tags(product_key, device)

    def _attempt(
        self, kind: Kind, name: str, action: str, parameters: Mapping[str, object], outcome: Outcome = Outcome.ADDED
    ) -> bool:
        """One change of one object; when it alone is refused the move goes on without it."""
        try:
            self.write(action, parameters)
        except RefusedError as error:
            if error.is_of_gateway:
                raise
            self.telling.tell(kind, Outcome.REFUSED, name, f"{error.code}: {error.message}")
            return False
        self.telling.tell(kind, outcome, name)
        return True

    def _product(self, product_key: str) -> dict[str, Any] | None:
        try:
            data: dict[str, Any] = self.api.ask("QueryProduct", {"ProductKey": product_key})["data"]
        except RefusedError as error:
            if error.code == _NO_PRODUCT:
                return None
            raise
        return data

    def _modules(self, product_key: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.api.ask("ListOTAModuleByProduct", {"ProductKey": product_key})["data"]
        return rows

    def _may_come(self, product_key: str, device: DeviceRecord) -> bool:
        """One malformed device would refuse a whole call: it is told apart before."""
        wrong = [
            word
            for word, is_wrong in (
                ("DeviceName", DEVICE_NAME.fullmatch(device.device_name) is None),
                ("DeviceSecret", device.device_secret and not IMPORTED_DEVICE_SECRET.fullmatch(device.device_secret)),
                ("IotId", device.iot_id and not IMPORTED_IOT_ID.fullmatch(device.iot_id)),
                ("Nickname", device.nickname and not is_valid_nickname(device.nickname)),
            )
            if is_wrong
        ]
        reason = f"malformed {', '.join(wrong)}" if wrong else ""
        if not device.device_secret and not self.makes_secrets:
            reason = "the source does not tell its DeviceSecret, so it could not connect here"
        if reason:
            self.telling.tell(Kind.DEVICE, Outcome.REFUSED, f"{product_key}/{device.device_name}", reason)
        return not reason

    def _import(self, product_key: str, devices: Sequence[DeviceRecord]) -> dict[str, str]:
        parameters: dict[str, object] = {"ProductKey": product_key}
        for number, device in enumerate(devices, 1):
            parameters |= {
                f"Device.{number}.DeviceName": device.device_name,
                f"Device.{number}.DeviceSecret": device.device_secret,
                f"Device.{number}.IotId": device.iot_id,
                f"Device.{number}.Nickname": device.nickname,
            }
        data = self.api.ask("XImportDevices", parameters)["data"]
        self.telling.count(Kind.DEVICE, Outcome.ADDED, data["addedDeviceCount"])
        self.telling.count(Kind.DEVICE, Outcome.EQUAL, data["equalDeviceCount"])
        return {row["deviceName"]: row["reason"] for row in data["conflicts"]["conflict"]}

    def _compare(self, product_key: str, devices: Sequence[DeviceRecord]) -> dict[str, str]:
        """What `_import` would answer, as far as reading tells: IotIds of other products are not looked for."""
        conflicts = {}
        there = {row["deviceName"]: row for row in self._details(product_key, devices)}
        for device in devices:
            row = there.get(device.device_name)
            if row is None:
                self.telling.count(Kind.DEVICE, Outcome.ADDED, 1)
            elif device.device_secret not in ("", row["deviceSecret"]):
                conflicts[device.device_name] = ImportConflict.DIFFERENT_SECRET
            elif device.iot_id not in ("", row["iotId"]):
                conflicts[device.device_name] = ImportConflict.DIFFERENT_IOT_ID
            elif device.nickname != row["nickname"]:
                conflicts[device.device_name] = ImportConflict.DIFFERENT_NICKNAME
            else:
                self.telling.count(Kind.DEVICE, Outcome.EQUAL, 1)
        return {name: str(reason) for name, reason in conflicts.items()}

    def _details(self, product_key: str, devices: Sequence[DeviceRecord]) -> Iterator[dict[str, Any]]:
        for chunk in _chunks(devices, DETAILS_PER_CALL):
            names = {f"DeviceName.{number}": device.device_name for number, device in enumerate(chunk, 1)}
            try:
                yield from self.api.ask("BatchQueryDeviceDetail", {"ProductKey": product_key, **names})["data"]["data"]
            except RefusedError as error:
                if error.code != _NO_PRODUCT:
                    raise

    def _is_there(self, product_key: str, device: DeviceRecord, conflicts: dict[str, str]) -> bool:
        """Whether it is the source's device that is there; what stands in its way is told."""
        reason = conflicts.get(device.device_name)
        if reason is None:
            return True
        name = f"{product_key}/{device.device_name}"
        if reason == ImportConflict.DIFFERENT_NICKNAME:
            if self.overwrites:
                renamed: dict[str, object] = {
                    "DeviceNicknameInfo.1.ProductKey": product_key,
                    "DeviceNicknameInfo.1.DeviceName": device.device_name,
                    "DeviceNicknameInfo.1.Nickname": device.nickname,
                }
                return self._attempt(Kind.DEVICE, name, "BatchUpdateDeviceNickname", renamed, Outcome.UPDATED)
            self.telling.tell(Kind.DEVICE, Outcome.DIFFERS, name, reason)
            return True
        self.telling.tell(Kind.DEVICE, Outcome.DIFFERS, name, reason)
        return False

    def _put_tags(self, product_key: str, device: DeviceRecord) -> None:
        named: dict[str, object] = {"ProductKey": product_key, "DeviceName": device.device_name}
        there = json.loads(self.api.ask("QueryDeviceProp", named)["props"])
        differing = sorted(key for key, value in device.tags.items() if there.get(key, value) != value)
        wanted = {
            key: value
            for key, value in device.tags.items()
            if key not in there or (self.overwrites and there[key] != value)
        }
        name = f"{product_key}/{device.device_name}"
        if wanted:
            try:
                self.write("SaveDeviceProp", {**named, "Props": json.dumps(wanted, ensure_ascii=False)})
            except RefusedError as error:
                if error.is_of_gateway:
                    raise
                self.telling.tell(Kind.TAGS, Outcome.REFUSED, name, f"{error.code}: {error.message}")
                return
        if differing and not self.overwrites:
            self.telling.tell(Kind.TAGS, Outcome.DIFFERS, name, ", ".join(differing))
        else:
            self.telling.count(Kind.TAGS, Outcome.ADDED if wanted else Outcome.EQUAL, 1)


def _chunks(devices: Sequence[DeviceRecord], size: int) -> Iterator[Sequence[DeviceRecord]]:
    return (devices[start : start + size] for start in range(0, len(devices), size))


def _product_parameters(product: ProductRecord) -> dict[str, object]:
    return {
        "ProductKey": product.product_key,
        "ProductSecret": product.product_secret,
        "ProductName": product.product_name,
        "NodeType": product.node_type,
        "DataFormat": product.data_format,
        "NetType": product.net_type,
        "AuthType": product.auth_type,
        "ProtocolType": product.protocol_type,
        "AliyunCommodityCode": product.commodity_code,
        "Description": product.description,
        "CategoryKey": product.category_key,
        "ValidateType": product.validate_type,
    }


def _differing_members(product: ProductRecord, there: dict[str, Any]) -> set[str]:
    """What tells the product of the destination from the source's; a secret that the source does not tell is no
    difference.
    """
    wanted = {
        "productName": product.product_name,
        "nodeType": product.node_type,
        "dataFormat": product.data_format,
        "netType": NET_TYPE_NUMBERS[NetType(product.net_type)],
        "description": product.description,
        "protocolType": product.protocol_type or None,
        "aliyunCommodityCode": product.commodity_code or None,
    }
    if product.product_secret:
        wanted["productSecret"] = product.product_secret
    return {name for name, value in wanted.items() if there.get(name) != value}
