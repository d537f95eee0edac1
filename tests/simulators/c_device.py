"""A device with the C Link SDK's way of downloading over MQTT, written anew from its rules (device-protocol 8).

It subscribes to the reply topic with QoS 0, asks for blocks of 5 KiB one after another by requests that end with a
comma too many, waits for each answer, asks again up to three times, takes a reply only when its length and checksum are
right, and passes over one for another offset. A code other than 200 counts as a failed answer. It reports every five
percent, checks the digest, and comes back by itself when its connection has ended.
"""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from whimbrel.domain.device_credential import connect_fields
from whimbrel.gateway.packets import (
    ConnAck,
    Connect,
    EncodablePacket,
    Packet,
    PacketReader,
    Publish,
    SubAck,
    Subscribe,
    encode,
    encode_puback,
)

BLOCK_BYTES = 5 * 1024
REPEATS_MAX = 3
REPORT_EVERY_PERCENT = 5
HEADER_FIELD_BYTES = 2
CHECKSUM_BYTES = 2
DIGESTS = {"Md5": "md5", "SHA256": "sha256"}
WAIT_S = 30.0


class DownloadFailedError(Exception):
    """What the SDK reports as a failed upgrade; `step` is what it reports."""

    def __init__(self, step: int) -> None:
        super().__init__(f"the device gave up with step {step}")
        self.step = step


class Account(NamedTuple):
    """Where the device connects, and as whom."""

    port: int
    product_key: str
    name: str
    secret: str


