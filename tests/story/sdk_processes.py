"""Runs the drivers of the vendors' unmodified packages as processes of their own, far from Whimbrel's dependencies."""

import json
import os
import queue
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.story.servers import AccessKey

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
DRIVERS = HERE / "drivers"
NODE = HERE / "node"
CLIENTS_PYTHON = REPOSITORY / ".venv-clients" / "bin" / "python"
POP_CORE = NODE / "node_modules" / "@alicloud" / "pop-core"
ANSWER_WITHIN_S = 60

JsonObject = dict[str, Any]


class Sdk(NamedTuple):
    """One way a back end calls the management API."""

    command: tuple[str, ...]
    configuration: JsonObject


def python_driver(name: str) -> tuple[str, ...]:
    """The command that runs a Python driver in the environment of the vendors' packages."""
    return (str(CLIENTS_PYTHON), str(DRIVERS / name))


POP_CORE_DRIVER = ("node", str(NODE / "pop_core.js"))
SDKS = {
    "classic": Sdk(python_driver("classic_sdk.py"), {}),
    "tea-v3": Sdk(python_driver("tea_sdk.py"), {"signature": "v3"}),
    "tea-v2": Sdk(python_driver("tea_sdk.py"), {"signature": "v2"}),
    "pop-core-get": Sdk(POP_CORE_DRIVER, {"method": "GET"}),
    "pop-core-post": Sdk(POP_CORE_DRIVER, {"method": "POST"}),
}


class SdkError(Exception):
    """An SDK raised; `described` holds what its exception tells a back end."""

    def __init__(self, described: JsonObject) -> None:
        super().__init__(described)
        self.described = described
        self.code: str | None = described.get("code")


class DriverProcess:
    """A driver: one JSON object per line in both directions, the configuration first."""

    def __init__(self, command: tuple[str, ...], configuration: JsonObject, log_path: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment, text=True
            )
        self._log_path = log_path
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read_lines, daemon=True)
        self._reader.start()
        self.send(configuration)

    def send(self, request: JsonObject) -> None:
        """Write one line to the driver."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def receive(self, timeout_s: float = ANSWER_WITHIN_S) -> JsonObject:
        """The driver's next line; AssertionError with its stderr when none comes in time or it ended."""
        try:
            line = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            line = ""
        assert line, f"no line from {self._process.args!r} within {timeout_s} s:\n{self._log_path.read_text()}"
        return dict(json.loads(line))

    def received(self) -> list[JsonObject]:
        """The lines that are there already, without waiting."""
        return [self.receive() for _ in range(self._lines.qsize())]

    def end(self) -> None:
        """Kill the driver and close its pipes."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                pipe.close()
            except BrokenPipeError:
                pass  # a request that the killed driver never read

    def _read_lines(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")


class BackEnd:
    """A back end that calls the management API through one SDK."""

    def __init__(self, process: DriverProcess) -> None:
        self._process = process

    def call(self, action: str, **parameters: Any) -> JsonObject:
        """The answer as the SDK hands it out; SdkError when the SDK raises."""
        self._process.send({"action": action, "parameters": parameters})
        result = self._process.receive()
        if "error" in result:
            raise SdkError(result["error"])
        return dict(result["answer"])

    def succeed(self, action: str, **parameters: Any) -> JsonObject:
        """Call and demand the envelope of a success (api-contract 1.4)."""
        answer = self.call(action, **parameters)
        assert answer["Success"] is True, answer
        assert answer["Code"] == ""
        assert answer["RequestId"]
        return answer

    def refusal(self, action: str, **parameters: Any) -> str:
        """Call, demand a business failure (HTTP 200), and give its code; pop-core alone raises it."""
        try:
            answer = self.call(action, **parameters)
        except SdkError as error:
            answer = error.described["data"]
        assert answer["Success"] is False, answer
        assert answer["ErrorMessage"]
        return str(answer["Code"])

    def error(self, action: str, **parameters: Any) -> SdkError:
        """Call and demand that the SDK raises."""
        with pytest.raises(SdkError) as raised:
            self.call(action, **parameters)
        return raised.value


class DeviceProcess(DriverProcess):
    """A device that runs the vendor's device SDK."""

    def wait_for(self, event: str, timeout_s: float = ANSWER_WITHIN_S, **expected: Any) -> JsonObject:
        """Skip events until one of this name with these values comes."""
        deadline = time.monotonic() + timeout_s
        while True:
            seen = self.receive(max(deadline - time.monotonic(), 0.01))
            assert seen["event"] != "failed" or event == "failed", seen
            if seen["event"] == event and expected.items() <= seen.items():
                return seen


def credentials(key: AccessKey) -> JsonObject:
    """The part of every SDK driver's configuration that signs."""
    return {"access_key_id": key.key_id, "access_key_secret": key.secret}
