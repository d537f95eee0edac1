"""A provider that is broken or owned: what it says lets nobody in and costs us next to nothing (A11, A30, I17)."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from whimbrel.adapters import identity_provider
from whimbrel.adapters.identity_provider import ANSWER_BYTES_MAX, Client, OpenIdProvider
from whimbrel.domain.sign_on import Attempt
from whimbrel.errors import IdentityProviderError, SignOnRefusedError
from whimbrel.ports.identity_provider import Returned

ATTEMPT = Attempt("state", "nonce", "v" * 43)
SECRET = "a secret of 32 characters at least"
KEY = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
DISCOVERY = "/.well-known/openid-configuration"


class Hostile:
    """Answers each path with what it is told to: status, headers and body."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.issuer = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.issuer = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        names = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys"}
        self.document: dict[str, Any] = {"issuer": self.issuer} | {name: self.issuer + names[name] for name in names}
        self.say(DISCOVERY, self.document)
        self.say("/keys", {"keys": [KEY.as_dict(private=False)]})

    def say(self, path: str, document: object) -> None:
        self.raw(path, json.dumps(document).encode())

    def raw(self, path: str, body: bytes, status: str = "200 OK", more: str = "") -> None:
        head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{more}\r\n"
        self.answers[path] = head.encode() + body

    def token(self, sign: Callable[[bytes], str], **changes: object) -> None:
        """What the code is exchanged for."""
        now_s = int(time.time())
        claims = {"iss": self.issuer, "aud": "us", "exp": now_s + 60, "iat": now_s, "sub": "1", "nonce": "nonce"}
        self.say("/token", {"id_token": sign(json.dumps(claims | {"email": "ada@example.com"} | changes).encode())})

    async def stop(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).split()[1].decode()
        self.asked.append(path)
        if path in self.answers:
            writer.write(self.answers[path])
            await writer.drain()
            writer.close()
        else:
            await reader.read()  # says nothing for as long as it is asked
            writer.close()


@pytest.fixture
async def hostile() -> AsyncIterator[Hostile]:
    hostile = Hostile()
    await hostile.start()
    yield hostile
    await hostile.stop()


@pytest.fixture
async def client(hostile: Hostile) -> AsyncIterator[OpenIdProvider]:
    known_as = Client(hostile.issuer, "us", SECRET, "openid", "https://ota.example.com/back", frozenset({"email"}))
    client = OpenIdProvider(known_as)
    yield client
    await client.close()


async def claims_of(client: OpenIdProvider) -> object:
    return (await client.claims(Returned("code"), ATTEMPT, int(time.time() * 1000)))["email"]


def signed(key: Any = KEY, algorithm: str = "RS256") -> Callable[[bytes], str]:
    def sign(payload: bytes) -> str:
        return jws.serialize_compact({"alg": algorithm, "kid": "1"}, payload, key, algorithms=[algorithm])

    return sign


async def test_an_honest_one(hostile: Hostile, client: OpenIdProvider) -> None:
    """Its keys and discovery are read once."""
    hostile.token(signed())
    assert [await claims_of(client) for _ in range(2)] == ["ada@example.com"] * 2
    assert hostile.asked == [DISCOVERY, "/token", "/keys", "/token"]


def confused(payload: bytes) -> str:
    """By the text of the published key, taken for a shared secret; by hand, for libraries refuse to."""
    parts = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (b'{"alg":"HS256","kid":"1"}', payload))
    tag = hmac.digest(KEY.as_pem(private=False), parts, "sha256")
    return (parts + b"." + base64.urlsafe_b64encode(tag).rstrip(b"=")).decode()


def unsigned(payload: bytes) -> str:
    """By no key at all."""
    parts = (base64.urlsafe_b64encode(part).rstrip(b"=") for part in (b'{"alg":"none"}', payload, b""))
    return b".".join(parts).decode()


