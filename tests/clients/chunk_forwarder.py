"""A forwarder on the device itself, through which SWUpdate's delta handler reaches the chunks of an update.

Debian's SWUpdate 2022.12 asks for chunks at the fixed URL that the signed package names, and sends no token. Newer
releases take the URL from the deployment (`url = "dynamic"`). The forwarder does that for the old one: it looks into
the deployment for the file of that name, and asks for it with the device's token.
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.clients.ddi_back_end import DdiDevice, ask

_PASSED_ON = ("content-type", "content-range", "content-length", "etag")


class ChunkForwarder:
    """Listens from the start. `ranges` are the Range headers asked for, `bytes_down` what the server sent for them."""

    def __init__(self, server_url: str, device: DdiDevice) -> None:
        self.server_url, self.device = server_url, device
        self.ranges: list[str] = []
        self.bytes_down = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def url(self, file_name: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{file_name}"

    def end(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def download_url(self, file_name: str) -> str:
        """Where the deployment that is offered now has the file."""
        poll = ask(self.device, self.server_url + self.device.path).json
        deployment = ask(self.device, poll["_links"]["deploymentBase"]["href"]).json["deployment"]
        [found] = [
            file["_links"]["download-http"]["href"]
            for chunk in deployment["chunks"]
            for file in chunk["artifacts"]
            if file["filename"] == file_name
        ]
        return str(found)


def _handler_of(forwarder: ChunkForwarder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass  # the test's output is not the place

        def do_GET(self) -> None:
            asked = self.headers["Range"]
            forwarder.ranges.append(asked)
            url = forwarder.download_url(self.path.removeprefix("/"))
            answer = ask(forwarder.device, url, headers={"Range": asked})
            forwarder.bytes_down += len(answer.body)
            self.send_response(answer.status)
            for name in _PASSED_ON:
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.end_headers()
            self.wfile.write(answer.body)

    return Handler
