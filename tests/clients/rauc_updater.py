"""What rauc-hawkbit-updater does on the wire, as a model: Debian 12 does not have the program (ddi-protocol 13).

One chunk with one file or nothing; a download goes on from what is there, and 416 means that everything is; posts and
puts are repeated on 409 and 429; success is reported right after the installation, before any restart.
"""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.clients.ddi_back_end import Answer, DdiDevice, ask

RETRIES_MAX = 10
_RETRIED = (409, 429)


class RefusedError(Exception):
    """The server said something that the client cannot work with; it holds the answer."""


class RaucUpdater:
    """One device. `folder` keeps its download over restarts; `install` is what RAUC would do."""

    def __init__(self, url: str, device: DdiDevice, folder: Path, install: Callable[[bytes], bool]) -> None:
        self.url, self.device, self.install = url, device, install
        self.bundle = folder / "bundle.raucb"
        self.retry_s = 1.0
        self.tries = 0
        self.download_statuses: list[int] = []

    def poll(self) -> dict[str, str]:
        """One turn's GET; the links."""
        answer = self._get(self.url + self.device.path)
        assert len(answer.json["config"]["polling"]["sleep"]) == len("00:05:00")
        return {name: link["href"] for name, link in answer.json.get("_links", {}).items()}

    def turn(self) -> None:
        """Do what the poll asks for: attributes, a cancel, or a deployment."""
        links = self.poll()
        if "configData" in links:
            self.identify({"product": "Gateway", "serial": self.device.name})
        if "cancelAction" in links:
            self._accept_cancel(links["cancelAction"])
        elif "deploymentBase" in links:
            self.deploy(links["deploymentBase"])

    def identify(self, attributes: dict[str, str]) -> None:
        # No mode, and the members of a feedback around it: that is what the program sends.
        self._send("PUT", "/configData", {"id": "", "time": "", **_status("closed", "success"), "data": attributes})

    def deploy(self, href: str) -> None:
        deployment = self._get(href).json
        number, chunks = deployment["id"], deployment["deployment"]["chunks"]
        if len(chunks) != 1 or len(chunks[0]["artifacts"]) != 1:
            return self.tell(number, "closed", "failure", "cannot handle multiple chunks/artifacts")
        [file] = chunks[0]["artifacts"]
        self.download(file["_links"]["download"]["href"])
        content = self.bundle.read_bytes()
        self.bundle.unlink()
        if hashlib.sha1(content).hexdigest() != file["hashes"]["sha1"]:
            return self.tell(number, "closed", "failure", "checksum does not match")
        self.tell(number, "proceeding", "none", "Download complete.")
        if not self.install(content):
            return self.tell(number, "closed", "failure", "Failed to install software bundle.")
        return self.tell(number, "closed", "success", "Software bundle installed successfully.")

    def download(self, href: str) -> None:
        """Fetch what is missing of the bundle."""
        have = self.bundle.stat().st_size if self.bundle.exists() else 0
        answer = ask(self.device, href, headers={"Range": f"bytes={have}-"} if have else {})
        self.download_statuses.append(answer.status)
        if answer.status == 416:
            return
        if answer.status not in (200, 206):
            raise RefusedError(answer)
        with self.bundle.open("ab" if answer.status == 206 else "wb") as file:
            file.write(answer.body)

    def tell(self, number: str, execution: str, finished: str, words: str) -> None:
        body = {"id": number, "time": "20261126T000000", **_status(execution, finished, words)}
        self._send("POST", f"/deploymentBase/{number}/feedback", body)

    def _accept_cancel(self, href: str) -> None:
        stop_id = self._get(href).json["cancelAction"]["stopId"]
        body = {"id": stop_id, "time": "", **_status("closed", "success", "Action canceled.")}
        self._send("POST", f"/cancelAction/{stop_id}/feedback", body)

    def _get(self, url: str) -> Answer:
        answer = ask(self.device, url, headers={"Accept": "application/json;charset=UTF-8"})
        if answer.status != 200:
            raise RefusedError(answer)
        return answer

    def _send(self, method: str, path: str, body: Any) -> None:
        """Repeated while the server asks for that; anything but 200 is refused in the end."""
        for self.tries in range(1, RETRIES_MAX + 1):
            answer = ask(self.device, self.url + self.device.path + path, method=method, body=body)
            if answer.status not in _RETRIED:
                break
            time.sleep(self.retry_s)
        if answer.status != 200:
            raise RefusedError(answer)


def _status(execution: str, finished: str, words: str = "") -> dict[str, Any]:
    return {"status": {"result": {"finished": finished}, "execution": execution, "details": [words]}}
