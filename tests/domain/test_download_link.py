"""Download links (A14): short, bound, unforgeable, one spelling each."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.download_link import (
    FILE_NUMBER_MAX,
    ID_MAX,
    LINK_SECONDS_MAX,
    TOKEN_CHARS_MAX,
    LinkedFile,
    LinkKind,
    is_expired,
    is_genuine,
    link_expiry_s,
    make_firmware_link,
    make_task_link,
    read_token,
)

KEY = b"k" * 32
SHA256 = "ab" * 32
OTHER_SHA256 = "cd" * 32
FILE = LinkedFile(SHA256)
EXPIRES_S = 1_732_009_663
IDS = st.integers(1, ID_MAX)


@given(IDS, IDS, st.integers(1, 9_999_999_999))
def test_task_link_reads_back(task_id: int, device_id: int, expires_s: int) -> None:
    """A task's token names its task and expiry, and is genuine for its device and object."""
    claim = read_token(make_task_link(KEY, task_id, device_id, FILE, expires_s))
    assert claim is not None
    assert claim[:3] == (LinkKind.TASK, task_id, expires_s)
    assert is_genuine(KEY, claim, device_id, SHA256)


@given(IDS, st.integers(1, 9_999_999_999))
def test_firmware_link_reads_back(firmware_id: int, expires_s: int) -> None:
    """A firmware's token names its firmware and is genuine for its object, without a device."""
    claim = read_token(make_firmware_link(KEY, firmware_id, FILE, expires_s))
    assert claim is not None
    assert claim[:3] == (LinkKind.FIRMWARE, firmware_id, expires_s)
    assert is_genuine(KEY, claim, None, SHA256)


def test_A14_link_is_bound_to_everything() -> None:
    """Another key, device, object, or the other kind's check makes the link false."""
    claim = read_token(make_task_link(KEY, 7, 8, FILE, EXPIRES_S))
    assert claim is not None
    assert not is_genuine(b"x" * 32, claim, 8, SHA256)
    assert not is_genuine(KEY, claim, 9, SHA256)
    assert not is_genuine(KEY, claim, 8, OTHER_SHA256)
    assert not is_genuine(KEY, claim, None, SHA256)
    assert not is_genuine(KEY, claim._replace(kind=LinkKind.FIRMWARE), None, SHA256)
    assert not is_genuine(KEY, claim._replace(id=8), 8, SHA256)
    assert not is_genuine(KEY, claim._replace(expires_s=EXPIRES_S + 1), 8, SHA256)


def test_A14_firmware_link_is_no_task_link() -> None:
    """A firmware link is not good for a device, and a task cannot borrow its MAC."""
    claim = read_token(make_firmware_link(KEY, 7, FILE, EXPIRES_S))
    assert claim is not None
    assert not is_genuine(KEY, claim, 8, SHA256)
    assert not is_genuine(KEY, claim._replace(kind=LinkKind.TASK), 8, SHA256)


@given(st.integers(0, 200), st.sampled_from(string.printable))
def test_A14_any_changed_character_is_refused(position: int, character: str) -> None:
    """A token with one character changed is either no token or not genuine."""
    for file in (FILE, FILE._replace(number=12)):
        token = make_task_link(KEY, 7, 8, file, EXPIRES_S)
        place = position % len(token)
        changed = token[:place] + character + token[place + 1 :]
        claim = read_token(changed)
        assert changed == token or claim is None or not is_genuine(KEY, claim, 8, SHA256)


def test_links_of_the_first_release_stay_good() -> None:
    """The token of a firmware's only file is, byte for byte, what it was before firmware had several."""
    assert make_task_link(KEY, 7, 8, FILE, EXPIRES_S) == "t7.1732009663.661b3fbd2f78d1f6175011fe97a7bda1"
    assert make_firmware_link(KEY, 7, FILE, EXPIRES_S) == "f7.1732009663.7f99e7a26590b0cb60eac0ca0f5fb3a5"


@given(IDS, st.integers(1, FILE_NUMBER_MAX))
def test_A14_a_link_is_bound_to_its_file(row_id: int, number: int) -> None:
    """A link to one of several files names its number, and is good for no other number, and not for the only file."""
    claim = read_token(make_task_link(KEY, row_id, 8, LinkedFile(SHA256, number), EXPIRES_S))
    assert claim is not None
    assert (claim.kind, claim.id, claim.file_number) == (LinkKind.TASK, row_id, number)
    assert is_genuine(KEY, claim, 8, SHA256)
    for other in (0, number - 1, number + 1):
        assert not is_genuine(KEY, claim._replace(file_number=other), 8, SHA256)


