"""The gate as a whole: the order of its checks, the form of each refusal, and what a call leaves behind (api-contract
3.2, 5.1). Signing and parsing for themselves are proved in the other files of this folder.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.operations.fleet import make_product
from tests.operations.signed_door import (
    NOW_MS,
    OPERATIONS,
    PUBLIC_URL,
    SeededRandomness,
    SetClock,
    SignedDoor,
    ask,
    get,
    open_signed_door,
    query_bytes,
    without_audit,
)
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.access import Permission
from whimbrel.errors import StoreFullError, StoreUnavailableError, WhimbrelError
from whimbrel.operations.declaration import Services
from whimbrel.rpc.hall import Ambience, Hall
from whimbrel.rpc.parameters import FORM_SIZE_BYTES_MAX
from whimbrel.rpc.server import RpcDoor
from whimbrel.rpc.signature import sign_v1, string_to_sign_v1
from whimbrel.rpc.signature_v3 import canonical_request_v3, sign_v3, string_to_sign_v3
from whimbrel.rpc.signed_call import RawRequest
from whimbrel.rpc.signing_caller import Credentials, sign_request_v1, timestamp_text

FORM_HEADER = (b"content-type", b"application/x-www-form-urlencoded")
PASCAL = (b"x-response-case", b"pascal")
LIST = {"Action": "QueryProductList", "CurrentPage": "1", "PageSize": "10"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[SignedDoor]:
    """The management API on an empty store."""
    async with open_signed_door(tmp_path) as door:
        yield door


def resigned(door: SignedDoor, parameters: dict[str, str], secret: str | None = None) -> RawRequest:
    """A GET of exactly these parameters, however wrong they are, with a right signature over them."""
    unsigned = {name: text for name, text in parameters.items() if name != "Signature"}
    text = string_to_sign_v1("GET", unsigned)
    return get({**unsigned, "Signature": sign_v1(secret or door.root.secret, text)}, PASCAL)


# ---- ways to call --------------------------------------------------------------------------------------------------


async def test_get_post_query_form_and_both(door: SignedDoor) -> None:
    """Parameters may stand in the query, in a form body, or in both; the answers are the same."""
    requests = [get(door.signed_by(door.root, LIST))]
    for split in (0, 4, 99):
        pairs = list(door.signed_by(door.root, LIST, "POST").items())
        query, body = query_bytes(dict(pairs[:split])), query_bytes(dict(pairs[split:]))
        requests.append(RawRequest("POST", b"/", query, (FORM_HEADER,), body))
    bodies = []
    for request in requests:
        answer = await door.send(request)
        assert answer.status == 200
        bodies.append({**answer.json(), "requestId": ""})
    assert all(body == bodies[0] for body in bodies)


def v3_headers(key: Credentials, query: dict[str, str], nonce: str = "v3-nonce-1") -> list[tuple[bytes, bytes]]:
    """The headers of one V3 GET of QueryProductList, signed."""
    body_sha256 = hashlib.sha256(b"").hexdigest()
    headers = {
        b"host": b"ota.example.com",
        b"x-acs-action": b"QueryProductList",
        b"x-acs-content-sha256": body_sha256.encode(),
        b"x-acs-date": timestamp_text(NOW_MS).encode(),
        b"x-acs-signature-nonce": nonce.encode(),
        b"x-acs-version": b"2018-01-20",
    }
    signature = sign_v3(key.secret, string_to_sign_v3(canonical_request_v3("GET", query, headers, body_sha256)))
    names = b";".join(headers).decode()
    value = f"ACS3-HMAC-SHA256 Credential={key.access_key_id},SignedHeaders={names},Signature={signature}"
    return [*headers.items(), (b"authorization", value.encode())]


async def test_scheme_v3(door: SignedDoor) -> None:
    """A V3 call is answered in PascalCase; its nonce works once; a wrong secret does not."""
    query = {"CurrentPage": "1", "PageSize": "10"}
    request = RawRequest("GET", b"/", query_bytes(query), v3_headers(door.root, query), b"")
    first, again = await door.send(request), await door.send(request)
    assert (first.status, first.json()["Data"]["Total"]) == (200, 0)
    assert (again.status, again.code) == (400, "SignatureNonceUsed")
    wrong = v3_headers(door.root._replace(secret="x"), query, "v3-nonce-2")
    assert (await door.send(request._replace(headers=wrong))).code == "SignatureDoesNotMatch"


async def test_a_nonce_is_one_for_both_schemes(door: SignedDoor) -> None:
    """I14: what scheme 1.0 used, V3 cannot use again."""
    signed = sign_request_v1(LIST, door.root, "one-nonce", timestamp_text(NOW_MS))
    assert (await door.send(get(signed))).status == 200
    query = {"CurrentPage": "1", "PageSize": "10"}
    v3 = v3_headers(door.root, query, "one-nonce")
    assert (await door.send(RawRequest("GET", b"/", query_bytes(query), v3, b""))).code == "SignatureNonceUsed"


# ---- the order of the checks ---------------------------------------------------------------------------------------


def worse(door: SignedDoor) -> list[tuple[dict[str, Any], str, int]]:
    """Faults from the last check to the first: each is put on top of all before it, and must be what is answered."""
    return [
        ({"CurrentPage": "0"}, "iot.common.InvalidPageParams", 200),
        ({"PageSize": ""}, "MissingPageSize", 400),
        ({"permission": False}, "Forbidden.RAM", 403),
        ({"Action": "MakeCoffee"}, "InvalidAction.NotFound", 404),
        ({"used": True}, "SignatureNonceUsed", 400),
        ({"secret": "wrong"}, "SignatureDoesNotMatch", 400),
        ({"active": False}, "InvalidAccessKeyId.Inactive", 400),
        ({"AccessKeyId": "nobody"}, "InvalidAccessKeyId.NotFound", 404),
        ({"Timestamp": timestamp_text(NOW_MS - 901_000)}, "InvalidTimeStamp.Expired", 400),
        ({"Timestamp": "yesterday"}, "InvalidTimeStamp.Format", 400),
        ({"SignatureMethod": "HMAC-MD5"}, "InvalidSignatureMethod", 400),
        ({"Version": "1999-01-01"}, "InvalidVersion", 400),
        ({"Format": "YAML"}, "InvalidParameter.Format", 400),
        ({"Timestamp": ""}, "MissingTimestamp", 400),
        ({"SignatureNonce": ""}, "MissingSignatureNonce", 400),
        ({"SignatureMethod": ""}, "MissingSignatureMethod", 400),
        ({"AccessKeyId": ""}, "MissingAccessKeyId", 400),
        ({"Action": ""}, "MissingAction", 400),
        ({"method": "PUT"}, "UnsupportedHTTPMethod", 405),
    ]


async def key_for(door: SignedDoor, state: dict[str, Any]) -> Credentials:
    """A key that lacks what the state says it lacks."""
    permissions = frozenset(Permission) if state.get("permission", True) else frozenset[Permission]()
    return await door.make_key(permissions=permissions, is_active=state.get("active", True))


async def test_the_first_fault_in_the_contracts_order_is_answered(door: SignedDoor) -> None:
    """api-contract 3.2, read backwards: each fault hides all that would be found after it, and none has an effect."""
    state: dict[str, Any] = dict(LIST)
    for fault, code, status in worse(door):
        state |= fault
        key = await key_for(door, state)
        if state.get("used"):
            used = sign_request_v1(LIST, key, "used-nonce", timestamp_text(NOW_MS))
            await door.send(get(used))
        signed = sign_request_v1({"Action": "x"}, key, "used-nonce", timestamp_text(NOW_MS))
        if not state.get("used"):
            signed["SignatureNonce"] = f"nonce-of-{code}"
        signed |= {name: text for name, text in state.items() if name[0].isupper()}
        before = door.rows()
        request = resigned(door, signed, state.get("secret", key.secret))
        answer = await door.send(request._replace(method=state.get("method", "GET")))
        assert (answer.status, answer.code) == (status, code)
        assert without_audit(door.rows()) == without_audit(before)


@pytest.mark.parametrize(
    ("off_ms", "is_taken"), [(900_000, True), (901_000, False), (-900_000, True), (-901_000, False)]
)
async def test_the_window_of_the_time_stamp(off_ms: int, is_taken: bool, door: SignedDoor) -> None:
    """15 minutes to either side, to the second."""
    door.clock.at_ms = NOW_MS // 1000 * 1000
    signed = sign_request_v1(LIST, door.root, "n", timestamp_text(door.clock.at_ms + off_ms))
    answer = await door.send(get(signed))
    assert answer.code == ("" if is_taken else "InvalidTimeStamp.Expired")


async def test_a_wrong_signature_does_not_use_up_its_nonce(door: SignedDoor) -> None:
    """Else a stranger who guesses nonces could block a caller; after a right signature it is used, come what may."""
    signed = sign_request_v1(LIST, door.root, "n1", timestamp_text(NOW_MS))
    assert (await door.send(get({**signed, "Signature": "x"}))).code == "SignatureDoesNotMatch"
    assert (await door.send(get(signed))).code == ""
    refused = sign_request_v1({**LIST, "PageSize": "0"}, door.root, "n2", timestamp_text(NOW_MS))
    assert (await door.send(get(refused))).code == "iot.common.InvalidPageParams"
    assert (await door.send(get(refused))).code == "SignatureNonceUsed"


async def test_a_nonce_belongs_to_its_key(door: SignedDoor) -> None:
    """Two keys may use the same nonce."""
    for key in (door.root, await door.make_key()):
        assert (await door.send(get(sign_request_v1(LIST, key, "n", timestamp_text(NOW_MS))))).status == 200


async def test_the_message_ends_in_the_string_to_sign(door: SignedDoor) -> None:
    """The classic SDK splits it at its only colon (api-contract 5.4)."""
    signed = door.signed_by(door.root._replace(secret="wrong"), LIST)
    message = (await door.send(get(signed, PASCAL))).json()["Message"]
    free_text, _, shown = message.partition(":")
    del signed["Signature"]
    assert shown == string_to_sign_v1("GET", signed)
    assert free_text.endswith("server string to sign is")


async def test_unknown_keys_are_told_no_string_to_sign(door: SignedDoor) -> None:
    """Only the owner of a key learns what the server would have signed."""
    answer = await door.call("QueryProductList", by=Credentials("nobody", "x"), CurrentPage=1, PageSize=10)
    assert b"string to sign" not in answer.body


async def test_the_callers_name_for_the_action_is_bounded(door: SignedDoor) -> None:
    """An unknown action of 5,000 characters is not echoed whole."""
    answer = await door.call("X" * 5_000)
    assert (answer.status, len(answer.body) < 1_000) == (404, True)


# ---- the form of refusals ------------------------------------------------------------------------------------------


async def test_gateway_failures_in_both_dialects(door: SignedDoor) -> None:
    """PascalCase has the vendor's five keys; lowerCamelCase has them and what a business failure has (5.1)."""
    pascal = await door.send(get({}, PASCAL))
    host = PUBLIC_URL.removeprefix("https://")
    message = "the mandatory parameter Action is missing"
    body = pascal.json()
    request_id = body.pop("RequestId")
    assert body == {"HostId": host, "Code": "MissingAction", "Message": message, "Recommend": ""}
    assert pascal.headers[b"x-acs-request-id"] == request_id.encode()
    camel = (await door.send(get({}))).json()
    assert camel == {
        "requestId": camel["requestId"],
        "hostId": host,
        "code": "MissingAction",
        "message": message,
        "recommend": "",
        "success": False,
        "errorMessage": message,
    }


