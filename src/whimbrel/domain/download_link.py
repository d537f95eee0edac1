"""Download links: short, unforgeable, soon over (threat-model A14, design 5).

A link is `{public_url}/f/{token}`. The token names a task or a firmware, of several files the number of one, and its
expiry, and carries a 128-bit MAC over these and over what they must lead to: the object's SHA-256 and, for a task, its
device. A link therefore dies by itself when its task is given another object, and revoking the task revokes the link,
for the caller looks the task up. The path stays far under 100 characters, because devices hold host and path in buffers
of 256 (device-protocol 4).

The order of the checks is the caller's: `read_token` (shape only, nothing is known to be true yet), load what the claim
names, `is_genuine`, `is_expired`.
"""

from __future__ import annotations

import hmac
import re
from enum import StrEnum
from typing import NamedTuple

LINK_SECONDS_MAX = 86_400  # api-contract 7.10: a URL in a push is valid for 24 hours; A14: no longer than that
TOKEN_CHARS_MAX = 67  # kind 1, id 19, a file's number 3 with its hyphen, expiry 10, MAC 32, two dots
MAC_BYTES = 16
ID_MAX = 2**63 - 1  # the largest row id of either database
FILE_NUMBER_MAX = 99  # two digits are more than firmware has files

_TOKEN = re.compile(r"([tf])([1-9][0-9]{0,18})(?:-([1-9][0-9]?))?\.([1-9][0-9]{0,9})\.([0-9a-f]{32})")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTEXT = "whimbrel download link 1"


class LinkKind(StrEnum):
    """What a link is bound to."""

    TASK = "t"
    FIRMWARE = "f"


class LinkedFile(NamedTuple):
    """What a link gives out. `number` is the file's in firmware of several, 0 where there is only one."""

    sha256: str
    number: int = 0


class LinkClaim(NamedTuple):
    """What a token says of itself; nothing of it is true before `is_genuine`."""

    kind: LinkKind
    id: int
    expires_s: int
    mac: bytes
    file_number: int = 0


def link_expiry_s(now_s: int, lifetime_s: int = LINK_SECONDS_MAX) -> int:
    """The epoch second after which a link made now is over. Raises ValueError outside 1..LINK_SECONDS_MAX."""
    if not 1 <= lifetime_s <= LINK_SECONDS_MAX:
        raise ValueError(f"a link lives 1 to {LINK_SECONDS_MAX} seconds, not {lifetime_s}")
    return now_s + lifetime_s


def make_task_link(key: bytes, task_id: int, device_id: int, file: LinkedFile, expires_s: int) -> str:
    """The token for one device's download of its task's object, or of one of them (A14)."""
    return _make(key, LinkClaim(LinkKind.TASK, task_id, expires_s, b"", file.number), device_id, file.sha256)


def make_firmware_link(key: bytes, firmware_id: int, file: LinkedFile, expires_s: int) -> str:
    """The token that QueryOTAFirmware gives to a person or a back end (api-contract 8.6)."""
    return _make(key, LinkClaim(LinkKind.FIRMWARE, firmware_id, expires_s, b"", file.number), None, file.sha256)


def read_token(token: str) -> LinkClaim | None:
    """The token's claim, unauthenticated; None when it is no token of ours. There is one spelling of each token."""
    match = _TOKEN.fullmatch(token) if len(token) <= TOKEN_CHARS_MAX else None
    if match is None or int(match[2]) > ID_MAX:
        return None
    return LinkClaim(LinkKind(match[1]), int(match[2]), int(match[4]), bytes.fromhex(match[5]), int(match[3] or 0))


def is_genuine(key: bytes, claim: LinkClaim, device_id: int | None, sha256: str) -> bool:
    """Whether this server made the claim for that device (None for a firmware link) and object; in constant time."""
    if (claim.kind is LinkKind.TASK) is (device_id is None):
        return False
    return hmac.compare_digest(_mac(key, claim, device_id, sha256), claim.mac)


def is_expired(claim: LinkClaim, now_s: int) -> bool:
    """Whether the link is over: it is good up to and with its expiry second."""
    return now_s > claim.expires_s


def _make(key: bytes, claim: LinkClaim, device_id: int | None, sha256: str) -> str:
    if not 1 <= claim.id <= ID_MAX or not _SHA256.fullmatch(sha256):
        raise ValueError("a link names a row id from 1 and a SHA-256 in lower-case hex")
    if not 0 <= claim.file_number <= FILE_NUMBER_MAX:
        raise ValueError(f"a link names a file of 1 to {FILE_NUMBER_MAX}, not {claim.file_number}")
    number = f"-{claim.file_number}" if claim.file_number else ""
    token = f"{claim.kind}{claim.id}{number}.{claim.expires_s}.{_mac(key, claim, device_id, sha256).hex()}"
    if read_token(token) is None:
        raise ValueError(f"a link cannot expire at second {claim.expires_s}")
    return token


def _mac(key: bytes, claim: LinkClaim, device_id: int | None, sha256: str) -> bytes:
    # The separator cannot occur in any of the fields, so two different links never share a message (A16). The number of
    # a file comes last and only when there is one: links of single files stay what they were in the first release.
    device = "" if device_id is None else str(device_id)
    number = (str(claim.file_number),) if claim.file_number else ()
    message = "\n".join((_CONTEXT, claim.kind, str(claim.id), str(claim.expires_s), device, sha256, *number))
    return hmac.digest(key, message.encode(), "sha256")[:MAC_BYTES]
