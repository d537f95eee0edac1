"""One virtual device: it keeps connected, tells its version, and obeys upgrades as its fate has it.

Invariants: a report is sent until it is acknowledged, over as many connections as that takes; a repeated notice is the
same command (I12), so it only brings a fresh link; a silent device says nothing more and never comes back.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any, Final, NamedTuple

from whimbrel.domain.device_credential import ConnectFields, DeviceIdentity, connect_fields
from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.gateway.packets import PACKET_ID_MAX, Publish
from whimbrel.gateway.topics import topic_of
from whimbrel.simulator.backoff import backoff_s
from whimbrel.simulator.download import Download, DownloadFailedError
from whimbrel.simulator.fate import FAILURE_STEPS, Fate
from whimbrel.simulator.link import Link, RefusedConnectError
from whimbrel.simulator.messages import (
    INFORM_TOPIC,
    PROGRESS_TOPIC,
    UPGRADE_TOPIC,
    Notice,
    progress_message,
    read_notice,
    version_message,
)
from whimbrel.simulator.tally import DeviceState, Tally

CONNECT_SECONDS_MAX: Final = 20.0

FATAL_PERCENT: Final = 50
"""Where a download that is fated to fail does."""

DOWNLOAD_FAILED, CHECKSUM_FAILED, BURNING_FAILED = FAILURE_STEPS
FAILURE_WORDS = {
    DOWNLOAD_FAILED: "the download failed",
    CHECKSUM_FAILED: "the checksum did not match",
    BURNING_FAILED: "burning the firmware failed",
}


class Badge(NamedTuple):
    """What the server gave the device when it was registered."""

    product_key: str
    device_name: str
    device_secret: str


Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
"""Runs a task beside the others; a fault in it ends them all."""


class Site(NamedTuple):
    """What all devices of a fleet share. The semaphores bound how many connect, and how many download, at once."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    connecting: asyncio.Semaphore
    downloading: asyncio.Semaphore
    tally: Tally
    dice: random.Random
    spawn: Spawn


