"""The form upload's rules: what a policy allows, how it is signed, whether a form keeps to it (api-contract 12, A13).

A form is a map from lower-case field name to text, without the file. The order of the checks is fixed: the form is
complete, the signature covers the policy text as sent, and only then is the policy, which is now known to come from a
holder of the secret, parsed and applied. The file's length is the one condition that cannot be checked here: it is
handed back in the `UploadGrant` for whoever counts the bytes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, NoReturn

from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import UploadError

FILE_BYTES_MIN = 1
FILE_BYTES_MAX = 1_048_576_000  # 1000 MiB: the vendors' limit for one file (api-contract 8.1)
DEVICE_LIST_BYTES_MAX = 5 * 1024 * 1024  # 5 MB (api-contract 10.10, 14)
POLICY_SECONDS = 60  # an upload must start within a minute of its credentials (api-contract 8.1)
POLICY_CHARS_MAX = 16_384  # ours has 300 characters
CONDITIONS_MAX = 64

#: Fields that a form may carry although no condition names them (api-contract 12; the last line: what vendor SDKs and
#: browser uploaders add, without effect here). Any other field needs a condition in the policy (A13).
_FREE_FIELDS = frozenset(
    {"key", "ossaccesskeyid", "accesskeyid", "policy", "signature", "content-md5"}
    | {"success_action_status", "success_action_redirect", "x-oss-forbid-overwrite"}
    | {"content-type", "content-disposition", "content-encoding", "cache-control", "expires"}
    | {"name", "submit", "x-oss-content-type"}
)
_RANDOM_HEX = re.compile(r"[0-9a-f]{32}")
_SUFFIX = re.compile(r"[a-z0-9]{1,6}(?:\.[a-z0-9]{1,3})?")
_EXPIRATION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3})?Z")


class UploadPurpose(StrEnum):
    """What an uploaded file may become: an upload of one purpose is nothing to the other."""

    FIRMWARE = "firmware"
    DEVICE_LIST = "device_list"

    @property
    def folder(self) -> str:
        """Where its object keys begin."""
        return "ota/firmware" if self is UploadPurpose.FIRMWARE else "ota/devices"

    @property
    def size_bytes_max(self) -> int:
        return FILE_BYTES_MAX if self is UploadPurpose.FIRMWARE else DEVICE_LIST_BYTES_MAX


class UploadPolicy(NamedTuple):
    """What our own upload credentials allow: one object key, a length, until `expires_ms`."""

    object_key: str
    expires_ms: int
    size_bytes_min: int = FILE_BYTES_MIN
    size_bytes_max: int = FILE_BYTES_MAX


class UploadForm(NamedTuple):
    """The part of a form that says who sends what, complete but not yet believed."""

    object_key: str
    access_key_id: str
    policy_text: str
    signature: str


class UploadGrant(NamedTuple):
    """What a checked form may do: store one file of that length under that key, by that key's holder."""

    object_key: str
    access_key_id: str
    size_bytes_min: int
    size_bytes_max: int
    content_md5: str | None
    """The MD5 that the file must have, lower-case hex; None when the form gives none."""


def make_object_key(random_hex: str, suffix: str, purpose: UploadPurpose = UploadPurpose.FIRMWARE) -> str:
    """`ota/firmware/<32 hex>.<suffix>` (api-contract 8.1); a file name never becomes part of a key (I11)."""
    if not _RANDOM_HEX.fullmatch(random_hex) or not _SUFFIX.fullmatch(suffix):
        raise ValueError("an object key is made of 32 lower-case hex digits and a suffix like bin or tar.gz")
    return f"{purpose.folder}/{random_hex}.{suffix}"


def make_policy(object_key: str, now_ms: int, size_bytes_max: int = FILE_BYTES_MAX) -> UploadPolicy:
    """A policy for one upload that starts within POLICY_SECONDS."""
    return UploadPolicy(object_key, now_ms + POLICY_SECONDS * 1000, FILE_BYTES_MIN, size_bytes_max)


def encode_policy(policy: UploadPolicy) -> str:
    """The policy field: Base64 of its JSON. The `eq` condition keeps credentials of one file from writing another."""
    document = {
        "expiration": utc_text(policy.expires_ms),
        "conditions": [
            ["content-length-range", policy.size_bytes_min, policy.size_bytes_max],
            ["eq", "$key", policy.object_key],
        ],
    }
    return base64.b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()


def sign_policy(secret: str, policy_text: str) -> str:
    """Base64(HMAC-SHA1(secret, policy field as sent)) (api-contract 12; the algorithm is the vendors')."""
    return base64.b64encode(hmac.digest(secret.encode(), policy_text.encode(), "sha1")).decode()


def read_form(fields: Mapping[str, str]) -> UploadForm:
    """The form's credentials and key. Raises UploadError when one is missing.

    The key's id may stand in `AccessKeyId` too, as GenerateDeviceNameListURL calls it (api-contract 10.10).
    """
    key_ids = {fields[name] for name in ("ossaccesskeyid", "accesskeyid") if fields.get(name)}
    if len(key_ids) > 1:
        raise UploadError("InvalidArgument", "OSSAccessKeyId and AccessKeyId are two names of one field; give one")
    if not (key_ids and fields.get("policy") and fields.get("signature")):
        raise UploadError("InvalidArgument", "OSSAccessKeyId, policy and Signature belong together; one is missing")
    if not fields.get("key"):
        raise UploadError("IncorrectNumberOfFilesInPOSTRequest", "the form needs the field key before its file")
    return UploadForm(fields["key"], key_ids.pop(), fields["policy"], fields["signature"])


