"""A server that speaks TLS with a certificate of the tests' own authority, and a back end that calls it."""

import http.client
import ssl
from pathlib import Path
from typing import Any

from tests.certificates import Certificates
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient


class TlsServer(WhimbrelServer):
    """A server that speaks TLS from its second start on, when its product is made."""

    def __init__(self, data: Path, certificates: Certificates, *options: str) -> None:
        super().__init__(data, *options)
        self._certificates = certificates
        self.context: ssl.SSLContext | None = None

    def switch_to_tls(self) -> None:
        """Restart with a certificate."""
        assert self.stop() == 0
        chain, key = self._certificates.chain, self._certificates.key
        self.options = (*self.options, "--tls-cert", str(chain), "--tls-key", str(key))
        self.context = ssl.create_default_context(cafile=str(self._certificates.authority))
        self.start()

    def connection(self) -> http.client.HTTPConnection:
        if self.context is None:
            return http.client.HTTPConnection("localhost", self.http_port, timeout=30)
        return http.client.HTTPSConnection("localhost", self.http_port, timeout=30, context=self.context)

    def _is_healthy(self) -> bool:
        connection = self.connection()
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


class TlsClient(SignedClient):
    """Signs as a back end does, over TLS."""

    def __init__(self, server: TlsServer) -> None:
        super().__init__(server)
        self._tls_server = server

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = self._tls_server.connection()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def ok(self, action: str, **parameters: str) -> dict[str, Any]:
        answered = self.call(action, **parameters)
        assert answered.body["success"], answered
        return answered.body
