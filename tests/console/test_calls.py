"""A person's calls are the signed API's calls: the same rights, audit entries and answers (ADR 0052, A10)."""

from __future__ import annotations

import json

import pytest

from tests.console.rig import COOKIE, NOBODY, SAME_SITE, Console, Person
from tests.operations.signed_door import OPERATIONS
from whimbrel.console.door import SMALL_BODY_BYTES_MAX
from whimbrel.domain.access import Access, Permission, Policy, Statement
from whimbrel.errors import StoreUnavailableError
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.parameters import FORM_SIZE_BYTES_MAX

CALL = "/console/api/call/QueryProductList"
PAGE = {"CurrentPage": 1, "PageSize": 10}
READER = Policy((Statement(frozenset({"product:read", "device:read"}), Access.READ),))


async def test_a_call_is_the_operation_of_the_signed_api(console: Console) -> None:
    """What a person makes, a signed call finds, and both answers are alike but for their request's id."""
    ada = await console.sign_in()
    made = (await console.call(ada, "CreateProduct", ProductName="lamp", NodeType=0)).json()
    assert made["success"] is True
    by_person = (await console.call(ada, "QueryProductList", **PAGE)).json()
    by_key = (await console.signed.call("QueryProductList", case=Case.CAMEL, **PAGE)).json()
    assert {**by_person, "requestId": ""} == {**by_key, "requestId": ""}
    assert [row["productKey"] for row in by_person["data"]["list"]["productInfo"]] == [made["productKey"]]


async def test_I16_a_change_is_audited_under_its_users_name(console: Console) -> None:
    """`user:NAME` stands where a signed call's AccessKeyId does."""
    ada = await console.sign_in("ada")
    await console.call(ada, "CreateProduct", ProductName="lamp", NodeType=0)
    events = (await console.signed.ok("XListAuditEvents", **PAGE))["Data"]["AuditEvent"]
    assert [(event["AccessKeyId"], event["Action"]) for event in events] == [("user:ada", "CreateProduct")]


async def test_A06_rights_are_the_halls(console: Console) -> None:
    """What the policy does not name is 403 in the contract's form, and audited."""
    bob = await console.sign_in("bob", READER)
    answer = await console.call(bob, "CreateProduct", ProductName="lamp", NodeType=0)
    assert (answer.status, answer.code) == (403, "Forbidden.RAM")
    assert "this user has no right" in answer.json()["errorMessage"]
    events = (await console.signed.ok("XListAuditEvents", **PAGE))["Data"]["AuditEvent"]
    assert [(event["AccessKeyId"], event["Outcome"]) for event in events] == [("user:bob", "REFUSED")]


async def test_errors_are_the_contracts(console: Console) -> None:
    """A business error is 200 with its code; a missing parameter 400; an unknown Action 404; none is a fault."""
    ada = await console.sign_in()
    for action, parameters, status, code in (
        ("QueryProduct", {"ProductKey": "nothing"}, 200, "iot.prod.NotExistedProduct"),
        ("QueryProductList", {}, 400, "MissingCurrentPage"),
        ("MakeCoffee", {}, 404, "InvalidAction.NotFound"),
    ):
        answer = await console.call(ada, action, **parameters)
        assert (answer.status, answer.code) == (status, code)


async def test_a_form_says_the_same_as_json(console: Console) -> None:
    """Both bodies are read into the same parameters."""
    ada = await console.sign_in()
    form = [pair for pair in ada.headers if pair[0] != b"content-type"]
    form.append((b"content-type", b"application/x-www-form-urlencoded"))
    answer = await console.send("POST", CALL, form, b"CurrentPage=1&PageSize=10")
    assert answer.json()["data"] == (await console.call(ada, "QueryProductList", **PAGE)).json()["data"]


@pytest.mark.parametrize("path", [CALL, "/console/api/call/MakeCoffee"])
async def test_A10_nobody_calls_anything(console: Console, path: str) -> None:
    """401 without a session, whether the Action exists or not; with a cookie that is not one of ours too."""
    for token in ("", "made-up", 'x"; y', "x" * 300):
        answer = await console.send("POST", path, [*Person(token, "x").headers], b"{}")
        assert (answer.status, list(answer.json())) == (401, ["error"])


async def test_A10_an_ended_session_calls_nothing(console: Console) -> None:
    """Revoked or expired, at once."""
    ada, bob = await console.sign_in("ada"), await console.sign_in("bob")
    del console.sessions.open[ada.token]
    console.signed.clock.at_ms = console.sessions.open[bob.token].expires_ms
    for person in (ada, bob):
        assert (await console.call(person, "QueryProductList", **PAGE)).status == 401


