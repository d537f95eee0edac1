"""The processes of one operator on one PostgreSQL."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.postgresql import shared_server
from tests.story.servers import WHIMBREL, WhimbrelServer
from tests.story.signed_client import SignedClient


class Site:
    """A process for each of the given lists of roles; the first one makes the root key."""

    def __init__(self, folder: Path, *roles: str) -> None:
        self.url = shared_server().empty_database()
        self.options: tuple[str, ...] = ("--database", self.url, "--master-key", str(folder / "master.key"))
        self.options += ("--firmware", f"file:{folder / 'firmware'}")
        self.servers = [
            WhimbrelServer(folder / f"process-{number}", *self.options, "--role", role)
            for number, role in enumerate(roles)
        ]
        self.first = self.servers[0]

    def start(self) -> None:
        self.first.start()
        with ThreadPoolExecutor() as starters:
            list(starters.map(WhimbrelServer.start, self.servers[1:]))

    def end(self) -> None:
        for server in self.servers:
            server.end()
        shared_server().drop(self.url)

    def clients(self) -> list[SignedClient]:
        """One for each process that serves the API, all with the root key that the first start made."""
        return [SignedClient(server, self.first.access_key) for server in self.servers if "api" in server.options[-1]]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return shared_server().execute(query, self.url)

    def check(self) -> None:
        """`whimbrel check` and `whimbrel audit verify` find nothing."""
        for words in (["check"], ["audit", "verify"]):
            command = [WHIMBREL, *words, "--data", str(self.first.data), "--database", self.url]
            environment = {"WHIMBREL_MASTER_KEY": self.options[3], "WHIMBREL_FIRMWARE": self.options[5]}
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
            assert done.returncode == 0, done.stdout + done.stderr
