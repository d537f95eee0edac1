"""A vendor device over MQTT: it keeps connected, and reports with QoS 1 (device-protocol 1-8).

Invariants: a report is sent until it is acknowledged, over as many connections as that takes (I1); between two messages
a device is a connection and nothing else: no task, no timer of its own.
"""

from __future__ import annotations

import asyncio
from typing import Final

from whimbrel.domain.device_credential import DeviceIdentity, connect_fields
from whimbrel.gateway.packets import PACKET_ID_MAX, Publish
from whimbrel.gateway.topics import names_device, topic_of
from whimbrel.simulator.backoff import backoff_s
from whimbrel.simulator.block_download import ANSWER_SECONDS_MAX, BlockDownload
from whimbrel.simulator.blocks import Block, BlockFaultError, block_message, read_block
from whimbrel.simulator.dialect import dialect_of
from whimbrel.simulator.download import Download, Way
from whimbrel.simulator.fate import Fate, Model
from whimbrel.simulator.files import FileTransfer
from whimbrel.simulator.journal import Happening
from whimbrel.simulator.link import Link, RefusedConnectError
from whimbrel.simulator.messages import (
    BLOCK_REPLY_TOPIC,
    BLOCK_TOPIC,
    INFORM_TOPIC,
    PROGRESS_TOPIC,
    UPGRADE_TOPIC,
    Stream,
    progress_message,
    read_notice,
    version_message,
)
from whimbrel.simulator.packets5 import REFUSED
from whimbrel.simulator.site import Site
from whimbrel.simulator.source import source_address
from whimbrel.simulator.tally import DeviceState
from whimbrel.simulator.unit import Badge, Unit
from whimbrel.simulator.witness import Violation

CONNECT_SECONDS_MAX: Final = 20.0

FLAP_S: Final = (5.0, 30.0)
"""How long the connection of a device that flaps lasts."""

_Pending = tuple[Publish, "asyncio.Future[None]"]


