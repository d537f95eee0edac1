"""XRotateDeviceToken through the signed door (ddi-protocol 2; threat-model A05, A15)."""

from __future__ import annotations

import json

import pytest

from tests.operations.answers import check_answer
from tests.operations.ddi.claims import is_known
from tests.operations.device.naming import check_naming, check_rights
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XRotateDeviceToken"
INVALID = "iot.ota.InvalidParameter"


async def test_a_random_token(door: SignedDoor, case: Case) -> None:
    """The answer names the device and shows a token of 32 characters; each time another one."""
    product_key = await make_product(door)
    iot_id = (await door.ok("RegisterDevice", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]["IotId"]
    tokens = set()
    for named in ({"ProductKey": product_key, "DeviceName": "lamp-0001"}, {"IotId": iot_id}):
        answer = await door.call(ACTION, case=case, **named)
        body = answer.json()
        token = body["data"]["deviceToken"] if case is Case.CAMEL else body["Data"]["DeviceToken"]
        expected = {"ProductKey": product_key, "DeviceName": "lamp-0001", "IotId": iot_id, "DeviceToken": token}
        check_answer(answer, case, {"Data": expected})
        assert len(token) == 32
        tokens.add(token)
    assert len(tokens) == 2


async def test_it_proves_the_device_until_it_is_replaced(door: SignedDoor) -> None:
    """The new one works at once and for this device alone, the old one no more; after Remove none does."""
    product_key = await make_product(door)
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, product_key, name)
    device = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    first, second = [(await door.ok(ACTION, **device))["Data"]["DeviceToken"] for _ in range(2)]
    assert await is_known(door, product_key, "lamp-0001", f"TargetToken {second}")
    assert not await is_known(door, product_key, "lamp-0001", f"TargetToken {first}")
    assert not await is_known(door, product_key, "lamp-0002", f"TargetToken {second}")
    assert not await is_known(door, product_key, "lamp-0001", f"GatewayToken {second}")
    assert "DeviceToken" not in (await door.ok(ACTION, **device, Remove=True))["Data"]
    assert not await is_known(door, product_key, "lamp-0001", f"TargetToken {second}")


async def test_a_token_that_comes_along_from_hawkbit(door: SignedDoor) -> None:
    """The device's own token is taken over; two devices may have the same, and their rows do not show it."""
    product_key = await make_product(door)
    for name in ("lamp-0001", "lamp-0002"):
        await make_device(door, product_key, name)
        device = {"ProductKey": product_key, "DeviceName": name}
        assert (await door.ok(ACTION, **device, DeviceToken="of=hawkBit!"))["Data"]["DeviceToken"] == "of=hawkBit!"
        assert await is_known(door, product_key, name, "TargetToken of=hawkBit!")
    digests = door.ports.database.execute("SELECT DISTINCT token_digest FROM ddi_device")
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("t", ""),
        ("t" * 127, ""),
        ("t" * 128, ""),
        ("t" * 129, INVALID),
        ("two words", INVALID),
        (" begins", INVALID),
        ("ü", INVALID),
    ],
)
async def test_limits_of_a_given_token(door: SignedDoor, token: str, code: str) -> None:
    """1 to 128 visible ASCII characters: what an Authorization header can carry."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    given = {"ProductKey": product_key, "DeviceName": "lamp-0001", "DeviceToken": token}
    if code:
        assert await door.refusal(ACTION, **given) == code
    else:
        await door.ok(ACTION, **given)
        assert await is_known(door, product_key, "lamp-0001", f"TargetToken {token}")


async def test_a_token_and_remove(door: SignedDoor) -> None:
    """Together they say nothing that could be done."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    given = {"ProductKey": product_key, "DeviceName": "lamp-0001", "DeviceToken": "t", "Remove": True}
    assert await door.refusal(ACTION, **given) == INVALID


async def test_A05_no_row_and_no_audit_entry_holds_a_token(door: SignedDoor) -> None:
    """Whether it was given or made, only a digest is kept; the entry says that a token was given, not which."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    device = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    made = (await door.ok(ACTION, **device, ClientToken="once"))["Data"]["DeviceToken"]
    await door.ok(ACTION, **device, DeviceToken="brought-along")
    rows = str(door.rows())
    assert made not in rows
    assert "brought-along" not in rows
    listed = await door.ok("XListAuditEvents", CurrentPage=1, PageSize=1, EventName=ACTION)
    [event] = next(value for value in listed["Data"].values() if isinstance(value, list))
    assert json.loads(event["Parameters"])["DeviceToken"] == "***"


async def test_A15_a_disabled_or_deleted_device(door: SignedDoor) -> None:
    """Its token proves nothing; a device of the same name that is made afterwards does not inherit it."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    device = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    await door.ok(ACTION, **device, DeviceToken="t")
    await door.ok("DisableThing", **device)
    assert not await is_known(door, product_key, "lamp-0001", "TargetToken t")
    await door.ok("EnableThing", **device)
    assert await is_known(door, product_key, "lamp-0001", "TargetToken t")
    await door.ok("DeleteDevice", **device)
    await make_device(door, product_key, "lamp-0001")
    assert not await is_known(door, product_key, "lamp-0001", "TargetToken t")


async def test_naming_and_rights(door: SignedDoor) -> None:
    """The device is named as everywhere, and the key needs the right."""
    await check_naming(door, ACTION)
    product_key = await make_product(door, "plug")
    await make_device(door, product_key, "lamp-0001")
    await check_rights(door, ACTION, Permission.DEVICE_WRITE, product_key, DeviceName="lamp-0001")
