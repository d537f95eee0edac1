"""A back end's whole life through one SDK: every operation of the vendor, each answered field seen at least once.

`live` calls them in an order in which each succeeds; the site keeps what was sent and answered, for tests to compare.
"""

from __future__ import annotations

from tests.surface.sdk_jobs import dynamic_jobs, firmware, named_job, selections
from tests.surface.sdk_site import Fleet, Site

BAD_NAME = "lamp 2"


def live(site: Site) -> None:
    """All of it."""
    products(site)
    fleet = devices(site)
    batches(site, fleet)
    tags_and_groups(site, fleet)
    modules(site, fleet)
    verified = firmware(site, fleet)
    named_job(site, fleet, verified)
    selections(site, fleet, verified)
    dynamic_jobs(site, fleet, verified)
    deletes(site, fleet)


def products(site: Site) -> None:
    """A senior product, that has all fields, and one for gateways' devices."""
    call = site.call
    senior = call(
        "CreateProduct",
        ProductName=f"{site.name}_senior",
        NodeType=1,
        AliyunCommodityCode="iothub_senior",
        DataFormat=1,
        NetType="WIFI",
        AuthType="secret",
        ProtocolType="modbus",
        Description="all fields",
        CategoryKey="Lighting",
        ValidateType=1,
        PublishAuto=True,
        Id2=False,
        JoinPermissionId="1",
        ResourceGroupId="rg-1",
        IotInstanceId="iot-x",
    )
    key = senior["ProductKey"]
    call("QueryProduct", ProductKey=key)
    call("QueryProductList", CurrentPage=1, PageSize=10, AliyunCommodityCode="iothub_senior", ResourceGroupId="rg-1")
    call("UpdateProduct", ProductKey=key, ProductName=f"{site.name}_renamed", Description="renamed")
    call("RegisterDevice", ProductKey=key, DeviceName="of-the-group")
    call("QueryDeviceByStatus", Status=0, ProductKey=key, ResourceGroupId="rg-1", CurrentPage=1, PageSize=10)
    call("DeleteDevice", ProductKey=key, DeviceName="of-the-group")
    call("DeleteProduct", ProductKey=key)


def devices(site: Site) -> Fleet:
    """A product with one device that obeys, one that waits, and some that are off."""
    call = site.call
    key = call("CreateProduct", ProductName=f"{site.name}_lamp", NodeType=0)["ProductKey"]
    lamp = {"ProductKey": key, "DeviceName": "lamp-0001"}
    secrets = {}
    for name in ("lamp-0001", "lamp-0002", "lamp-0003", "lamp-0004"):
        made = call("RegisterDevice", ProductKey=key, DeviceName=name, Nickname="kitchen")["Data"]
        secrets[name] = made["DeviceSecret"]
    obedient = site.start_device(key, "lamp-0001", secrets["lamp-0001"], False)
    waiting = site.start_device(key, "lamp-0002", secrets["lamp-0002"], True)
    for name in ("lamp-0001", "lamp-0002"):
        detail = {"ProductKey": key, "DeviceName": name}
        site.watch("1.0.0", lambda d=detail: call("QueryDeviceDetail", **d)["Data"].get("FirmwareVersion"))  # type: ignore[misc]
    iot_id = call("QueryDeviceInfo", **lamp)["Data"]["IotId"]
    call("QueryDeviceInfo", IotId=iot_id)
    call("QueryDeviceDetail", IotId=iot_id)
    call("GetDeviceStatus", **lamp)
    call("GetDeviceStatus", IotId=iot_id)
    call("BatchGetDeviceState", ProductKey=key, DeviceName=["lamp-0001", "lamp-0003"])
    call("BatchGetDeviceState", IotId=[iot_id])
    call("BatchQueryDeviceDetail", ProductKey=key, DeviceName=["lamp-0001", "lamp-0003"])
    token = call("QueryDevice", ProductKey=key, CurrentPage=1, PageSize=2)["NextToken"]
    call("QueryDevice", ProductKey=key, PageSize=2, NextToken=token)
    call("QueryDeviceByStatus", Status=1, ProductKey=key)
    nickname = {"DeviceName": "lamp-0001", "ProductKey": key, "Nickname": "cellar", "IotId": iot_id}
    call("BatchUpdateDeviceNickname", DeviceNicknameInfo=[nickname])
    off = {"ProductKey": key, "DeviceName": "lamp-0003"}
    off_id = call("QueryDeviceInfo", **off)["Data"]["IotId"]
    for action in ("DisableThing", "EnableThing", "ResetThing"):
        call(action, **off)
        call(action, IotId=off_id)
    group_id = call("CreateDeviceGroup", GroupName=f"{site.name}_hall", GroupDesc="hall")["Data"]["GroupId"]
    call("BatchAddDeviceGroupRelations", GroupId=group_id, Device=[lamp, off])
    call("QueryDeviceStatistics", ProductKey=key, GroupId=group_id)
    return Fleet(key, obedient, waiting, group_id)


