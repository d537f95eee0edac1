"""What a vendor device says about itself in an MQTT CONNECT, and the password that proves it (device-protocol 1, 11).

Invariants: a parsed credential names one device in strict ASCII alphabets, so it can be put into a topic, a key or a
log without escaping (A16); a ClientId has one reading (A02): an extension key that matters is given at most once. The
timestamp is a part of the signed text and nothing else: vendor SDKs send constants of the far future.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.device import DEVICE_NAME
from whimbrel.domain.enrolment import RANDOM, registration_sign, token_digest

CID_CHARACTERS_MAX = 64

# Device names are up to 32 of these, product keys up to 30 letters and digits (api-contract, RegisterDevice).
_USERNAME = re.compile(r"([A-Za-z0-9\-_@.:]{1,32})&([A-Za-z0-9]{1,30})")
_TIMESTAMP = re.compile(r"[0-9]{1,20}")

# The extension keys with a meaning here; `_v`, `lan`, `ext`, `_ss` and whatever SDKs add later are ignored.
_MEANINGFUL_KEYS = frozenset(("securemode", "signmethod", "timestamp", "authType", "random"))

# What the vendor's C SDK sends, always: 2050-01-01 in epoch milliseconds.
_SIMULATED_TIMESTAMP = "2524608000000"


class SignMethod(StrEnum):
    """How the password is made; the values are the wire's `signmethod`."""

    HMACMD5 = "hmacmd5"
    HMACSHA1 = "hmacsha1"
    HMACSHA256 = "hmacsha256"


class SecureMode(StrEnum):
    """What the device believes about the transport; the values are the wire's `securemode`."""

    TLS = "2"
    TCP = "3"
    TOKEN = "-2"  # noqa: S105  (the wire's word, not a secret)


class AuthType(StrEnum):
    """What a CONNECT is for, where it is no login by secret; the values are the wire's `authType`."""

    REGISTER = "register"
    REGISTER_WITHOUT_NAME = "regnwl"
    TOKEN = "connwl"  # noqa: S105  (the wire's word, not a secret)


class CredentialFault(StrEnum):
    """Which field of the CONNECT cannot be read; junk from strangers is an outcome here, not an exception."""

    CLIENT_ID = "client_id"
    USERNAME = "username"


class DeviceIdentity(NamedTuple):
    """The names of a device, unique together; every topic of the device derives from them (A17)."""

    product_key: str
    device_name: str


class DeviceCredential(NamedTuple):
    """A well-formed claim, not yet proved. `cid` is free text of the device that only the password depends on."""

    product_key: str
    device_name: str
    cid: str
    sign_method: SignMethod
    secure_mode: SecureMode
    timestamp: str | None
    has_token: bool = False
    """The password is the token that the device registered for, not one made from its secret."""

    @property
    def identity(self) -> DeviceIdentity:
        """Whom the claim is about."""
        return DeviceIdentity(self.product_key, self.device_name)


class RegistrationClaim(NamedTuple):
    """A device asks for its secret or, with `wants_token`, for a token; whoever knows the product's secret can prove
    it.
    """

    product_key: str
    device_name: str
    random: str
    sign_method: SignMethod
    wants_token: bool = False

    @property
    def identity(self) -> DeviceIdentity:
        """Whom the claim is about."""
        return DeviceIdentity(self.product_key, self.device_name)


class ConnectFields(NamedTuple):
    """The three fields of a device's CONNECT."""

    client_id: str
    username: str
    password: str


def parse_credential(client_id: str, username: str) -> DeviceCredential | RegistrationClaim | CredentialFault:
    """Read `{cid}|key=value,...|` and `{device name}&{product key}`; says which of the two is at fault, if one is.

    A `connwl` login has a token for its password; `register` and `regnwl` are no logins. Without `signmethod` it is
    hmacmd5 (device-protocol 1); without `securemode`, which decides nothing, TCP.
    """
    names = _USERNAME.fullmatch(username)
    if names is None:
        return CredentialFault.USERNAME
    cid, opening_bar, rest = client_id.partition("|")
    if not (opening_bar and rest.endswith("|") and _is_cid(cid)):
        return CredentialFault.CLIENT_ID
    extensions = _read_extensions(rest[:-1])
    if extensions is None:
        return CredentialFault.CLIENT_ID
    timestamp = extensions.get("timestamp")
    if timestamp is not None and _TIMESTAMP.fullmatch(timestamp) is None:
        return CredentialFault.CLIENT_ID
    try:
        sign_method = SignMethod(extensions.get("signmethod", SignMethod.HMACMD5))
        secure_mode = SecureMode(extensions.get("securemode", SecureMode.TCP))
    except ValueError:
        return CredentialFault.CLIENT_ID
    auth_type = extensions.get("authType")
    if auth_type in (AuthType.REGISTER, AuthType.REGISTER_WITHOUT_NAME):
        wants_token = auth_type == AuthType.REGISTER_WITHOUT_NAME
        return _registration(names[2], names[1], extensions.get("random"), sign_method, wants_token)
    return DeviceCredential(
        names[2], names[1], cid, sign_method, secure_mode, timestamp, has_token=auth_type == AuthType.TOKEN
    )


