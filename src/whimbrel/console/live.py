"""Live pages: server-sent events with the answers of the calls that a page watches, whenever they change.

`GET api/live?watch=[{"action": …, "parameters": {…}}, …]`. Events: `answer` with the index of the watch, its HTTP
status and its answer; `beat`, without meaning: a page that hears nothing knows that its line is dead; `end` with
the reason, after which the server closes. A slow page gets the newest answers only.
No answer has secrets in it, whoever looks on (ADR 0068).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, NamedTuple

import msgspec

from whimbrel.asgi import Answer, Pace, PacedSender, Receive, Scope, Send, end, send_answer, start
from whimbrel.console.answers import error
from whimbrel.console.calls import NOBODY
from whimbrel.console.parameters import flattened, read_json
from whimbrel.console.session import Session
from whimbrel.console.setup import Setup
from whimbrel.console.watches import Watched, Watches
from whimbrel.errors import InvalidParameterError, RequestTooLargeError, ServiceUnavailableError, StoreUnavailableError
from whimbrel.rpc.parameters import QUERY, parse_pairs

WATCHES_OF_STREAM_MAX = 8
STREAMS_OF_SESSION_MAX = 6
STREAMS_MAX = 500  # of a process
STREAMS_OF_ACCOUNT_MAX = STREAMS_MAX // 2  # nobody's pages keep those of others away (I15)
RECHECK_SECONDS = 5.0  # how long a session that was ended may still be told something (A21)
HEARTBEAT_SECONDS = 15.0  # a page that hears nothing for three of them asks again (live.ts)
RECONNECT_MS = 2_000
_BEAT = b"event: beat\ndata: 1\n\n"  # an event: browsers hand no comment on to the page
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep the events until it has a buffer full
]


class _Stream:
    """What one page has not been told yet: of each watch the newest answer."""

    def __init__(self) -> None:
        self._news: dict[int, Answer] = {}
        self._wake = asyncio.Event()
        self.is_gone = False

    def hear(self, index: int, answer: Answer) -> None:
        self._news[index] = answer
        self._wake.set()

    def wake(self, _: object = None) -> None:
        self._wake.set()

    def leave(self, _: object) -> None:
        self.is_gone = True
        self._wake.set()

    async def wait(self, seconds: float) -> None:
        """Until there is news, or for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def take(self) -> bytes:
        """The events of all news; empty when there are none."""
        news, self._news = self._news, {}
        return b"".join(_event(index, answer) for index, answer in sorted(news.items()))


class _Viewer(NamedTuple):
    """One stream and whom it is for."""

    session: Session
    token: str
    stream: _Stream
    sender: PacedSender


