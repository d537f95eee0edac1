"""A vendor's account with something of everything that moves, and what of it can be compared afterwards."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from tests.cli.terminal import whimbrel
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

CONTENTS = [f"firmware {number}".encode() * 5_000 for number in range(4)]
Data = dict[str, Any]


class Account(NamedTuple):
    """What was made: the products' keys, and the firmware's ids by their names."""

    lamp: str
    plug: str
    firmware: dict[str, str]


class Caller:
    """Calls that must succeed."""

    def __init__(self, server: WhimbrelServer) -> None:
        self._client = SignedClient(server)

    def __call__(self, action: str, **parameters: object) -> Data:
        answer = self._client.call(
            action, **{name.replace("__", "."): str(value) for name, value in parameters.items()}
        )
        assert answer.body.get("success") is True, (action, answer.body)
        return answer.body


def upload(server: WhimbrelServer, folder: Path, content: bytes, suffix: str = "bin") -> str:
    """The FirmwareUrl of an uploaded file."""
    file = folder / f"{hashlib.md5(content).hexdigest()}.{suffix}"
    file.write_bytes(content)
    return whimbrel(server, "upload", str(file)).stdout.strip()


def furnish(server: WhimbrelServer, folder: Path) -> Account:
    """Two products, devices of every kind, a module, firmware of every form, groups of both kinds."""
    call = Caller(server)
    lamp = call(
        "CreateProduct",
        ProductName="lamp",
        NodeType=0,
        AliyunCommodityCode="iothub_senior",
        DataFormat=1,
        NetType="ETHERNET",
        Description="for the 厨房",
    )["productKey"]
    plug = call("CreateProduct", ProductName="plug", NodeType=1, ProtocolType="modbus")["productKey"]
    for number in range(1, 131):
        call("RegisterDevice", ProductKey=lamp, DeviceName=f"lamp-{number:04}", Nickname=f"灯_{number:04}")
    call("RegisterDevice", ProductKey=plug, DeviceName="plug-0001")
    tags = {"color": "red", "room": "厨房"}
    call("SaveDeviceProp", ProductKey=lamp, DeviceName="lamp-0002", Props=json.dumps(tags))
    call("DisableThing", ProductKey=lamp, DeviceName="lamp-0003")
    call("CreateOTAModule", ProductKey=lamp, ModuleName="mcu", AliasName="Motor", Desc="turns")
    urls = [upload(server, folder, content) for content in CONTENTS]
    firmware = {}
    of_lamp = {"ProductKey": lamp, "FirmwareDesc": "what is new"}
    for name, more in {
        "fw_md5": {"FirmwareUrl": urls[0], "DestVersion": "1.1.0"},
        "fw_sha": {"FirmwareUrl": urls[1], "DestVersion": "1.2.0", "SignMethod": "SHA256", "NeedToVerify": "false"},
        "fw_several": {
            "DestVersion": "1.3.0",
            "ModuleName": "mcu",
            "MultiFiles__1__Name": "a.bin",
            "MultiFiles__1__Url": urls[2],
            "MultiFiles__2__Name": "b.bin",
            "MultiFiles__2__Url": urls[3],
            "Udi": '{"a":1}',
        },
    }.items():
        made = call("CreateOTAFirmware", FirmwareName=name, **of_lamp, **more)
        firmware[name] = made["data"]["firmwareId"]
    above = call("CreateDeviceGroup", GroupName="north_hall", GroupDesc="the hall")["data"]["groupId"]
    below = call("CreateDeviceGroup", GroupName="north_wall", SuperGroupId=above)["data"]["groupId"]
    expression = f'product_key = "{lamp}" and name LIKE "lamp-00%"'
    call("CreateDeviceDynamicGroup", GroupName="first_lamps", DynamicGroupExpression=expression)
    for group, names in ((above, ["lamp-0001"]), (below, ["lamp-0001", "lamp-0002"])):
        members = {}
        for number, name in enumerate(names, 1):
            members |= {f"Device__{number}__ProductKey": lamp, f"Device__{number}__DeviceName": name}
        call("BatchAddDeviceGroupRelations", GroupId=group, **members)
    return Account(lamp, plug, firmware)


def content_of(server: WhimbrelServer, product_key: str) -> Data:
    """All that moves of a product, without ids that are new and times; in no order."""
    call = Caller(server)
    product = call("QueryProduct", ProductKey=product_key)["data"]
    devices, page = {}, call("QueryDevice", ProductKey=product_key, PageSize=50)
    while True:
        for row in page["data"]["deviceInfo"]:
            kept = ("deviceSecret", "iotId", "nickname", "deviceStatus")
            devices[row["deviceName"]] = {name: row[name] for name in kept}
        if "nextToken" not in page:
            break
        page = call("QueryDevice", ProductKey=product_key, PageSize=50, NextToken=page["nextToken"])
    return {
        "product": {name: value for name, value in product.items() if name != "gmtCreate"},
        "devices": devices,
        "modules": _without(call("ListOTAModuleByProduct", ProductKey=product_key)["data"], "gmt"),
        "firmware": {row["firmwareName"]: row for row in _firmware(call, product_key)},
    }


def groups_of(server: WhimbrelServer) -> Data:
    """Groups by name: what they are, which stand below, and who is in them."""
    call = Caller(server)
    types = {"GroupTypes__1": "LINK_PLATFORM", "GroupTypes__2": "LINK_PLATFORM_DYNAMIC"}
    found = {}
    for row in call("QueryDeviceGroupList", PageSize=200, **types)["data"]["groupInfo"]:
        group = {"GroupId": row["groupId"]}
        below = call("QueryDeviceGroupList", PageSize=200, SuperGroupId=row["groupId"])["data"]["groupInfo"]
        details = call("QueryDeviceGroupInfo", **group)["data"]
        members = call("QueryDeviceListByDeviceGroup", **group, PageSize=200)["data"]["simpleDeviceInfo"]
        found[row["groupName"]] = {
            "description": row["groupDesc"],
            "expression": details.get("dynamicGroupExpression"),
            "below": sorted(one["groupName"] for one in below),
            "members": sorted((one["productKey"], one["deviceName"]) for one in members),
        }
    return found


def _firmware(call: Caller, product_key: str) -> list[Data]:
    rows = call("ListOTAFirmware", ProductKey=product_key, CurrentPage=1, PageSize=100)["firmwareInfo"]
    found = []
    for row in rows["simpleFirmwareInfo"]:
        info = call("QueryOTAFirmware", FirmwareId=row["firmwareId"])["firmwareInfo"]
        for file in info.get("multiFiles") or []:
            del file["url"]
        found += _without([{name: value for name, value in info.items() if name != "firmwareUrl"}], "utc", "firmwareId")
    return found


def _without(rows: list[Data], *beginnings: str) -> list[Data]:
    return [{name: value for name, value in row.items() if not name.startswith(beginnings)} for row in rows]
