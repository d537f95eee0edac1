"""One device that runs the unmodified `aliyun-iot-linkkit`: connects, reports, waits for an upgrade and installs it.

Configuration: `{"host": …, "port": …, "product_key": …, "device_name": …, "device_secret": …, "version": "1.0.0",
"folder": DIR, "hold": false, "steps": ["50", "100"]}`, for TLS `"authority": PEM` as well. A device that holds keeps
what it was notified of until it is told to proceed. `steps` are the progress reports of one upgrade; the SDK has no
call for them, only a plain publish.

Requests: `{"command": "pull"}`, `{"command": "proceed"}`, `{"command": "report", "version": …}`,
`{"command": "progress", "step": "-1", "description": …}`; pull and report may name a `"module"`. The end of stdin ends
the device without a DISCONNECT, like a power cut.

Events: connected, disconnected, reported, notified, repeated, progressed, downloaded, installed, failed.

The SDK never subscribes; it sends version reports and pulls with QoS 0, so a report that meets a dead server is lost
without a trace. As the vendor advises, the device therefore reports its version at every connect.
"""

import hashlib
import json
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from json_lines import JsonObject, emit, read_configuration, requests
from linkkit.linkkit import LinkKit

HOW_NOTIFIED = {1: "push", 2: "pull"}
RECONNECT_AT_MOST_S = 1


class Notification(NamedTuple):
    """The arguments of the SDK's OTA callback, in its order."""

    how: int
    version: str
    size_bytes: int
    url: str
    sign_method: str
    sign: str
    module: str
    extra: str


class Device:
    """The application around the SDK: which version runs, and what to do when another one is offered."""

    def __init__(self, configuration: JsonObject) -> None:
        self._configuration = configuration
        self._version: str = configuration["version"]
        self._module_versions: dict[str, str] = {}
        self._offers: queue.Queue[Notification] = queue.Queue()
        self._held: Notification | None = None
        names = ("product_key", "device_name", "device_secret")
        self._linkkit = LinkKit(host_name=configuration["host"], **{name: configuration[name] for name in names})
        self._linkkit.config_mqtt(
            port=configuration["port"],
            secure="TLS" if "authority" in configuration else "",
            cadata=configuration.get("authority"),
            endpoint=configuration["host"],
            auto_reconnect_max_sec=RECONNECT_AT_MOST_S,
        )
        self._linkkit.on_connect = self._on_connect
        self._linkkit.on_disconnect = self._on_disconnect
        self._linkkit.on_ota_message_arrived = self._on_ota_message

    def start(self) -> None:
        """Connect, and reconnect for ever after; both in threads of the SDK."""
        threading.Thread(target=self._install_offers, daemon=True).start()
        self._linkkit.connect_async()

    def obey(self, request: JsonObject) -> None:
        """Carry out one request of the test."""
        match request["command"]:
            case "pull":
                self._linkkit.query_ota_firmware(request.get("module"))
            case "proceed" if self._held is not None:
                self._offers.put(self._held)
            case "report" if "module" in request:
                self._report_module(request["module"], request["version"])
            case "report":
                self._version = request["version"]
                self._report()
            case "progress":
                self._publish_progress(request["step"], request["description"])
            case unknown:
                emit({"event": "failed", "reason": f"cannot {unknown}"})

    def _on_connect(self, session_present: Any, result_code: int, user_data: Any) -> None:
        # The SDK calls this with result code 9 after every attempt that could not open a connection.
        if result_code == 0:
            emit({"event": "connected", "session_present": bool(session_present)})
            self._report()
            for module, version in list(self._module_versions.items()):
                self._report_module(module, version)

    def _on_disconnect(self, result_code: int, user_data: Any) -> None:
        emit({"event": "disconnected", "result_code": int(result_code)})

    def _on_ota_message(self, *arguments: Any) -> None:
        # This runs in the SDK's only callback thread: a download here would hold up every other callback.
        offer = Notification(*arguments)
        emit({"event": "notified", **offer._asdict(), "how": HOW_NOTIFIED[offer.how]})
        if self._configuration["hold"]:
            self._held = offer
        else:
            self._offers.put(offer)

    def _install_offers(self) -> None:
        while True:
            offer = self._offers.get()
            if offer.version == self._version_of(offer.module):
                emit({"event": "repeated", "version": offer.version})
            else:
                self._install(offer)

    def _install(self, offer: Notification) -> None:
        path = Path(self._configuration["folder"]) / f"{self._configuration['device_name']}-{offer.version}"
        for step in self._configuration["steps"]:
            self._publish_progress(step, "downloading")
        result = self._linkkit.download_ota_firmware(offer.url, str(path), offer.sign_method, offer.sign)
        if result is not LinkKit.ErrorCode.SUCCESS:
            # No retry of our own: the server has to offer the task again at the next connect.
            emit({"event": "failed", "reason": f"download: {result}"})
            return
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        size_bytes = path.stat().st_size
        emit({"event": "downloaded", "version": offer.version, "sha256": digest, "size_bytes": size_bytes})
        emit({"event": "installed", "version": offer.version})
        if offer.module:
            self._report_module(offer.module, offer.version)
            return
        self._version = offer.version
        self._report()

    def _version_of(self, module: str) -> str | None:
        return self._module_versions.get(module) if module else self._version

    def _report_module(self, module: str, version: str) -> None:
        self._module_versions[module] = version
        self._say(self._linkkit.ota_report_version, module, version)
        emit({"event": "reported", "version": version, "module": module})

    def _report(self) -> None:
        # The result says nothing: the SDK compares paho's message object with a number, so it is always OTA_PUB_FAILED.
        version = self._version
        self._say(self._linkkit.ota_report_version, None, version)
        emit({"event": "reported", "version": version})

    def _say(self, publish: Callable[..., Any], *message: Any) -> Any:
        """Over TLS the SDK writes in this thread on a socket that it reads in another, which Python's ssl may answer by
        an error for both. The connection is lost then; the SDK makes another, and the device reports again.
        """
        try:
            return publish(*message)
        except OSError:
            return None

    def _publish_progress(self, step: str, description: str) -> None:
        topic = f"/ota/device/progress/{self._configuration['product_key']}/{self._configuration['device_name']}"
        payload = json.dumps({"id": "1", "params": {"step": step, "desc": description}})
        published = self._say(lambda: self._linkkit.publish_topic(topic, payload, qos=1))
        if published is None:
            return
        if published[0] == 0:
            emit({"event": "progressed", "step": step})
        else:
            emit({"event": "failed", "reason": f"progress: {published[0]}"})


def main() -> None:
    """Be a device until stdin ends."""
    device = Device(read_configuration())
    device.start()
    for request in requests():
        device.obey(request)
    os._exit(0)  # the SDK's threads would first say goodbye to the server


if __name__ == "__main__":
    main()
