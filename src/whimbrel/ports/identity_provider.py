"""Port: the identity provider that people may sign in at. Adapter: `adapters/identity_provider.py` (OpenID Connect)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from whimbrel.domain.sign_on import Attempt


class Returned(NamedTuple):
    """What the browser brought back from the provider; `issuer` is '' when the provider did not say."""

    code: str
    issuer: str = ""


class IdentityProvider(Protocol):
    async def address_of(self, attempt: Attempt) -> str:
        """Where to send the browser. Raises IdentityProviderError."""
        ...

    async def claims(self, returned: Returned, attempt: Attempt, now_ms: int) -> Mapping[str, object]:
        """What the provider says of the person, proved to be its words, for us and for this attempt.

        Raises IdentityProviderError when it cannot be asked, SignOnRefusedError when what it says does not hold.
        """
        ...
