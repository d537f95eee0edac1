"""The token of a device that speaks HTTPS: proof, for seven days, that it knew its secret (device-protocol 10.1).

A token is `{device name}&{product key}.{issued}.{MAC}`. Nothing is stored for it: the MAC covers the device's row id
and its secret, so that it dies with either. The caller loads the device at each use, so that a disabled or deleted one
is refused at once (A21). The order of the checks is: `read_token` (shape only), load what it names, `is_genuine`,
`is_expired`.
"""

from __future__ import annotations

import hmac
import re
from typing import NamedTuple

from whimbrel.domain.device_credential import DeviceIdentity

TOKEN_SECONDS_MAX = 7 * 24 * 3600
CLOCK_SECONDS_MAX = 300  # by which the clock of the node that issued a token may be ahead
TOKEN_CHARACTERS_MAX = 32 + 1 + 30 + 1 + 10 + 1 + 32
MAC_BYTES = 16

_TOKEN = re.compile(r"([A-Za-z0-9\-_@.:]{1,32})&([A-Za-z0-9]{1,30})\.([1-9][0-9]{0,9})\.([0-9a-f]{32})")
_CONTEXT = "whimbrel device token 1"


class TokenClaim(NamedTuple):
    """What a token says of itself; nothing of it is true before `is_genuine`."""

    identity: DeviceIdentity
    issued_s: int
    mac: bytes


class TokenHolder(NamedTuple):
    """The device's row that a token is made for or checked against."""

    device_id: int
    device_secret: str


def make_token(key: bytes, identity: DeviceIdentity, holder: TokenHolder, issued_s: int) -> str:
    """The device's token, good for TOKEN_SECONDS_MAX from `issued_s`, epoch seconds."""
    mac = _mac(key, identity, holder, issued_s).hex()
    return f"{identity.device_name}&{identity.product_key}.{issued_s}.{mac}"


def read_token(token: str) -> TokenClaim | None:
    """The token's claim, unauthenticated; None when it is no token of ours."""
    match = _TOKEN.fullmatch(token) if len(token) <= TOKEN_CHARACTERS_MAX else None
    if match is None:
        return None
    return TokenClaim(DeviceIdentity(match[2], match[1]), int(match[3]), bytes.fromhex(match[4]))


def is_genuine(key: bytes, claim: TokenClaim, holder: TokenHolder) -> bool:
    """Whether the token was made with this key for this device, with the secret it has now; constant time."""
    return hmac.compare_digest(_mac(key, claim.identity, holder, claim.issued_s), claim.mac)


def is_expired(claim: TokenClaim, now_s: int) -> bool:
    """Whether its time is over, or has not come."""
    return not -CLOCK_SECONDS_MAX <= now_s - claim.issued_s < TOKEN_SECONDS_MAX


def _mac(key: bytes, identity: DeviceIdentity, holder: TokenHolder, issued_s: int) -> bytes:
    # No field can hold the separator but the secret, which therefore comes last (A16).
    fields = (_CONTEXT, str(holder.device_id), *identity, str(issued_s), holder.device_secret)
    return hmac.digest(key, "\n".join(fields).encode(), "sha256")[:MAC_BYTES]
