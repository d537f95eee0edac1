"""Runs `whimbrel` as a person at a terminal does, against a server that was started as an operator starts it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.story.servers import WHIMBREL, WhimbrelServer

ENDS_WITHIN_S = 120


def environment(server: WhimbrelServer, **more: str) -> dict[str, str]:
    """This process's environment with the server's address and data folder in place of any other's."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WHIMBREL_")}
    own = {"WHIMBREL_SERVER": f"http://{server.endpoint}", "WHIMBREL_DATA": str(server.data)}
    return {**inherited, **own, "WHIMBREL_MQTT": f"127.0.0.1:{server.mqtt_port}", **more}


def whimbrel(server: WhimbrelServer, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run one command to its end."""
    return subprocess.run(
        [WHIMBREL, *words],
        env=environment(server, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_S,
    )


def start(server: WhimbrelServer, *words: str) -> "subprocess.Popen[str]":
    """Start a command that goes on by itself."""
    return subprocess.Popen(
        [WHIMBREL, *words],
        env=environment(server),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def call(server: WhimbrelServer, action: str, **parameters: object) -> Any:
    """`whimbrel call`, which must succeed; the answer's JSON."""
    ended = whimbrel(server, "call", action, *(f"{name}={value}" for name, value in parameters.items()))
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def peak_memory_kib(pid: int) -> int:
    """The most resident memory the process ever had; 0 when it has just ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