class MqttDevice(Unit):
    """See the module. `knock` is called by the doorstep, the methods below it by the connection."""

    __slots__ = ("_blocks", "_failures", "_identity", "_last_id", "_link", "_unacknowledged", "_was_connected")

    def __init__(self, badge: Badge, number: int, fate: Fate, site: Site) -> None:
        super().__init__(badge, number, fate, site)
        self._identity = DeviceIdentity(badge.product_key, badge.device_name)
        self._link: Link | None = None
        self._failures = 0
        self._last_id = 0
        self._was_connected = False
        self._unacknowledged: dict[int, _Pending] | None = None
        self._blocks: asyncio.Future[Block] | None = None

    # ---- Unit ----

    def begin(self) -> None:
        """Stand in line at the door."""
        self.site.doorstep.line_up(self)

    def switch_off(self) -> None:
        """Say goodbye."""
        if self._link is not None:
            self._link.say_goodbye()

    def drop_connection(self) -> None:
        """Lose the power."""
        if self._link is not None:
            self._link.break_off()

    async def tell_percent(self, percent: int, words: str, *, is_awaited: bool) -> None:
        """Progress; the next quarter need not wait for its acknowledgement."""
        await self.dawdle()
        acknowledged = self._say_step(percent, words)
        if is_awaited:
            await acknowledged

    async def tell_failure(self, step: int, words: str) -> None:
        """A negative step."""
        await self.dawdle()
        await self._say_step(step, words)

    async def tell_version(self, module: str, version: str, *, is_outcome: bool) -> None:
        """A version report, which is the outcome by itself."""
        await self.dawdle()
        await self._say(INFORM_TOPIC, version_message(self._last_id + 1, version, module))

    def transfer(self, place: int) -> FileTransfer:
        """In blocks when the notice names a stream, else over HTTP."""
        dice = self.site.dice
        bandwidth = self.bandwidth_bytes_per_s()
        if self.notice.files[place].stream is not None:
            return BlockDownload(lambda: self.notice.files[place], dice, self._ask_block, bandwidth)
        return Download(lambda: self.notice.files[place], dice, Way(self.site.http.tls, bytes_per_s=bandwidth))

    # ---- the connection ----

    async def knock(self) -> None:
        """Connect; when that fails, stand in line again after a while."""
        if self.is_silent or self.site.is_over:
            return
        try:
            link = await self._connect()
        except (OSError, TimeoutError):
            self._retry()
        except RefusedConnectError:
            self.site.tally.refused_connects += 1
            self._retry()
        else:
            self._failures = 0
            self._enter(link)

    async def _connect(self) -> Link:
        host, port, tls, level = self.site.mqtt
        link = Link(self, connect_fields(*self.badge[:3]), self.site.wheel, dialect_of(level))
        async with asyncio.timeout(CONNECT_SECONDS_MAX):
            await asyncio.get_running_loop().create_connection(
                lambda: link,
                host,
                port,
                ssl=tls,
                server_hostname=host if tls else None,
                local_addr=source_address(host, self.dice.number),
            )
            try:
                await link.wait_until_accepted()
            except BaseException:
                link.break_off()
                raise
        return link

    def _retry(self) -> None:
        self._failures += 1
        self.site.tally.retries += 1
        self.site.wheel.after(backoff_s(self._failures, self.site.dice), self.begin)

    def _enter(self, link: Link) -> None:
        """Connected: first what is still unacknowledged, then the versions, as at every boot."""
        if not link.is_open:  # it ended as soon as it was accepted
            self._retry()
            return
        self._link = link
        tally = self.site.tally
        tally.connected += 1
        tally.reconnects += self._was_connected
        self._was_connected = True
        self.note(Happening.CONNECTED)
        if self.state is DeviceState.OFFLINE:
            self.become(DeviceState.ONLINE)
        pending = [publish for publish, _ in (self._unacknowledged or {}).values()]
        tally.retries += len(pending)
        for publish in pending:
            link.send(publish._replace(is_duplicate=True))
        inform_topic = self._topic(INFORM_TOPIC)
        if not any(publish.topic == inform_topic for publish in pending):
            for entry in self.installed:
                self.note(Happening.BOOTED, version=entry.told, module=entry.module)
                self._say(INFORM_TOPIC, version_message(self._last_id + 1, entry.told, entry.module))
        if self.fate.model is Model.FLAPS:
            self.site.wheel.after(self.dice.between(FLAP_S, "idle flap", self._told), link.break_off)

    def lost(self, link: Link) -> None:
        """The connection ended, however. At the end of the run the counts stay as they were."""
        if link is not self._link or self.site.is_over:
            return
        self._link = None
        self.site.tally.connected -= 1
        self.note(Happening.LOST)
        if self._blocks is not None and not self._blocks.done():
            self._blocks.set_exception(ConnectionResetError("the connection ended before the block came"))
        if self.state is DeviceState.ONLINE:
            self.become(DeviceState.OFFLINE)
        if not self.is_silent and not self.site.is_over:
            self.site.wheel.after(backoff_s(0, self.site.dice), self.begin)

    def received(self, topic: str, payload: bytes) -> None:
        """A push or a block; what a vendor SDK would not understand has no effect but to be witnessed."""
        if not names_device(topic, self._identity):
            self.site.witness.saw(Violation.FOREIGN_TOPIC, self.badge.device_name, topic)
        elif topic == self._topic(UPGRADE_TOPIC):
            notice = read_notice(payload)
            if notice is None:
                self.site.witness.saw(Violation.UNREADABLE, self.badge.device_name, repr(payload[:200]))
            else:
                self.take_notice(notice)
        elif topic == self._topic(BLOCK_REPLY_TOPIC):
            self._take_block(payload)

    def acknowledged(self, packet_id: int, reason: int) -> None:
        """A report is durable at the server, or refused: then it would be refused again."""
        if reason >= REFUSED:
            words = f"a report was refused with reason 0x{reason:02x}"
            self.site.witness.saw(Violation.BAD_ANSWER, self.badge.device_name, words)
        if self._unacknowledged is None:
            return
        _, acknowledged = self._unacknowledged.pop(packet_id, (None, None))
        if not self._unacknowledged:
            self._unacknowledged = None
        if acknowledged is not None and not acknowledged.done():
            acknowledged.set_result(None)

    # ---- reports ----

    def _topic(self, template: str) -> str:
        return topic_of(template, self._identity)

    def _say_step(self, step: int, words: str) -> asyncio.Future[None]:
        return self._say(PROGRESS_TOPIC, progress_message(self._last_id + 1, step, words, self.notice.module))

    def _say(self, template: str, payload: bytes) -> asyncio.Future[None]:
        """Report with QoS 1; the future ends when the server has acknowledged, so when the report is durable (I1)."""
        acknowledged = self._publish(template, payload)
        for _ in range(self.copies() - 1):
            acknowledged = self._publish(template, payload)
        return acknowledged

    def _publish(self, template: str, payload: bytes) -> asyncio.Future[None]:
        publish = Publish(self._topic(template), payload, packet_id=self._last_id % PACKET_ID_MAX + 1)
        assert publish.packet_id is not None
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._unacknowledged is None:
            self._unacknowledged = {}
        self._unacknowledged[publish.packet_id] = (publish, acknowledged)
        self._last_id += 1
        self.site.tally.reports += 1
        if self._link is not None:
            self._link.send(publish)
        return acknowledged

    # ---- blocks ----

    async def _ask_block(self, stream: Stream, offset: int, size_bytes: int) -> Block:
        """One block. Raises TimeoutError, and ConnectionError after a while when there is no connection."""
        if self._link is None:
            await asyncio.sleep(backoff_s(0, self.site.dice))
            raise ConnectionResetError("there is no connection to ask over")
        self._blocks = asyncio.get_running_loop().create_future()
        self._last_id += 1
        self.site.tally.requests += 1
        request = block_message(self._last_id, stream, offset, size_bytes)
        # With QoS 0: what is lost is asked for again.
        self._link.send(Publish(self._topic(BLOCK_TOPIC), request))
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            return await self._blocks

    def _take_block(self, payload: bytes) -> None:
        try:
            block = read_block(payload)
        except BlockFaultError as error:
            self.site.witness.saw(Violation.UNREADABLE, self.badge.device_name, str(error))
            return
        if self._blocks is not None and not self._blocks.done():
            self._blocks.set_result(block)
