"""The device's side of the vendors' JSON (device-protocol 3, 4, 5): what it is told, and what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from whimbrel.domain.firmware import FILES_MAX
from whimbrel.domain.ota_module import DEFAULT_MODULE

UPGRADE_TOPIC = "/ota/device/upgrade/{pk}/{dn}"
INFORM_TOPIC = "/ota/device/inform/{pk}/{dn}"
PROGRESS_TOPIC = "/ota/device/progress/{pk}/{dn}"
GET_TOPIC = "/sys/{pk}/{dn}/thing/ota/firmware/get"
GET_REPLY_TOPIC = "/sys/{pk}/{dn}/thing/ota/firmware/get_reply"
BLOCK_TOPIC = "/sys/{pk}/{dn}/thing/file/download"
BLOCK_REPLY_TOPIC = "/sys/{pk}/{dn}/thing/file/download_reply"

_DIGEST_NAMES = {"Md5": "md5", "SHA256": "sha256", "Sha256": "sha256"}  # as the C SDK reads them, no other spelling


class Stream(NamedTuple):
    """Which file of which stream to ask blocks of."""

    stream_id: int
    file_id: int


class AnnouncedFile(NamedTuple):
    """A file to download. `digest_name` is hashlib's, `digest` lower-case hex. `stream`: in blocks over MQTT, instead
    of by URL (device-protocol 8).
    """

    size_bytes: int
    digest_name: str
    digest: str
    url: str
    stream: Stream | None = None

    @property
    def is_whole(self) -> bool:
        """Whether a vendor SDK would take it."""
        texts = (self.digest,) if self.stream else (self.digest, self.url)
        return (
            all(isinstance(text, str) and text for text in texts)
            and type(self.size_bytes) is int
            and self.size_bytes > 0
        )


class Notice(NamedTuple):
    """An upgrade a device is told to make."""

    version: str
    module: str
    files: tuple[AnnouncedFile, ...]
    action_id: str = ""
    """What a DDI device answers to."""

    def is_repetition_of(self, other: Notice) -> bool:
        """The same command again, perhaps with fresh links (I12)."""
        return self._without_links() == other._without_links()

    def _without_links(self) -> Notice:
        return self._replace(files=tuple(file._replace(url="") for file in self.files))


def read_notice(payload: bytes) -> Notice | None:
    """The notice of a push, or None for what a vendor SDK would drop without a word."""
    try:
        return notice_of(json.loads(payload)["data"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def notice_of(data: Any) -> Notice | None:
    """The notice in the `data` of a push or of an answer; None as above."""
    try:
        notice = Notice(data["version"], data.get("module", DEFAULT_MODULE), tuple(_files(data)))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    texts = (notice.version, notice.module)
    is_whole = all(isinstance(text, str) and text for text in texts) and all(file.is_whole for file in notice.files)
    return notice if is_whole else None


def _files(data: Any) -> Iterator[AnnouncedFile]:
    """The C SDK looks for the names `file...` only in a list of two or more, and takes at most 20."""
    digest_name, files = _DIGEST_NAMES[data["signMethod"]], data.get("files")
    if "dProtocol" in data:
        # The C SDK drops the message when it cannot find the stream.
        stream = Stream(int(data["streamId"]), int(data["streamFileId"]))
        yield AnnouncedFile(data["size"], digest_name, data["sign"], "", stream)
        return
    if files is None or len(files) == 1:
        only = data if files is None else files[0]
        yield AnnouncedFile(only["size"], digest_name, only["sign"], only["url"])
        return
    if not 0 < len(files) <= FILES_MAX:
        raise ValueError("a notice has 1 to 20 files")
    for file in files:
        yield AnnouncedFile(file["fileSize"], digest_name, file["fileSign"], file["fileUrl"])


def version_message(message_id: int, version: str, module: str = DEFAULT_MODULE) -> bytes:
    """A version report for a module."""
    return _message(message_id, {"version": version}, module)


def progress_message(message_id: int, step: int, words: str, module: str = DEFAULT_MODULE) -> bytes:
    """A progress report: percent, or a failure below 0. The step is text, as the C SDK sends it."""
    return _message(message_id, {"step": str(step), "desc": words}, module)


def get_message(message_id: int) -> bytes:
    """Asks for an upgrade (device-protocol 6), as the SDKs do: without `version` and `method`."""
    return _message(message_id, {}, DEFAULT_MODULE)


def _message(message_id: int, params: dict[str, str], module: str) -> bytes:
    if module != DEFAULT_MODULE:
        params["module"] = module
    return json.dumps({"id": str(message_id), "params": params}, separators=(",", ":")).encode()