@given(st.text(max_size=80))
def test_any_text_is_read_safely(text: str) -> None:
    """Reading never raises, and what reads is a bounded claim."""
    claim = read_token(text)
    assert claim is None or (1 <= claim.id <= ID_MAX and len(claim.mac) == 16)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token + "\n",
        lambda token: " " + token,
        lambda token: token.replace("t7.", "t07."),
        lambda token: token.replace("t7.", "t٧."),
        lambda token: token.replace("t7.", "t0."),
        lambda token: token.replace("t7.", f"t{ID_MAX + 1}."),
        lambda token: token.replace("t7.", "x7."),
        lambda token: token.upper(),
        lambda token: token[:-1],
        lambda token: token + "0",
    ],
)
def test_one_spelling(change: object) -> None:
    """Another spelling of the same claim is no token."""
    assert callable(change)
    assert read_token(change(make_task_link(KEY, 7, 8, FILE, EXPIRES_S))) is None


def test_path_is_short() -> None:
    """The longest link's path has less than 100 characters, all of which need no escape (device-protocol 4)."""
    token = make_task_link(KEY, ID_MAX, ID_MAX, LinkedFile(SHA256, FILE_NUMBER_MAX), 9_999_999_999)
    assert len(token) == TOKEN_CHARS_MAX
    assert len(f"/f/{token}") < 100
    assert set(token) <= set(string.ascii_letters + string.digits + "-._~")


@pytest.mark.parametrize(("after_s", "is_over"), [(-1, False), (0, False), (1, True)])
def test_A14_expiry(after_s: int, is_over: bool) -> None:
    """A link is good up to its expiry second."""
    claim = read_token(make_task_link(KEY, 7, 8, FILE, EXPIRES_S))
    assert claim is not None
    assert is_expired(claim, EXPIRES_S + after_s) is is_over


def test_A14_lifetime_limit() -> None:
    """A link lives at least one second and at most 24 hours."""
    assert LINK_SECONDS_MAX == 86_400
    assert link_expiry_s(1000) == 1000 + LINK_SECONDS_MAX
    assert link_expiry_s(1000, LINK_SECONDS_MAX - 1) == 999 + LINK_SECONDS_MAX
    assert link_expiry_s(1000, 1) == 1001
    for lifetime_s in (-1, 0, LINK_SECONDS_MAX + 1):
        with pytest.raises(ValueError, match="a link lives"):
            link_expiry_s(1000, lifetime_s)


@pytest.mark.parametrize(
    ("row_id", "sha256"), [(0, SHA256), (-1, SHA256), (ID_MAX + 1, SHA256), (1, "AB" * 32), (1, "ab")]
)
def test_only_good_links_are_made(row_id: int, sha256: str) -> None:
    """Making a link for an impossible id or digest is a programming error, found at once."""
    with pytest.raises(ValueError, match="a link names"):
        make_task_link(KEY, row_id, 1, LinkedFile(sha256), EXPIRES_S)


@pytest.mark.parametrize("number", [-1, FILE_NUMBER_MAX + 1])
def test_only_readable_numbers_are_made(number: int) -> None:
    """A file's number that could not be read back is refused."""
    with pytest.raises(ValueError, match="names a file"):
        make_task_link(KEY, 1, 1, LinkedFile(SHA256, number), EXPIRES_S)


@pytest.mark.parametrize("token", ["t7-0.5.{mac}", "t7-00.5.{mac}", "t7-01.5.{mac}", "t7-100.5.{mac}", "t7-.5.{mac}"])
def test_numbers_have_one_spelling(token: str) -> None:
    """A number is 1 to 99 without leading zeros, or is left out."""
    assert read_token(token.format(mac="0" * 32)) is None


@pytest.mark.parametrize("expires_s", [-1, 0, 10_000_000_000])
def test_only_readable_expiries_are_made(expires_s: int) -> None:
    """An expiry that could not be read back is refused."""
    with pytest.raises(ValueError, match="cannot expire"):
        make_firmware_link(KEY, 1, FILE, expires_s)