def parse_registration(fields: Mapping[str, str]) -> RegistrationClaim | None:
    """The claim of `productKey`, `deviceName`, `random` and `signMethod`, as HTTPS carries them; None when it is
    unreadable.
    """
    names = _USERNAME.fullmatch(f"{fields.get('deviceName', '')}&{fields.get('productKey', '')}")
    method = fields.get("signMethod", SignMethod.HMACMD5)
    if names is None or method not in list(SignMethod):
        return None
    found = _registration(names[2], names[1], fields.get("random"), SignMethod(method), False)
    return found if isinstance(found, RegistrationClaim) else None


def expected_password(credential: DeviceCredential, device_secret: str) -> str:
    """The password, in lower-case hex, that a device with this secret sends (device-protocol 1 and 13)."""
    content = f"clientId{credential.cid}deviceName{credential.device_name}productKey{credential.product_key}"
    if credential.timestamp is not None:
        content += f"timestamp{credential.timestamp}"
    digest_name = credential.sign_method.removeprefix("hmac")
    return hmac.digest(device_secret.encode(), content.encode(), digest_name).hex()


def password_matches(credential: DeviceCredential, password: bytes, device_secret: str) -> bool:
    """Whether the password proves the claim; constant time, hex in either case, any bytes.

    For a device that does not exist call it with a random secret: then a stranger measures nothing (A04).
    """
    # bytes.lower() changes ASCII letters only, so no other byte string folds into a hex one.
    return hmac.compare_digest(expected_password(credential, device_secret).encode(), password.lower())


def token_matches(credential: DeviceCredential, password: bytes, digest: bytes, client_id: str) -> bool:
    """Whether the password is the token of this digest, and the login names the client id that came with it.

    Constant time; for a device that has no token call it with any digest: then a stranger measures nothing (A04).
    """
    is_token = hmac.compare_digest(token_digest(password), digest)
    return is_token and hmac.compare_digest(credential.cid.encode(), client_id.encode())


def registration_matches(claim: RegistrationClaim, sign: bytes, product_secret: str) -> bool:
    """Whether the sign proves the claim; as `password_matches`, with the product's secret."""
    expected = registration_sign(claim.identity, claim.random, product_secret, claim.sign_method.removeprefix("hmac"))
    return hmac.compare_digest(expected.encode(), sign.lower())


def connect_fields(
    product_key: str, device_name: str, device_secret: str, sign_method: SignMethod = SignMethod.HMACSHA256
) -> ConnectFields:
    """What a simulated device sends: the form of the vendor's C SDK over TCP, its constant timestamp included."""
    cid = f"{product_key}.{device_name}"
    credential = DeviceCredential(
        product_key, device_name, cid, sign_method, SecureMode.TCP, timestamp=_SIMULATED_TIMESTAMP
    )
    extensions = f"timestamp={_SIMULATED_TIMESTAMP},securemode={SecureMode.TCP},signmethod={sign_method}"
    return ConnectFields(
        client_id=f"{cid}|{extensions}|",
        username=f"{device_name}&{product_key}",
        password=expected_password(credential, device_secret),
    )


def _registration(
    product_key: str, device_name: str, random: str | None, sign_method: SignMethod, wants_token: bool
) -> RegistrationClaim | CredentialFault:
    # A device that makes itself is called as all others are, which the username alone does not ask (A16).
    if random is None or RANDOM.fullmatch(random) is None or DEVICE_NAME.fullmatch(device_name) is None:
        return CredentialFault.CLIENT_ID
    return RegistrationClaim(product_key, device_name, random, sign_method, wants_token)


def _is_cid(cid: str) -> bool:
    # Free text of the vendor's devices, so `+ # /` are allowed: it never enters a topic or a key. isprintable() keeps
    # control, bidirectional and unassigned characters out of logs.
    return 1 <= len(cid) <= CID_CHARACTERS_MAX and cid.isprintable()


def _read_extensions(text: str) -> dict[str, str] | None:
    """The extension keys with a meaning, or None when a bar is inside or such a key comes twice.

    Empty entries are passed over: the C SDK ends its list with a comma.
    """
    if "|" in text:
        return None
    extensions: dict[str, str] = {}
    for entry in text.split(","):
        key, _, value = entry.partition("=")
        if key in extensions:
            return None
        if key in _MEANINGFUL_KEYS:
            extensions[key] = value
    return extensions