class CDevice:
    """A device that blocks. `answer_within_s` is 10 s in the SDK; `on_block` is called after each block taken."""

    def __init__(self, account: Account, answer_within_s: float = 10.0) -> None:
        self._account = account
        self._answer_within_s = answer_within_s
        self._socket: socket.socket | None = None
        self._reader = PacketReader(256 * 1024)
        self._packets: list[Packet] = []
        self._message_id = 0
        self.on_block: Callable[[int], None] = lambda taken_bytes: None
        self.codes: list[int] = []
        self.content = b""

    # ---- what the application does ----

    def connect(self) -> None:
        """Connect and subscribe; tried again until the server is there."""
        self.close()
        fields = connect_fields(self._account.product_key, self._account.name, self._account.secret)
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", self._account.port), timeout=WAIT_S)
                break
            except OSError:
                assert time.monotonic() < deadline, "the server does not come back"
                time.sleep(0.05)
        self._reader, self._packets = PacketReader(256 * 1024), []
        self._send(Connect(fields.client_id, fields.username, fields.password.encode(), 300))
        self._send(Subscribe(1, ((self._topic("/sys/*/thing/file/download_reply"), 0),)))
        assert isinstance(self._receive(WAIT_S), ConnAck)
        assert isinstance(self._wait(WAIT_S, lambda packet: isinstance(packet, SubAck)), SubAck)

    def report(self, version: str) -> None:
        """The version, as the SDK reports it: no module, QoS 0."""
        self._publish("/ota/device/inform/*", json.dumps({"id": self._next_id(), "params": {"version": version}}))

    def wait_for_notice(self) -> dict[str, Any]:
        """`data` of the next notice."""
        packet = self._wait(WAIT_S, lambda packet: self._is_on(packet, "/ota/device/upgrade/*"))
        assert isinstance(packet, Publish)
        data: dict[str, Any] = json.loads(packet.payload)["data"]
        return data

    def ask_for_notice(self) -> dict[str, Any]:
        """`data` of the answer to a pull."""
        self._publish("/sys/*/thing/ota/firmware/get", '{"id":7,"params":{}}')
        packet = self._wait(WAIT_S, lambda packet: self._is_on(packet, "/sys/*/thing/ota/firmware/get_reply"))
        assert isinstance(packet, Publish)
        data: dict[str, Any] = json.loads(packet.payload)["data"]
        return data

    def download(self, notice: dict[str, Any]) -> bytes:
        """The file, checked. Raises DownloadFailedError, which has been reported."""
        try:
            self._fetch(notice)
            if hashlib.new(DIGESTS[notice["signMethod"]], self.content).hexdigest() != notice["sign"]:
                raise DownloadFailedError(-3)
        except DownloadFailedError as error:
            self._progress(error.step)
            raise
        self._progress(100)
        return self.content

    def close(self) -> None:
        """Gone without a word."""
        if self._socket is not None:
            self._socket.close()

    # ---- the SDK's download ----

    def _fetch(self, notice: dict[str, Any]) -> None:
        self.content, told_percent, failures = b"", 0, 0
        while len(self.content) < notice["size"]:
            block = self._try_block(notice)
            if block is None:
                failures += 1
                if failures > REPEATS_MAX:
                    raise DownloadFailedError(-4)
                continue
            failures = 0
            self.content += block
            percent = 100 * len(self.content) // notice["size"]
            if percent - told_percent >= REPORT_EVERY_PERCENT:
                told_percent = percent
                self._progress(percent)
            self.on_block(len(self.content))

    def _try_block(self, notice: dict[str, Any]) -> bytes | None:
        """One request and its answer; None when it did not come or was not good. A lost connection is made anew."""
        offset = len(self.content)
        size = min(BLOCK_BYTES, notice["size"] - offset)
        try:
            self._publish("/sys/*/thing/file/download", self._request(notice, size, offset))
            packet = self._wait(
                self._answer_within_s, lambda packet: self._is_on(packet, "/sys/*/thing/file/download_reply")
            )
        except ConnectionError:
            self.connect()
            return None
        if packet is None:
            return None
        assert isinstance(packet, Publish)
        header, block = self._take_apart(packet.payload)
        if block is None or header["data"]["bOffset"] != offset:
            return None
        return block

    def _request(self, notice: dict[str, Any], size: int, offset: int) -> str:
        return (
            f'{{"id":"{self._next_id()}","version":"1.0","params":{{"fileToken":"default","fileInfo":'
            f'{{"streamId":{notice["streamId"]},"fileId":{notice["streamFileId"]},}},'
            f'"fileBlock":{{"size":{size},"offset":{offset}}}}}}}'
        )

    def _take_apart(self, payload: bytes) -> tuple[dict[str, Any], bytes | None]:
        header_bytes = int.from_bytes(payload[:HEADER_FIELD_BYTES], "big")
        header: dict[str, Any] = json.loads(payload[HEADER_FIELD_BYTES : HEADER_FIELD_BYTES + header_bytes])
        self.codes.append(header["code"])
        size = header["data"]["bSize"]
        if header["code"] != 200 or len(payload) != HEADER_FIELD_BYTES + header_bytes + size + CHECKSUM_BYTES:
            return header, None
        block = payload[HEADER_FIELD_BYTES + header_bytes : -CHECKSUM_BYTES]
        is_right = int.from_bytes(payload[-CHECKSUM_BYTES:], "little") == _checksum(block)
        return header, block if is_right else None

    def _progress(self, step: int) -> None:
        self._publish("/ota/device/progress/*", json.dumps({"id": 1, "params": {"step": str(step), "desc": ""}}))

    # ---- MQTT ----

    def _next_id(self) -> int:
        self._message_id += 1
        return self._message_id

    def _topic(self, template: str) -> str:
        return template.replace("*", f"{self._account.product_key}/{self._account.name}")

    def _is_on(self, packet: Packet, template: str) -> bool:
        return isinstance(packet, Publish) and packet.topic == self._topic(template)

    def _publish(self, template: str, payload: str) -> None:
        self._send(Publish(self._topic(template), payload.encode(), None))

    def _send(self, packet: EncodablePacket) -> None:
        assert self._socket is not None
        self._socket.sendall(encode(packet))

    def _wait(self, within_s: float, is_wanted: Callable[[Packet], bool]) -> Packet | None:
        """The next packet of that kind, None when it does not come in time; others are passed over."""
        deadline = time.monotonic() + within_s
        while True:
            packet = self._receive(max(0.01, deadline - time.monotonic()))
            if packet is None or is_wanted(packet):
                return packet

    def _receive(self, within_s: float) -> Packet | None:
        """The next packet, acknowledged. Raises ConnectionError when the server has gone."""
        assert self._socket is not None
        self._socket.settimeout(within_s)
        while not self._packets:
            try:
                data = self._socket.recv(65_536)
            except TimeoutError:
                return None
            if not data:
                raise ConnectionError("the server has closed")
            self._packets = self._reader.feed(data)
        packet = self._packets.pop(0)
        if isinstance(packet, Publish) and packet.packet_id is not None:
            self._socket.sendall(encode_puback(packet.packet_id))
        return packet


def _checksum(block: bytes) -> int:
    """CRC-16/ARC by a table, as the SDK computes it."""
    register = 0
    for byte in block:
        register = register >> 8 ^ _TABLE[(register ^ byte) & 0xFF]
    return register


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_TABLE = [_entry(byte) for byte in range(256)]