async def test_failures_as_xml(door: SignedDoor) -> None:
    """A gateway failure is an Error document, a business failure the action's own (api-contract 1.7)."""
    gateway = await door.call("MakeCoffee", Format="xml")
    assert (gateway.status, gateway.headers[b"content-type"]) == (404, b"text/xml;charset=utf-8")
    root = ET.fromstring(gateway.body.decode())
    assert (root.tag, [child.tag for child in root]) == ("Error", ["RequestId", "HostId", "Code", "Message"])
    business = await door.call("QueryProduct", Format="XML", ProductKey="k404")
    root = ET.fromstring(business.body.decode())
    assert (business.status, root.tag, root.findtext("Success")) == (200, "QueryProductResponse", "false")
    assert root.findtext("Code") == "iot.prod.NotExistedProduct"


async def test_answers_are_never_cached(door: SignedDoor) -> None:
    """Secrets are in them; and lengths are told."""
    answer = await door.call("QueryProductList", CurrentPage=1, PageSize=10)
    assert answer.headers[b"cache-control"] == b"no-store"
    assert answer.headers[b"content-length"] == str(len(answer.body)).encode()


async def test_a_body_that_is_too_large(door: SignedDoor) -> None:
    """413, and the connection is closed, because the rest of the body is not read."""
    body = b"x" * (FORM_SIZE_BYTES_MAX + 2)
    answer = await door.send(RawRequest("POST", b"/", b"", (FORM_HEADER, PASCAL), body))
    assert (answer.status, answer.code) == (413, "RequestTooLarge")
    assert answer.headers[b"connection"] == b"close"


