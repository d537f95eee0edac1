"""Device names, nicknames and presence (api-contract 13.2, 6.6)."""

from __future__ import annotations

import itertools

import pytest

from whimbrel.domain.device import DEVICE_NAME, DeviceStatus, is_valid_nickname, status_of

STATUS_BY_FACTS = {
    # is_disabled, is_online, is_activated
    (False, False, False): DeviceStatus.UNACTIVE,
    (False, False, True): DeviceStatus.OFFLINE,
    (False, True, True): DeviceStatus.ONLINE,
    (False, True, False): DeviceStatus.ONLINE,
    (True, False, False): DeviceStatus.DISABLE,
    (True, False, True): DeviceStatus.DISABLE,
    (True, True, False): DeviceStatus.DISABLE,
    (True, True, True): DeviceStatus.DISABLE,
}


@pytest.mark.parametrize("facts", list(itertools.product((False, True), repeat=3)))
def test_status(facts: tuple[bool, bool, bool]) -> None:
    """DISABLE hides presence, presence hides activation; a device that never connected is UNACTIVE."""
    is_disabled, is_online, is_activated = facts
    status = status_of(is_disabled=is_disabled, is_online=is_online, is_activated=is_activated)
    assert status is STATUS_BY_FACTS[facts]


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
