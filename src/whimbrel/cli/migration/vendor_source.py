"""An account that is read through the vendors' management API (api-contract 8, 9, 13), by their own calls alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from whimbrel.cli.api import RefusedError
from whimbrel.cli.migration.paced_api import PacedApi
from whimbrel.cli.migration.records import (
    CursorLostError,
    DevicePage,
    DeviceRecord,
    FileRecord,
    FirmwareRecord,
    GroupRecord,
    MemberRecord,
    ModuleRecord,
    ProductRecord,
)
from whimbrel.domain.firmware import FirmwareStatus, FirmwareType, SignMethod
from whimbrel.domain.group import GroupType
from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.domain.product import NET_TYPE_NUMBERS, AuthType, NetType

# The vendors' most rows a page (api-contract 13, 14); lists of a group's devices name none, and take what all take.
PRODUCTS_PER_PAGE, GROUPS_PER_PAGE, FIRMWARE_PER_PAGE, DEVICES_PER_PAGE = 200, 200, 100, 50
#: Tags are one call for each device: so many at once, that the quota and not the distance bounds them.
TAG_READERS = 8
_NET_TYPES = {number: net_type for net_type, number in NET_TYPE_NUMBERS.items()}
_GONE = ("iot.device.NotExistedDevice", "iot.device.InvalidIoTId")


class VendorSource:
    """`product_keys`: those wanted, all when there are none. Close it: it holds connections and threads."""

    def __init__(self, api: PacedApi, product_keys: tuple[str, ...], *, with_tags: bool) -> None:
        self._api = api
        self._wanted = product_keys
        self._with_tags = with_tags
        self._readers = ThreadPoolExecutor(TAG_READERS)

    def close(self) -> None:
        self._readers.shutdown(cancel_futures=True)
        self._api.close()

    def products(self) -> Iterator[ProductRecord]:
        for key in self._wanted or self._product_keys():
            yield _product(self._api.ask("QueryProduct", {"ProductKey": key})["data"])

    def modules(self, product_key: str) -> list[ModuleRecord]:
        rows = self._api.ask("ListOTAModuleByProduct", {"ProductKey": product_key})["data"]
        # One vendor's example wraps the array in an object (api-contract 15).
        rows = rows if isinstance(rows, list) else next(iter(rows.values()), [])
        return [
            ModuleRecord(
                product_key=product_key,
                module_name=row["moduleName"],
                alias_name=row.get("aliasName") or "",
                desc=row.get("desc") or "",
            )
            for row in rows
            if row["moduleName"] != DEFAULT_MODULE
        ]

    def device_pages(self, product_key: str, cursor: str) -> Iterator[DevicePage]:
        place = cursor or "page:1"
        while place:
            try:
                answer = self._api.ask("QueryDevice", _place_parameters(product_key, place))
            except RefusedError as error:
                if cursor and not error.is_of_gateway:
                    raise CursorLostError from error
                raise
            rows = answer["data"].get("deviceInfo") or []
            place = _next_place(answer, place) if rows else ""
            yield DevicePage(self._devices(product_key, rows), place, int(answer.get("total") or 0))

    def firmware(self, product_keys: list[str]) -> Iterator[FirmwareRecord]:
        for key in product_keys:
            for row in self._rows_backwards("ListOTAFirmware", FIRMWARE_PER_PAGE, {"ProductKey": key}):
                yield _firmware(self._api.ask("QueryOTAFirmware", {"FirmwareId": row["firmwareId"]})["firmwareInfo"])

    def groups(self) -> list[GroupRecord]:
        found = {group.group_id: group for group in self._static_groups("")}
        # A list of all groups does not say what stands above each, so each is asked for those below it.
        waiting = list(found)
        while waiting:
            above = waiting.pop()
            for group in self._static_groups(above):
                if group.group_id not in found:
                    waiting.append(group.group_id)
                found[group.group_id] = group
        return [*_parents_first(found), *self._dynamic_groups()]

    def members(self, group: GroupRecord) -> Iterator[list[MemberRecord]]:
        page = pages = 1
        while page <= pages:
            asked = {"GroupId": group.group_id, "CurrentPage": page, "PageSize": DEVICES_PER_PAGE}
            answer = self._api.ask("QueryDeviceListByDeviceGroup", asked)
            page, pages = page + 1, int(answer.get("pageCount") or 0)
            rows = answer["data"].get("simpleDeviceInfo") or []
            yield [
                MemberRecord(group_id=group.group_id, product_key=row["productKey"], device_name=row["deviceName"])
                for row in rows
            ]

    def _product_keys(self) -> Iterator[str]:
        for row in self._rows_backwards("QueryProductList", PRODUCTS_PER_PAGE, {}):
            yield row["productKey"]

    def _rows_backwards(self, action: str, size: int, narrowed: dict[str, str]) -> Iterator[dict[str, Any]]:
        """A list's rows, oldest first: from its last page to its first, so that what is made meanwhile moves rows
        towards pages that were read, and none is missed.
        """
        first = _listed(self._api.ask(action, {"CurrentPage": 1, "PageSize": size, **narrowed}))
        for page in range(int(first.get("pageCount") or 1), 0, -1):
            answer = first
            if page > 1:
                answer = _listed(self._api.ask(action, {"CurrentPage": page, "PageSize": size, **narrowed}))
            yield from reversed(answer["rows"])

    def _devices(self, product_key: str, rows: list[dict[str, Any]]) -> list[DeviceRecord]:
        names = [row["deviceName"] for row in rows]
        tags = (
            self._readers.map(lambda name: self._tags(product_key, name), names)
            if self._with_tags
            else [{}] * len(rows)
        )
        return [_device(row, found) for row, found in zip(rows, tags, strict=True)]

    def _tags(self, product_key: str, device_name: str) -> dict[str, str]:
        try:
            answer = self._api.ask("QueryDeviceProp", {"ProductKey": product_key, "DeviceName": device_name})
        except RefusedError as error:
            if error.code in _GONE:
                return {}  # deleted since it was listed
            raise
        members = json.loads(answer.get("props") or "{}")
        return {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in members.items()}

    def _static_groups(self, above: str) -> Iterator[GroupRecord]:
        for row in self._group_rows({"SuperGroupId": above}):
            if (row.get("groupType") or GroupType.STATIC) == GroupType.STATIC:
                yield _group(row, super_group_id=above)

    def _dynamic_groups(self) -> Iterator[GroupRecord]:
        for row in self._group_rows({"GroupTypes.1": GroupType.DYNAMIC}):
            asked = {"GroupId": row["groupId"], "GroupType": GroupType.DYNAMIC}
            details = self._api.ask("QueryDeviceGroupInfo", asked)["data"]
            expression = details.get("dynamicGroupExpression") or ""
            yield _group(row, group_type=GroupType.DYNAMIC, expression=expression)

    def _group_rows(self, narrowed: dict[str, str]) -> Iterator[dict[str, Any]]:
        page = pages = 1
        while page <= pages:
            asked = {"CurrentPage": page, "PageSize": GROUPS_PER_PAGE, **narrowed}
            answer = self._api.ask("QueryDeviceGroupList", asked)
            page, pages = page + 1, int(answer.get("pageCount") or 0)
            yield from answer["data"].get("groupInfo") or []


def _listed(answer: dict[str, Any]) -> dict[str, Any]:
    """Rows and paging fields, which stand inside Data for products and beside it for firmware."""
    if "data" in answer:
        data: dict[str, Any] = answer["data"]
        return {**data, "rows": data["list"].get("productInfo") or []}
    return {**answer, "rows": answer["firmwareInfo"].get("simpleFirmwareInfo") or []}


def _place_parameters(product_key: str, place: str) -> dict[str, object]:
    kind, _, value = place.partition(":")
    where = {"NextToken": value} if kind == "token" else {"CurrentPage": value}
    return {"ProductKey": product_key, "PageSize": DEVICES_PER_PAGE, **where}


def _next_place(answer: dict[str, Any], place: str) -> str:
    """A token where the vendor gives one: devices that are made or deleted meanwhile do not move it."""
    if answer.get("nextToken"):
        return f"token:{answer['nextToken']}"
    kind, _, page = place.partition(":")
    has_more = kind == "page" and int(page) < int(answer.get("pageCount") or 0)
    return f"page:{int(page) + 1}" if has_more else ""


def _product(data: dict[str, Any]) -> ProductRecord:
    return ProductRecord(
        product_key=data["productKey"],
        product_name=data["productName"],
        product_secret=data.get("productSecret") or "",
        node_type=int(data.get("nodeType") or 0),
        data_format=data.get("dataFormat"),
        net_type=_NET_TYPES.get(int(data.get("netType") or 0), NetType.OTHER),
        auth_type=data.get("authType") or AuthType.SECRET,
        protocol_type=data.get("protocolType") or "",
        commodity_code=data.get("aliyunCommodityCode") or "",
        description=data.get("description") or "",
        category_key=data.get("categoryKey") or "",
        validate_type=int(data.get("validateType") or 1),
        device_count=int(data.get("deviceCount") or 0),
    )


def _device(row: dict[str, Any], tags: dict[str, str]) -> DeviceRecord:
    return DeviceRecord(
        device_name=row["deviceName"],
        device_secret=row.get("deviceSecret") or "",
        iot_id=row.get("iotId") or "",
        nickname=row.get("nickname") or "",
        is_disabled=row.get("deviceStatus") == "DISABLE",
        tags=tags,
    )


def _firmware(info: dict[str, Any]) -> FirmwareRecord:
    method = str(info.get("signMethod") or SignMethod.MD5).upper()
    several = info.get("multiFiles") or []
    only = {"url": info.get("firmwareUrl"), "size": info.get("firmwareSize"), "signValue": info.get("firmwareSign")}
    return FirmwareRecord(
        firmware_id=str(info["firmwareId"]),
        product_key=info["productKey"],
        firmware_name=info["firmwareName"],
        dest_version=info["destVersion"],
        # One vendor shows a source version on full packages too, where it means nothing (api-contract 8.5).
        src_version=(info.get("srcVersion") or "") if info.get("type") == FirmwareType.DIFFERENCE else "",
        module_name=info.get("moduleName") or DEFAULT_MODULE,
        type=int(info.get("type") or FirmwareType.FULL),
        status=int(info.get("status") or FirmwareStatus.UNVERIFIED),
        sign_method=method,
        description=info.get("firmwareDesc") or "",
        udi=info.get("udi") or "",
        has_several_files=bool(several),
        files=tuple(_file(file, method) for file in several or [only]),
    )


def _file(file: dict[str, Any], method: str) -> FileRecord:
    sign = str(file.get("signValue") or "").lower()
    url = file.get("url") or ""
    name = file.get("name") or ""
    return FileRecord(
        name=name,
        md5=str(file.get("fileMd5") or "").lower() or (sign if method == SignMethod.MD5 else ""),
        sha256=sign if method == SignMethod.SHA256 else "",
        size_bytes=None if file.get("size") is None else int(file["size"]),
        url=url,
        suffix=name or urlsplit(url).path.rpartition("/")[2],
    )


def _group(
    row: dict[str, Any], *, super_group_id: str = "", group_type: str = GroupType.STATIC, expression: str = ""
) -> GroupRecord:
    return GroupRecord(
        group_id=row["groupId"],
        group_name=row["groupName"],
        description=row.get("groupDesc") or "",
        group_type=group_type,
        super_group_id=super_group_id,
        expression=expression,
    )


def _parents_first(groups: dict[str, GroupRecord]) -> Iterator[GroupRecord]:
    done: set[str] = set()
    while len(done) < len(groups):
        ready = [
            group
            for group in groups.values()
            if group.group_id not in done and (group.super_group_id in done or group.super_group_id not in groups)
        ]
        # Without one the source's tree has a ring, which no order can satisfy.
        for group in ready or [group for group in groups.values() if group.group_id not in done]:
            done.add(group.group_id)
            yield group