async def test_A10_a_call_needs_its_sessions_token(console: Console) -> None:
    """Absent, another session's, or with other characters: 403, and nothing was done."""
    ada, bob = await console.sign_in("ada"), await console.sign_in("bob")
    for csrf in ("", bob.csrf, ada.csrf[:-1], "é"):
        answer = await console.call(Person(ada.token, csrf), "CreateProduct", ProductName="lamp", NodeType=0)
        assert (answer.status, list(answer.json())) == (403, ["error"])
    assert (await console.signed.ok("QueryProductList", **PAGE))["Data"]["Total"] == 0


async def test_A10_a_call_comes_from_a_page_of_ours(console: Console) -> None:
    """With all that a browser would add for another site's page, the call is refused before anything is read."""
    ada = await console.sign_in()
    headers = [pair for pair in ada.headers if pair != SAME_SITE]
    for said in ([(b"sec-fetch-site", b"cross-site")], [(b"origin", b"https://evil.example")], []):
        answer = await console.send("POST", CALL, [*headers, *said], json.dumps(PAGE).encode())
        assert answer.status == 403
    assert console.sessions.asked == 0


async def test_two_cookies_of_one_name_are_no_session(console: Console) -> None:
    """Another host of the site may have set one of them, and which is whose cannot be told."""
    ada = await console.sign_in()
    for cookie in (f"{COOKIE}={ada.token}; {COOKIE}=x", f"{COOKIE}=x; a=b; {COOKIE}={ada.token}"):
        headers = [(b"cookie", cookie.encode()), *ada.headers[1:]]
        assert (await console.send("POST", CALL, headers, b"{}")).status == 401


async def test_the_session_as_pages_see_it(console: Console) -> None:
    """Name, role, rights and server; nothing of it is a secret but the token, and nothing keeps it."""
    bob = await console.sign_in("bob", READER)
    answer = await console.get("/console/api/session", bob)
    shown = answer.json()
    assert (shown["user"], shown["account"]) == ({"name": "bob", "role": "ADMIN"}, "default")
    assert (shown["csrfToken"], shown["expiresAt"]) == (bob.csrf, "2025-01-03T03:04:05Z")
    readable = {Permission.PRODUCT_READ, Permission.DEVICE_READ}
    assert shown["actions"] == sorted(a for a, operation in OPERATIONS.items() if operation.permission in readable)
    assert shown["seesSecrets"] is True
    assert shown["server"]["mqtt"] == {"host": "ota.example.com", "port": 1883, "hasTls": True}
    assert answer.headers[b"cache-control"] == b"no-store"
    assert (await console.get("/console/api/session", NOBODY)).status == 401


@pytest.mark.parametrize(
    ("path", "most"), [(CALL, FORM_SIZE_BYTES_MAX), ("/console/api/sign-in", SMALL_BODY_BYTES_MAX)]
)
async def test_I17_the_size_of_a_body(console: Console, path: str, most: int) -> None:
    """At the limit it is looked at; a byte more is 413, whoever sent it, and the connection ends."""
    ada = await console.sign_in()
    allowed = await console.send("POST", path, ada.headers, b" " * most)
    beyond = await console.send("POST", path, ada.headers, b" " * (most + 1))
    assert allowed.status in (400, 404)
    assert (beyond.status, beyond.headers[b"connection"]) == (413, b"close")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":"\\ud800"}', b"\xff", b'{"a":1,"a":2}', b"[" * 500_000])
async def test_hostile_bodies(console: Console, body: bytes) -> None:
    """400 with the fact, never a fault of ours."""
    ada = await console.sign_in()
    answer = await console.send("POST", CALL, ada.headers, body)
    assert (answer.status, list(answer.json())) == (400, ["error"])


async def test_other_methods_and_paths(console: Console) -> None:
    """405 and 404 in the console's form."""
    ada = await console.sign_in()
    for method, path, status in (
        ("GET", CALL, 405),
        ("PUT", CALL, 405),
        ("POST", "/console/api/session", 405),
        ("HEAD", "/console/api/live", 405),
        ("POST", "/console/api/nothing", 404),
        ("GET", "/console/api/call/", 404),
        ("GET", "/console/api/call/a/b", 404),
        ("GET", "/console/../etc/passwd", 404),
    ):
        answer = await console.send(method, path, ada.headers)
        assert (answer.status, list(answer.json())) == (status, ["error"])


async def test_a_store_that_is_gone(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with Retry-After, before it is known who asks."""

    async def gone(token: str, now_ms: int, **how: object) -> None:
        raise StoreUnavailableError("locked")

    ada = await console.sign_in()
    monkeypatch.setattr(console.sessions, "of_token", gone)
    answer = await console.get("/console/api/session", ada)
    assert (answer.status, answer.headers[b"retry-after"]) == (503, b"2")
