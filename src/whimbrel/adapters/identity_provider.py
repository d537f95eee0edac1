"""Port `identity_provider`: OpenID Connect with the authorization code and PKCE (ADR 0067).

1. Only the issuer is asked, and the endpoints that its own discovery document names. No redirect is followed, no proxy
   of the environment used, and nothing is asked before somebody signs in (A11, A30).
2. An answer has 5 seconds and 256 KiB; so many at once, or the browser is told to come back (I17).
3. A token counts when one of the issuer's published keys signed it, by a method whose key is not a shared secret; a key
   that is not known yet is looked for at most once a minute.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from whimbrel.domain.sign_on import Attempt, token_fault
from whimbrel.errors import IdentityProviderError, SignOnRefusedError
from whimbrel.ports.identity_provider import Returned

TIMEOUT_S = 5.0
ANSWER_BYTES_MAX = 256 * 1024
AT_ONCE_MAX = 16
DISCOVERY_KEPT_S = 3_600.0
KEYS_ASKED_EVERY_S = 60.0
#: None by which who knows the client's secret, or nothing, could sign (RFC 8725 3.1).
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_is_plain = re.compile(r"[\x21-\x7e]{1,2048}").fullmatch
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Client(NamedTuple):
    """How the provider knows us. `secret` is '' for a public client. `claims`: those that are needed of a person."""

    issuer: str
    client_id: str
    secret: str
    scopes: str
    redirect_uri: str
    claims: frozenset[str]


class _Provider(NamedTuple):
    """As its discovery document says."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    says_issuer: bool
    takes_basic: bool
    read_s: float


