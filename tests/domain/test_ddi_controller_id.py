"""Ids of DDI devices, and the names that they are kept under (ddi-protocol 2; A15, A16)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.ddi_controller_id import device_name_of, is_controller_id, nickname_of
from whimbrel.domain.device import DEVICE_NAME, is_valid_nickname

UUID = "123e4567-e89b-42d3-a456-426614174000"
ALPHABET = "ABCXYZabcxyz0189-_@.:"
IDS = st.text(ALPHABET, min_size=1, max_size=256).filter(is_controller_id)


@pytest.mark.parametrize(
    ("text", "is_id"),
    [
        ("", False),
        ("a", True),
        ("ab", True),
        ("d" * 255, True),
        ("d" * 256, True),
        ("d" * 257, False),
        (".", False),
        ("..", False),
        ("...", True),
        (".a", True),
        ("a\n", False),
        ("..\n", False),
        ("a b", False),
        ("a/b", False),
        ("dév", False),
        ("٠١٢٣", False),
    ],
)
def test_which_ids_there_are(text: str, is_id: bool) -> None:
    """1 to 256 of a DeviceName's characters, and no folder of a path."""
    assert is_controller_id(text) is is_id


@pytest.mark.parametrize(
    ("controller_id", "name"),
    [
        ("abc", "abc-ungWv48Bz-pBQUDeXa4iI7"),
        ("abcd", "abcd"),
        ("d" * 31, "d" * 31),
        ("d" * 32, "d" * 32),
        ("d" * 33, "ddddddddd--3iSmtKTYh5kXaAIBKQZR9"),
        (UUID, "123e4567--MgFZ6-MhkRJIS6qgqhFk3Z"),
        ("nrf52840dk-0123456789abcdef0123456789abcdef", "nrf52840d-fmMOWOMwa2lGgQ-5BjMlTd"),
    ],
)
def test_names(controller_id: str, name: str) -> None:
    """An id that is a DeviceName is the name; the others never change, for operators have registered them."""
    assert device_name_of(controller_id) == name


@given(IDS, IDS)
def test_A16_every_id_has_a_name_of_its_own(first: str, second: str) -> None:
    """Whatever the id, its name is a DeviceName, stands for itself, and is another id's only when that is the name."""
    names = [device_name_of(each) for each in (first, second)]
    assert all(DEVICE_NAME.fullmatch(name) for name in names)
    assert [device_name_of(name) for name in names] == names
    assert (names[0] == names[1]) is (first == second)


@pytest.mark.parametrize(
    ("controller_id", "nickname"),
    [
        ("lamp0001", ""),  # its name says it
        ("a_b", ""),  # shorter than a nickname
        ("d" * 33, "d" * 33),
        ("d" * 64, "d" * 64),
        ("d" * 65, ""),
        (UUID, ""),  # a nickname has no hyphen
        (UUID.replace("-", "_"), UUID.replace("-", "_")),
    ],
)
def test_nicknames(controller_id: str, nickname: str) -> None:
    """The id, where the name does not say it and the rules of nicknames allow it."""
    assert nickname_of(controller_id) == nickname
    assert not nickname or is_valid_nickname(nickname)