def check_signature(form: UploadForm, secret: str | None) -> None:
    """Raises UploadError unless `secret` signed the policy text as sent; None says that the key id is unknown.

    An unknown key costs the same time as a wrong signature (threat-model 3).
    """
    expected = sign_policy(secret if secret is not None else "no such key", form.policy_text)
    is_signed = hmac.compare_digest(expected.encode(), form.signature.encode())
    if secret is None:
        raise UploadError("InvalidAccessKeyId", "the OSSAccessKeyId does not exist or is disabled")
    if not is_signed:
        raise UploadError("SignatureDoesNotMatch", "Signature is not Base64(HMAC-SHA1(secret, policy text))")


def check_form(form: UploadForm, fields: Mapping[str, str], now_ms: int) -> UploadGrant:
    """What the signed policy allows this form to do at `now_ms`. Call after `check_signature`.

    Raises UploadError: InvalidPolicyDocument, AccessDenied (expired, a condition unmet, a field outside the policy),
    InvalidDigest.
    """
    expires_ms, conditions = _read_policy(form.policy_text)
    if now_ms > expires_ms:
        _deny(f"the policy expired at {utc_text(expires_ms)}; ask for new upload credentials")
    if "${filename}" in form.object_key:
        _deny("the key must be the exact one given out; ${filename} is not replaced here")
    size_bytes_min, size_bytes_max = FILE_BYTES_MIN, FILE_BYTES_MAX
    covered: set[str] = set()
    for condition in conditions:
        if isinstance(condition, _LengthRange):
            size_bytes_min = max(size_bytes_min, condition.size_bytes_min)
            size_bytes_max = min(size_bytes_max, condition.size_bytes_max)
            continue
        if not condition.is_met(fields.get(condition.field)):
            _deny(f"the policy's condition on {condition.field[:64]} is not met")
        covered.add(condition.field)
    if "key" not in covered:
        _deny("the policy says nothing about the key")
    for name in fields:
        if name not in covered and name not in _FREE_FIELDS and not name.startswith("x-oss-meta-"):
            _deny(f"the field {name[:64]} is not named in the policy")
    return UploadGrant(form.object_key, form.access_key_id, size_bytes_min, size_bytes_max, _content_md5(fields))


class _LengthRange(NamedTuple):
    size_bytes_min: int
    size_bytes_max: int


class _FieldCondition(NamedTuple):
    """`eq` or `starts-with` on one form field."""

    field: str
    text: str
    is_prefix: bool

    def is_met(self, value: str | None) -> bool:
        if value is None:
            return False
        return value.startswith(self.text) if self.is_prefix else value == self.text


_Condition = _LengthRange | _FieldCondition


def _read_policy(policy_text: str) -> tuple[int, list[_Condition]]:
    """Expiry in epoch ms and the conditions of a policy field. Both members are required, and no others known."""
    document = _read_json(policy_text)
    if not isinstance(document, dict):
        _unreadable("it must be a JSON object")
    expiration, raw_conditions = document.get("expiration"), document.get("conditions")
    if not isinstance(expiration, str) or not isinstance(raw_conditions, list):
        _unreadable("it needs the members expiration and conditions")
    conditions = [condition for raw in raw_conditions[: CONDITIONS_MAX + 1] for condition in _read_condition(raw)]
    if len(conditions) > CONDITIONS_MAX:
        _unreadable(f"it has more than {CONDITIONS_MAX} conditions")
    return _read_expiration(expiration), conditions


def _read_json(policy_text: str) -> object:
    if len(policy_text) > POLICY_CHARS_MAX:
        _unreadable(f"it is longer than {POLICY_CHARS_MAX} characters")
    try:
        text = base64.b64decode(policy_text.encode("ascii"), validate=True).decode()
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_number, parse_float=_refuse_number)
    except (binascii.Error, ValueError, RecursionError):
        _unreadable("it must be Base64 of JSON in UTF-8, without repeated names or fractions")


def _read_condition(raw: object) -> Iterable[_Condition]:
    match raw:
        case ["content-length-range", int(lowest), int(highest)] if type(lowest) is type(highest) is int:
            yield _LengthRange(lowest, highest)
        case [str(verb), str(field), str(text)] if verb in ("eq", "starts-with") and field.startswith("$"):
            yield _FieldCondition(field[1:].lower(), text, verb == "starts-with")
        case dict() if raw and all(isinstance(text, str) for text in raw.values()):
            yield from (_FieldCondition(field.lower(), text, False) for field, text in raw.items())
        case _:
            _unreadable("a condition is content-length-range, eq, starts-with or an object of texts")


def _read_expiration(text: str) -> int:
    # An exact ASCII pattern first: the library's reader takes more forms than the contract has.
    if not _EXPIRATION.fullmatch(text):
        _unreadable("expiration is written YYYY-MM-DDThh:mm:ss.sssZ")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        _unreadable("expiration is no date")
    return int(at.replace(microsecond=0).timestamp()) * 1000 + at.microsecond // 1000


def _content_md5(fields: Mapping[str, str]) -> str | None:
    text = fields.get("content-md5")
    if text is None:
        return None
    try:
        digest = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        digest = b""
    if len(digest) != 16:
        raise UploadError("InvalidDigest", "Content-MD5 is the Base64 text of the file's 16-byte MD5")
    return digest.hex()


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is repeated")
    return members


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"no such number here: {text}")


def _unreadable(fact: str) -> NoReturn:
    raise UploadError("InvalidPolicyDocument", f"the policy is unreadable; {fact}")


def _deny(fact: str) -> NoReturn:
    raise UploadError("AccessDenied", fact)
