"""Whether a DDI device is who it says it is: its claim against what is stored (ddi-protocol 2, A04, I15).

Pure. Every refusal of a stranger is the same one, after the same work: an unknown tenant, an unknown device, a wrong
token and a disabled device cannot be told apart.
"""

from __future__ import annotations

import hmac
from enum import Enum, StrEnum
from typing import NamedTuple

from whimbrel.domain.ddi_access import TOKEN, gateway_token_digest, target_token_digest
from whimbrel.domain.ddi_controller_id import device_name_of, nickname_of
from whimbrel.domain.device import DEVICE_NAME, DeviceStatus

DEFAULT_TENANT = "DEFAULT"
_NO_DIGEST = "-" * 64  # as long as a digest, and no digest


class Claim(NamedTuple):
    """What one request says of its device.

    `authorization`: the header. `asserted_id`, `authorities`: what a trusted proxy says of the device's certificate;
    empty for everybody else. `may_register`: the request is one that makes an unknown device known, where that is
    allowed. `controller_id`: as the device writes it; what is stored of the device is found by `device_name`.
    """

    tenant: str
    controller_id: str
    authorization: str | None = None
    authorities: tuple[str, ...] = ()
    asserted_id: str | None = None
    peer_address: str = ""
    may_register: bool = False

    @property
    def is_of_default(self) -> bool:
        return self.tenant.upper() == DEFAULT_TENANT

    @property
    def device_name(self) -> str:
        return device_name_of(self.controller_id)

    @property
    def certificate_authorities(self) -> tuple[str, ...]:
        """Issuers of a certificate for this very device, in lower case."""
        return self.authorities if self.asserted_id == self.controller_id else ()

    @property
    def token(self) -> Token | None:
        return read_authorization(self.authorization)

    @property
    def token_digest(self) -> str:
        """The digest by which a stored token is found; one that is nobody's without a token."""
        token = self.token
        return _NO_DIGEST if token is None else token.digest(self.device_name)


class Scheme(StrEnum):
    """Case matters, as in hawkBit."""

    TARGET = "TargetToken"
    GATEWAY = "GatewayToken"


class Token(NamedTuple):
    """What an Authorization header gives."""

    scheme: Scheme
    text: str

    def digest(self, device_name: str) -> str:
        if self.scheme is Scheme.TARGET:
            return target_token_digest(device_name, self.text)
        return gateway_token_digest(self.text)


class Standing(NamedTuple):
    """What is stored of the product and the device that a claim names. Without a device `device_id` is None.

    `target_digest` and `gateway_digest` are None when there is no such token. `has_room`: one more device may make
    itself.
    """

    product_id: int
    account_id: int
    product_key: str
    has_plug_and_play: bool
    has_room: bool
    polling_s: int
    accepts_target_tokens: bool
    gateway_digest: str | None
    authorities: frozenset[str]
    version_attribute: str
    device_id: int | None
    status: DeviceStatus | None
    target_digest: str | None


class Contact(NamedTuple):
    """A device that has proved who it is. `is_new`: it was made by this very request."""

    device_id: int
    account_id: int
    product_id: int
    product_key: str
    device_name: str
    polling_s: int
    version_attribute: str
    is_new: bool = False


class Newcomer(NamedTuple):
    """A device that does not exist yet, with a proof that lets it make itself."""

    standing: Standing
    device_name: str
    nickname: str = ""


class Refusal(Enum):
    """Why a claim leads to no device; the value is the answer's HTTP status. Its body is empty."""

    UNPROVED = 401
    UNKNOWN_DEVICE = 404  # said only to who proved the product's gateway token or certificate
    QUOTA_FULL = 429


Verdict = Contact | Newcomer | Refusal


def read_authorization(header: str | None) -> Token | None:
    """The token of `Scheme Token`: one blank between; some at the end are passed over, as clients send them."""
    if header is None:
        return None
    scheme, _, text = header.partition(" ")
    text = text.rstrip(" ")
    if scheme not in (Scheme.TARGET, Scheme.GATEWAY) or TOKEN.fullmatch(text) is None:
        return None
    return Token(Scheme(scheme), text)


def judge(claim: Claim, standing: Standing | None) -> Verdict:
    """What the claim leads to. `standing` is of the product and the device that it names; None: no product."""
    is_targets = _shows_target_token(claim, standing)
    speaks_for_all = _shows_gateway_token(claim, standing) | _shows_certificate(claim, standing)
    if standing is None or not (is_targets or speaks_for_all):
        return Refusal.UNPROVED
    if standing.device_id is None:
        return _judge_unknown(claim, standing)
    if standing.status is DeviceStatus.DISABLE:
        return Refusal.UNPROVED
    return contact_of(standing, standing.device_id, claim.device_name)


def contact_of(standing: Standing, device_id: int, device_name: str, *, is_new: bool = False) -> Contact:
    return Contact(
        device_id,
        standing.account_id,
        standing.product_id,
        standing.product_key,
        device_name,
        standing.polling_s,
        standing.version_attribute,
        is_new,
    )


def _judge_unknown(claim: Claim, standing: Standing) -> Newcomer | Refusal:
    if not claim.may_register:
        return Refusal.UNKNOWN_DEVICE
    if not standing.has_plug_and_play or DEVICE_NAME.fullmatch(claim.device_name) is None:
        return Refusal.UNPROVED
    if not standing.has_room:
        return Refusal.QUOTA_FULL
    return Newcomer(standing, claim.device_name, nickname_of(claim.controller_id))


def _shows_target_token(claim: Claim, standing: Standing | None) -> bool:
    expected = standing.target_digest if standing is not None and standing.accepts_target_tokens else None
    return _is_digest_of(claim, Scheme.TARGET, expected)


def _shows_gateway_token(claim: Claim, standing: Standing | None) -> bool:
    return _is_digest_of(claim, Scheme.GATEWAY, standing.gateway_digest if standing is not None else None)


def _is_digest_of(claim: Claim, scheme: Scheme, expected: str | None) -> bool:
    token = claim.token
    given = token.digest(claim.device_name) if token is not None else _NO_DIGEST
    is_equal = hmac.compare_digest(given, expected or _NO_DIGEST)
    return is_equal and expected is not None and token is not None and token.scheme is scheme


def _shows_certificate(claim: Claim, standing: Standing | None) -> bool:
    trusted = standing.authorities if standing is not None else frozenset[str]()
    return not trusted.isdisjoint(claim.certificate_authorities)
