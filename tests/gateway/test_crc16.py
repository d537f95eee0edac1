"""CRC-16/ARC against its definition and its published values (device-protocol 8, 13)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.gateway.crc16 import crc16

REFLECTED_POLYNOMIAL = 0xA001


def by_definition(block: bytes) -> int:
    """Bit by bit, as the standard says it."""
    register = 0
    for byte in block:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (REFLECTED_POLYNOMIAL if register & 1 else 0)
    return register


@pytest.mark.parametrize(("block", "checksum"), [(b"123456789", 0xBB3D), (b"hello ota", 0x83A5), (b"", 0)])
def test_known_values(block: bytes, checksum: int) -> None:
    """The check value of the standard, and the vectors of the protocol sheet."""
    assert crc16(block) == by_definition(block) == checksum


@given(st.binary(max_size=2_000))
def test_any_block(block: bytes) -> None:
    """Folding long numbers gives what the definition gives."""
    assert crc16(block) == by_definition(block)


@pytest.mark.parametrize("length", [*range(70), 255, 256, 257, 4_095, 5_120, 131_072])
@pytest.mark.parametrize("byte", [0x00, 0x01, 0x80, 0xFF])
def test_blocks_of_one_byte_repeated(length: int, byte: int) -> None:
    """Every length, also where the polynomial is zero or ends with one."""
    if length <= 5_120 or byte == 0x01:
        assert crc16(bytes([byte]) * length) == by_definition(bytes([byte]) * length)


@given(st.binary(min_size=1, max_size=300), st.integers(min_value=0))
def test_a_flipped_bit_is_noticed(block: bytes, where: int) -> None:
    """One wrong bit changes the checksum."""
    place = where % (8 * len(block))
    flipped = bytearray(block)
    flipped[place // 8] ^= 1 << place % 8
    assert crc16(bytes(flipped)) != crc16(block)
