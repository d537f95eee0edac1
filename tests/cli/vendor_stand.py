"""A vendor's service for the tests of `whimbrel import`: a Whimbrel behind a door.

The door writes down every call, answers one in so many with the vendor's throttling, and notes what no vendor knows: an
action or a parameter of ours, and a page that is larger than the contract allows.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from tests.story.servers import WhimbrelServer

#: What the importer may call, by the contract's parameters (api-contract 8, 9, 13), and the largest page.
COMMON = {"Action", "Format", "Version", "SignatureVersion", "AccessKeyId", "SignatureMethod", "SignatureNonce"}
COMMON |= {"Timestamp", "Signature", "RegionId", "IotInstanceId"}
PARAMETERS = {
    "QueryProductList": {"CurrentPage", "PageSize"},
    "QueryProduct": {"ProductKey"},
    "QueryDevice": {"ProductKey", "CurrentPage", "PageSize", "NextToken"},
    "QueryDeviceProp": {"ProductKey", "DeviceName"},
    "ListOTAModuleByProduct": {"ProductKey"},
    "ListOTAFirmware": {"CurrentPage", "PageSize", "ProductKey"},
    "QueryOTAFirmware": {"FirmwareId"},
    "QueryDeviceGroupList": {"CurrentPage", "PageSize", "SuperGroupId", "GroupTypes.1"},
    "QueryDeviceGroupInfo": {"GroupId", "GroupType"},
    "QueryDeviceListByDeviceGroup": {"GroupId", "CurrentPage", "PageSize"},
}
PAGES = {"QueryProductList": 200, "QueryDevice": 50, "ListOTAFirmware": 100, "QueryDeviceGroupList": 200}


class SeenCall(NamedTuple):
    """A call as it came, and whether the answer was in PascalCase."""

    method: str
    parameters: dict[str, str]
    is_pascal: bool


class VendorStand:
    """The door. `throttles_each`: of so many calls one is turned away; 0 for none."""

    def __init__(self, server: WhimbrelServer, throttles_each: int = 0) -> None:
        self.server = server
        self.throttles_each = throttles_each
        self.calls: list[SeenCall] = []
        self.arrived = self.throttled = 0
        self.faults: list[str] = []
        self.url = ""
        self.lock = threading.Lock()

    @property
    def actions(self) -> set[str]:
        return {call.parameters["Action"] for call in self.calls}


@contextmanager
def vendor_stand(server: WhimbrelServer, throttles_each: int = 0) -> Iterator[VendorStand]:
    """The door, open on a port of its own."""
    stand = VendorStand(server, throttles_each)
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stand))
    stand.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield stand
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def _handler(stand: VendorStand) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._pass(b"")

        def do_POST(self) -> None:
            self._pass(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            pass

        def _pass(self, body: bytes) -> None:
            given = [*parse_qsl(urlsplit(self.path).query, True), *parse_qsl(body.decode(), True)]
            parameters = dict(given)
            with stand.lock:
                stand.arrived += 1
                is_turned_away = stand.throttles_each and stand.arrived % stand.throttles_each == 0
                stand.throttled += bool(is_turned_away)
            if is_turned_away:
                self._answer(400, b'{"RequestId":"1","HostId":"x","Code":"Throttling.User","Message":"too fast"}')
                return
            fault = _fault(parameters) or (len(given) != len(parameters) and "a parameter twice") or ""
            connection = http.client.HTTPConnection(stand.server.endpoint, timeout=60)
            connection.request(self.command, self.path, body, {"Content-Type": self.headers.get("Content-Type", "")})
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            with stand.lock:
                stand.calls.append(SeenCall(self.command, parameters, "RequestId" in json.loads(content)))
                stand.faults += [fault] if fault else []
            self._answer(answer.status, content)

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


def _fault(parameters: dict[str, str]) -> str:
    action = parameters.get("Action", "")
    if action not in PARAMETERS:
        return f"no vendor knows {action}"
    unknown = parameters.keys() - COMMON - PARAMETERS[action]
    if unknown:
        return f"{action} has no {', '.join(sorted(unknown))}"
    if int(parameters.get("PageSize", "1")) > PAGES.get(action, 50):
        return f"{action} has no pages of {parameters['PageSize']}"
    return ""
