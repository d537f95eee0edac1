"""A vendor device that speaks HTTPS only: it logs in for a token, reports by POST, and asks for its upgrades
(device-protocol 10)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from whimbrel.domain.device_credential import DeviceIdentity
from whimbrel.gateway.topics import topic_of
from whimbrel.simulator.backoff import backoff_s
from whimbrel.simulator.fate import Fate
from whimbrel.simulator.http_client import Answer, Request
from whimbrel.simulator.journal import Happening
from whimbrel.simulator.messages import (
    GET_TOPIC,
    INFORM_TOPIC,
    PROGRESS_TOPIC,
    get_message,
    notice_of,
    progress_message,
    version_message,
)
from whimbrel.simulator.polling_unit import BUSY_PAUSE_S, PollingUnit
from whimbrel.simulator.site import Site
from whimbrel.simulator.unit import Badge

POLL_S: Final = 60.0
"""How often the device asks when nobody says."""


class Code(IntEnum):
    """What an answer's `code` may say (device-protocol 10.2)."""

    SUCCESS = 0
    GENERAL_ERROR = 10000
    PARAMETER_ERROR = 10001
    AUTHENTICATION_FAILED = 20000
    TOKEN_EXPIRED = 20001
    TOKEN_MISSING = 20002
    TOKEN_INVALID = 20003
    SESSION_FAILED = 20004
    PUBLISHING_FAILED = 30001
    TOO_MANY = 40000


_LOG_IN_AGAIN: Final = frozenset((Code.TOKEN_EXPIRED, Code.TOKEN_MISSING, Code.TOKEN_INVALID, Code.SESSION_FAILED))


class HttpsRefusedError(OSError):
    """The server answered with a code other than 0; the device tries again."""


class HttpsDevice(PollingUnit):
    """See the module."""

    __slots__ = ("_has_booted", "_last_id", "_token")

    def __init__(self, badge: Badge, number: int, fate: Fate, site: Site) -> None:
        super().__init__(badge, number, fate, site)
        self._token = ""
        self._last_id = 0
        self._has_booted = False

    # ---- Unit ----

    def drop_connection(self) -> None:
        """Starting again forgets the token, and the version is told anew."""
        self._token = ""
        self._has_booted = False
        super().drop_connection()

    async def tell_percent(self, percent: int, words: str, *, is_awaited: bool) -> None:
        """Progress; the answer comes after the commit."""
        await self._say(PROGRESS_TOPIC, progress_message(self._next_id(), percent, words, self.notice.module))

    async def tell_failure(self, step: int, words: str) -> None:
        """A negative step."""
        await self._say(PROGRESS_TOPIC, progress_message(self._next_id(), step, words, self.notice.module))

    async def tell_version(self, module: str, version: str, *, is_outcome: bool) -> None:
        """A version report, which is the outcome by itself."""
        await self._say(INFORM_TOPIC, version_message(self._next_id(), version, module))

    # ---- PollingUnit ----

    @property
    def file_headers(self) -> Mapping[str, str]:
        """The link proves enough."""
        return {}

    async def poll(self) -> float:
        """Tell the versions after a start, then ask."""
        if not self._has_booted:
            for entry in self.installed:
                self.note(Happening.BOOTED, version=entry.told, module=entry.module)
                await self._publish(INFORM_TOPIC, version_message(self._next_id(), entry.told, entry.module))
            self._has_booted = True
        if not self.has_begun and not self.is_deaf:
            info = await self._publish(GET_TOPIC, get_message(self._next_id()))
            self._take_reply(info.get("data"))
        return self.site.poll_s or POLL_S

    def _take_reply(self, reply: Any) -> None:
        data = reply.get("data") if isinstance(reply, dict) else None
        if not isinstance(reply, dict) or reply.get("code") != 200 or not isinstance(data, dict):
            self.bad_answer(f"a get_reply is {reply!r:.200}")
        elif data:
            notice = notice_of(data)
            if notice is None:
                self.bad_answer(f"a get_reply has the data {data!r:.200}")
            else:
                self.take_notice(notice)

    # ---- parts ----

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def _say(self, template: str, payload: bytes) -> None:
        """A report, until it is accepted."""
        await self.dawdle()
        for _ in range(self.copies()):
            self.site.tally.reports += 1
            await self._publish_until_taken(template, payload)

    async def _publish_until_taken(self, template: str, payload: bytes) -> None:
        failures = 0
        while not self.is_silent and not self.site.is_over:
            try:
                await self._publish(template, payload)
                return
            except (OSError, TimeoutError):
                failures += 1
                self.site.tally.retries += 1
                await asyncio.sleep(BUSY_PAUSE_S + backoff_s(failures, self.site.dice))

    async def _publish(self, template: str, payload: bytes) -> Any:
        """One message and its `info`. Raises OSError, TimeoutError."""
        return self._info(await self.site.http.send(await self._request(template, payload)))

    async def _request(self, template: str, payload: bytes) -> Request:
        """A message under the device's token. Raises OSError, TimeoutError when there is none to be had."""
        if not self._token:
            await self._log_in()
        topic = topic_of(template, DeviceIdentity(self.badge.product_key, self.badge.device_name))
        headers = {"password": self._token, "Content-Type": "application/octet-stream"}
        return Request("POST", f"{self.site.server}/topic{topic}", headers, payload)

    async def _log_in(self) -> None:
        names = {
            "clientId": f"{self.badge.product_key}.{self.badge.device_name}",
            "deviceName": self.badge.device_name,
            "productKey": self.badge.product_key,
        }
        content = "".join(f"{name}{names[name]}" for name in sorted(names))
        sign = hmac.new(self.badge.device_secret.encode(), content.encode(), hashlib.sha256).hexdigest()
        body = json.dumps({"version": "default", **names, "signmethod": "hmacsha256", "sign": sign}).encode()
        request = Request("POST", f"{self.site.server}/auth", {"Content-Type": "application/json"}, body)
        self._token = str(self._info(await self.site.http.send(request))["token"])
        self.came_through()

    def _info(self, answer: Answer) -> Any:
        """The `info` of an answer. Raises HttpsRefusedError."""
        try:
            document = json.loads(answer.body)
            code, info = Code(document["code"]), document.get("info")
        except (ValueError, LookupError, TypeError, AttributeError):
            if answer.status < 500:
                self.bad_answer(f"HTTP {answer.status} {answer.body!r:.200}")
            raise HttpsRefusedError(f"HTTP {answer.status}") from None
        if code is not Code.SUCCESS:
            self.site.tally.refused_connects += code is Code.AUTHENTICATION_FAILED
            if code in _LOG_IN_AGAIN:
                self._token = ""
            raise HttpsRefusedError(f"code {code}")
        if not isinstance(info, dict):
            self.bad_answer(f"no info in {answer.body!r:.200}")
            raise HttpsRefusedError("no info")
        return info
