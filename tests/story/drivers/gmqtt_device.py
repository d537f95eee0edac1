"""A device that runs the unmodified `gmqtt`, in MQTT 3.1.1 or 5; configuration, requests and events of paho_device.py.

gmqtt tells nobody that a message was acknowledged; the device looks at what it still keeps to repeat.
"""

import asyncio
import json
import sys
from typing import Any

import gmqtt
from json_lines import JsonObject, emit, read_configuration

KEEP_ALIVE_S = 60


class Device:
    """The client, its callbacks as events."""

    def __init__(self, configuration: JsonObject) -> None:
        self._configuration = configuration

    async def connect(self) -> None:
        configuration = self._configuration
        self._client = client = gmqtt.Client(configuration["client_id"], clean_session=True)
        client.set_config({"reconnect_retries": 0, "reconnect_delay": 3600})
        client.set_auth_credentials(configuration["username"], configuration["password"])
        client.on_connect = lambda client, flags, reason, properties: emit(
            {"event": "connected", "reason": reason, "properties": properties}
        )
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = lambda client, mid, reasons, properties: emit(
            {"event": "subscribed", "reasons": list(reasons)}
        )
        client.on_message = self._on_message
        try:
            await client.connect(
                configuration["host"], configuration["port"], keepalive=KEEP_ALIVE_S, version=configuration["level"]
            )
        except gmqtt.mqtt.handler.MQTTConnectError as error:
            emit({"event": "connected", "reason": error._code, "properties": {}})

    def _on_disconnect(self, client: Any, packet: Any, exc: Any = None) -> None:
        emit({"event": "disconnected", "reason": packet[0] if packet else 0})

    def _on_message(self, client: Any, topic: str, payload: bytes, qos: int, properties: Any) -> int:
        emit({"event": "message", "topic": topic, "payload": payload.decode()})
        return 0

    async def obey(self, request: JsonObject) -> None:
        """Carry out one request of the test."""
        match request["command"]:
            case "connect":
                await self.connect()
            case "subscribe":
                self._client.subscribe(request["filter"], qos=request["qos"])
            case "publish":
                self._client.publish(request["topic"], request["payload"], qos=1)
                await self._client._persistent_storage.wait_empty()
                emit({"event": "acknowledged"})


async def main() -> None:
    """Be a device until stdin ends."""
    device = Device(read_configuration())
    await device.connect()
    while line := await asyncio.to_thread(sys.stdin.readline):
        await device.obey(json.loads(line))


if __name__ == "__main__":
    asyncio.run(main())
