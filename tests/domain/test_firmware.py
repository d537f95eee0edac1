"""Firmware names, digests and the verification status (api-contract 6.1, 8.2)."""

from __future__ import annotations

import itertools

import pytest

from whimbrel.domain.firmware import (
    NAME,
    RELEASABLE,
    TRANSITIONS,
    Firmware,
    FirmwareStatus,
    SignMethod,
    status_after_verification,
)

FINAL = {FirmwareStatus.NO_VERIFICATION, FirmwareStatus.VERIFIED}
FIRMWARE = Firmware(
    id=1,
    account_id=1,
    product_id=1,
    product_key="pk",
    product_name="product",
    module_name="default",
    name="name",
    dest_version="2",
    src_version="",
    type=0,
    status=0,
    sign_method="MD5",
    sha256="s" * 64,
    md5="m" * 32,
    size_bytes=1,
    description="",
    udi="",
    object_key="key",
    created_ms=0,
    modified_ms=0,
)


def test_every_status_has_its_transitions() -> None:
    """Final statuses have no way out, and only those that failed or were never tried may be verified."""
    assert set(TRANSITIONS) == set(FirmwareStatus)
    assert {status for status in FirmwareStatus if not TRANSITIONS[status]} == FINAL
    assert {old for old in FirmwareStatus if FirmwareStatus.VERIFYING in TRANSITIONS[old]} == {
        FirmwareStatus.UNVERIFIED,
        FirmwareStatus.VERIFICATION_FAILED,
    }


def test_I10_releasable() -> None:
    """Only verified firmware, and firmware made as needing none, may leave for any device."""
    assert set(RELEASABLE) == FINAL


@pytest.mark.parametrize(
    ("succeeded", "failed", "verdict"),
    [
        (0, 0, FirmwareStatus.UNVERIFIED),
        (1, 0, FirmwareStatus.VERIFIED),
        (10, 0, FirmwareStatus.VERIFIED),
        (0, 1, FirmwareStatus.VERIFICATION_FAILED),
        (9, 1, FirmwareStatus.VERIFICATION_FAILED),
    ],
)
def test_verdict(succeeded: int, failed: int, verdict: FirmwareStatus) -> None:
    """One success without a failure verifies; nothing at all puts the firmware back to unverified."""
    assert status_after_verification(succeeded, failed) is verdict


@pytest.mark.parametrize(("succeeded", "failed"), list(itertools.product(range(3), repeat=2)))
def test_verdict_is_a_transition(succeeded: int, failed: int) -> None:
    """Whatever the tasks did, the verdict is one that may follow VERIFYING."""
    assert status_after_verification(succeeded, failed) in TRANSITIONS[FirmwareStatus.VERIFYING]


@pytest.mark.parametrize(("method", "sign"), [(SignMethod.MD5, "m" * 32), (SignMethod.SHA256, "s" * 64)])
def test_sign(method: SignMethod, sign: str) -> None:
    """The sign is the digest of the firmware's sign method."""
    assert FIRMWARE._replace(sign_method=method.value).sign == sign


@pytest.mark.parametrize(
    ("name", "is_valid"),
    [
        ("", False),
        ("a", True),
        ("a" * 40, True),
        ("a" * 41, False),
        ("固件(1)-_", True),
        ("_a", False),
        ("(a", False),
        ("-a", False),
        ("a b", False),
        ("a\n", False),
        ("a/b", False),
        ("a\u202eb", False),
    ],
)
def test_name(name: str, is_valid: bool) -> None:
    """A name has 1 to 40 letters, digits, CJK characters and `_()-`, and begins with one of the first three."""
    assert (NAME.fullmatch(name) is not None) is is_valid
