"""The device's side of hawkBit's JSON, as strict as the strictest of the real clients (ddi-protocol 1, 3-9, 13)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.simulator.messages import AnnouncedFile, Notice

DEFAULT_PART: Final = "bApp"
"""The part that stands for the module `default`: the only one that Zephyr takes."""

ACTION_ID_MAX: Final = 2**31 - 1
_SLEEP = re.compile(r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)")
_DIGESTS = {"sha256": 64, "sha1": 40, "md5": 32}
_HANDLINGS = frozenset(("skip", "attempt", "forced"))
_COMMANDS = ("cancelAction", "confirmationBase", "deploymentBase")


class DdiFaultError(ValueError):
    """An answer that some real client does not bear; the text says which rule it breaks."""


class Poll(NamedTuple):
    """What a poll brought: how long to sleep, and where to go."""

    sleep_s: int
    links: Mapping[str, str]


class Deployment(NamedTuple):
    """What to install. `installs` False: the server wants it downloaded, and not installed yet."""

    notice: Notice
    installs: bool


def read_poll(body: bytes) -> Poll:
    """Raises DdiFaultError."""
    document = _document(body)
    sleep = _text(document, "config", "polling", "sleep")
    match = _SLEEP.fullmatch(sleep)
    if match is None:
        raise DdiFaultError(f"rule 1: sleep is {sleep!r}")
    links = document.get("_links", {})
    if not isinstance(links, dict):
        raise DdiFaultError("_links is no object")
    hrefs = {str(name): _href(links, name) for name in links}
    if sum(name in hrefs for name in _COMMANDS) > 1:
        raise DdiFaultError(f"rule 16: {', '.join(sorted(hrefs))} are offered together")
    if "?" in hrefs.get("cancelAction", ""):
        raise DdiFaultError("rule 10: the link of cancelAction has a query string")
    hours, minutes, seconds = (int(part) for part in match.groups())
    return Poll(3600 * hours + 60 * minutes + seconds, hrefs)


def read_deployment(body: bytes, name: str = "deployment") -> Deployment:
    """Of a deployment, or of a `confirmation`. Raises DdiFaultError."""
    document = _document(body)
    action_id = read_action_id(document.get("id"))
    deployment = document.get(name)
    if not isinstance(deployment, dict):
        raise DdiFaultError(f"there is no {name}")
    handlings = [_text(deployment, key) for key in ("download", "update")]
    if not _HANDLINGS.issuperset(handlings):
        raise DdiFaultError(f"rule 5: download and update are {handlings}")
    chunks = deployment.get("chunks")
    if not isinstance(chunks, list) or not chunks:
        raise DdiFaultError("there are no chunks")
    files = tuple(_file(entry) for chunk in chunks for entry in _list(chunk, "artifacts"))
    part = _text(chunks[0], "part")
    module = DEFAULT_MODULE if part == DEFAULT_PART else part
    return Deployment(Notice(_text(chunks[0], "version"), module, files, action_id), handlings[1] != "skip")


def read_action_id(action_id: Any) -> str:
    """Raises DdiFaultError: rule 4."""
    if not isinstance(action_id, str) or not action_id.isdecimal() or not 0 < int(action_id) <= ACTION_ID_MAX:
        raise DdiFaultError(f"rule 4: an action id is {action_id!r}")
    return action_id


def read_stop_id(body: bytes) -> str:
    """The action that is to be stopped. Raises DdiFaultError."""
    document = _document(body)
    return read_action_id(_text(document, "cancelAction", "stopId"))


class Feedback(NamedTuple):
    """What a device says of an action. `percent` None: nothing of progress."""

    execution: str
    finished: str
    words: str
    percent: int | None = None

    def encoded(self, action_id: str) -> bytes:
        """As SWUpdate and rauc-hawkbit-updater send it, with the members that no schema has."""
        result: dict[str, Any] = {"finished": self.finished}
        if self.percent is not None:
            result["progress"] = {"cnt": self.percent, "of": 100}
        status = {"execution": self.execution, "result": result, "details": [self.words]}
        return _encoded({"id": action_id, "time": "20260101T000000", "status": status})


def config_data(attributes: Mapping[str, str]) -> bytes:
    """What the device says of itself."""
    return _encoded({"mode": "merge", "data": dict(attributes)})


def confirmation(words: str) -> bytes:
    """The user agrees."""
    return _encoded({"confirmation": "confirmed", "details": [words]})


def _file(entry: Any) -> AnnouncedFile:
    size_bytes = entry.get("size") if isinstance(entry, dict) else None
    if type(size_bytes) is not int or size_bytes <= 0:
        raise DdiFaultError(f"rule 6: a size is {size_bytes!r}")
    _text(entry, "filename")
    for name, length in _DIGESTS.items():
        digest = _text(entry, "hashes", name)
        if re.fullmatch(f"[0-9a-f]{{{length}}}", digest) is None:
            raise DdiFaultError(f"rule 7: {name} is {digest!r}")
    links = entry.get("_links", {})
    _href(links, "download")
    return AnnouncedFile(size_bytes, "sha256", _text(entry, "hashes", "sha256"), _href(links, "download-http"))


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise DdiFaultError(f"no JSON object: {body[:100]!r}")
    return document


def _text(document: Any, *names: str) -> str:
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    if not isinstance(document, str):
        raise DdiFaultError(f"{'.'.join(names)} is {document!r}, no text")
    return document


def _list(document: Any, name: str) -> list[Any]:
    entries = document.get(name) if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise DdiFaultError(f"{name} is {entries!r}, no list")
    return entries


def _href(links: Any, name: str) -> str:
    href = _text(links, name, "href")
    parts = urlsplit(href)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise DdiFaultError(f"rule 9: the link of {name} is {href!r}")
    return href


def _encoded(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
