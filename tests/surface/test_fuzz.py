"""Whatever a caller with a right signature sends, the server answers, and neither it nor the store breaks."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.operations.fleet import make_device, make_firmware, make_job, make_product
from tests.operations.signed_door import OPERATIONS, SYSTEM_EXCEPTION, SignedDoor, get, query_bytes
from tests.surface.declared import parameter_names
from whimbrel.rpc.signed_call import RawRequest

NAMES = sorted({name for operation in OPERATIONS.values() for name in parameter_names(operation)})
FORM_HEADER = (b"content-type", b"application/x-www-form-urlencoded")

#: What often means something: ids and names that exist, numbers at the borders of types, words of enumerations.
TELLING = [
    *("", "0", "1", "2", "-1", "10", "100", "101", "00", "1e3", "0x1", " 1", "1 ", "٣", "NaN", "null", "true", "False"),
    *(str(number) for number in (2**31, 2**63 - 1, 2**63, 10**18, -(10**18), 10**400)),
    *("ALL", "SPECIFIC", "GRAY", "GROUP", "MD5", "sha256", "HTTPS", "bin", "tar.gz", "QUEUED", "iothub_senior"),
    *("lamp", "lamp-0001", "1.0.0", "1.1.0", "default", "{key}", "'", '"', "%", "_", "\\", "\x00", "\u202e", "灯" * 40),
    *("a" * 64, "a" * 65, "a" * 5000, "../..", "\ufeff", "\ufffe", "<x>&amp;", "\U0010ffff"),
]
TEXTS = st.one_of(st.sampled_from(TELLING), st.text(st.characters(exclude_categories=("Cs",)), max_size=30))
ODD_NAMES = st.one_of(
    st.sampled_from(NAMES),
    st.builds(lambda name, end: name + end, st.sampled_from(NAMES), st.sampled_from([".2", ".0", ".x", ".1.1", "."])),
    st.from_regex(r"[A-Za-z0-9._-]{1,12}", fullmatch=True),
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, str], str]:
    """An action, its parameters near enough to be looked into, and a method."""
    action = draw(st.sampled_from(list(OPERATIONS)))
    operation = OPERATIONS[action]
    own = st.sampled_from(parameter_names(operation) or ["X"])
    parameters = dict(operation.example.request) if draw(st.booleans()) else {}
    parameters |= draw(st.dictionaries(own, TEXTS, max_size=6))
    parameters |= draw(st.dictionaries(ODD_NAMES, TEXTS, max_size=2))
    return action, parameters, draw(st.sampled_from(["GET", "POST"]))


class Furnished(NamedTuple):
    """A door behind which there is something to be found."""

    door: SignedDoor
    product_key: str


@pytest.fixture
async def furnished(door: SignedDoor) -> Furnished:
    """A product with a busy and a free device, firmware, and a job that waits for confirmation."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    await device.connect()
    firmware_id = await make_firmware(door, product_key, "1.1.0")
    await make_job(door, product_key, firmware_id, NeedConfirm=True)
    await make_device(door, product_key, "lamp-0002", "1.0.0")
    return Furnished(door, product_key)


async def check(furnished: Furnished, action: str, parameters: dict[str, str], method: str) -> None:
    """The call is answered, in the form asked for, and says nothing of a fault; the store stays consistent."""
    door, product_key = furnished
    meant = {"{key}": product_key, "kabcdefgh01": product_key, "1001": "1", "502": "1", "9001": "1"}
    signed = door.signed(action, {name: meant.get(text, text) for name, text in parameters.items()}, method)
    request = get(signed)
    if method == "POST":
        request = RawRequest("POST", b"/", b"", (FORM_HEADER,), query_bytes(signed))
    answer = await door.send(request)
    assert answer.status < 500
    assert SYSTEM_EXCEPTION.encode() not in answer.body
    if answer.headers[b"content-type"].startswith(b"text/xml"):
        ET.fromstring(answer.body.decode())
    else:
        assert isinstance(json.loads(answer.body), dict)
    await door.engine.settle()
    await door.check_consistency()


def examples(number: int) -> settings:
    """That many, on one store that keeps what they did."""
    return settings(max_examples=number, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@examples(400)
@given(call=calls())
async def test_no_call_breaks_the_server(furnished: Furnished, call: tuple[str, dict[str, str], str]) -> None:
    """Random parameters, rightly signed, get an answer below 500."""
    await check(furnished, *call)


@pytest.mark.fuzz
@examples(20_000)
@given(call=calls())
async def test_no_call_breaks_the_server_for_long(furnished: Furnished, call: tuple[str, dict[str, str], str]) -> None:
    """The same with twenty thousand calls."""
    await check(furnished, *call)
