"""Requests for blocks as devices write them, and replies as they read them (device-protocol 8)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.errors import ReportError
from whimbrel.gateway.block_frames import (
    CODE_FOUND,
    CODE_UNKNOWN,
    REQUEST_BYTES_MAX,
    TOKEN_BYTES_MAX,
    FoundBlock,
    read_request,
    reply_payload,
)
from whimbrel.gateway.crc16 import crc16

OF_THE_C_SDK = (
    b'{"id":"1","version":"1.0","params":{"fileToken":"default","fileInfo":{"streamId":12332,"fileId":1,},'
    b'"fileBlock":{"size":5120,"offset":10240}}}'
)
OF_A_HAND = b'{"id": "1","params": {"fileInfo":{"streamId":12332,"fileId":1},"fileBlock":{"size":256,"offset":0}}}'


def asked(payload: bytes) -> tuple[int, int, int, int]:
    params = read_request(payload).params
    return params.file_info.stream_id, params.file_info.file_id, params.file_block.size, params.file_block.offset


def split(payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and block, as the C SDK takes them apart: the length has to fit and the checksum to be right."""
    header_bytes = int.from_bytes(payload[:2], "big")
    header = json.loads(payload[2 : 2 + header_bytes])
    size = header["data"]["bSize"]
    assert len(payload) == 2 + header_bytes + size + 2
    block = payload[2 + header_bytes : -2]
    assert int.from_bytes(payload[-2:], "little") == crc16(block)
    return header, block


def request(**params: Any) -> bytes:
    whole = {"fileInfo": {"streamId": 1, "fileId": 1}, "fileBlock": {"size": 1, "offset": 0}, **params}
    return json.dumps({"id": "1", "params": whole}).encode()


def test_the_c_sdk_leaves_a_comma() -> None:
    """Its request is no JSON, and is understood."""
    assert asked(OF_THE_C_SDK) == (12332, 1, 5120, 10240)
    assert read_request(OF_THE_C_SDK).params.file_token == "default"


@pytest.mark.parametrize(
    "payload",
    [
        OF_A_HAND,
        OF_A_HAND.replace(b"12332", b'"12332"').replace(b"256", b'"256"'),
        OF_A_HAND.replace(b":1}", b":1 ,\n }").replace(b"}}}", b",},},}"),
        OF_A_HAND.replace(b'"params": {', b'"method":"x","more":[1,],"params": {"module":"default",'),
    ],
)
def test_what_hand_written_devices_send(payload: bytes) -> None:
    """Numbers as text, commas anywhere before a brace, members that nobody knows."""
    assert asked(payload) == (12332, 1, 256, 0)


@pytest.mark.parametrize("request_id", ["1", 1, None, "", -7, 2**63])
def test_the_id_comes_back_in_its_type(request_id: str | int | None) -> None:
    """Text as text and a number as a number, also when the rest was read leniently."""
    payload = OF_THE_C_SDK.replace(b'"id":"1"', b'"id":' + json.dumps(request_id).encode())
    header, _ = split(reply_payload(read_request(payload), FoundBlock(CODE_UNKNOWN)))
    assert header["id"] == request_id


@pytest.mark.parametrize("token", ["a,}b", 'x",]', "\\", ",}", '{"k":1,}'])
def test_texts_stay_whole(token: str) -> None:
    """A comma before a brace inside a text is the text's."""
    written = request(fileToken=token)[:-2] + b",}}"
    assert read_request(written).params.file_token == token


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"{,}",
        b'{"id":1}',
        b'{"params":{}}',
        request(fileInfo={"streamId": 1}),
        request(fileInfo={"streamId": "one", "fileId": 1}),
        request(fileInfo={"streamId": 1.5, "fileId": 1}),
        request(fileInfo={"streamId": True, "fileId": 1}),
        request(fileBlock={"size": 1}),
        request(fileBlock={"size": None, "offset": 0}),
        request(fileToken=5),
        b"\xff" + OF_A_HAND,
        b"[" * 2_000,
        OF_A_HAND + b",",
    ],
    ids=lambda payload: repr(payload[:60]),
)
def test_what_is_no_request(payload: bytes) -> None:
    """Anything else is refused, and only refused."""
    with pytest.raises(ReportError):
        read_request(payload)


@pytest.mark.parametrize("more_bytes", [-1, 0, 1])
def test_the_longest_request(more_bytes: int) -> None:
    """A request waits in memory, so it is short."""
    payload = OF_A_HAND + b" " * (REQUEST_BYTES_MAX - len(OF_A_HAND) + more_bytes)
    if more_bytes > 0:
        with pytest.raises(ReportError):
            read_request(payload)
    else:
        assert asked(payload)[2] == 256


@given(st.binary(max_size=200))
def test_any_bytes(payload: bytes) -> None:
    """Whatever comes is a request or a ReportError."""
    try:
        read_request(payload)
    except ReportError:
        pass


@given(st.lists(st.sampled_from([b'"', b"\\", b",", b"}", b"]", b" ", b"a", b'\\"']), max_size=4_000).map(b"".join))
def test_I17_hostile_commas(payload: bytes) -> None:
    """Quotes, backslashes and commas in any order are looked at once each: nothing here takes long."""
    with pytest.raises(ReportError):
        read_request(payload[:REQUEST_BYTES_MAX])


@given(st.binary(max_size=600), st.integers(0, 2**40))
def test_a_reply(block: bytes, offset: int) -> None:
    """Header length big-endian, header, block, checksum little-endian, nothing more."""
    payload = request(fileBlock={"size": 600, "offset": offset}, fileToken="tok-1")
    header, sent = split(reply_payload(read_request(payload), FoundBlock(CODE_FOUND, 2**41, block)))
    data = {"fileToken": "tok-1", "bOffset": offset, "fileLength": 2**41, "bSize": len(block)}
    assert header == {"id": "1", "code": 200, "message": "success", "data": data}
    assert sent == block


def test_the_bytes_of_a_reply() -> None:
    """Byte for byte what the sheet shows."""
    payload = request(fileToken="tok-1", fileBlock={"size": 9, "offset": 0})
    header = (
        b'{"id":"1","code":200,"message":"success",'
        b'"data":{"fileToken":"tok-1","bOffset":0,"fileLength":4252,"bSize":9}}'
    )
    sent = reply_payload(read_request(payload), FoundBlock(CODE_FOUND, 4252, b"123456789"))
    assert sent == b"\x00\x6e" + header + b"123456789" + b"\x3d\xbb"


def test_a_reply_without_a_block() -> None:
    """A failure has its code, a size of 0, and the checksum of nothing."""
    header, block = split(reply_payload(read_request(OF_A_HAND), FoundBlock(CODE_UNKNOWN)))
    assert (header["code"], header["data"]["bSize"], block) == (404, 0, b"")
    assert "fileToken" not in header["data"]


@pytest.mark.parametrize("token", ["t" * 126, "t" * 127, "t" * 128, "é" * 100, '"' * 100, "\x01" * 30, "😀" * 50])
def test_I17_the_echoed_token_fits_the_c_sdk(token: str) -> None:
    """As it stands in the JSON it has at most 127 bytes, the beginning of what came."""
    payload = reply_payload(read_request(request(fileToken=token)), FoundBlock(CODE_UNKNOWN))
    header, _ = split(payload)
    echoed = header["data"]["fileToken"]
    written = payload.split(b'"fileToken":"')[1].split(b'","bOffset"')[0]
    assert len(written) <= TOKEN_BYTES_MAX
    assert token.startswith(echoed)
    assert echoed == token or len(written) > TOKEN_BYTES_MAX - 6
