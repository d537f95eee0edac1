"""The device's side of the vendors' JSON (device-protocol 3, 4, 5): what it is told, and what it says."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

UPGRADE_TOPIC = "/ota/device/upgrade/{pk}/{dn}"
INFORM_TOPIC = "/ota/device/inform/{pk}/{dn}"
PROGRESS_TOPIC = "/ota/device/progress/{pk}/{dn}"

_DIGEST_NAMES = {"Md5": "md5", "SHA256": "sha256", "Sha256": "sha256"}  # as the C SDK reads them, no other spelling


class Notice(NamedTuple):
    """An upgrade a device is told to make. `digest_name` is hashlib's, `digest` lower-case hex."""

    version: str
    module: str
    size_bytes: int
    digest_name: str
    digest: str
    url: str

    def is_repetition_of(self, other: Notice) -> bool:
        """The same command again, perhaps with a fresh link (I12)."""
        return self._replace(url="") == other._replace(url="")


def read_notice(payload: bytes) -> Notice | None:
    """The notice of a push, or None for what a vendor SDK would drop without a word."""
    try:
        data: Any = json.loads(payload)["data"]
        notice = Notice(
            version=data["version"],
            module=data.get("module", "default"),
            size_bytes=data["size"],
            digest_name=_DIGEST_NAMES[data["signMethod"]],
            digest=data["sign"],
            url=data["url"],
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    texts = (notice.version, notice.module, notice.digest, notice.url)
    is_whole = all(isinstance(text, str) and text for text in texts) and type(notice.size_bytes) is int
    return notice if is_whole and notice.size_bytes > 0 else None


def version_message(message_id: int, version: str) -> bytes:
    """A version report for the module `default`."""
    return _message(message_id, {"version": version})


def progress_message(message_id: int, step: int, words: str) -> bytes:
    """A progress report: percent, or a failure below 0. The step is text, as the C SDK sends it."""
    return _message(message_id, {"step": str(step), "desc": words})


def _message(message_id: int, params: dict[str, str]) -> bytes:
    return json.dumps({"id": str(message_id), "params": params}, separators=(",", ":")).encode()
