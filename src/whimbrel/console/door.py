"""The console's door: pages, and the calls of the person who is signed in, under `/console/`.

Every request passes `ConsoleDoor.__call__` first: who sent it, how large it is; and every answer leaves through it.

Secrets leave by `api/call/{Action}` alone, in the answer of a change or of a call with `X-Show-Secrets: true`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router

from whimbrel.asgi import (
    BodyReader,
    Message,
    Pace,
    PeerGoneError,
    Receive,
    Scope,
    Send,
    SlowPeerError,
    abort,
    send_answer,
)
from whimbrel.console import calls
from whimbrel.console.answers import error, fault, to_response
from whimbrel.console.built import Built
from whimbrel.console.headers import secured
from whimbrel.console.live import Live
from whimbrel.console.origin import refusal_of
from whimbrel.console.setup import Setup
from whimbrel.errors import RequestTooLargeError
from whimbrel.rpc.parameters import FORM_SIZE_BYTES_MAX

CALL_PREFIX = "/console/api/call/"
SMALL_BODY_BYTES_MAX = 16 * 1024  # of what is no call: a name and a password
BUILT_FOLDER = Path(__file__).parent / "built"


class ConsoleDoor:
    """ASGI application of `/console` and all below it. `more` are further routes of `/console/api/`."""

    def __init__(self, setup: Setup, folder: Path = BUILT_FOLDER, more: Sequence[BaseRoute] = ()) -> None:
        self._setup = setup
        self._built = Built(folder)
        self._live = Live(setup)
        api = Router(
            [*calls.routes(setup), Route("/live", self._live), *more], redirect_slashes=False, default=_nothing
        )
        pages = [Route("/", self._index), Route("/{name:path}", self._file)]
        console = Router([Mount("/api", api), *pages], redirect_slashes=False, default=_nothing)
        self._router = Router([Route("/console", _to_folder), Mount("/console", console)], redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_tls = self._setup.server.has_tls
        has_begun = False

        async def secured_send(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                message = {**message, "headers": secured(list(message["headers"]), has_tls=has_tls)}
            await send(message)

        try:
            refusal = refusal_of(scope, self._setup.server.public_url)
            if refusal is not None:
                await send_answer(secured_send, error(403, refusal))
                return
            # With an `app` in its scope, Starlette says by an exception what it refuses.
            await self._router({**scope, "app": self}, await _with_body(scope, receive), secured_send)
        except (PeerGoneError, SlowPeerError):
            await abort(scope)
        except HTTPException as refused:
            await send_answer(secured_send, error(refused.status_code, refused.detail))
        except RequestTooLargeError as too_large:
            await send_answer(secured_send, error(413, too_large.message, close=True))
        except Exception as found:
            if has_begun:
                raise
            await send_answer(secured_send, fault(found))

    async def close(self) -> None:
        """Returns when no page is told anything any more and nothing is read for one."""
        await self._live.watches.close()

    async def _index(self, _: Request) -> Response:
        return to_response(self._built.index(self._setup.new_nonce()))

    async def _file(self, request: Request) -> Response:
        accepted, known_tag = (request.headers.get(name, "") for name in ("accept-encoding", "if-none-match"))
        answer = self._built.file(request.path_params["name"], accepted, known_tag)
        return to_response(answer or error(404, "nothing is served here; the console is on /console/"))


async def _to_folder(_: Request) -> Response:
    """Relative, so that it holds behind any prefix."""
    return Response(status_code=307, headers={"location": "console/", "cache-control": "no-store"})


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await send_answer(send, error(404, "nothing is served here; the console is on /console/"))


async def _with_body(scope: Scope, receive: Receive) -> Receive:
    """The request with its body read, within its limit and no slower than the Pace. Raises as BodyReader does, and
    RequestTooLargeError.
    """
    if scope["method"] in ("GET", "HEAD"):
        return receive
    most_bytes = FORM_SIZE_BYTES_MAX if scope["path"].startswith(CALL_PREFIX) else SMALL_BODY_BYTES_MAX
    reader = BodyReader(receive, Pace())
    blocks: list[bytes] = []
    size_bytes = 0
    while (block := await reader.read()) is not None:
        blocks.append(block)
        size_bytes += len(block)
        if size_bytes > most_bytes:
            raise RequestTooLargeError(f"the body has more than {most_bytes} bytes")
    whole: list[dict[str, Any]] = [{"type": "http.request", "body": b"".join(blocks), "more_body": False}]

    async def receive_read() -> Message:
        return whole.pop() if whole else await receive()

    return receive_read
