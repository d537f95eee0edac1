"""XUpdateProductDdi through the signed door (ddi-protocol 2, 3; threat-model A15)."""

from __future__ import annotations

import pytest

from tests.operations.answers import check_answer
from tests.operations.ddi.claims import is_known, verdict_on
from tests.operations.fleet import make_device, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.ddi_access import AUTHORITIES_MAX, AUTHORITY_LENGTH_MAX
from whimbrel.domain.ddi_claim import Claim, Contact
from whimbrel.rpc.dialect import Case

ACTION = "XUpdateProductDdi"
INVALID = "iot.ota.InvalidParameter"
GIVEN = {
    "PollingInterval": "00:00:30",
    "AcceptTargetTokens": False,
    "Authorities": "AB:cd-1, ef_2.3,ab:CD-1",
    "VersionAttribute": "sw version",
    "IsDefault": True,
}
WANTED = {**GIVEN, "HasGatewayToken": False, "Authorities": "ab:cd-1,ef_2.3"}


async def test_all_of_it(door: SignedDoor, case: Case) -> None:
    """The answer shows what is set from now on; issuers in lower case and each once."""
    product_key = await make_product(door)
    answer = await door.call(ACTION, case=case, ProductKey=product_key, **GIVEN)
    check_answer(answer, case, {"Data": {"ProductKey": product_key, **WANTED}})
    assert (await door.ok("XQueryProductDdi", ProductKey=product_key))["Data"] == {"ProductKey": product_key, **WANTED}


async def test_what_is_not_given_stays(door: SignedDoor) -> None:
    """Each setting alone changes itself alone; `-` takes away what is set."""
    product_key = await make_product(door)
    await door.ok(ACTION, ProductKey=product_key, **GIVEN)
    shown = {"ProductKey": product_key, **WANTED}
    assert (await door.ok(ACTION, ProductKey=product_key))["Data"] == shown
    for name, given, wanted in (
        ("PollingInterval", "23:59:59", "23:59:59"),
        ("AcceptTargetTokens", True, True),
        ("Authorities", "-", ""),
        ("VersionAttribute", "-", ""),
        ("IsDefault", False, False),
    ):
        shown[name] = wanted
        assert (await door.ok(ACTION, ProductKey=product_key, **{name: given}))["Data"] == shown


async def test_what_devices_see_of_it(door: SignedDoor) -> None:
    """A device's contact has the interval and the attribute; with target tokens off its token proves nothing."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001")
    token = (await door.ok("XRotateDeviceToken", ProductKey=product_key, DeviceName="lamp-0001"))["Data"]["DeviceToken"]
    await door.ok(ACTION, ProductKey=product_key, PollingInterval="00:10:00", VersionAttribute="v")
    contact = await verdict_on(door, Claim(product_key, "lamp-0001", f"TargetToken {token}"))
    assert isinstance(contact, Contact)
    assert (contact.polling_s, contact.version_attribute) == (600, "v")
    await door.ok(ACTION, ProductKey=product_key, AcceptTargetTokens=False)
    assert not await is_known(door, product_key, "lamp-0001", f"TargetToken {token}")
    await door.ok(ACTION, ProductKey=product_key, AcceptTargetTokens=True)
    assert await is_known(door, product_key, "lamp-0001", f"TargetToken {token}")


async def test_the_default_product(door: SignedDoor) -> None:
    """DEFAULT, in any case, is the product that was made it last; of the others only their own key leads to them."""
    products = [await make_product(door, name) for name in ("lamp", "plug")]
    tokens = []
    for product_key in products:
        await make_device(door, product_key, "dev-0001")
        made = await door.ok("XRotateDeviceToken", ProductKey=product_key, DeviceName="dev-0001")
        tokens.append(f"TargetToken {made['Data']['DeviceToken']}")
    for number, product_key in enumerate(products):
        assert not await is_known(door, "DEFAULT", "dev-0001", tokens[number])
        await door.ok(ACTION, ProductKey=product_key, IsDefault=True)
        for tenant in ("DEFAULT", "default", "Default"):
            assert [await is_known(door, tenant, "dev-0001", token) for token in tokens] == [number == 0, number == 1]
        assert await is_known(door, product_key, "dev-0001", tokens[number])
    shown = [
        (await door.ok("XQueryProductDdi", ProductKey=product_key))["Data"]["IsDefault"] for product_key in products
    ]
    assert shown == [False, True]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"PollingInterval": "00:00:29"}, INVALID),
        ({"PollingInterval": "00:00:30"}, ""),
        ({"PollingInterval": "00:00:31"}, ""),
        ({"PollingInterval": "23:59:59"}, ""),
        ({"PollingInterval": "24:00:00"}, INVALID),
        ({"PollingInterval": "00:60:00"}, INVALID),
        ({"PollingInterval": "0:05:00"}, INVALID),
        ({"PollingInterval": "300"}, INVALID),
        ({"PollingInterval": "00:05:001"}, INVALID),
        ({"Authorities": ",".join(f"a{n}" for n in range(AUTHORITIES_MAX - 1))}, ""),
        ({"Authorities": ",".join(f"a{n}" for n in range(AUTHORITIES_MAX))}, ""),
        ({"Authorities": ",".join(f"a{n}" for n in range(AUTHORITIES_MAX + 1))}, INVALID),
        ({"Authorities": "a" * (AUTHORITY_LENGTH_MAX - 1)}, ""),
        ({"Authorities": "a" * AUTHORITY_LENGTH_MAX}, ""),
        ({"Authorities": "a" * (AUTHORITY_LENGTH_MAX + 1)}, INVALID),
        ({"Authorities": "a,,b"}, INVALID),
        ({"Authorities": "a;b"}, INVALID),
        ({"Authorities": "ü"}, INVALID),
        ({"VersionAttribute": "v" * 127}, ""),
        ({"VersionAttribute": "v" * 128}, ""),
        ({"VersionAttribute": "v" * 129}, INVALID),
        ({"AcceptTargetTokens": "yes"}, INVALID),
    ],
)
async def test_limits(door: SignedDoor, given: dict[str, str], code: str) -> None:
    """What is beyond a limit, or of another form, is refused and changes nothing."""
    product_key = await make_product(door)
    if code:
        assert await door.refusal(ACTION, ProductKey=product_key, **given) == code
    else:
        await door.ok(ACTION, ProductKey=product_key, **given)


async def test_unknown_products(door: SignedDoor) -> None:
    """A malformed key is refused as that; another account's product is not found (I15)."""
    theirs = await make_product(door, by=await door.make_key("neighbour"))
    assert await door.refusal(ACTION, ProductKey="not a key") == "iot.prod.InvalidFormattedProductkey"
    for product_key in (theirs, "k0000000404"):
        assert await door.refusal(ACTION, ProductKey=product_key) == "iot.prod.NotExistedProduct"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change products."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.PRODUCT_WRITE})
    assert await door.refusal(ACTION, by=key, ProductKey=await make_product(door)) == "Forbidden.RAM"
