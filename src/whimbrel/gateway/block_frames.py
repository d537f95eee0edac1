"""A device's request for a block of its file, and the reply: JSON and bytes in one payload (device-protocol 8)."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from whimbrel.errors import ReportError
from whimbrel.gateway.crc16 import crc16

REQUEST_TOPIC = "/sys/{pk}/{dn}/thing/file/download"
REPLY_TOPIC = "/sys/{pk}/{dn}/thing/file/download_reply"

REQUEST_BYTES_MAX = 4 * 1024  # the C SDK sends 130, with a token of one word; a request may wait, so it has to be small
BLOCK_BYTES_MAX = 128 * 1024  # device-protocol 8 and 14; of a longer request the beginning is answered
TOKEN_BYTES_MAX = 127  # the C SDK copies it into 128 bytes unchecked, as it stands in the JSON

CODE_FOUND, CODE_BAD, CODE_UNKNOWN, CODE_BEYOND, CODE_DAMAGED = 200, 400, 404, 416, 500
MESSAGES = {
    CODE_FOUND: "success",
    CODE_BAD: "size is 1 or more and offset 0 or more",
    CODE_UNKNOWN: "no such stream",
    CODE_BEYOND: "the offset is not within the file",
    CODE_DAMAGED: "the file is damaged and is not served",
}

#: A whole text, which stays as it is, or a comma before a closing brace or bracket. Possessive, and a text without an
#: end matches too: every byte is looked at once.
_TEXT_OR_COMMA = re.compile(rb'"(?:[^"\\]|\\.)*+"?|,(?=\s*+[}\]])', re.DOTALL)
_encode = msgspec.json.Encoder().encode


class FileInfo(msgspec.Struct, frozen=True, rename="camel"):
    stream_id: int
    file_id: int


class FileBlock(msgspec.Struct, frozen=True):
    size: int
    offset: int


class BlockParams(msgspec.Struct, frozen=True, rename="camel"):
    file_info: FileInfo
    file_block: FileBlock
    file_token: str | None = None


class BlockRequest(msgspec.Struct, frozen=True):
    params: BlockParams
    id: str | int | None = None


class FoundBlock(NamedTuple):
    """What a request leads to: a code, and with CODE_FOUND the bytes."""

    code: int
    file_bytes: int = 0
    block: bytes = b""


def read_request(payload: bytes) -> BlockRequest:
    """The request; numbers may be written as text. Raises ReportError for anything that is not its form.

    The C SDK leaves a comma before a closing brace: where JSON proper cannot be read, it is read once more without
    such.
    """
    if len(payload) > REQUEST_BYTES_MAX:
        raise ReportError(f"a request for a block has at most {REQUEST_BYTES_MAX} bytes, this one {len(payload)}")
    try:
        return _decode(payload)
    except ReportError:
        return _decode(_TEXT_OR_COMMA.sub(_without_comma, payload))


def reply_payload(request: BlockRequest, found: FoundBlock) -> bytes:
    """Header length (big-endian), header, block, checksum of the block (little-endian). Without a block only the
    rest."""
    data: dict[str, str | int] = {
        "bOffset": request.params.file_block.offset,
        "fileLength": found.file_bytes,
        "bSize": len(found.block),
    }
    if request.params.file_token is not None:
        data = {"fileToken": _echoed(request.params.file_token), **data}
    header = _encode({"id": request.id, "code": found.code, "message": MESSAGES[found.code], "data": data})
    return b"".join(
        (len(header).to_bytes(2, "big"), header, found.block, crc16(found.block).to_bytes(2, "little")),
    )


def _decode(payload: bytes) -> BlockRequest:
    try:
        # Not strict: "12" is 12, as hand-written devices send it. The id stays what it is, for text comes first there.
        return msgspec.json.decode(payload, type=BlockRequest, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError(f"the message on {REQUEST_TOPIC} is not of the form wanted; {error}") from None


def _without_comma(match: re.Match[bytes]) -> bytes:
    return b"" if match[0] == b"," else match[0]


def _echoed(token: str) -> str:
    """The token, cut so that its JSON form has at most TOKEN_BYTES_MAX bytes."""
    token = token[:TOKEN_BYTES_MAX]
    while len(_encode(token)) - len('""') > TOKEN_BYTES_MAX:
        token = token[:-1]
    return token
