"""Which ids DDI devices may have, and under which DeviceName each of them is kept (ddi-protocol 2; A16).

hawkBit's ids are longer than names of devices here: Zephyr's `<board>-<hwid hex>` has 36 to 42 characters, a UUID 36.
An id that is no DeviceName gets one that is derived from it: readable at its beginning, told apart by a digest.
"""

from __future__ import annotations

import base64
import hashlib
import re

from whimbrel.domain.device import DEVICE_NAME, is_valid_nickname

CONTROLLER_ID_LENGTH_MAX = 256  # hawkBit's limit (ddi-protocol 2)
#: A DeviceName's characters. `.` and `..` mean a folder in a path: clients and proxies take them away.
_CONTROLLER_ID = re.compile(rf"(?!\.{{1,2}}\Z)[A-Za-z0-9\-_@.:]{{1,{CONTROLLER_ID_LENGTH_MAX}}}")
_KEPT_CHARS = 9  # what a DeviceName of 32 has room for before the hyphen and the digest
_DIGEST_CHARS = 22  # 132 bits: nobody finds two ids with one name (2^66 tries)


def is_controller_id(text: str) -> bool:
    return _CONTROLLER_ID.fullmatch(text) is not None


def device_name_of(controller_id: str) -> str:
    """The id itself when it is a DeviceName; else its first 9 characters, `-`, and 22 of its SHA-256 in base64url.

    A derived name is a DeviceName like any: an id that is spelled so means the same device. Only who may add devices to
    the product, or speaks for all of it, can be first to take it; finding an id whose derived name is a given one takes
    2^132 tries. So it proves nothing, as no name does: the token or certificate does (A15).
    """
    if DEVICE_NAME.fullmatch(controller_id) is not None:
        return controller_id
    digest = base64.urlsafe_b64encode(hashlib.sha256(controller_id.encode()).digest()).decode()
    return f"{controller_id[:_KEPT_CHARS]}-{digest[:_DIGEST_CHARS]}"


def nickname_of(controller_id: str) -> str:
    """What a device that makes itself is called besides: its id, where its name does not say it and the rules allow."""
    is_told = DEVICE_NAME.fullmatch(controller_id) is not None
    return controller_id if not is_told and is_valid_nickname(controller_id) else ""