class VirtualDevice:
    """See the module. `live` is its whole life; the other public methods are called by its connection."""

    def __init__(self, badge: Badge, version: str, fate: Fate, site: Site) -> None:
        self._fields: ConnectFields = connect_fields(*badge)
        identity = DeviceIdentity(badge.product_key, badge.device_name)
        self._upgrade_topic = topic_of(UPGRADE_TOPIC, identity)
        self._inform_topic = topic_of(INFORM_TOPIC, identity)
        self._progress_topic = topic_of(PROGRESS_TOPIC, identity)
        self._fate = fate
        self._site = site
        self.state = DeviceState.OFFLINE
        self.version = version
        site.tally.change_version(None, version)
        self._link: Link | None = None
        self._was_connected = False
        self._last_id = 0
        self._unacknowledged: dict[int, tuple[Publish, asyncio.Future[None]]] = {}
        self._current: Notice | None = None
        self._waiting: dict[str, Notice] = {}
        """The newest notice for each module, while another is obeyed."""
        self._module_versions: dict[str, str] = {}
        """Of modules besides `default`, as far as they were upgraded."""
        self._upgrading: asyncio.Task[None] | None = None

    @property
    def is_silent(self) -> bool:
        """Whether the device has said its last word."""
        return self.state is DeviceState.SILENT

    async def live(self) -> None:
        """Connect, and connect again whenever the connection ends; until cancelled, or silent."""
        failures = 0
        try:
            while not self.is_silent:
                try:
                    link = await self._connect()
                    failures = 0
                    self._enter(link)
                    await link.closed
                    self._leave()
                except (OSError, TimeoutError):
                    failures += 1
                except RefusedConnectError:
                    self._site.tally.refused_connects += 1
                    failures += 1
                if not self.is_silent:
                    await asyncio.sleep(backoff_s(failures, self._site.dice))
        finally:
            if self._upgrading is not None:
                self._upgrading.cancel()
            if self._link is not None:
                self._link.say_goodbye()

    # ---- LinkOwner ----

    def received(self, topic: str, payload: bytes) -> None:
        """A push; what a vendor SDK would not understand has no effect."""
        notice = read_notice(payload) if topic == self._upgrade_topic else None
        if notice is None or self.is_silent:
            return
        if self._current is not None and notice.is_repetition_of(self._current):
            self._current = notice
        elif notice.version == self._version_of(notice.module):
            self._say_version(notice.module)
        else:
            self._waiting[notice.module] = notice
            if self._upgrading is None:
                self._upgrading = self._site.spawn(self._obey())

    def acknowledged(self, packet_id: int) -> None:
        """A report is durable at the server."""
        _, acknowledged = self._unacknowledged.pop(packet_id, (None, None))
        if acknowledged is not None and not acknowledged.done():
            acknowledged.set_result(None)

    # ---- the connection ----

    async def _connect(self) -> Link:
        link = Link(self, self._fields)
        loop = asyncio.get_running_loop()
        site = self._site
        async with site.connecting, asyncio.timeout(CONNECT_SECONDS_MAX):
            await loop.create_connection(
                lambda: link, site.host, site.port, ssl=site.tls, server_hostname=site.host if site.tls else None
            )
            try:
                await link.accepted
            except BaseException:
                link.break_off()
                raise
        return link

    def _enter(self, link: Link) -> None:
        """Connected: first what is still unacknowledged, then the version, as at every boot."""
        self._link = link
        tally = self._site.tally
        tally.connected += 1
        tally.reconnects += self._was_connected
        self._was_connected = True
        if self.state is DeviceState.OFFLINE:
            self._become(DeviceState.ONLINE)
        pending = [publish for publish, _ in self._unacknowledged.values()]
        for publish in pending:
            link.send(publish._replace(is_duplicate=True))
        if not any(publish.topic == self._inform_topic for publish in pending):
            for module in (DEFAULT_MODULE, *self._module_versions):
                self._say_version(module)

    def _leave(self) -> None:
        self._link = None
        self._site.tally.connected -= 1
        if self.state is DeviceState.ONLINE:
            self._become(DeviceState.OFFLINE)

    def _say(self, topic: str, payload: bytes) -> asyncio.Future[None]:
        """Report with QoS 1; the future ends when the server has acknowledged, so when the report is durable (I1)."""
        publish = Publish(topic, payload, packet_id=self._last_id % PACKET_ID_MAX + 1)
        assert publish.packet_id is not None
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unacknowledged[publish.packet_id] = (publish, acknowledged)
        self._last_id += 1
        self._site.tally.reports += 1
        if self._link is not None:
            self._link.send(publish)
        return acknowledged

    def _say_version(self, module: str) -> asyncio.Future[None]:
        version = self._version_of(module)
        assert version is not None, "a device tells the versions that it has"
        return self._say(self._inform_topic, version_message(self._last_id + 1, version, module))

    def _say_step(self, step: int, words: str) -> asyncio.Future[None]:
        module = self._newest_notice().module
        return self._say(self._progress_topic, progress_message(self._last_id + 1, step, words, module))

    def _version_of(self, module: str) -> str | None:
        return self.version if module == DEFAULT_MODULE else self._module_versions.get(module)

    # ---- the upgrade ----

    async def _obey(self) -> None:
        while self._waiting:
            self._current = self._waiting.pop(next(iter(self._waiting)))
            self._become(DeviceState.NOTIFIED)
            await self._upgrade(self._current)
            self._current = None
        self._upgrading = None

    async def _upgrade(self, notice: Notice) -> None:
        """From notice to new version; the last report is acknowledged before the next notice is looked at."""
        failure_step = await self._fetch()
        if self.is_silent:
            return
        if failure_step is not None:
            await self._say_step(failure_step, FAILURE_WORDS[failure_step])
            self._become(DeviceState.FAILED)
            return
        if notice.module == DEFAULT_MODULE:
            self._site.tally.change_version(self.version, notice.version)
            self.version = notice.version
        else:
            self._module_versions[notice.module] = notice.version
        await self._say_version(notice.module)
        self._become(DeviceState.SUCCEEDED)

    async def _fetch(self) -> int | None:
        """Download and verify every file; the step of a failure, whether it is fate's or a true one."""
        async with self._site.downloading:
            self._become(DeviceState.DOWNLOADING)
            for place in range(len(self._newest_notice().files)):
                failure_step = await self._fetch_file(place)
                if self.is_silent or failure_step is not None:
                    return failure_step
        return self._fate.failure_step

    async def _fetch_file(self, place: int) -> int | None:
        """One file of the notice; None when it is intact, and when the device fell silent over it."""
        fate, files = self._fate, len(self._newest_notice().files)
        download = Download(lambda: self._newest_notice().files[place], self._site.dice)
        try:
            async with aclosing(download.percents()) as percents:
                async for percent in percents:
                    reached = (100 * place + percent) // files
                    acknowledged = self._say_step(reached, "downloading")
                    if fate.falls_silent:
                        await acknowledged  # the server shall know that the device had begun
                        self._fall_silent()
                        return None
                    if fate.failure_step == DOWNLOAD_FAILED and reached >= FATAL_PERCENT:
                        return DOWNLOAD_FAILED
        except DownloadFailedError:
            return DOWNLOAD_FAILED
        finally:
            self._site.tally.downloaded_bytes += download.received_bytes
        return None if download.is_intact else CHECKSUM_FAILED

    def _newest_notice(self) -> Notice:
        assert self._current is not None, "a device downloads for a notice"
        return self._current

    def _fall_silent(self) -> None:
        self._become(DeviceState.SILENT)
        if self._link is not None:
            self._link.break_off()

    def _become(self, state: DeviceState) -> None:
        self._site.tally.move(self.state, state)
        self.state = state