def batches(site: Site, fleet: Fleet) -> None:
    """Applies that are good, and one that is not."""
    call, key = site.call, fleet.product_key
    names = [{"DeviceName": name, "DeviceNickname": "cellar"} for name in ("batch-1", "batch-1", "lamp-0001", BAD_NAME)]
    bad = call(
        "BatchCheckDeviceNames",
        ProductKey=key,
        DeviceNameList=[*names, {"DeviceName": "batch-2", "DeviceNickname": "?"}],
    )
    call("QueryBatchRegisterDeviceStatus", ProductKey=key, ApplyId=bad["Data"]["ApplyId"])
    good = call("BatchCheckDeviceNames", ProductKey=key, DeviceName=["batch-1", "batch-2"])["Data"]["ApplyId"]
    call("BatchRegisterDeviceWithApplyId", ProductKey=key, ApplyId=good)
    random = call("BatchRegisterDevice", ProductKey=key, Count=2)["Data"]["ApplyId"]
    for apply_id in (good, random):
        asked = {"ProductKey": key, "ApplyId": apply_id}
        site.watch(
            "CREATE_SUCCESS",
            lambda asked=asked: call("QueryBatchRegisterDeviceStatus", **asked)["Data"]["Status"],  # type: ignore[misc]
        )
        shown = call("QueryPageByApplyId", ApplyId=apply_id, CurrentPage=1, PageSize=10)
        assert shown["Total"] == 2


def tags_and_groups(site: Site, fleet: Fleet) -> None:
    """Tags, and groups of both kinds."""
    call, key = site.call, fleet.product_key
    lamp = {"ProductKey": key, "DeviceName": "lamp-0001"}
    iot_id = call("QueryDeviceInfo", **lamp)["Data"]["IotId"]
    call("SaveDeviceProp", **lamp, Props='{"color":"red"}')
    call("SaveDeviceProp", IotId=iot_id, Props='{"floor":"2"}')
    call("QueryDeviceProp", **lamp)
    call("QueryDeviceProp", IotId=iot_id)
    call("QueryDeviceByTags", Tag=[{"TagKey": "color", "TagValue": "red"}], CurrentPage=1, PageSize=10)
    expression = f'product_key = "{key}" and name LIKE "lamp%"'
    dynamic = {"GroupName": f"{site.name}_rule", "GroupDesc": "by rule", "DynamicGroupExpression": expression}
    dynamic_id = call("CreateDeviceDynamicGroup", **dynamic)["Data"]["GroupId"]
    call("QueryDeviceGroupInfo", GroupId=dynamic_id, GroupType="LINK_PLATFORM_DYNAMIC")
    below = call("CreateDeviceGroup", GroupName=f"{site.name}_room", SuperGroupId=fleet.group_id)["Data"]["GroupId"]
    call("UpdateDeviceGroup", GroupId=below, GroupDesc="room", GroupType="LINK_PLATFORM")
    call("QueryDeviceGroupInfo", GroupId=fleet.group_id)
    call("QueryDeviceGroupList", CurrentPage=1, PageSize=10, GroupName=site.name, GroupTypes=["LINK_PLATFORM"])
    call("QueryDeviceGroupList", SuperGroupId=fleet.group_id)
    call("QueryDeviceListByDeviceGroup", GroupId=fleet.group_id, CurrentPage=1, PageSize=10)
    call("QueryDeviceGroupByDevice", **lamp)
    call("BatchDeleteDeviceGroupRelations", GroupId=fleet.group_id, Device=[lamp])
    call("DeleteDeviceGroup", GroupId=below)
    call("DeleteDeviceGroup", GroupId=dynamic_id)
    call("DeleteDeviceProp", **lamp, PropKey="color")
    call("DeleteDeviceProp", IotId=iot_id, PropKey="floor")


def modules(site: Site, fleet: Fleet) -> None:
    """A module, and what devices report of theirs."""
    call, key = site.call, fleet.product_key
    module = {"ProductKey": key, "ModuleName": "mcu"}
    call("CreateOTAModule", **module, AliasName="Motor", Desc="the motor")
    call("UpdateOTAModule", **module, AliasName="Motor2", Desc="the motor again")
    call("ListOTAModuleByProduct", ProductKey=key)
    lamp = {"ProductKey": key, "DeviceName": "lamp-0001"}
    call("ListOTAModuleVersionsByDevice", **lamp, CurrentPage=1, PageSize=10)
    iot_id = call("QueryDeviceInfo", **lamp)["Data"]["IotId"]
    call("ListOTAModuleVersionsByDevice", IotId=iot_id, PageSize=10)


def deletes(site: Site, fleet: Fleet) -> None:
    """What was made and is not needed any more."""
    call, key = site.call, fleet.product_key
    call("DeleteDevice", ProductKey=key, DeviceName="lamp-0004")
    iot_id = call("QueryDeviceInfo", ProductKey=key, DeviceName="lamp-0003")["Data"]["IotId"]
    call("DeleteDevice", IotId=iot_id)
    call("DeleteOTAModule", ProductKey=key, ModuleName="mcu")
