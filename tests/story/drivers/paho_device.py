"""A device that runs the unmodified `paho-mqtt`, in MQTT 3.1.1 or 5.

Configuration: `{"host": …, "port": …, "client_id": …, "username": …, "password": …, "level": 4 or 5}`. Requests:
`{"command": "subscribe", "filter": …, "qos": 1}`, `{"command": "publish", "topic": …, "payload": …}` with QoS 1, and
`{"command": "connect"}`. Events: connected and disconnected with the reason, subscribed with the reasons, acknowledged,
message. The end of stdin ends the device. It does not reconnect by itself.
"""

from typing import Any

import paho.mqtt.client as mqtt
from json_lines import JsonObject, emit, read_configuration, requests

KEEP_ALIVE_S = 60


def reason_number(reason: Any) -> int:
    """paho has an object for it in MQTT 5 and a number in 3.1.1."""
    return int(getattr(reason, "value", 0 if reason is None else reason))


class Device:
    """The client, its callbacks as events."""

    def __init__(self, configuration: JsonObject) -> None:
        self._configuration = configuration
        level = configuration["level"]
        settings = {"clean_session": True} if level == 4 else {}
        self._client = mqtt.Client(configuration["client_id"], protocol=level, reconnect_on_failure=False, **settings)
        self._client.username_pw_set(configuration["username"], configuration["password"])
        self._client.on_connect = lambda client, data, flags, reason, properties=None: emit(
            {"event": "connected", "reason": reason_number(reason), "properties": self._described(properties)}
        )
        self._client.on_disconnect = lambda client, data, reason, properties=None: emit(
            {"event": "disconnected", "reason": reason_number(reason)}
        )
        self._client.on_subscribe = lambda client, data, mid, reasons, properties=None: emit(
            {"event": "subscribed", "reasons": [reason_number(reason) for reason in reasons]}
        )
        self._client.on_publish = lambda client, data, mid: emit({"event": "acknowledged"})
        self._client.on_message = lambda client, data, message: emit(
            {"event": "message", "topic": message.topic, "payload": message.payload.decode()}
        )

    @staticmethod
    def _described(properties: Any) -> JsonObject:
        return {} if properties is None else dict(properties.json())

    def connect(self) -> None:
        self._client.connect(self._configuration["host"], self._configuration["port"], KEEP_ALIVE_S)
        self._client.loop_start()

    def obey(self, request: JsonObject) -> None:
        """Carry out one request of the test."""
        match request["command"]:
            case "connect":
                self._client.loop_stop()
                self.connect()
            case "subscribe":
                self._client.subscribe(request["filter"], request["qos"])
            case "publish":
                self._client.publish(request["topic"], request["payload"], qos=1)


def main() -> None:
    """Be a device until stdin ends."""
    device = Device(read_configuration())
    device.connect()
    for request in requests():
        device.obey(request)


if __name__ == "__main__":
    main()
