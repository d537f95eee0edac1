"""A back end on one SDK, in processes of their own: its calls, its uploads, its devices; and what it was answered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.story.sdk_processes import CLIENTS_PYTHON, DRIVERS, DeviceProcess, DriverProcess, JsonObject
from tests.story.servers import WhimbrelServer
from tests.story.steps import watch

HERE = Path(__file__).parent


class Exchange(NamedTuple):
    """One call that succeeded. `read` is what the SDK's own response model gave, if it has models."""

    action: str
    sent: JsonObject
    raw: JsonObject
    read: JsonObject | None


class Caller:
    """One SDK in a process of its own."""

    def __init__(self, process: DriverProcess) -> None:
        self._process = process
        self.exchanges: list[Exchange] = []

    def __call__(self, action: str, **parameters: Any) -> JsonObject:
        """The answer, which must be a success."""
        self._process.send({"action": action, "parameters": parameters})
        result = self._process.receive()
        assert "answer" in result, (action, parameters, result)
        answer = result["answer"]
        raw, read = (answer["raw"], answer["read"]) if "read" in answer else (answer, None)
        assert raw["Success"] is True, (action, parameters, raw)
        self.exchanges.append(Exchange(action, parameters, raw, read))
        return dict(raw)


def surface_driver(name: str) -> tuple[str, ...]:
    """The command of a driver of this room; it imports those of the story."""
    return ("env", f"PYTHONPATH={DRIVERS}", str(CLIENTS_PYTHON), str(HERE / "drivers" / name))


class Upload(NamedTuple):
    """A file that the server has."""

    url: str
    size_bytes: int
    md5: str


class Site(NamedTuple):
    """Where the back end lives: its caller, its uploader, its devices."""

    call: Caller
    name: str
    folder: Path
    uploader: DriverProcess
    start_device: Callable[[str, str, str, bool], DeviceProcess]

    def post(self, granted: JsonObject, content: str) -> None:
        """The form upload of `content` with granted credentials."""
        path = self.folder / f"{self.name}-upload.bin"
        path.write_text(content)
        fields = {
            "key": granted["Key"],
            "policy": granted["Policy"],
            "Signature": granted["Signature"],
            "success_action_status": "200",
            "OSSAccessKeyId": granted.get("OSSAccessKeyId") or granted["AccessKeyId"],
        }
        self.uploader.send({"host": granted["Host"], "fields": fields, "path": str(path), "streamed": False})
        answer = self.uploader.receive()["answer"]
        assert answer["http_status"] == 200, answer

    def upload(self, content: str) -> Upload:
        """A file with this content, and nobody else's."""
        granted = self.call("GenerateOTAUploadURL", FileSuffix="bin")["Data"]
        own = f"{self.name} {content}"
        self.post(granted, own)
        return Upload(granted["FirmwareUrl"], len(own), hashlib.md5(own.encode()).hexdigest())

    def watch(self, wanted: Any, probe: Callable[[], Any]) -> None:
        """Ask again until the answer is the one wanted."""
        watch(str(wanted), probe, lambda seen: seen == wanted)


class Fleet(NamedTuple):
    """The product that jobs are for, its devices that are connected, and its group."""

    product_key: str
    obedient: DeviceProcess
    waiting: DeviceProcess
    group_id: str


def device_configuration(server: WhimbrelServer, product_key: str, name: str, secret: str, hold: bool) -> JsonObject:
    """What the driver of the vendor's device SDK is told."""
    return {
        "host": "127.0.0.1",
        "port": server.mqtt_port,
        "product_key": product_key,
        "device_name": name,
        "device_secret": secret,
        "version": "1.0.0",
        "hold": hold,
        "steps": ["50"],
    }
