"""The device's side of a file download over MQTT (device-protocol 8)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.simulator.blocks import Block, BlockFaultError, block_message, crc16, read_block
from whimbrel.simulator.messages import Stream


def reply(content: bytes, offset: int = 0, **header: object) -> bytes:
    """A reply as the platform sends it."""
    document = {"code": 200, "data": {"bOffset": offset, "bSize": len(content)}, **header}
    text = json.dumps(document).encode()
    return len(text).to_bytes(2, "big") + text + content + crc16(content).to_bytes(2, "little")


@pytest.mark.parametrize(("content", "crc"), [(b"123456789", 0xBB3D), (b"hello ota", 0x83A5), (b"", 0)])
def test_the_checksum_is_the_vendors(content: bytes, crc: int) -> None:
    """The vectors of device-protocol 13."""
    assert crc16(content) == crc


def test_a_request_is_the_c_sdks() -> None:
    """A request has the comma that JSON does not know, and is right without it."""
    message = block_message(7, Stream(12, 1), 1024, 512)
    assert b'"fileId":1,}' in message
    assert json.loads(message.replace(b",}", b"}")) == {
        "id": "7",
        "version": "1.0",
        "params": {
            "fileToken": "default",
            "fileInfo": {"streamId": 12, "fileId": 1},
            "fileBlock": {"size": 512, "offset": 1024},
        },
    }


def test_blocks_and_refusals_are_read() -> None:
    """A whole reply gives its block; a reply with another code gives the code and no bytes."""
    assert read_block(reply(b"abc", 5)) == Block(5, b"abc")
    refused = read_block(reply(b"", code=404))
    assert (refused.code, refused.content, refused.is_good) == (404, b"", False)


@pytest.mark.parametrize("place", [-1, -4])
def test_a_damaged_block_is_noticed(place: int) -> None:
    """One wrong bit in the block or in its checksum, or a byte too few or too many, is a fault."""
    whole = reply(b"abcd")
    damaged = bytearray(whole)
    damaged[place] ^= 1
    for payload in (bytes(damaged), whole[:-1], whole + b"x"):
        with pytest.raises(BlockFaultError):
            read_block(payload)


@given(st.binary(max_size=300))
def test_junk_is_a_fault(payload: bytes) -> None:
    """Whatever arrives is a block or a fault."""
    try:
        read_block(payload)
    except BlockFaultError:
        pass
