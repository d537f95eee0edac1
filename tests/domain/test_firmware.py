"""Firmware names, digests and the verification status (api-contract 6.1, 8.2)."""

from __future__ import annotations

import itertools

import pytest

from whimbrel.domain.firmware import (
    NAME,
    RELEASABLE,
    TRANSITIONS,
    Firmware,
    FirmwareFile,
    FirmwareStatus,
    SignMethod,
    list_digest,
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


FILES = tuple(
    FirmwareFile(number, f"f{number}", f"{number}" * 64, f"{number}" * 32, number, "k") for number in (1, 2, 3)
)


@pytest.mark.parametrize(("count", "is_one"), [(0, True), (1, True), (2, False), (20, False)])
def test_several_files_have_no_common_sign(count: int, is_one: bool) -> None:
    """Firmware of several files has no digest that a device could check: each file has its own."""
    for method in SignMethod:
        firmware = FIRMWARE._replace(file_count=count, sign_method=method.value)
        assert (firmware.is_one_object, firmware.sign != "") == (is_one, is_one)


@pytest.mark.parametrize(("method", "sign"), [("MD5", "1" * 32), ("SHA256", "1" * 64)])
def test_sign_of_a_file(method: str, sign: str) -> None:
    """A file's sign is its digest by the firmware's sign method."""
    assert FILES[0].sign(method) == sign


def test_I10_the_digest_of_a_list_stands_for_every_file() -> None:
    """Another name, digest, size, order or number of files is another list; where it was uploaded is not part of it."""
    first, *rest = FILES
    changes = {"name": "x", "sha256": "0" * 64, "md5": "0" * 32, "size_bytes": 9}
    lists = [FILES, FILES[:2], FILES[::-1], *((first._replace(**{name: new}), *rest) for name, new in changes.items())]
    assert len({list_digest(files) for files in lists}) == len(lists)
    assert list_digest((first._replace(object_key="other"), *rest)) == list_digest(FILES)


def test_the_digest_of_a_list_is_stored_for_ever() -> None:
    """Stored firmware is checked against it, so it must never be computed in another way."""
    files = (FirmwareFile(1, "a", "a" * 64, "b" * 32, 7, ""), FirmwareFile(2, "文", "c" * 64, "d" * 32, 8, ""))
    assert list_digest(files) == "bed9281c8550b5317689dc35c8902fc8acd1b89e0d238da30bdcbbefdd5a59dc"


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
