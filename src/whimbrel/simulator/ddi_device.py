"""A device that speaks hawkBit's DDI, as SWUpdate and Zephyr do: it polls, installs what is linked, and gives feedback
(ddi-protocol 2-9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.simulator.course import AbandonedError
from whimbrel.simulator.ddi_messages import (
    DdiFaultError,
    Feedback,
    Poll,
    config_data,
    confirmation,
    read_deployment,
    read_poll,
    read_stop_id,
)
from whimbrel.simulator.fate import Fate, Model
from whimbrel.simulator.http_client import Answer, HttpError, Request
from whimbrel.simulator.journal import Happening
from whimbrel.simulator.polling_unit import PollingUnit
from whimbrel.simulator.site import Site
from whimbrel.simulator.unit import Badge
from whimbrel.simulator.witness import Violation

VERSION_ATTRIBUTE: Final = "sw_version"
SOON_S: Final = 1.0
"""After a command there may be another: poll again at once, as a device does that has just started."""

NOT_FOUND: Final = 404
GONE: Final = 410
OUT_OF_STATE: Final = frozenset((NOT_FOUND, GONE, 405))
"""The action is over for the server (ddi-protocol 5, 6)."""


class DdiDevice(PollingUnit):
    """See the module. `_closed` is the action that was closed last."""

    __slots__ = ("_abandoned", "_action_id", "_closed", "_etag", "_sleep_s")

    def __init__(self, badge: Badge, number: int, fate: Fate, site: Site) -> None:
        super().__init__(badge, number, fate, site)
        self._etag = ""
        self._sleep_s = 0.0
        self._closed = ""
        self._action_id = ""
        self._abandoned = ""

    # ---- Unit ----

    async def tell_percent(self, percent: int, words: str, *, is_awaited: bool) -> None:
        """Proceeding; the answer comes after the commit. Raises AbandonedError when the action is over."""
        answer = await self._feed_back(Feedback("proceeding", "none", words, percent))
        # Progress that comes too late on purpose finds the action closed.
        if answer is not None and answer.status in OUT_OF_STATE and self.fate.model is not Model.REORDERS:
            raise AbandonedError

    async def tell_failure(self, step: int, words: str) -> None:
        """Closed, with failure."""
        await self._close("failure", words)

    async def tell_version(self, module: str, version: str, *, is_outcome: bool) -> None:
        """The outcome is `closed`; what the device runs besides that is an attribute."""
        if not is_outcome:
            await self._put_attributes()
        elif version == self.notice.version:
            await self._close("success", f"runs {version}")
        else:
            await self._put_attributes()
            await self._close("failure", f"runs {version}")

    def say_version_again(self, module: str) -> None:
        """An action for what runs already is closed, as Zephyr does after its restart."""
        self.site.spawn(self._close("success", f"runs {self.told_version(module)}"))

    # ---- PollingUnit ----

    @property
    def file_headers(self) -> Mapping[str, str]:
        """The device's credentials."""
        return {"Authorization": self.badge.token}

    async def poll(self) -> float:
        """Ask, and follow the links."""
        headers = {**self.file_headers, "Accept": "application/json"}
        if self._etag:
            headers["If-None-Match"] = self._etag
        try:
            answer = await self.site.http.send(Request("GET", self._base, headers))
            if answer.status == 304:
                return self.site.poll_s or self._sleep_s
            poll = read_poll(self._good(answer))
            self._sleep_s = float(poll.sleep_s)
            # Only an answer without work is worth remembering.
            self._etag = "" if set(poll.links) - {"installedBase"} else answer.headers.get("etag", "")
            self.came_through()
            is_soon = await self._follow(poll)
        except (DdiFaultError, HttpError) as error:
            self.bad_answer(str(error))
            raise HttpError(str(error)) from None
        return SOON_S if is_soon else self.site.poll_s or self._sleep_s

    async def _follow(self, poll: Poll) -> bool:
        """Obey the links; whether to poll again soon."""
        links = poll.links
        if "configData" in links and not self.has_begun and not self.is_deaf:
            await self._put_attributes()
        if self.is_deaf:
            return False
        if "cancelAction" in links:
            await self._stop(links["cancelAction"])
            return True
        if "confirmationBase" in links:
            await self._confirm(links["confirmationBase"])
            return True
        if "deploymentBase" in links and not self.has_begun:
            await self._take(links["deploymentBase"])
        return False

    async def _take(self, href: str) -> None:
        answer = await self._get(href)
        if answer.status == NOT_FOUND:
            return  # cancelled between the poll and now
        deployment = read_deployment(self._good(answer))
        action_id = deployment.notice.action_id
        if action_id == self._closed:
            self.site.witness.saw(Violation.CLOSED_AGAIN, self.badge.device_name, action_id)
        elif deployment.installs and not self.has_begun:
            self._action_id = action_id
            self.take_notice(deployment.notice)

    async def _stop(self, href: str) -> None:
        answer = await self._get(href)
        if answer.status == NOT_FOUND:
            return
        stop_id = read_stop_id(self._good(answer))
        if self.has_begun and stop_id == self._action_id:
            self._abandoned = stop_id
        body = Feedback("closed", "success", "stopped").encoded(stop_id)
        await self._post(f"{href}/feedback", body)

    async def _confirm(self, href: str) -> None:
        answer = await self._get(href)
        if answer.status == NOT_FOUND:
            return
        deployment = read_deployment(self._good(answer), "confirmation")
        path = href.partition("?")[0]
        await self._post(f"{path}/feedback", confirmation(f"{deployment.notice.version} is welcome"))

    # ---- reports ----

    async def _close(self, finished: str, words: str) -> None:
        """A 410 is as good: an answer was lost, or the server had given the action up."""
        await self._feed_back(Feedback("closed", finished, words))
        self._closed = self._action_id

    async def _feed_back(self, feedback: Feedback) -> Answer | None:
        """The answer to the first of the copies; those that follow may find the action closed."""
        if self._abandoned == self._action_id and self._abandoned:
            raise AbandonedError
        await self.dawdle()
        url = f"{self._base}/deploymentBase/{self._action_id}/feedback"
        answers = [await self._post(url, feedback.encoded(self._action_id)) for _ in range(self.copies())]
        return answers[0]

    async def _put_attributes(self) -> None:
        version = self.told_version(DEFAULT_MODULE) or ""
        body = config_data({VERSION_ATTRIBUTE: version, "model": self.fate.model})
        self.note(Happening.BOOTED, version=version, module=DEFAULT_MODULE)
        await self._send("PUT", f"{self._base}/configData", body)

    # ---- HTTP ----

    @property
    def _base(self) -> str:
        return f"{self.site.server}/{self.badge.product_key}/controller/v1/{self.badge.device_name}"

    async def _get(self, href: str) -> Answer:
        return await self.site.http.send(Request("GET", href, self.file_headers))

    async def _post(self, url: str, body: bytes) -> Answer | None:
        self.site.tally.reports += 1
        return await self._send("POST", url, body)

    async def _send(self, method: str, url: str, body: bytes) -> Answer | None:
        headers = {**self.file_headers, "Content-Type": "application/json;charset=UTF-8"}
        answer = await self.insist(Request(method, url, headers, body))
        if answer is not None and answer.status != 200 and answer.status not in OUT_OF_STATE:
            self.bad_answer(f"{method} {url} was answered with {answer.status}")
        return answer

    def _good(self, answer: Answer) -> bytes:
        """The body of a 200. Raises RefusedPollError."""
        if answer.status != 200:
            self.site.tally.refused_connects += answer.status == 401
            raise RefusedPollError(f"HTTP {answer.status}")
        return answer.body


class RefusedPollError(ConnectionError):
    """The server does not want the device now; it polls again later. Internal to the simulator."""
