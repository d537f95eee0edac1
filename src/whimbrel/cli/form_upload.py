"""One file to the server by the vendors' form upload (api-contract 12), streamed."""

from __future__ import annotations

import hashlib
import html
import http.client
import os
import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol
from urllib.parse import urlsplit

import click

from whimbrel.cli.api import ApiAnswer, not_answering, open_connection
from whimbrel.domain.firmware import FileSuffix

BLOCK_BYTES = 262_144
REASON_LENGTH_MAX = 200
_XML_MEMBER = re.compile(r"<(Code|Message)>([^<]*)</")


class UploadRefusedError(Exception):
    """The server did not take the file; the text says why."""


class Uploaded(NamedTuple):
    """What an upload became: the URL to name it by, and the MD5 of what was sent."""

    url: str
    md5: str


class Asks(Protocol):
    """Calls the server that takes the file."""

    def ask(self, action: str, parameters: dict[str, Any]) -> Mapping[str, Any]:
        """The answer of a call that must succeed. Raises RefusedError, ConnectionError."""
        ...


class _Form(NamedTuple):
    """The bytes before and after the file in a multipart body."""

    content_type: str
    head: bytes
    tail: bytes


def upload_firmware(api: Asks, path: Path, suffix: str | None = None) -> Uploaded:
    """Upload one firmware file; the URL is CreateOTAFirmware's.

    Raises RefusedError, UploadRefusedError, ConnectionError.
    """
    grant = api.ask("GenerateOTAUploadURL", {"FileSuffix": suffix or suffix_of(path.name)})["data"]
    return Uploaded(grant["firmwareUrl"], _upload(grant, grant["ossAccessKeyId"], path))


def upload_device_list(api: Asks, path: Path) -> str:
    """Upload a list of devices; the URL is DnListFileUrl's. Raises as `upload_firmware`."""
    grant = api.ask("GenerateDeviceNameListURL", {})["data"]
    _upload(grant, grant["accessKeyId"], path)
    url: str = grant["fileUrl"]
    return url


def _upload(grant: Mapping[str, Any], key_id: str, path: Path) -> str:
    answer, md5 = _post(_form(grant, key_id), grant["host"], path)
    if answer.status != 200:
        raise UploadRefusedError(f"the upload was refused: {_reason(answer)}")
    return md5


def _reason(answer: ApiAnswer) -> str:
    """Code and message of the vendors' XML; else what came, as far as a line has room."""
    text = answer.body.decode("utf-8", "replace")
    found = {name: html.unescape(words) for name, words in _XML_MEMBER.findall(text)}
    if "Code" in found:
        return f"{found['Code']}: {found.get('Message', 'no reason was given')}"
    return f"HTTP {answer.status} {text.strip()[:REASON_LENGTH_MAX]}".strip()


def suffix_of(file_name: str) -> str:
    """The longest suffix of the vendors' list that the name ends in; `bin` when there is none."""
    name = file_name.lower()
    found = [suffix.value for suffix in FileSuffix if name.endswith(f".{suffix.value}")]
    return max(found, key=len, default=FileSuffix.BIN.value)


def _form(grant: Mapping[str, Any], key_id: str) -> _Form:
    boundary = f"whimbrel-{secrets.token_hex(16)}"
    fields = {
        "key": grant["key"],
        "policy": grant["policy"],
        "OSSAccessKeyId": key_id,
        "Signature": grant["signature"],
        "success_action_status": "200",
    }
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    # The file's own name stays here: the server stores content, not names.
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="firmware"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return _Form(
        f"multipart/form-data; boundary={boundary}", "".join(parts).encode(), f"\r\n--{boundary}--\r\n".encode()
    )


def _post(form: _Form, host: str, path: Path) -> tuple[ApiAnswer, str]:
    """The answer, and the MD5 of what was sent. Raises ConnectionError."""
    with path.open("rb") as file, closing(open_connection(host)) as connection:
        try:
            md5 = _send(form, file, connection, urlsplit(host).path or "/")
            response = connection.getresponse()
            return ApiAnswer(response.status, response.read()), md5
        except (OSError, http.client.HTTPException) as error:
            raise not_answering(host, error) from None


def _send(form: _Form, file: BinaryIO, connection: http.client.HTTPConnection, path: str) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    size_bytes = os.fstat(file.fileno()).st_size
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", form.content_type)
    connection.putheader("Content-Length", str(len(form.head) + size_bytes + len(form.tail)))
    connection.endheaders()
    try:
        connection.send(form.head)
        for block in _shown(file, size_bytes):
            digest.update(block)
            connection.send(block)
        connection.send(form.tail)
    except (BrokenPipeError, ConnectionResetError):
        # A server that refuses early stops reading; its answer says why.
        pass
    return digest.hexdigest()


def _shown(file: BinaryIO, size_bytes: int) -> Iterator[bytes]:
    """The file's blocks, with a progress bar on a terminal."""
    with click.progressbar(
        length=size_bytes, label="Uploading", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        left_bytes = size_bytes
        while left_bytes and (block := file.read(min(BLOCK_BYTES, left_bytes))):
            left_bytes -= len(block)
            yield block
            bar.update(len(block))
