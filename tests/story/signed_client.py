"""A back end that signs by itself: no SDK, no retries, every failure shown. For tests that mean to break the server."""

import http.client
import json
import secrets
import time
import urllib.parse
from typing import Any, NamedTuple

from tests.story.servers import AccessKey, WhimbrelServer
from whimbrel.rpc.signing_caller import Credentials, sign_request_v1, timestamp_text

ANSWER_WITHIN_S = 30.0


class Answered(NamedTuple):
    """An answer that came whole."""

    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))


class NoAnswerError(Exception):
    """The connection broke: whether the call had an effect is unknown to the caller."""


class SignedClient:
    """Calls one server with its root key, or another."""

    def __init__(
        self, server: WhimbrelServer, key: AccessKey | None = None, answer_within_s: float = ANSWER_WITHIN_S
    ) -> None:
        self._server = server
        self._answer_within_s = answer_within_s
        self._key = Credentials(*(key or server.access_key))

    def call(self, action: str, **parameters: str) -> Answered:
        """One signed POST. Raises NoAnswerError when no whole answer came."""
        now_ms = time.time_ns() // 1_000_000
        signed = sign_request_v1(
            {"Action": action, **parameters}, self._key, secrets.token_hex(16), timestamp_text(now_ms), "POST"
        )
        body = urllib.parse.urlencode(signed, quote_via=urllib.parse.quote, safe="~").encode()
        status, content = self.send("POST", "/", body, {"Content-Type": "application/x-www-form-urlencoded"})
        return Answered(status, json.loads(content))

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """One request as it is. Raises NoAnswerError."""
        connection = http.client.HTTPConnection("127.0.0.1", self._server.http_port, timeout=self._answer_within_s)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(f"{method} {path[:60]}: {error!r}") from None
        finally:
            connection.close()

    def upload(self, content: bytes, suffix: str = "bin") -> str | None:
        """GenerateOTAUploadURL and the form upload; the FirmwareUrl, or None when the upload was refused."""
        data = self.call("GenerateOTAUploadURL", FileSuffix=suffix).body["data"]
        fields = {
            "key": data["key"],
            "OSSAccessKeyId": data["ossAccessKeyId"],
            "policy": data["policy"],
            "Signature": data["signature"],
        }
        boundary = secrets.token_hex(16)
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="fw.bin"\r\n\r\n'.encode()
        body = b"".join([*parts, head, content, f"\r\n--{boundary}--\r\n".encode()])
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        status, _ = self.send("POST", "/", body, headers)
        return str(data["firmwareUrl"]) if status == 204 else None