class OpenIdProvider:
    """Of one process. `close` it at the end."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._http = httpx.AsyncClient(
            timeout=TIMEOUT_S,
            follow_redirects=False,
            trust_env=False,
            verify=ssl.create_default_context(),
            headers={"accept": "application/json", "accept-encoding": "identity"},
        )
        self._provider: _Provider | None = None
        self._keys: KeySet | None = None
        self._keys_s = -KEYS_ASKED_EVERY_S
        self._under_way = 0

    async def close(self) -> None:
        await self._http.aclose()

    async def address_of(self, attempt: Attempt) -> str:
        provider = await self._discovered()
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect_uri,
            "scope": self._client.scopes,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{provider.authorization}{'&' if '?' in provider.authorization else '?'}{urlencode(query)}"

    async def claims(self, returned: Returned, attempt: Attempt, now_ms: int) -> Mapping[str, object]:
        provider = await self._discovered()
        # Where several providers are in use, a code of one must not be taken to another (RFC 9207).
        if (returned.issuer or provider.says_issuer) and returned.issuer != self._client.issuer:
            raise SignOnRefusedError("the answer is of another issuer")
        tokens = await self._exchange(provider, returned.code, attempt)
        claims = await self._verified(provider, tokens.get("id_token"))
        fault = token_fault(claims, self._client.issuer, self._client.client_id, attempt.nonce, now_ms / 1000)
        if fault:
            raise SignOnRefusedError(f"the provider's token does not hold: {fault}")
        return await self._completed(provider, claims, tokens.get("access_token"))

    async def _exchange(self, provider: _Provider, code: str, attempt: Attempt) -> dict[str, Any]:
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        client_id, secret = self._client.client_id, self._client.secret
        if not secret or not provider.takes_basic:
            given |= {"client_id": client_id} | ({"client_secret": secret} if secret else {})
            return await self._ask("POST", provider.token, data=given)
        # Both parts are form-encoded before they are joined (RFC 6749 2.3.1).
        pair = (urlencode({"": client_id})[1:], urlencode({"": secret})[1:])
        return await self._ask("POST", provider.token, data=given, auth=httpx.BasicAuth(*pair))

    async def _verified(self, provider: _Provider, token: object) -> dict[str, object]:
        """The claims of a token that the issuer signed. Raises SignOnRefusedError."""
        if not isinstance(token, str):
            raise SignOnRefusedError("the provider gave no ID token")
        keys = await self._known_keys(provider)
        try:
            try:
                found = jws.deserialize_compact(token, keys, algorithms=list(ALGORITHMS))
            except (JoseError, ValueError):
                # It may be signed by a key that is newer than what is known here.
                newer = await self._known_keys(provider, anew=True)
                if newer is keys:
                    raise
                found = jws.deserialize_compact(token, newer, algorithms=list(ALGORITHMS))
            claims = json.loads(found.payload)
        except (JoseError, ValueError, TypeError, RecursionError) as fault:
            raise SignOnRefusedError(
                f"the provider's token is not signed as it has to be ({type(fault).__name__})"
            ) from None
        if not isinstance(claims, dict):
            raise SignOnRefusedError("the provider's token holds no claims")
        return claims

    async def _completed(self, provider: _Provider, claims: dict[str, object], access: object) -> dict[str, object]:
        """With what the provider tells apart from the token."""
        if self._client.claims <= claims.keys() or not provider.userinfo or not isinstance(access, str):
            return claims
        more = await self._ask("GET", provider.userinfo, headers={"authorization": f"Bearer {access}"})
        if more.get("sub") != claims["sub"]:
            raise SignOnRefusedError("the provider speaks of another person")
        return {**more, **claims}

    async def _known_keys(self, provider: _Provider, *, anew: bool = False) -> KeySet:
        now_s = time.monotonic()
        if self._keys is None or (anew and now_s - self._keys_s >= KEYS_ASKED_EVERY_S):
            document = await self._ask("GET", provider.keys)
            try:
                # What cannot be a key of ours, as one of a kind that is not known here, says nothing of the others.
                found = document.get("keys")
                usable = [key for key in found if _may_sign(key)] if isinstance(found, list) else []
                self._keys = KeySet.import_key_set({"keys": usable})
            except (JoseError, ValueError, TypeError, KeyError) as fault:
                raise IdentityProviderError(f"the provider's keys cannot be read ({type(fault).__name__})") from None
            self._keys_s = now_s
        return self._keys

    async def _discovered(self) -> _Provider:
        now_s = time.monotonic()
        if self._provider is None or now_s - self._provider.read_s >= DISCOVERY_KEPT_S:
            issuer = self._client.issuer
            document = await self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if document.get("issuer") != issuer:
                raise IdentityProviderError("the provider calls itself by another name than oidc-issuer")
            methods = document.get("token_endpoint_auth_methods_supported")
            self._provider = _Provider(
                self._endpoint(document, "authorization_endpoint"),
                self._endpoint(document, "token_endpoint"),
                self._endpoint(document, "jwks_uri"),
                self._endpoint(document, "userinfo_endpoint") if "userinfo_endpoint" in document else "",
                document.get("authorization_response_iss_parameter_supported") is True,
                not isinstance(methods, list) or "client_secret_basic" in methods,
                now_s,
            )
        return self._provider

    def _endpoint(self, document: dict[str, Any], name: str) -> str:
        """Never plain text over a network: the code and the client's secret go there."""
        address = document.get(name)
        try:
            # Nothing but what a header may hold: urlsplit looks past line breaks.
            url = urlsplit(address if isinstance(address, str) and _is_plain(address) else "")
        except ValueError:
            url = urlsplit("")
        is_local = url.scheme == "http" and url.hostname in _LOOPBACK and self._client.issuer.startswith("http://")
        if not isinstance(address, str) or not url.hostname or url.fragment or (url.scheme != "https" and not is_local):
            raise IdentityProviderError(f"the provider's {name} is no https address")
        return address

    async def _ask(self, method: str, url: str, **given: Any) -> dict[str, Any]:
        """Its answer, an object. Raises IdentityProviderError, and SignOnRefusedError when it said no."""
        if self._under_way >= AT_ONCE_MAX:
            raise IdentityProviderError("too many people sign in at this moment; repeat it in some seconds")
        self._under_way += 1
        try:
            async with asyncio.timeout(TIMEOUT_S), self._http.stream(method, url, **given) as response:
                body = bytearray()
                async for block in response.aiter_raw():
                    body += block
                    if len(body) > ANSWER_BYTES_MAX:
                        raise IdentityProviderError("the provider's answer is too long")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as fault:
            raise IdentityProviderError(f"the provider cannot be asked ({type(fault).__name__})") from None
        finally:
            self._under_way -= 1
        if response.status_code in (400, 401, 403) and method == "POST":
            raise SignOnRefusedError(f"the provider refused the code (HTTP {response.status_code})")
        if response.status_code != 200:
            raise IdentityProviderError(f"the provider answered HTTP {response.status_code}")
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise IdentityProviderError("the provider's answer is no JSON object")
        return document


def _may_sign(key: object) -> bool:
    return isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
