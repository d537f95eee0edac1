"""Who is signed in, and what this person calls: the very operations of the signed API, through the same hall.

Secrets are on demand (ADR 0068). A read leaves out what its operation declares as secret, unless the call has the
header `X-Show-Secrets: true`. The answer of a change keeps its secrets: most are shown this once, and whoever made them
waits for them. Who may see no secrets is shown none, whatever the call says.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from whimbrel.asgi import Answer
from whimbrel.console.answers import document, error, to_response
from whimbrel.console.parameters import read_parameters
from whimbrel.console.session import Session
from whimbrel.console.setup import Mqtt, Server, Setup
from whimbrel.domain.access import USER_PREFIX, Identity
from whimbrel.errors import InvalidParameterError, RequestTooLargeError
from whimbrel.rpc.hall import read_as_large

LARGE_BODY_BYTES = 64 * 1024  # as at the management door: more takes longer to read than may hold the loop
CSRF_HEADER = "x-csrf-token"
SECRETS_HEADER = "x-show-secrets"
NOBODY = "nobody is signed in here; sign in"


def routes(setup: Setup) -> list[BaseRoute]:
    """Below `/console/api`."""

    async def session(request: Request) -> Response:
        found = await setup.session_of(request.scope["headers"])
        return to_response(error(401, NOBODY) if found is None else document(200, _shown(found, setup)))

    async def call(request: Request) -> Response:
        return to_response(await answer_to(request, setup))

    return [Route("/session", session), Route("/call/{action}", call, methods=["POST"])]


async def answer_to(request: Request, setup: Setup) -> Answer:
    """One call. Which Action is no secret, and whether this person may call it the hall says."""
    action: str = request.path_params["action"]
    session = await setup.session_of(request.scope["headers"], action)
    if session is None:
        return error(401, NOBODY)
    sent = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(sent.encode(), setup.csrf_token_of(session).encode()):
        return error(403, "the header X-CSRF-Token is not this session's; read it anew from api/session")
    body = await request.body()
    content_type = request.headers.get("content-type", "")
    try:
        parameters = await read_as_large(len(body) > LARGE_BODY_BYTES, read_parameters, content_type, body)
    except RequestTooLargeError as too_large:
        return error(413, too_large.message)
    except InvalidParameterError as unreadable:
        return error(400, unreadable.message)
    shows_secrets = request.headers.get(SECRETS_HEADER) == "true" or not setup.hall.is_read(action)
    return await setup.hall.answer(_identity_of(session, shows_secrets), action, parameters, str(uuid.uuid4()))


def _identity_of(session: Session, shows_secrets: bool) -> Identity:
    sees_secrets = session.sees_secrets and shows_secrets
    return Identity(session.account_id, USER_PREFIX + session.user, session.policy, sees_secrets)


def _shown(session: Session, setup: Setup) -> dict[str, Any]:
    expires_at = datetime.fromtimestamp(session.expires_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "user": {"name": session.user, "role": session.role},
        "account": session.account,
        "csrfToken": setup.csrf_token_of(session),
        "expiresAt": expires_at,
        "actions": setup.hall.actions_of(session.policy),
        "seesSecrets": session.sees_secrets,
        "server": _server(setup.server),
    }


def _server(server: Server) -> dict[str, Any]:
    return {
        "version": server.version,
        "publicUrl": server.public_url,
        "isInsecure": server.is_insecure,
        "hasTls": server.has_tls,
        "mqtt": None if server.mqtt is None else _mqtt(server.mqtt),
        "roles": list(server.roles),
    }


def _mqtt(mqtt: Mqtt) -> dict[str, Any]:
    return {"host": mqtt.host, "port": mqtt.port, "hasTls": mqtt.has_tls}
