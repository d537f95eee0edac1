"""The device's side of a file download over MQTT (device-protocol 8): JSON that asks, and binary that answers."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from whimbrel.simulator.messages import Stream

BLOCK_BYTES: Final = 5 * 1024
"""What the C SDK asks for at a time."""

FILE_TOKEN: Final = "default"  # noqa: S105  (the C SDK's word, not a secret)
_GOOD: Final = 200


class Block(NamedTuple):
    """A block that came; `code` other than 200: it did not, and there are no bytes."""

    offset: int
    content: bytes
    code: int = _GOOD

    @property
    def is_good(self) -> bool:
        """Whether the block is there."""
        return self.code == _GOOD


class BlockFaultError(ValueError):
    """A reply that the C SDK would not take."""


def block_message(message_id: int, stream: Stream, offset: int, size_bytes: int) -> bytes:
    """Asks for a block, with the comma before a closing brace that the C SDK sends and JSON does not know."""
    file = f'"fileInfo":{{"streamId":{stream.stream_id},"fileId":{stream.file_id},}}'
    block = f'"fileBlock":{{"size":{size_bytes},"offset":{offset}}}'
    params = f'"params":{{"fileToken":"{FILE_TOKEN}",{file},{block}}}'
    return f'{{"id":"{message_id}","version":"1.0",{params}}}'.encode()


def read_block(payload: bytes) -> Block:
    """The block of a reply. Raises BlockFaultError: lengths, JSON or checksum are wrong."""
    header_end = 2 + int.from_bytes(payload[:2], "big")
    try:
        header: Any = json.loads(payload[2:header_end])
        if header["code"] != _GOOD:
            return Block(-1, b"", int(header["code"]))
        offset, size_bytes = int(header["data"]["bOffset"]), int(header["data"]["bSize"])
    except (ValueError, LookupError, TypeError) as error:
        raise BlockFaultError(f"the header of a block cannot be read: {error}") from None
    content = payload[header_end:-2]
    if len(payload) != header_end + size_bytes + 2:
        raise BlockFaultError(f"a block of {size_bytes} bytes came in a message of {len(payload)}")
    if crc16(content) != int.from_bytes(payload[-2:], "little"):
        raise BlockFaultError("the checksum of a block is wrong")
    return Block(offset, content)


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC_OF_BYTE: Final = tuple(_crc_of_byte(byte) for byte in range(256))


def crc16(content: bytes) -> int:
    """CRC-16/ARC: reflected polynomial 0xA001, start 0 (device-protocol 8)."""
    crc = 0
    for byte in content:
        crc = crc >> 8 ^ _CRC_OF_BYTE[(crc ^ byte) & 0xFF]
    return crc