class Live:
    """ASGI application of `api/live`."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._streams: Counter[str] = Counter()
        self._of_account: Counter[int] = Counter()
        self.watches = Watches(setup.hall)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await send_answer(send, error(405, "only GET is served here"))
            return
        session = await self._setup.session_of(scope["headers"])
        if session is None:
            await send_answer(send, error(401, NOBODY))
            return
        try:
            watched = self._watched(scope["query_string"], session)
        except (InvalidParameterError, RequestTooLargeError) as unreadable:
            await send_answer(send, error(400, unreadable.message))
            return
        refusal = self._refusal(session, watched)
        if refusal is not None:
            await send_answer(send, refusal)
            return
        token = self._setup.cookie.token_in(scope["headers"]) or ""
        await self._stream(_Viewer(session, token, _Stream(), PacedSender(send, Pace())), watched, receive, send)

    def _refusal(self, session: Session, watched: list[Watched]) -> Answer | None:
        forbidden = [w.action for w in watched if not self._setup.hall.may_call(session.policy, w.action)]
        if forbidden:
            return error(403, f"this user has no right to {forbidden[0]}")
        if self._streams[session.token_digest] >= STREAMS_OF_SESSION_MAX:
            return error(429, f"this session has {STREAMS_OF_SESSION_MAX} streams open; close one")
        is_full = self._of_account[session.account_id] >= STREAMS_OF_ACCOUNT_MAX or self._streams.total() >= STREAMS_MAX
        if is_full or self._setup.stopping.is_set():
            return error(503, "too many live pages are open at this server; look again later")
        return None

    def _watched(self, query: bytes, session: Session) -> list[Watched]:
        """Raises InvalidParameterError, RequestTooLargeError."""
        document = read_json(parse_pairs(query, QUERY).get("watch", ""))
        if not isinstance(document, list) or not 1 <= len(document) <= WATCHES_OF_STREAM_MAX:
            raise InvalidParameterError("watch", f"watch must be a JSON list of 1 to {WATCHES_OF_STREAM_MAX} calls")
        return [self._watch_of(item, session) for item in document]

    def _watch_of(self, item: Any, session: Session) -> Watched:
        if not isinstance(item, dict) or not item.keys() <= {"action", "parameters"}:
            raise InvalidParameterError("watch", 'an entry of watch must be {"action": …, "parameters": {…}}')
        action = item.get("action")
        hall = self._setup.hall
        if not isinstance(action, str) or not hall.is_read(action) or hall.is_walk(action):
            raise InvalidParameterError("watch", f"{str(action)[:64]} is no Action that can be watched")
        parameters = tuple(sorted(flattened(item.get("parameters", {})).items()))
        return Watched(session.account_id, session.policy, action, parameters)

    async def _stream(self, viewer: _Viewer, watched: list[Watched], receive: Receive, send: Send) -> None:
        stream, digest, account_id = viewer.stream, viewer.session.token_digest, viewer.session.account_id
        self._streams[digest] += 1
        self._of_account[account_id] += 1
        tasks = [asyncio.create_task(_until_gone(receive)), asyncio.create_task(self._setup.stopping.wait())]
        tasks[0].add_done_callback(stream.leave)
        tasks[1].add_done_callback(stream.wake)
        try:
            for index, watch in enumerate(watched):
                self.watches.join(watch, stream, index)
            await start(send, 200, _HEADERS)
            await viewer.sender.send(b"retry: %d\n\n" % RECONNECT_MS)
            await self._tell(viewer)
            await end(send)
        except ServiceUnavailableError as full:
            await send_answer(send, error(503, full.message))
        finally:
            for task in tasks:
                task.cancel()
            for index, watch in enumerate(watched):
                self.watches.leave(watch, stream, index)
            self._streams[digest] -= 1
            if not self._streams[digest]:
                del self._streams[digest]
            self._of_account[account_id] -= 1
            if not self._of_account[account_id]:
                del self._of_account[account_id]

    async def _tell(self, viewer: _Viewer) -> None:
        """Until the page is gone, the session has ended, or the process ends. Raises SlowPeerError."""
        loop = asyncio.get_running_loop()
        checked_s = spoken_s = loop.time()
        while True:
            due_s = min(checked_s + RECHECK_SECONDS, spoken_s + HEARTBEAT_SECONDS)
            await viewer.stream.wait(max(0.0, due_s - loop.time()))
            if viewer.stream.is_gone:
                return
            reason = "stopping" if self._setup.stopping.is_set() else None
            if reason is None and loop.time() >= checked_s + RECHECK_SECONDS:
                checked_s = loop.time()
                reason = await self._end_of(viewer)
            if reason is not None:
                await viewer.sender.send(b'event: end\ndata: {"reason":"%s"}\n\n' % reason.encode())
                return
            events = viewer.stream.take()
            if events or loop.time() >= spoken_s + HEARTBEAT_SECONDS:
                await viewer.sender.send(events or _BEAT)
                spoken_s = loop.time()

    async def _end_of(self, viewer: _Viewer) -> str | None:
        """Why the stream shall end, None when it shall go on."""
        try:
            # A page that is left open alone does not make its session last.
            now_ms = self._setup.hall.clock.now_ms()
            now = await self._setup.sessions.of_token(viewer.token, now_ms, is_use=False)
        except StoreUnavailableError:
            return "unavailable"  # nobody can say whether the session still holds
        if now is None:
            return "session"
        before = viewer.session
        return None if (now.account_id, now.policy) == (before.account_id, before.policy) else "rights"


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(index: int, answer: Answer) -> bytes:
    fields = {"index": index, "status": answer.status, "answer": msgspec.Raw(answer.body)}
    return b"event: answer\ndata: %b\n\n" % msgspec.json.encode(fields)
