"""Device names, nicknames, statuses and shares (api-contract 13.2, 6.6)."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from whimbrel.domain.device import DEVICE_NAME, TRANSITIONS, DeviceDraft, DeviceStatus, is_valid_nickname
from whimbrel.domain.naming import DELETED_MARK, shown_name

UNACTIVE, ONLINE, OFFLINE, DISABLE = DeviceStatus
MAY_FOLLOW = {
    (UNACTIVE, ONLINE),
    (UNACTIVE, OFFLINE),
    (UNACTIVE, DISABLE),
    (ONLINE, OFFLINE),
    (ONLINE, DISABLE),
    (OFFLINE, ONLINE),
    (OFFLINE, DISABLE),
    (DISABLE, UNACTIVE),
    (DISABLE, OFFLINE),
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(DeviceStatus, repeat=2)))
def test_transitions(old: DeviceStatus, new: DeviceStatus) -> None:
    """A disabled device does not connect, and a device that was online is never again as if it had not been."""
    assert (new in TRANSITIONS[old]) is ((old, new) in MAY_FOLLOW)


def test_wire_codes() -> None:
    """The codes of QueryDeviceByStatus."""
    assert {status.name: status.value for status in DeviceStatus} == {
        "UNACTIVE": 0,
        "ONLINE": 1,
        "OFFLINE": 3,
        "DISABLE": 8,
    }


def test_gray_key() -> None:
    """31 bits that only the IotId decides, spread evenly: of 4,000 devices each tenth has between 300 and 500."""
    keys = [DeviceDraft(1, 1, "name", f"{number:024x}", "", "", 0).gray_key for number in range(4_000)]
    assert all(0 <= key < 1 << 31 for key in keys)
    assert keys[0] == DeviceDraft(2, 2, "other", "0" * 24, "s", "n", 9).gray_key
    tenths = Counter(key * 10 >> 31 for key in keys)
    assert len(tenths) == 10
    assert all(300 < count < 500 for count in tenths.values())


@pytest.mark.parametrize(("stored", "shown"), [("lamp-0001", "lamp-0001"), ("lamp-0001~17", "lamp-0001"), ("", "")])
def test_shown_name(stored: str, shown: str) -> None:
    """The mark that frees a deleted device's name is not shown."""
    assert shown_name(stored) == shown
    assert DEVICE_NAME.fullmatch(f"name{DELETED_MARK}1") is None


@pytest.mark.parametrize(
    ("name", "is_valid"),
    [
        ("abc", False),
        ("abcd", True),
        ("a" * 32, True),
        ("a" * 33, False),
        ("a-_@.:9", True),
        ("a b cd", False),
        ("abcd\n", False),
        ("a/bcd", False),
        ("a+bcd", False),
        ("a#bcd", False),
        ("a&bcd", False),
        ("名字名字", False),
        ("abc١", False),
    ],
)
def test_name(name: str, is_valid: bool) -> None:
    """A device name has 4 to 32 ASCII letters, digits and `-_@.:`; nothing that topics or logins give a meaning."""
    assert (DEVICE_NAME.fullmatch(name) is not None) is is_valid


@pytest.mark.parametrize(
    ("nickname", "is_valid"),
    [
        ("abc", False),
        ("abcd", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("灯灯", True),
        ("灯", False),
        ("灯" * 32, True),
        ("灯" * 32 + "_", False),
        ("a bcd", False),
        ("abcd\n", False),
    ],
)
def test_nickname(nickname: str, is_valid: bool) -> None:
    """A nickname has 4 to 64 letters, digits, underscores and CJK characters, a CJK one counting 2."""
    assert is_valid_nickname(nickname) is is_valid
