"""One device that runs the unmodified `aliyun-iot-linkkit` and knows only its product's secret.

It registers dynamically, then logs in with what it got and reports its version, all of it over TLS. Configuration:
`{"way": "https" | "register" | "regnwl", "http_port": …, "mqtt_port": …, "authority": PEM, "product_key": …,
"device_name": …, "product_secret": …, "version": …}`. Events: registered (with what it got), refused (with the SDK's
reason), connected. The end of stdin ends the device.

The SDK's HTTPS registration goes to a host of the vendor's that is written into the package; that address alone is
changed.
"""

import os
import queue
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from json_lines import JsonObject, emit, read_configuration, requests
from linkkit.linkkit import LinkKit

HOST = "localhost"


class Registering:
    """The application around the SDK."""

    def __init__(self, configuration: JsonObject) -> None:
        self._configuration = configuration
        self._registered: queue.Queue[JsonObject] = queue.Queue()

    def run(self) -> None:
        """Register, then log in."""
        way = self._configuration["way"]
        if way == "https":
            send_to_us(self._configuration["http_port"])
        kit = self._kit(auth_type=None if way == "https" else way, product_secret=self._configuration["product_secret"])
        kit.on_device_dynamic_register = self._on_secret
        kit.on_device_dynamic_register_nwl_reply = self._on_token
        if way == "https":
            # The SDK goes on by itself with the secret it got.
            kit.on_connect = lambda *arguments: self._on_connect(kit, arguments[1])
        kit.connect_async()
        got = self._registered.get()
        if not got:
            return
        emit({"event": "registered", **got})
        if way != "https":
            again = self._kit(**got)
            again.on_connect = lambda *arguments: self._on_connect(again, arguments[1])
            again.connect_async()

    def _kit(self, **credentials: Any) -> LinkKit:
        names = {"host_name": HOST, "device_secret": ""}
        names |= {name: self._configuration[name] for name in ("product_key", "device_name")}
        kit = LinkKit(**{**names, **credentials})
        kit.config_mqtt(
            port=self._configuration["mqtt_port"],
            secure="TLS",
            endpoint=HOST,
            cadata=self._configuration["authority"],
            auto_reconnect_max_sec=1,
        )
        return kit

    def _on_secret(self, result_code: int, value: str | None, user_data: Any) -> None:
        self._take(result_code, {"device_secret": value}, value)

    def _on_token(self, result_code: int, client_id: str | None, username: str | None, password: str | None) -> None:
        self._take(result_code, {"client_id": client_id, "username": username, "password": password}, "no token")

    def _take(self, result_code: int, got: JsonObject, reason: str | None) -> None:
        if result_code != 0:
            emit({"event": "refused", "result_code": result_code, "reason": reason})
        self._registered.put(got if result_code == 0 else {})

    def _on_connect(self, kit: LinkKit, result_code: int) -> None:
        if result_code == 0:
            kit.ota_report_version(None, self._configuration["version"])
            emit({"event": "connected"})


def send_to_us(port: int) -> None:
    """What the SDK asks of the vendor's authentication host, it asks of the server under test; nothing else is
    changed.
    """
    real = urllib.request.urlopen

    def urlopen(url: str, *arguments: Any, **options: Any) -> Any:
        parts = urlsplit(url)
        assert parts.netloc.endswith(".aliyuncs.com"), url
        return real(f"{parts.scheme}://{HOST}:{port}{parts.path}", *arguments, **options)

    urllib.request.urlopen = urlopen


def main() -> None:
    """Be a device until stdin ends."""
    Registering(read_configuration()).run()
    for _ in requests():
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