@pytest.mark.parametrize(
    "sign",
    [
        pytest.param(unsigned, id="none"),
        pytest.param(signed(OTHER), id="another key of the same name"),
        pytest.param(signed(OctKey.import_key(SECRET), "HS256"), id="the client's secret"),
        pytest.param(confused, id="the public key as a secret"),
        pytest.param(lambda payload: signed()(payload)[:-8] + "AAAAAAAA", id="a broken signature"),
        pytest.param(lambda payload: "a.b", id="no token"),
        pytest.param(lambda payload: signed()(b"[1]"), id="no claims"),
        pytest.param(lambda payload: signed()(b"[" * 100_000), id="depth without end"),
    ],
)
async def test_forged_tokens(hostile: Hostile, client: OpenIdProvider, sign: Callable[[bytes], str]) -> None:
    """Only a published key of the issuer's signs, and by no method whose key others know (RFC 8725)."""
    hostile.token(sign)
    with pytest.raises(SignOnRefusedError):
        await claims_of(client)


@pytest.mark.parametrize("changes", [{"iss": "https://evil"}, {"aud": "them"}, {"exp": 1}, {"nonce": "other"}], ids=str)
async def test_true_tokens_for_others(hostile: Hostile, client: OpenIdProvider, changes: dict[str, object]) -> None:
    """A right signature alone lets nobody in."""
    hostile.token(signed(), **changes)
    with pytest.raises(SignOnRefusedError):
        await claims_of(client)


async def test_A11_no_redirect_is_followed(hostile: Hostile, client: OpenIdProvider) -> None:
    """Neither to another host nor to another path of its own."""
    for path in ("/token", DISCOVERY):
        hostile.raw(path, b"", "302 Found", f"location: {hostile.issuer}/elsewhere\r\n")
        with pytest.raises(IdentityProviderError):
            await claims_of(client)
    assert "/elsewhere" not in hostile.asked


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://169.254.169.254/latest"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": None},
        {"jwks_uri": "ftp://evil.example/"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://idp.example/\r\nset-cookie: a=b"},
        {"authorization_endpoint": "https://idp.example/\u00e9"},
        {"token_endpoint": "https://[::1"},
    ],
    ids=str,
)
async def test_A11_where_it_sends_us(hostile: Hostile, client: OpenIdProvider, changes: dict[str, object]) -> None:
    """No plain text over a network, and no other kind of address; a discovery of another issuer counts for nothing."""
    hostile.say(DISCOVERY, hostile.document | changes)
    with pytest.raises(IdentityProviderError):
        await client.address_of(ATTEMPT)
    assert hostile.asked == [DISCOVERY]


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"[" * 100_000, b"\xff"], ids=lambda body: repr(body[:8]))
async def test_nonsense(hostile: Hostile, client: OpenIdProvider, body: bytes) -> None:
    """Answers that are no object of JSON."""
    hostile.raw(DISCOVERY, body)
    with pytest.raises(IdentityProviderError):
        await client.address_of(ATTEMPT)


@pytest.mark.parametrize(("more", "is_read"), [(0, True), (1, False)])
async def test_I17_long_answers(hostile: Hostile, client: OpenIdProvider, more: int, is_read: bool) -> None:
    """256 KiB, and not a byte more."""
    body = json.dumps(hostile.document).encode()
    hostile.raw(DISCOVERY, body + b" " * (ANSWER_BYTES_MAX - len(body) + more))
    if is_read:
        assert (await client.address_of(ATTEMPT)).startswith(f"{hostile.issuer}/auth?response_type=code&")
    else:
        with pytest.raises(IdentityProviderError, match="too long"):
            await client.address_of(ATTEMPT)


async def test_one_that_says_nothing(hostile: Hostile, client: OpenIdProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for as long as is allowed, and only by so many at once."""
    monkeypatch.setattr(identity_provider, "TIMEOUT_S", 0.3)
    del hostile.answers[DISCOVERY]
    asking = [client.address_of(ATTEMPT) for _ in range(identity_provider.AT_ONCE_MAX + 1)]
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(one, IdentityProviderError) for one in found)
    assert sum("too many" in str(one) for one in found) == 1


async def test_A30_nothing_is_asked_before_somebody_signs_in(hostile: Hostile, client: OpenIdProvider) -> None:
    """A start of the server goes nowhere."""
    assert hostile.asked == []
