"""Product names and net types (api-contract 13.1)."""

from __future__ import annotations

import pytest

from whimbrel.domain.product import NET_TYPE_NUMBERS, PRODUCT_KEY, NetType, is_valid_name


@pytest.mark.parametrize(
    ("name", "is_valid"),
    [
        ("abc", False),
        ("abcd", True),
        ("a" * 30, True),
        ("a" * 31, False),
        ("产", False),
        ("产品", True),
        ("产" * 15, True),
        ("产" * 15 + "a", False),
        ("産品_1", True),
        ("テスト", True),
        ("제품", True),
        ("a_b1", True),
        ("a-bc", False),
        ("a bc", False),
        ("abc\n", False),
        ("abcd\n", False),
        ("ébcd", False),
        ("١٢٣٤", False),
        ("abcd\0", False),
        ("", False),
    ],
)
def test_name(name: str, is_valid: bool) -> None:
    """A name has 4 to 30 letters, digits, underscores and CJK characters, a CJK one counting 2."""
    assert is_valid_name(name) is is_valid


def test_net_type_numbers() -> None:
    """Each net type has the number that QueryProduct answers."""
    assert {net_type: NET_TYPE_NUMBERS[net_type] for net_type in NetType} == {
        "WIFI": 3,
        "CELLULAR": 6,
        "ETHERNET": 7,
        "OTHER": 8,
    }


@pytest.mark.parametrize(
    ("key", "is_key"), [("", False), ("a" * 30, True), ("a" * 31, False), ("a1\n", False), ("a_", False)]
)
def test_product_key(key: str, is_key: bool) -> None:
    """A product key has 1 to 30 ASCII letters and digits."""
    assert (PRODUCT_KEY.fullmatch(key) is not None) is is_key
