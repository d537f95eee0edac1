"""How a product's DDI devices are set up, and what is kept of the tokens that prove who they are (ddi-protocol 2, A15).

A target token belongs to one device, the gateway token to one product; only digests are stored. The digest of a target
token covers the device's name: equal tokens of two devices do not show, and the pair finds its device where the tenant
`DEFAULT` does not say which product is meant. A name has no line feed, so no two pairs have one digest (A16).
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

POLLING_S_DEFAULT = 300  # hawkBit's default; allowed is what `HH:MM:SS` and its server allow (ddi-protocol 3)
POLLING_S_MIN, POLLING_S_MAX = 30, 23 * 3600 + 59 * 60 + 59
_POLLING = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])")
TOKEN_LENGTH_MAX = 128  # hawkBit's limit of a target token that is given
TOKEN = re.compile(rf"[\x21-\x7e]{{1,{TOKEN_LENGTH_MAX}}}")
RANDOM_TOKEN_LENGTH = 32  # letters and digits: 190 random bits (A15)
AUTHORITIES_MAX = 20  # ours: of a product, and of one claim (I17)
AUTHORITY_LENGTH_MAX = 128  # a SHA-512 in hex
AUTHORITY = re.compile(rf"[A-Za-z0-9][A-Za-z0-9:._-]{{0,{AUTHORITY_LENGTH_MAX - 1}}}")
ATTRIBUTE_LENGTH_MAX = 128  # ddi-protocol 9: of a name and of a value
ATTRIBUTE_NAME = re.compile(rf"[^\x00-\x1f\x7f]{{1,{ATTRIBUTE_LENGTH_MAX}}}")


class DdiSettings(NamedTuple):
    """What a product's DDI devices are told and may prove themselves with.

    `is_default`: the tenant `DEFAULT` stands for this product of its account. `authorities`: whom a trusted proxy may
    name as the issuer of a device's certificate, in lower case. `version_attribute`: the attribute whose value counts
    as a version report of the module `default`; empty: none does.
    """

    polling_s: int = POLLING_S_DEFAULT
    accepts_target_tokens: bool = True
    authorities: tuple[str, ...] = ()
    version_attribute: str = ""
    is_default: bool = False
    has_gateway_token: bool = False


def target_token_digest(device_name: str, token: str) -> str:
    """What is stored of a device's token, 64 hex digits."""
    return hashlib.sha256(f"{device_name}\n{token}".encode()).hexdigest()


def gateway_token_digest(token: str) -> str:
    """What is stored of a product's gateway token, 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def polling_text(polling_s: int) -> str:
    """`HH:MM:SS`, the only form that every client reads (ddi-protocol 1)."""
    return f"{polling_s // 3600:02d}:{polling_s // 60 % 60:02d}:{polling_s % 60:02d}"


def read_polling(text: str) -> int | None:
    """Seconds of `HH:MM:SS`; None for another form and for an interval that is not allowed."""
    match = _POLLING.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = map(int, match.groups())
    polling_s = hours * 3600 + minutes * 60 + seconds
    return polling_s if POLLING_S_MIN <= polling_s <= POLLING_S_MAX else None
