"""A ClientToken makes a creating call once, for every operation that creates (threat-model I14)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.operations.fleet import make_product
from tests.operations.signed_door import OPERATIONS, SignedDoor
from tests.surface.declared import required_names
from tests.surface.small_world import build_world
from whimbrel.operations.declaration import Operation

#: What the small world has no job for: tested where the operation is.
ELSEWHERE = {"XAdvanceOTAJob"}
CREATING = {
    action: operation
    for action, operation in OPERATIONS.items()
    if operation.manner.creates and action not in ELSEWHERE
}
EACH = pytest.mark.parametrize("operation", CREATING.values(), ids=CREATING.keys())
MISMATCH = "IdempotentParameterMismatch"

#: Another value for one parameter, so that the call is another one.
OTHERWISE = {
    "BatchCheckDeviceNames": {"DeviceNameList.1.DeviceName": "lamp-other"},
    "BatchRegisterDevice": {"Count": "2"},
    "CreateDeviceDynamicGroup": {"GroupName": "other_hall"},
    "CreateDeviceGroup": {"GroupName": "other_hall"},
    "CreateOTADynamicUpgradeJob": {"SrcVersion.1": "0.9.0"},
    "CreateOTAFirmware": {"FirmwareName": "other"},
    "CreateOTAModule": {"ModuleName": "other"},
    "CreateOTAStaticUpgradeJob": {"NeedConfirm": "true"},
    "CreateOTAVerifyJob": {"NeedConfirm": "true"},
    "CreateProduct": {"ProductName": "other"},
    "RegisterDevice": {"DeviceName": "lamp-other"},
    "XCreateAccessKey": {"Name": "other"},
    "XCreateAccount": {"Name": "other"},
    "XImportProduct": {"ProductName": "other"},
    "XRotateAccessKey": {"UserAccessKeyId": "nobody"},
    "XRotateDeviceToken": {"Remove": "true"},
    "XRotateGatewayToken": {"Remove": "true"},
}


def body_of(body: dict[str, Any]) -> dict[str, Any]:
    """The answer without the id of its request."""
    return {name: value for name, value in body.items() if name != "RequestId"}


async def made_with(door: SignedDoor, operation: Operation, token: str) -> tuple[dict[str, str], dict[str, Any]]:
    """The request and the answer of the operation's example, made once with this token."""
    given = (await build_world(door)).request_of(operation) | {"ClientToken": token}
    return given, body_of(await door.ok(operation.action, **given))


def test_every_creating_operation_is_tried() -> None:
    """The table above names another call of each."""
    assert sorted(OTHERWISE) == sorted(CREATING)


@EACH
async def test_I14_the_same_token_makes_it_once(operation: Operation, door: SignedDoor) -> None:
    """The same call with the same token gets the first answer, secrets and all, and not one row changes."""
    given, first = await made_with(door, operation, "token-1")
    before = door.rows()
    for _ in range(2):
        assert body_of(await door.ok(operation.action, **given)) == first
    assert door.rows() == before


@EACH
async def test_I14_another_call_with_the_token(operation: Operation, door: SignedDoor) -> None:
    """Other parameters with a used token are refused, and change nothing."""
    given, _ = await made_with(door, operation, "token-1")
    assert await door.refusal(operation.action, **given | OTHERWISE[operation.action]) == MISMATCH


@EACH
async def test_I15_another_keys_token_is_its_own(operation: Operation, door: SignedDoor) -> None:
    """The same token of another key is another call: it is not answered with what the first key got."""
    given, first = await made_with(door, operation, "token-1")
    before = door.rows()["client_token"]
    answer = await door.call(operation.action, by=await door.make_key(), **given)
    body = answer.json()
    assert body["Code"] != MISMATCH
    # Some may be made only once whoever calls; then the second key reads so, and its token stays unused.
    assert len(door.rows()["client_token"]) == len(before) + body["Success"]
    assert body_of(body) != first


