"""Signed calls over HTTP from the terminal: one form POST each, on a connection that is kept."""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import click

from whimbrel.cli.plain_text import plain
from whimbrel.rpc.signing_caller import Credentials, sign_request_v1, timestamp_text

ANSWER_SECONDS_MAX = 120.0
_FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


class ApiAnswer(NamedTuple):
    """One answer as it came."""

    status: int
    body: bytes


class RefusedError(Exception):
    """The server refused a call; `code` is what programs rely on, the text is for people,
    and plain.

    `is_of_gateway`: before it looked at what was asked, so that the next call fares alike.
    """

    def __init__(self, action: str, code: str, message: str, *, is_of_gateway: bool = False) -> None:
        super().__init__(plain(f"{action} was refused: {code}: {message}"))
        self.code = code
        self.message = message
        self.is_of_gateway = is_of_gateway


class Api:
    """Calls one server with one key. For one thread at a time; also what the simulator calls with (its `Caller`)."""

    def __init__(self, server: str, credentials: Credentials, answer_s_max: float = ANSWER_SECONDS_MAX) -> None:
        """Raises click.UsageError for a URL that is none."""
        self._credentials = credentials
        self._server = server
        self._connection = open_connection(server, answer_s_max)
        self._path = urlsplit(server).path or "/"

    def send(self, action: str, parameters: Mapping[str, str]) -> ApiAnswer:
        """One call, its parameters in the body. Raises ConnectionError, whose text is for people."""
        try:
            try:
                return self._send_once(action, parameters)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # The server may end a kept connection at any time; a second failure is the server's.
                self._connection.close()
                return self._send_once(action, parameters)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise not_answering(self._server, error) from None

    def call(self, action: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        """The answer's JSON, of a refused call too. Raises ConnectionError."""
        return read_document(self._server, self.send(action, parameters))

    def ask(self, action: str, parameters: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """The answer of a call that must succeed. Raises RefusedError and ConnectionError."""
        answer = self.send(action, parameters or {})
        body = read_document(self._server, answer)
        if body.get("success") is not True:
            raise refusal(action, answer.status, body)
        return body

    def close(self) -> None:
        """End the connection; another call opens a new one."""
        self._connection.close()

    def _send_once(self, action: str, parameters: Mapping[str, str]) -> ApiAnswer:
        signed = sign_request_v1(
            {**parameters, "Action": action},
            self._credentials,
            secrets.token_hex(16),
            timestamp_text(time.time_ns() // 1_000_000),
            method="POST",
        )
        self._connection.request("POST", self._path, urlencode(signed), _FORM_TYPE)
        response = self._connection.getresponse()
        return ApiAnswer(response.status, response.read())


def read_document(server: str, answer: ApiAnswer) -> Mapping[str, Any]:
    """The answer's JSON. Raises ConnectionError when it is no object: then no management API has answered."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ConnectionError(f"{server} does not answer like a management API (HTTP {answer.status})")
    return document


def refusal(action: str, status: int, body: Mapping[str, Any]) -> RefusedError:
    """What a refused call raises. Whoever refuses before the operation names its reason `message` (api-contract 4)."""
    message = body.get("errorMessage") or body.get("message") or "no reason was given"
    code = body.get("code") or f"HTTP {status}"
    return RefusedError(action, str(code), str(message), is_of_gateway=status != http.HTTPStatus.OK)


def open_connection(url: str, answer_s_max: float = ANSWER_SECONDS_MAX) -> http.client.HTTPConnection:
    """A connection that opens with its first request. Raises click.UsageError for a URL that is none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise click.UsageError(f"the server must be http(s)://HOST[:PORT], given was {url}")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(host, port, timeout=answer_s_max)


def not_answering(server: str, error: Exception) -> ConnectionError:
    """What a person reads when there is no answer."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConnectionError(
            f"the certificate of {server} is not trusted ({error.verify_message}); "
            "SSL_CERT_FILE may name the certificate of an authority of your own"
        )
    return ConnectionError(f"{server} does not answer ({error}); is the server running, and is --server right?")