@pytest.mark.parametrize("query", [b"a=%", b"a=%zz", b"a=%ff", b"%00=1", b"a=1&a=2", b"a=%0A", b"=", b"a[]=1", b"\xff"])
async def test_bytes_with_two_readings_are_refused(query: bytes, door: SignedDoor) -> None:
    """400, whatever else the query holds."""
    signed = query_bytes(door.signed_by(door.root, LIST))
    answer = await door.send(RawRequest("GET", b"/", signed + b"&" + query, (PASCAL,), b""))
    assert answer.status == 400
    assert answer.code.startswith("InvalidParameter")


@pytest.mark.parametrize("path", [b"/x", b"//", b"/?"])
async def test_other_paths(path: bytes, door: SignedDoor) -> None:
    """The management API is on `/` alone."""
    answer = await door.send(get(door.signed_by(door.root, LIST), PASCAL)._replace(path=path))
    assert (answer.status, answer.code) == (404, "InvalidAction.NotFound")


# ---- what stands behind the gate -----------------------------------------------------------------------------------


class BrokenStore:
    """A store that fails in the way it was told."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Any]:
        raise self._error
        yield

    transaction = snapshot


class AllNonces:
    """Every nonce is new."""

    async def use(self, access_key_id: str, nonce: str, now_ms: int) -> bool:
        return True


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StoreUnavailableError("locked"), 503, "ServiceUnavailable"),
        (StoreFullError("full"), 507, "InsufficientStorage"),
        (WhimbrelError("secret detail"), 200, "iot.system.SystemException"),
        (ZeroDivisionError("secret detail"), 200, "iot.system.SystemException"),
    ],
)
async def test_faults_behind_the_gate(error: Exception, status: int, code: str) -> None:
    """Each has its answer, in a caller's words; what happened is for the log."""
    services = Services(SeededRandomness(1), PUBLIC_URL, "id", "secret", bytes(32))
    ambience = Ambience(SetClock(NOW_MS), InProcessWakeup(), services)
    store: Any = BrokenStore(error)
    signed = sign_request_v1(LIST, Credentials("id", "secret"), "n", timestamp_text(NOW_MS))
    answer = await ask(RpcDoor(Hall(OPERATIONS, store, ambience), AllNonces()), get(signed, PASCAL))
    assert (answer.status, answer.code) == (status, code)
    assert b"secret detail" not in answer.body
    assert (b"retry-after" in answer.headers) is (status == 503)


