"""Two accounts that give all their things equal names live through the same story, step by step in turn (I15).

Neither sees anything of the other: each reads exactly what it reads when it is alone on the server, but for the ids.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.operations.fleet import CONTENT, FieldDevice, upload_file
from tests.operations.signed_door import SignedDoor, open_signed_door
from whimbrel.rpc.signing_caller import Credentials

#: Texts that the server makes up or that hold such: each account's are numbered in the order of their appearance.
_MADE_UP = re.compile(
    "(ProductKey|ProductSecret|IotId|DeviceId|DeviceSecret|GroupId|FirmwareId|JobId|TaskId|ApplyId|AccessKeyId|AccessKeySecret|DeviceToken|GatewayToken"
    "|Hash|FirmwareUrl|Url|FirmwareSign|RequestId|CallRequestId|Parameters|Objects)"
)
_NAMES = ("lamp-0001", "lamp-0002")


class Tenant:
    """An account that keeps what it was answered."""

    def __init__(self, door: SignedDoor, account: str, key: Credentials) -> None:
        self._door = door
        self._account = account
        self._key = key
        self._made_up: dict[str, str] = {}
        self.transcript: list[str] = []

    async def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """One call, written down as it was answered, refusals too."""
        body = (await self._door.call(action, by=self._key, **parameters)).json()
        self.transcript.append(f"{action} {json.dumps(self._renamed(body), sort_keys=True)}")
        return body

    async def device(self, product_key: str, name: str) -> FieldDevice:
        """The account's device of this name, as the field knows it."""
        async with self._door.store.snapshot() as store:
            account_id = await store.accounts.id_of(self._account)
            assert account_id is not None
            row = await store.devices.by_name(account_id, product_key, name)
        assert row is not None
        return FieldDevice(self._door, row.id, name)

    async def upload(self) -> str:
        return await upload_file(self._door, CONTENT, by=self._key)

    async def settle(self) -> None:
        await self._door.engine.settle()

    def write(self, text: str) -> None:
        self.transcript.append(text)

    def _renamed(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._renamed(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._renamed(item, name) for item in value]
        if _MADE_UP.fullmatch(name) and isinstance(value, str):
            return self._made_up.setdefault(f"{name} {value}", f"{name} #{len(self._made_up)}")
        return value


async def story(me: Tenant) -> AsyncIterator[None]:
    """What a tenant does; it pauses where the other may go on."""
    product_key = (await me.call("CreateProduct", ProductName="lamp", NodeType=0, ClientToken="t"))["ProductKey"]
    yield
    of_product = {"ProductKey": product_key}
    await me.call("CreateProduct", ProductName="lamp", NodeType=0, ClientToken="t")
    await me.call("CreateProduct", ProductName="lamp", NodeType=0)
    yield
    for name in _NAMES:
        await me.call("RegisterDevice", **of_product, DeviceName=name, Nickname="kitchen", ClientToken=f"t-{name}")
        yield
    await me.call("RegisterDevice", **of_product, DeviceName=_NAMES[0])
    first, second = [await me.device(product_key, name) for name in _NAMES]
    for device in (first, second):
        await device.connect()
        await device.report_version("1.0.0")
        yield
    group_id = (await me.call("CreateDeviceGroup", GroupName="north_hall"))["Data"]["GroupId"]
    yield
    member = {"ProductKey": product_key, "DeviceName": _NAMES[0]}
    await me.call("BatchAddDeviceGroupRelations", GroupId=group_id, Device=[member])
    await me.call("SaveDeviceProp", **member, Props='{"color":"red"}')
    await me.call("CreateOTAModule", **of_product, ModuleName="mcu", AliasName="Motor")
    yield
    await set_up_ddi(me, of_product, member)
    yield
    given = {"FirmwareName": "fw_1", "DestVersion": "1.1.0", "FirmwareUrl": await me.upload(), "NeedToVerify": False}
    firmware_id = (await me.call("CreateOTAFirmware", **of_product, **given))["Data"]["FirmwareId"]
    yield
    target = {"FirmwareId": firmware_id, **of_product, "TargetSelection": "ALL", "NeedConfirm": True}
    job_id = (await me.call("CreateOTAStaticUpgradeJob", **target))["Data"]["JobId"]
    yield
    await me.settle()
    yield
    tasks = await me.call("ListOTATaskByJob", JobId=job_id, CurrentPage=1, PageSize=10)
    ids = [task["TaskId"] for task in tasks["Data"]["SimpleOTATaskInfo"]]
    await me.call("ConfirmOTATask", TaskId=ids)
    yield
    await me.settle()
    yield
    await first.report_progress(50)
    await first.report_version("1.1.0")
    yield
    await me.call("QueryOTAJob", JobId=job_id)
    await me.call("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True, CancelNotifiedTask=True)
    yield
    await me.settle()
    me.write(f"notices {[len(device.notices) for device in (first, second)]}")
    async for _ in look_around(me, product_key, group_id, job_id):
        yield


async def set_up_ddi(me: Tenant, of_product: dict[str, str], device: dict[str, str]) -> None:
    """Tokens of both kinds; the device brings the same one along in each account."""
    await me.call("XUpdateProductDdi", **of_product, IsDefault=True, Authorities="factory-ca")
    await me.call("XRotateGatewayToken", **of_product)
    await me.call("XRotateDeviceToken", **device, DeviceToken="of-hawkbit")


async def look_around(me: Tenant, product_key: str, group_id: str, job_id: str) -> AsyncIterator[None]:
    """Everything that lists and shows."""
    page = {"CurrentPage": 1, "PageSize": 50}
    of_product = {"ProductKey": product_key}
    for action, parameters in (
        ("QueryProduct", of_product),
        ("QueryProductList", page),
        ("QueryDevice", of_product | page),
        ("QueryDeviceByStatus", of_product | page | {"Status": 1}),
        ("QueryDeviceByTags", page | {"Tag": [{"TagKey": "color", "TagValue": "red"}]}),
        ("QueryDeviceStatistics", of_product),
        ("QueryDeviceGroupList", page),
        ("QueryDeviceListByDeviceGroup", page | {"GroupId": group_id}),
        ("ListOTAModuleByProduct", of_product),
        ("XQueryProductDdi", of_product),
        ("XQueryDeviceAttributes", of_product | {"DeviceName": _NAMES[0]}),
        ("XListDdiActions", of_product | {"DeviceName": _NAMES[0]}),
        ("ListOTAFirmware", page),
        ("ListOTATaskByJob", page | {"JobId": job_id}),
        ("XExplainOTADevice", of_product | {"DeviceName": _NAMES[1]}),
        ("ListOTAUnfinishedTaskByDevice", of_product | {"DeviceName": _NAMES[1]}),
        ("XListAccessKeys", page),
        ("XListAccounts", page),
        ("XListAuditEvents", page),
        ("XListAuditEvents", page | {"EventName": "RegisterDevice"}),
    ):
        body = await me.call(action, **parameters)
        assert body.get("Success") or action == "XListAccounts", (action, body)
        yield


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def open_tenants(folder: Path, *accounts: str) -> list[list[str]]:
    """The transcripts of these accounts, on one server, each step of one followed by the same step of the next."""
    async with open_signed_door(made(folder)) as door:
        tenants = [Tenant(door, account, await door.make_key(account)) for account in accounts]
        stories = [story(tenant) for tenant in tenants]
        while stories:
            stories = [each for each in stories if await anext(each, StopAsyncIteration) is None]
        return [tenant.transcript for tenant in tenants]


async def test_I15_equal_names_in_two_accounts(tmp_path: Path) -> None:
    """Each of two tenants that go step by step in turn reads what a tenant reads who is alone."""
    [alone] = await open_tenants(tmp_path / "alone", "alone")
    left, right = await open_tenants(tmp_path / "both", "left", "right")
    assert len(alone) > 30
    assert left == alone
    assert right == alone


async def test_a_crossing_would_be_seen(tmp_path: Path) -> None:
    """Two tenants who share an account read otherwise: the test above can fail."""
    [alone] = await open_tenants(tmp_path / "alone", "alone")
    async with open_signed_door(made(tmp_path / "one")) as door:
        first = Tenant(door, "one", await door.make_key("one"))
        second = Tenant(door, "one", await door.make_key("one"))
        await second.call("CreateProduct", ProductName="lamp", NodeType=0)
        await first.call("CreateProduct", ProductName="lamp", NodeType=0, ClientToken="t")
        assert first.transcript[0] != alone[0]
