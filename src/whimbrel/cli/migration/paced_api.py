"""Calls of a management API that keep below its quotas, and wait when it says that they do not.

One class for both ends. A vendor's end is called as its SDKs call it: its own parameters, its signature 1.0, GET where
they GET; either dialect is read, for they differ in the first letter of names only (api-contract 1.3).
"""

from __future__ import annotations

import http.client
import queue
import random
import secrets
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from whimbrel.cli.api import ApiAnswer, not_answering, open_connection, read_document, refusal
from whimbrel.operations.registry import load_operations
from whimbrel.rpc.signing_caller import Credentials, sign_request_v1, timestamp_text

TRIES_MAX = 9  # a minute and a half of waiting in all: a quota is per second, an outage is not waited for
WAIT_FIRST_S, WAIT_MAX_S = 0.5, 20.0
_FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


class Manners(NamedTuple):
    """How one end is called: parameters of every call, which actions by GET, and the share of its quotas to use.

    `share` 0: no pacing at all, for an end that says by itself when it is enough.
    """

    common: Mapping[str, str]
    gets: Collection[str] = ()
    gets_all: bool = False
    share: float = 0.0


class Pace:
    """Spreads calls of an action evenly: the quotas are those that the contract names (a second, an account)."""

    def __init__(
        self,
        share: float,
        now_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._share = share
        self._now_s = now_s
        self._sleep = sleep
        self._operations = load_operations()
        self._lock = threading.Lock()
        self._next_s: dict[str, float] = {}

    def wait(self, action: str) -> None:
        """Until the action may be called again; threads get places one after the other."""
        if not self._share:
            return
        interval_s = 1 / (self._operations[action].manner.qps * self._share)
        with self._lock:
            now_s = self._now_s()
            at_s = max(now_s, self._next_s.get(action, 0.0))
            self._next_s[action] = at_s + interval_s
        self._sleep(max(0.0, at_s - now_s))


class PacedApi:
    """Calls one server with one key, from any number of threads; a connection is kept for each that calls."""

    def __init__(self, server: str, credentials: Credentials, manners: Manners) -> None:
        """Raises click.UsageError for a URL that is none."""
        self.server = server
        self._credentials = credentials
        self._manners = manners
        self._pace = Pace(manners.share)
        self._path = urlsplit(server).path or "/"
        self._idle: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()
        self._idle.put(open_connection(server))

    def ask(self, action: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        """The answer, its names in lowerCamelCase. Raises RefusedError, and ConnectionError with a text for people."""
        words = {name: str(value) for name, value in parameters.items() if value not in (None, "")}
        for try_ in range(TRIES_MAX):
            self._pace.wait(action)
            status, document = self._send(action, words)
            code = str(document.get("code") or "")
            if status == 200 and document.get("success") is True:
                return document
            if try_ + 1 == TRIES_MAX or not _may_pass(status, code):
                raise refusal(action, status, document)
            time.sleep(min(WAIT_MAX_S, WAIT_FIRST_S * 2**try_) * random.uniform(0.5, 1.0))  # noqa: S311  jitter
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """End the connections that nobody uses; another call opens a new one."""
        while not self._idle.empty():
            self._idle.get().close()

    def _send(self, action: str, words: dict[str, str]) -> tuple[int, dict[str, Any]]:
        method = "GET" if self._manners.gets_all or action in self._manners.gets else "POST"
        for is_last in (False, True):
            connection = self._connection()
            try:
                status, body = self._exchange(connection, method, action, words)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
                # A server may end a kept connection at any time; a second failure is the server's.
                connection.close()
                if is_last:
                    raise not_answering(self.server, error) from None
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                raise not_answering(self.server, error) from None
            else:
                self._idle.put(connection)
                document: dict[str, Any] = lower_first(read_document(self.server, ApiAnswer(status, body)))
                return status, document
        raise AssertionError("the second failure raises")

    def _connection(self) -> http.client.HTTPConnection:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return open_connection(self.server)

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, action: str, words: dict[str, str]
    ) -> tuple[int, bytes]:
        signed = sign_request_v1(
            {**self._manners.common, **words, "Action": action},
            self._credentials,
            secrets.token_hex(16),
            timestamp_text(time.time_ns() // 1_000_000),
            method,
        )
        text = urlencode(signed)
        if method == "GET":
            connection.request("GET", f"{self._path}?{text}")
        else:
            connection.request("POST", self._path, text, _FORM_TYPE)
        response = connection.getresponse()
        return response.status, response.read()


def lower_first(value: Any) -> Any:
    """The value with names in lowerCamelCase, at any depth."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: lower_first(inner) for name, inner in value.items()}
    return [lower_first(item) for item in value] if isinstance(value, list) else value


def _may_pass(status: int, code: str) -> bool:
    """Too many calls, or a server that is not well: the same call may succeed later. Nothing was done."""
    return (
        "Throttling" in code or status in (429, 500, 502, 503, 504) or code in ("ServiceUnavailable", "InternalError")
    )
