"""A05: a secret reaches a browser when its user asks, and as the answer of what made it (ADR 0068)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.console.people import House
from tests.console.rig import Console, Person
from tests.operations.device.applies import checked
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import OPERATIONS
from whimbrel.domain.console_user import Role, policy_of, sees_secrets
from whimbrel.rpc import blanking

Calls = dict[str, dict[str, Any]]
#: Those that hold a secret which is not new, each asked in `reads_of`.
READS = {
    action
    for action, operation in OPERATIONS.items()
    if operation.is_read and blanking.blanker_of(operation.response) is not blanking._unchanged
}


async def signed_in(console: Console, role: Role) -> Person:
    return await console.sign_in(role.value.lower(), policy_of(role), sees_secrets=sees_secrets(role))


async def reads_of(console: Console) -> tuple[Calls, set[str]]:
    """Each read of a secret, and all the secrets that they hold."""
    product_key = await make_product(console.signed)
    await make_device(console.signed, product_key, "lamp-0001", "1.0.0")
    one: dict[str, Any] = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    apply_id = await checked(console.signed, product_key, "lamp-0002", "lamp-0003")
    await console.signed.ok("BatchRegisterDeviceWithApplyId", ProductKey=product_key, ApplyId=apply_id)
    await console.signed.engine.settle()
    calls: Calls = {
        "QueryProduct": {"ProductKey": product_key},
        "QueryDevice": {"ProductKey": product_key},
        "QueryDeviceByStatus": {"ProductKey": product_key, "Status": 0},
        "QueryDeviceDetail": one,
        "QueryDeviceInfo": one,
        "BatchQueryDeviceDetail": {"ProductKey": product_key, "DeviceName": ["lamp-0001"]},
        "QueryPageByApplyId": {"ApplyId": apply_id},
    }
    secrets = {str((await console.signed.ok("QueryProduct", ProductKey=product_key))["Data"]["ProductSecret"])}
    for number in (1, 2, 3):
        name = f"lamp-000{number}"
        answer = await console.signed.ok("QueryDeviceInfo", ProductKey=product_key, DeviceName=name)
        secrets.add(str(answer["Data"]["DeviceSecret"]))
    return calls, secrets


def held(body: bytes, secrets: set[str]) -> set[str]:
    return {secret for secret in secrets if secret.encode() in body}


@pytest.mark.parametrize("role", list(Role))
async def test_A05_a_read_has_secrets_only_when_it_asks(console: Console, role: Role) -> None:
    """Every read that declares one: blank by itself for each role, shown when asked to those who may see it."""
    calls, secrets = await reads_of(console)
    assert calls.keys() == READS
    person = await signed_in(console, role)
    for action, parameters in calls.items():
        plain = await console.call(person, action, **parameters)
        asked = await console.call_for_secrets(person, action, **parameters)
        assert (plain.json()["success"], asked.json()["success"]) == (True, True), action
        assert held(plain.body, secrets) == set(), action
        assert bool(held(asked.body, secrets)) is sees_secrets(role), action
        assert plain.json().keys() == asked.json().keys()


@pytest.mark.parametrize("said", [b"", b"false", b"1", b"TRUE", b"true, true"])
async def test_A05_asking_is_one_word(console: Console, said: bytes) -> None:
    """Whatever else the header says asks for nothing; nor does a parameter of its name."""
    calls, secrets = await reads_of(console)
    ada = await signed_in(console, Role.ADMIN)
    answer = await console.call_for_secrets(ada, "QueryProduct", said, **calls["QueryProduct"])
    assert held(answer.body, secrets) == set()
    answer = await console.call(ada, "QueryProduct", **calls["QueryProduct"], **{"X-Show-Secrets": "true"})
    assert held(answer.body, secrets) == set()


async def test_A05_what_a_change_made_is_shown_this_once(house: House) -> None:
    """Nobody could ask for it later: a key's secret, a token or a link comes with the answer; a device's secret too."""
    ann = await house.admin()
    product_key = (await ann.call("CreateProduct", ProductName="lamp", NodeType=0))["productKey"]
    one = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    for action, parameters, name in (
        ("RegisterDevice", one, "deviceSecret"),
        ("XRotateDeviceToken", one, "deviceToken"),
        ("XRotateGatewayToken", {"ProductKey": product_key}, "gatewayToken"),
        ("XCreateAccessKey", {"Name": "report", "Statement.1.Actions": "*"}, "accessKeySecret"),
        ("XInviteConsoleUser", {"Name": "bob", "Role": "VIEWER"}, "link"),
    ):
        answer = await ann.call(action, **parameters)
        assert len(answer["data"][name]) >= 30, action


async def test_A05_what_a_releaser_makes_is_shown_to_a_releaser(console: Console) -> None:
    """Roles that see secrets see those of their own changes; another role's changes are not theirs to make."""
    product_key = await make_product(console.signed)
    one = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    rex, vera = await signed_in(console, Role.RELEASER), await signed_in(console, Role.VIEWER)
    assert (await console.call_for_secrets(vera, "RegisterDevice", **one)).status == 403
    assert len((await console.call(rex, "RegisterDevice", **one)).json()["data"]["deviceSecret"]) == 32


async def test_A05_a_change_by_who_sees_no_secrets_shows_none(console: Console) -> None:
    """The rule of who may see them stands above all others."""
    product_key = await make_product(console.signed)
    rex = await console.sign_in("rex", policy_of(Role.ADMIN), sees_secrets=False)
    one = {"ProductKey": product_key, "DeviceName": "lamp-0001"}
    assert (await console.call_for_secrets(rex, "RegisterDevice", **one)).json()["data"]["deviceSecret"] == ""