class WatchedStore:
    """A real store that counts the snapshots held at this moment."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.held = 0

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Any]:
        async with self._store.snapshot() as snapshot:
            self.held += 1
            yield snapshot
            self.held -= 1


class WaitingNonces(AllNonces):
    """Nonces that are used only when the test says so, as while a checkpoint runs."""

    def __init__(self, calls: int) -> None:
        self._missing = calls
        self.all_wait = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def use(self, access_key_id: str, nonce: str, now_ms: int) -> bool:
        self._missing -= 1
        if self._missing == 0:
            self.all_wait.set()
        return await self.may_go_on.wait()


async def test_I17_calls_that_wait_for_their_nonce_hold_no_snapshot(door: SignedDoor) -> None:
    """A snapshot is a connection of the database: a burst of calls during a checkpoint must not open one each."""
    store, nonces = WatchedStore(door.ports.store), WaitingNonces(40)
    services = Services(SeededRandomness(1), PUBLIC_URL, "id", "secret", bytes(32))
    waiting_store: Any = store
    ambience = Ambience(SetClock(NOW_MS), InProcessWakeup(), services)
    rpc = RpcDoor(Hall(OPERATIONS, waiting_store, ambience), nonces)
    calls = [asyncio.create_task(ask(rpc, get(door.signed("QueryProductList", LIST), PASCAL))) for _ in range(40)]
    await nonces.all_wait.wait()
    assert store.held == 0
    nonces.may_go_on.set()
    assert {answer.status for answer in await asyncio.gather(*calls)} == {200}


async def test_the_engine_is_woken_by_changes_only(door: SignedDoor) -> None:
    """A successful change wakes it; a read, and a refused change, do not."""
    await make_product(door, "lamp")
    assert await door.ports.wakeup.wait(0.01)
    await door.ok("QueryProductList", CurrentPage=1, PageSize=10)
    await door.refusal("CreateProduct", ProductName="lamp", NodeType=0)
    assert not await door.ports.wakeup.wait(0.01)


async def test_an_old_spelling_of_a_parameter(door: SignedDoor) -> None:
    """FirmwareID is FirmwareId; both at once have two readings."""
    assert await door.refusal("QueryOTAFirmware", FirmwareID="404") == "iot.ota.FirmwareNotFound"
    assert await door.refusal("QueryOTAFirmware", FirmwareID="404", FirmwareId="404") == "InvalidParameter"


async def test_the_answer_is_json_of_its_own_case(door: SignedDoor) -> None:
    """Tuya's way of calling gets lowerCamelCase, a RegionId, SignatureType or SDK header PascalCase (1.3)."""
    cases = {
        "success": get(door.signed_by(door.root, LIST)),
        "Success": get(door.signed_by(door.root, {**LIST, "RegionId": "cn-shanghai"})),
    }
    sdk = get(door.signed_by(door.root, LIST), (b"x-sdk-client", b"python"))
    for key, request in [*cases.items(), ("Success", sdk)]:
        assert key in json.loads((await door.send(request)).body)
