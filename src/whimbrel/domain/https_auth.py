"""What a device that speaks HTTPS says about itself in `POST /auth`, and the sign that proves it (device-protocol 10.1,
13).

The members of one JSON object are the claim, and all of them but three are what is signed: there is no second reading
of it (A02). The timestamp, when there is one, has to be near the server's time; the C SDK sends none.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import NamedTuple

from whimbrel.domain.device_credential import CID_CHARACTERS_MAX, DeviceIdentity, SignMethod

MEMBERS_MAX = 16  # seven have a meaning; others are signed and mean nothing
MEMBER_CHARACTERS_MAX = 256
TIMESTAMP_WINDOW_MS = 15 * 60_000

_UNSIGNED = frozenset(("version", "sign", "signmethod"))
_PRODUCT_KEY = re.compile(r"[A-Za-z0-9]{1,30}")
_DEVICE_NAME = re.compile(r"[A-Za-z0-9\-_@.:]{1,32}")
_TIMESTAMP = re.compile(r"[0-9]{1,18}")


class AuthClaim(NamedTuple):
    """A well-formed claim, not yet proved. `timestamp_ms` is None when the device gave none."""

    identity: DeviceIdentity
    sign_method: SignMethod
    content: str
    sign: str
    timestamp_ms: int | None


def read_claim(members: Mapping[str, str]) -> AuthClaim | None:
    """The claim that the members make; None when one is missing or not of its form. No `signmethod` means hmacmd5."""
    is_small = len(members) <= MEMBERS_MAX and all(len(text) <= MEMBER_CHARACTERS_MAX for text in members.values())
    if not (is_small and _is_well_formed(members)):
        return None
    try:
        sign_method = SignMethod(members.get("signmethod", SignMethod.HMACMD5).lower())
    except ValueError:
        return None
    timestamp = members.get("timestamp")
    return AuthClaim(
        identity=DeviceIdentity(members["productKey"], members["deviceName"]),
        sign_method=sign_method,
        content="".join(name + members[name] for name in sorted(members) if name not in _UNSIGNED),
        sign=members["sign"],
        timestamp_ms=None if timestamp is None else int(timestamp),
    )


def is_timely(claim: AuthClaim, now_ms: int) -> bool:
    """Whether the claim's timestamp, if it has one, is at most 15 minutes from now."""
    return claim.timestamp_ms is None or abs(claim.timestamp_ms - now_ms) <= TIMESTAMP_WINDOW_MS


def expected_sign(claim: AuthClaim, device_secret: str) -> str:
    """The sign, in lower-case hex, of a device with this secret."""
    return hmac.digest(device_secret.encode(), claim.content.encode(), claim.sign_method.removeprefix("hmac")).hex()


def sign_matches(claim: AuthClaim, device_secret: str) -> bool:
    """Whether the sign proves the claim; constant time, hex in either case. For an unknown device call it all the
    same."""
    return hmac.compare_digest(expected_sign(claim, device_secret).encode(), claim.sign.encode().lower())


def _is_well_formed(members: Mapping[str, str]) -> bool:
    cid, timestamp = members.get("clientId", ""), members.get("timestamp", "0")
    return (
        "sign" in members
        and 1 <= len(cid) <= CID_CHARACTERS_MAX
        and all(text.isprintable() for pair in members.items() for text in pair)
        and _PRODUCT_KEY.fullmatch(members.get("productKey", "")) is not None
        and _DEVICE_NAME.fullmatch(members.get("deviceName", "")) is not None
        and _TIMESTAMP.fullmatch(timestamp) is not None
    )
