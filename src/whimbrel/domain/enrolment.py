"""Who may make or fetch its own credentials: dynamic registration (device-protocol 11), and the switches of a product.

A device is answered once. Its answer may be lost on the way, so until the device has connected with what it got, and
for a short while, it may ask again with a new random; then only ResetThing opens the way once more.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from enum import Enum, StrEnum
from typing import Final, NamedTuple

REPEAT_WINDOW_MS: Final = 15 * 60 * 1000
"""How long after the first answer a device may ask again: some reboots and retries long, and no longer, for in this
time whoever holds the product's secret may ask too."""

ANSWERS_MAX: Final = 5
"""Answers to one device until it is reset. Vendor SDKs try three times and then tell their user."""

SELF_MADE_MAX: Final = 10_000_000
"""The largest quota that can be given: as many devices as a product is built for, ten times."""

RANDOM = re.compile(r"(?!.*productKey)[\x21-\x7e]{1,64}")
"""The `random` of a registration: visible ASCII. The signed text has no separators, so a random that held `productKey`
would give it a second reading, for another device's name (A16)."""

TOKEN_LENGTH: Final = 32
CLIENT_ID_LENGTH: Final = 22
"""Letters and digits: 190 and 130 random bits (A15)."""


class DynamicRegistration(StrEnum):
    """Which names may register, in the words of the operations; rows hold the place in this list."""

    OFF = "OFF"
    REGISTERED_NAMES = "REGISTERED_NAMES"
    ANY_NAME = "ANY_NAME"


class EnrolmentPolicy(NamedTuple):
    """A product's switches. `self_made` devices of at most `self_made_max` have made themselves, deleted ones included:
    a quota that deleting refilled would bound nothing (I17).
    """

    dynamic_registration: DynamicRegistration = DynamicRegistration.OFF
    plug_and_play: bool = False
    self_made_max: int = 0
    self_made: int = 0


class EnrolledDevice(NamedTuple):
    """What is asked of a device that registers. Times are epoch milliseconds."""

    device_id: int
    device_secret: str
    is_disabled: bool
    activated_ms: int | None
    last_online_ms: int | None
    enrolled_ms: int | None
    enrolments: int
    is_reopened: bool


class Entrance(Enum):
    """What a well-proved registration gets."""

    MAKE = "the device is made first"
    FIRST = "the device is answered for the first time"
    AGAIN = "the answer is repeated"
    SWITCHED_OFF = "the product has no dynamic registration"
    UNKNOWN_NAME = "the product has no device of this name"
    DISABLED = "the device is disabled"
    TAKEN = "the device has registered or connected already; ResetThing opens its registration again"
    NOT_PROVED = "the product is unknown or the sign is wrong"
    REPEATED = "a registration with this random was answered already; sign with a new one"
    FULL = "as many devices of the product have made themselves as may"

    @property
    def is_open(self) -> bool:
        return self in (Entrance.MAKE, Entrance.FIRST, Entrance.AGAIN)


def entrance(policy: EnrolmentPolicy, device: EnrolledDevice | None, now_ms: int) -> Entrance:
    """Whether this device may register now; None is a name that the product does not have."""
    if policy.dynamic_registration is DynamicRegistration.OFF:
        return Entrance.SWITCHED_OFF
    if device is None:
        is_any = policy.dynamic_registration is DynamicRegistration.ANY_NAME
        return Entrance.MAKE if is_any else Entrance.UNKNOWN_NAME
    if device.is_disabled:
        return Entrance.DISABLED
    if device.enrolled_ms is None:
        # A device that works with a secret from the factory must not lose it to whoever knows the product's.
        return Entrance.FIRST if device.activated_ms is None or device.is_reopened else Entrance.TAKEN
    return Entrance.AGAIN if _may_repeat(device, device.enrolled_ms, now_ms) else Entrance.TAKEN


def _may_repeat(device: EnrolledDevice, enrolled_ms: int, now_ms: int) -> bool:
    has_connected = device.last_online_ms is not None and device.last_online_ms >= enrolled_ms
    # A clock that was set back closes the window: nobody knows how long it has been open (F16).
    is_soon = 0 <= now_ms - enrolled_ms <= REPEAT_WINDOW_MS
    return is_soon and not has_connected and device.enrolments < ANSWERS_MAX


def registration_sign(identity: tuple[str, str], random: str, product_secret: str, digest_name: str) -> str:
    """What a device of (ProductKey, DeviceName) signs its registration with, in lower-case hex (device-protocol 11)."""
    product_key, device_name = identity
    content = f"deviceName{device_name}productKey{product_key}random{random}"
    return hmac.digest(product_secret.encode(), content.encode(), digest_name).hex()


def proof_digest(device_name: str, random: str) -> bytes:
    """What is remembered of an answered request inside its product: neither of the two may hold a NUL."""
    return hashlib.sha256(f"{device_name}\0{random}".encode()).digest()[:16]


def token_digest(token: bytes) -> bytes:
    """What is kept of a device token. It is random and long, so a plain hash is enough (A15)."""
    return hashlib.sha256(token).digest()