@EACH
async def test_I14_a_call_that_fails_uses_no_token(operation: Operation, door: SignedDoor) -> None:
    """A refused call leaves its token unused, and the token is good for the right call."""
    world = await build_world(door)
    given = world.request_of(operation) | {"ClientToken": "token-1"}
    for name in [name for name in required_names(operation) if name in given]:
        assert (await door.refusal(operation.action, **{**given, name: ""})).startswith("Missing")
    reader = await door.make_key(permissions=frozenset())
    assert await door.refusal(operation.action, by=reader, **given) == "Forbidden.RAM"
    assert door.rows()["client_token"] == []
    await door.ok(operation.action, **given)
    assert len(door.rows()["client_token"]) == 1


async def test_I14_a_business_error_uses_no_token(door: SignedDoor) -> None:
    """A name that is taken leaves the token for the call with another name."""
    await make_product(door, "lamp")
    given = {"NodeType": 0, "ClientToken": "t"}
    assert await door.refusal("CreateProduct", ProductName="lamp", **given) == "iot.prod.AlreadyExistedProductName"
    await door.ok("CreateProduct", ProductName="plug", **given)


async def test_I14_calls_at_once(door: SignedDoor) -> None:
    """Ten calls with one token that come together make one product and get one answer."""
    given = {"ProductName": "lamp", "NodeType": 0, "ClientToken": "t"}
    bodies = await asyncio.gather(*(door.ok("CreateProduct", **given) for _ in range(10)))
    assert len({body["ProductKey"] for body in bodies}) == 1
    assert len(door.rows()["product"]) == 1


async def test_I14_without_a_token(door: SignedDoor) -> None:
    """Each call makes something new, and an empty token is none."""
    for token in (None, ""):
        for _ in range(2):
            await door.ok("XCreateAccessKey", ClientToken=token)
    assert len(door.rows()["access_key"]) == 5
    assert door.rows()["client_token"] == []


async def test_I14_a_token_belongs_to_its_action(door: SignedDoor) -> None:
    """One token may name one call of each Action; an operation that creates nothing takes no notice of it."""
    given = {"ClientToken": "t"}
    product_key = (await door.ok("CreateProduct", ProductName="lamp", NodeType=0, **given))["ProductKey"]
    await door.ok("RegisterDevice", ProductKey=product_key, DeviceName="lamp-0001", **given)
    await door.ok("QueryProduct", ProductKey=product_key, **given)
    assert len(door.rows()["client_token"]) == 2


@pytest.mark.parametrize("token", ["t", "!", "~", "t" * 63, "t" * 64])
async def test_tokens(token: str, door: SignedDoor) -> None:
    """1 to 64 printable ASCII characters: the second call is answered as the first, and there is one product."""
    given = {"ProductName": "lamp", "NodeType": 0, "ClientToken": token}
    first, again = [(await door.ok("CreateProduct", **given))["Data"] for _ in range(2)]
    assert first == again
    assert len(door.rows()["product"]) == 1


@pytest.mark.parametrize("token", ["t" * 65, "a b", " ", "灯", "é"])
async def test_tokens_that_are_refused(token: str, door: SignedDoor) -> None:
    """Longer ones, blanks and other scripts."""
    code = await door.refusal("CreateProduct", ProductName="lamp", NodeType=0, ClientToken=token)
    assert code == "InvalidParameter.ClientToken"


async def test_A05_the_repeated_answer_is_sealed(door: SignedDoor) -> None:
    """The database does not hold the secrets of an answer in the open."""
    data = (await door.ok("XCreateAccessKey", ClientToken="t"))["Data"]
    [row] = door.rows()["client_token"]
    assert [value for value in row if data["AccessKeySecret"].encode() in str(value).encode()] == []
    assert data["AccessKeySecret"].encode() not in next(value for value in row if isinstance(value, bytes))
