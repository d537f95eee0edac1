"""What the tests of batch registration share: applies, and a large call in the form body as SDKs send it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.operations.signed_door import Answer, SignedDoor, flat, query_bytes
from whimbrel.rpc.signed_call import RawRequest

FORM = (b"content-type", b"application/x-www-form-urlencoded")


async def checked(door: SignedDoor, product_key: str, *names: str) -> int:
    """An apply of these names, checked; its id."""
    body = await door.ok("BatchCheckDeviceNames", ProductKey=product_key, DeviceName=names)
    apply_id: int = body["Data"]["ApplyId"]
    return apply_id


async def status_of(door: SignedDoor, product_key: str, apply_id: int) -> dict[str, Any]:
    body = await door.ok("QueryBatchRegisterDeviceStatus", ProductKey=product_key, ApplyId=apply_id)
    data: dict[str, Any] = body["Data"]
    return data


async def post(door: SignedDoor, action: str, in_query: Mapping[str, Any], in_form: Mapping[str, Any]) -> Answer:
    """One signed POST with its lists in the form body, as the vendors' SDKs send BatchCheckDeviceNames."""
    signed = door.signed(action, {**in_query, **in_form}, "POST")
    form = flat(in_form).keys()
    return await door.send(
        RawRequest(
            "POST",
            b"/",
            query_bytes({name: text for name, text in signed.items() if name not in form}),
            [FORM, (b"x-response-case", b"pascal")],
            query_bytes({name: text for name, text in signed.items() if name in form}),
        )
    )


async def check_apply_naming(door: SignedDoor, action: str, *, has_product: bool = True) -> None:
    """The apply must exist, belong to the caller (I15) and, where a product is named, be that product's."""
    neighbour = await door.make_key("neighbour")
    made = await door.ok("CreateProduct", by=neighbour, ProductName="theirs", NodeType=0)
    theirs = made["ProductKey"]
    body = await door.ok("BatchCheckDeviceNames", by=neighbour, ProductKey=theirs, DeviceName=["lamp-0001"])
    foreign = body["Data"]["ApplyId"]
    lamp = (await door.ok("CreateProduct", ProductName="lamp", NodeType=0))["ProductKey"]
    plug = (await door.ok("CreateProduct", ProductName="plug", NodeType=0))["ProductKey"]
    mine = await checked(door, lamp, "lamp-0001")
    given = {"ProductKey": lamp} if has_product else {}
    for unknown in (foreign, mine + 1, 999_999_999_999_999_999):
        assert await door.refusal(action, ApplyId=unknown, **given) == "iot.device.DeviceApplyIsNotFound"
    for malformed in ("0", "-1", "x", "1.0", "9" * 19):
        assert await door.refusal(action, ApplyId=malformed, **given) == "iot.device.InvalidFormattedApplyId"
    assert await door.refusal(action, **given) == "MissingApplyId"
    if has_product:
        assert await door.refusal(action, ApplyId=mine, ProductKey=plug) == "iot.device.IncorrentDeviceApplyInfo"
        assert await door.refusal(action, ApplyId=mine, ProductKey=theirs) == "iot.prod.NotExistedProduct"
        assert await door.refusal(action, ApplyId=mine, ProductKey="k-1") == "iot.prod.InvalidFormattedProductkey"
        assert await door.refusal(action, ApplyId=mine) == "MissingProductKey"
